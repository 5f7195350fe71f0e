#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "caller.h"
#include "mounts.h"

/* arg_start is field 48 of /proc/PID/stat (proc(5)); the first behind the name, whose closing
 * parenthesis is the last in the line, is field 3. */
#define STAT_ARG_START 48

bool caller_is(int proc, uint32_t pid, uint64_t arg_start)
{
	char path[32], stat[1024];
	const char *at;

	snprintf(path, sizeof(path), "%u/stat", pid);
	if (proc < 0 || read_file(proc, path, stat, sizeof(stat)) < 0)
		return false;
	at = strrchr(stat, ')');
	for (int field = 2; at && field < STAT_ARG_START; field++)
		at = strchr(at + 1, ' ');
	return at && strtoull(at, NULL, 10) == arg_start;
}

bool caller_read(uint32_t pid, uint64_t address, void *buffer, size_t size)
{
	struct iovec here = {buffer, size};
	struct iovec there = {(void *)(uintptr_t)address, size};

	return process_vm_readv((pid_t)pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

size_t caller_string(uint32_t pid, uint64_t address, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		/* To the end of the page: the next may not be there. */
		size_t step = 4096 - (address + used) % 4096;
		const char *nul;

		if (step > size - used)
			step = size - used;
		if (!caller_read(pid, address + used, buffer + used, step))
			return 0;
		nul = memchr(buffer + used, '\0', step);
		if (nul)
			return (size_t)(nul - buffer) + 1;
		used += step;
	}
	return used;
}
