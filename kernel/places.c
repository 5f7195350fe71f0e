/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "kernel/places.h"

/* Addresses that are the same above these bits are in one region: of 4-byte ones that is the kernel's half, but on MIPS
 * kseg0, of 512 MiB, behind which the devices are. */
#ifdef __mips__
#define REGION_SHIFT_32 29
#define IMAGE_SHIFT 29
#elif defined(__aarch64__) /* with addresses of 52 bits the image is in another region than the memory */
#define REGION_SHIFT_32 31
#define IMAGE_SHIFT 52
#else
#define REGION_SHIFT_32 31
#define IMAGE_SHIFT 31
#endif
#define REGION_SHIFT_64 48
#define IMAGE 0xffffffff80000000 /* where many a 64-bit kernel has it */

uint32_t region_shift(uint32_t long_size)
{
	return long_size == 4 ? REGION_SHIFT_32 : REGION_SHIFT_64;
}

uint32_t word32(const char *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

uint64_t word64(const char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

uint64_t word(const struct looker *l, const char *at)
{
	return l->long_size == 4 ? word32(at) : word64(at);
}

bool could_be_data(const struct looker *l, uint64_t address)
{
	uint32_t shift = region_shift(l->long_size);

	return address % l->long_size == 0 &&
	       (address >> shift == l->task >> shift || (l->long_size == 8 && address >> IMAGE_SHIFT == IMAGE >> IMAGE_SHIFT));
}

uint32_t copy_data(const struct looker *l, uint64_t address, char *buffer, uint32_t size)
{
	const struct layout_memory *m = l->memory;
	uint32_t done = 0, step = 4096;

	if (!could_be_data(l, address))
		return 0;
	while (done < size) {
		if (step > size - done)
			step = size - done;
		if (!m->read(m->context, address + done, buffer + done, step))
			done += step;
		else if (step > 4)
			step /= 2;
		else
			break;
	}
	return done;
}

void add_place(struct places *places, uint32_t at)
{
	if (places->count == 0)
		places->first = at;
	if (places->count == 1)
		places->second = at;
	places->count++;
}

const char *why_not_one(const struct places *places)
{
	return places->count == 1 ? NULL : places->count ? NOT_UNIQUE : NOT_FOUND;
}

struct places find_values(const struct state *states, unsigned int count, uint32_t width, uint32_t from, uint32_t size)
{
	struct places places = {0};

	for (uint32_t at = from; at + width <= size; at += 4) {
		unsigned int i = 0;

		while (i < count && (width == 4 ? word32(states[i].bytes + at) : word64(states[i].bytes + at)) == states[i].value)
			i++;
		if (i == count)
			add_place(&places, at);
	}
	return places;
}
