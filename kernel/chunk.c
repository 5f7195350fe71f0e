/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "kernel/chunk.h"

void chunk_join(char *to, const char chunk[STACK_CHUNK_SIZE], size_t length)
{
	if (length >= STACK_CHUNK_SIZE) {
		memcpy(to, chunk, STACK_CHUNK_SIZE);
		return;
	}
	for (size_t size = STACK_CHUNK_SIZE / 2; size; chunk += size, size /= 2)
		if (length & size) {
			memcpy(to, chunk, size);
			to += size;
		}
}
