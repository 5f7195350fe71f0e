/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/lz4.h"

#define MAGIC 0x184d2204
#define VERSION_MASK 0xc0 /* of the flags */
#define VERSION 0x40
#define HAS_CONTENT_SIZE 0x08
#define HAS_DICTIONARY 0x01
#define HEADER_SIZE 15 /* magic, flags, block size, content size, checksum */
#define UNPACKED_BLOCK 0x80000000U
#define MATCH_LEAST 4

static uint64_t little_endian(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

uint64_t lz4_size(const uint8_t *frame, size_t size)
{
	if (size < HEADER_SIZE || little_endian(frame, 4) != MAGIC || (frame[4] & VERSION_MASK) != VERSION ||
	    !(frame[4] & HAS_CONTENT_SIZE) || frame[4] & HAS_DICTIONARY)
		return 0;
	return little_endian(frame + 6, 8);
}

/* A length of a sequence: the token's four bits, and bytes to add as long as they are 255. false: the block ends. */
static bool get_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
	uint8_t more = 255;

	if (*length < 15)
		return true;
	while (more == 255) {
		if (*at == end)
			return false;
		more = *(*at)++;
		*length += more;
	}
	return true;
}

/* A block is a row of sequences: a token, literals, and a match, an earlier part of what has been written. The last has
 * literals only. */
static long unpack_block(const uint8_t *at, size_t size, uint8_t *to, size_t capacity)
{
	const uint8_t *end = at + size;
	size_t done = 0, length, offset;

	while (at < end) {
		uint8_t token = *at++;

		length = token >> 4;
		if (!get_length(&at, end, &length) || length > (size_t)(end - at) || length > capacity - done)
			return -EINVAL;
		memcpy(to + done, at, length);
		at += length;
		done += length;
		if (at == end)
			return (long)done;
		if (end - at < 2)
			return -EINVAL;
		offset = (size_t)little_endian(at, 2);
		at += 2;
		length = token & 15;
		if (!get_length(&at, end, &length))
			return -EINVAL;
		length += MATCH_LEAST;
		if (!offset || offset > done || length > capacity - done)
			return -EINVAL;
		for (; length; length--, done++) /* it may overlap itself */
			to[done] = to[done - offset];
	}
	return -EINVAL;
}

long lz4_unpack(const uint8_t *frame, size_t size, uint8_t *to, size_t capacity)
{
	uint32_t block;

	if (!lz4_size(frame, size) || size - HEADER_SIZE < 4)
		return -EINVAL;
	block = (uint32_t)little_endian(frame + HEADER_SIZE, 4);
	frame += HEADER_SIZE + 4;
	size -= HEADER_SIZE + 4;
	if (block & UNPACKED_BLOCK || block > size)
		return -EINVAL;
	return unpack_block(frame, block, to, capacity);
}
