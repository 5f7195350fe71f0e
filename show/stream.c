/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show/stream.h"
#include "lib/format.h"

/* A terminal has room for some bytes when poll(2) says so, a pipe for PIPE_BUF. */
#define LITTLE 512

enum output_kind stream_open(int *stream)
{
	char path[40];
	struct stat st;
	int fd;

	if (fstat(*stream, &st) || (fcntl(*stream, F_GETFL) & O_ACCMODE) == O_RDONLY) /* closed, so main() put /dev/null there */
		return OUTPUT_BLOCKING;
	if (S_ISREG(st.st_mode))
		return OUTPUT_FILE;
	if (S_ISSOCK(st.st_mode))
		return OUTPUT_SOCKET;
	format_text(path, sizeof(path), "/proc/self/fd/%d", *stream);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return OUTPUT_BLOCKING;
	*stream = fd;
	return OUTPUT_NONBLOCKING;
}

ssize_t stream_write(int fd, enum output_kind kind, const char *bytes, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int ready;

	if (kind == OUTPUT_SOCKET)
		return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (kind == OUTPUT_BLOCKING) {
		ready = poll(&p, 1, 0);
		if (ready <= 0) {
			errno = ready ? errno : EAGAIN;
			return -1;
		}
		size = size > LITTLE ? LITTLE : size;
	}
	return write(fd, bytes, size);
}
