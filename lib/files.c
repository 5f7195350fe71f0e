/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/files.h"

int read_file(int dir, const char *path, char *buffer, unsigned int size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC), errnum;
	unsigned int used = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (used < size - 1 && (n = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (unsigned int)n;
	errnum = errno;
	close(fd);
	if (n < 0)
		return -errnum;
	buffer[used] = '\0';
	return (int)used;
}

void close_from(int first)
{
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

	/* close_range(2) is of 5.9. */
	if (!syscall(SYS_close_range, (unsigned int)first, ~0U, 0))
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; fd < 65536 && (rlim_t)fd < limit.rlim_cur; fd++)
		close(fd);
}

const char *stat_field(const char *text, int number)
{
	/* The name, field 2, may hold anything: its closing parenthesis is the last in the line. */
	const char *at = strrchr(text, ')');

	for (int field = 2; at && field < number; field++)
		at = strchr(at + 1, ' ');
	return at;
}
