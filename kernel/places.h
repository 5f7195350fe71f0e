/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies of kernel memory, and the places in them that have a known value. For layout.c and states.c. */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOT_FOUND "it is nowhere where it could be"
#define NOT_UNIQUE "more than one place could be it"

struct layout_memory {
	/* Copies `length` (1 … 4096) bytes of kernel memory. 0 or -errno. */
	int (*read)(void *context, uint64_t address, void *buffer, size_t length);
	/* Makes the thread the tracer of the child (ptrace(2)). false: that is forbidden, or it has one. */
	bool (*trace_child)(void *context);
	void *context;
};

/* Kernel memory, as far as it may be looked at. */
struct looker {
	const struct layout_memory *memory;
	uint64_t task; /* address of a task_struct: data is in its region */
	uint32_t long_size;
};

/* Addresses that are the same above so many bits are in one region of a kernel's memory. */
uint32_t region_shift(uint32_t long_size);

/* Whether an address could be of the kernel's data: it is in the region of the task_struct, or in that of the image.
 * Elsewhere we do not look, because not every kernel survives it: MIPS has no fixup for an address error, nor for a bus
 * error (do_ade in arch/mips/kernel/unaligned.c, do_be in traps.c). */
bool could_be_data(const struct looker *looker, uint64_t address);

/* Copies as much as is there of `size` bytes; memory may end, so in steps. The bytes copied. */
uint32_t copy_data(const struct looker *looker, uint64_t address, char *buffer, uint32_t size);

/* Values of 4 and 8 bytes, and a long of the kernel, at any address of ours. */
uint32_t word32(const char *at);
uint64_t word64(const char *at);
uint64_t word(const struct looker *looker, const char *at);

/* Places in a struct, as byte offsets. */
struct places {
	uint32_t first, second; /* the lowest two */
	unsigned int count;
};

void add_place(struct places *places, uint32_t at);

/* NULL: there is exactly one. */
const char *why_not_one(const struct places *places);

/* One struct in several states: a copy of each, and the value that it has there. */
struct state {
	const char *bytes;
	uint64_t value;
};

/* Places, from `from` to `size`, where each of the states has its value, of `width` bytes (4 or 8; 8 bytes may stand at
 * multiples of 4). */
struct places find_values(const struct state *states, unsigned int count, uint32_t width, uint32_t from, uint32_t size);

#endif
