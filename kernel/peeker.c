/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kernel/peeker.h"
#include "kernel/chunk.h"
#include "loader.h"

uint32_t kernel_long_size(uint64_t task)
{
	return sizeof(long) == 8 || (task >> 32 != 0 && task >> 32 != UINT32_MAX) ? 8 : 4;
}

uint64_t as_in_memory(uint32_t size, uint64_t task)
{
	return size == 4 ? (uint32_t)task : task;
}

void make_name(char comm[16], uint64_t name, int which)
{
	memcpy(comm, &name, sizeof(name));
	memset(comm + sizeof(name), 'a' + which, 15 - sizeof(name));
	comm[15] = '\0';
}

int peeker_ask(int map, const char *comm, struct peek *peek, uint64_t address, size_t length)
{
	const uint32_t zero = 0;
	int ret;

	peek->address = address;
	peek->length = length;
	peek->answered = 0;
	ret = map_update(map, &zero, peek);
	if (!ret)
		prctl(PR_SET_NAME, comm);
	if (!ret)
		ret = map_lookup(map, &zero, peek);
	return !ret && !peek->answered ? -ENODATA : ret;
}

static int ask_again(struct peeker *p, uint64_t address, size_t length)
{
	int ret, tries = 0;

	while ((ret = peeker_ask(p->map, p->comm, &p->peek, address, length)) == -ENODATA && tries++ < PEEK_TRIES)
		usleep(1000);
	if (ret && !p->error)
		p->error = ret;
	return ret;
}

int peeker_read(void *context, uint64_t address, void *buffer, size_t length)
{
	struct peeker *p = context;

	for (size_t done = 0, size; done < length; done += size) {
		size = length - done < p->chunk ? length - done : p->chunk;
		if (p->error || ask_again(p, address + done, size))
			return -EIO;
		if (p->peek.status)
			return (int)p->peek.status;
		if (p->chunk == STACK_CHUNK_SIZE)
			chunk_join((char *)buffer + done, p->peek.data, size);
		else
			memcpy((char *)buffer + done, p->peek.data, size);
	}
	return 0;
}

uint64_t peeker_begin(struct peeker *p, const char *comm)
{
	p->comm = comm;
	prctl(PR_SET_NAME, comm);
	/* Any address: only the task's own is wanted. */
	return ask_again(p, 1, 1) ? 0 : as_in_memory(p->facts.long_size, p->peek.task);
}

void peeker_note(struct peeker *p, int ret)
{
	if (ret && !p->error)
		p->error = ret;
}
