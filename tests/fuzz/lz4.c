/* SPDX-License-Identifier: GPL-2.0-only */
/* The unpacker of the BPF object. */
#include <stdlib.h>

#include "lib/lz4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t wanted = lz4_size(data, size);
	size_t capacity = wanted && wanted < 65536 ? (size_t)wanted : 4096;
	uint8_t *to = malloc(capacity);

	if (lz4_unpack(data, size, to, capacity) > (long)capacity)
		abort();
	free(to);
	return 0;
}
