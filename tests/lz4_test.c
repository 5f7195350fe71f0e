/* SPDX-License-Identifier: GPL-2.0-only */
/* Unpacks what lz4(1) has packed. Usage: lz4_test PACKED UNPACKED */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "lib/lz4.h"

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;

	assert(file && !fseek(file, 0, SEEK_END));
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size);
	assert(bytes && fread(bytes, 1, *size, file) == *size);
	fclose(file);
	return bytes;
}

/* Unpacks a copy that ends where it ends, so that the sanitizer sees what is read behind it, to a buffer of that size. */
static long unpack(const uint8_t *frame, size_t size, size_t capacity)
{
	uint8_t *copy = malloc(size + !size), *to = malloc(capacity + !capacity);
	long ret;

	assert(copy && to);
	memcpy(copy, frame, size);
	ret = lz4_unpack(copy, size, to, capacity);
	free(copy);
	free(to);
	return ret;
}

int main(int argc, char **argv)
{
	size_t packed_size, size;
	uint8_t *packed, *wanted, *got;
	int refused = 0;

	assert(argc == 3);
	packed = read_all(argv[1], &packed_size);
	wanted = read_all(argv[2], &size);
	got = malloc(size);
	assert(got);
	CASE("unpacks what lz4 has packed") {
		CHECK(lz4_size(packed, packed_size) == size);
		CHECK(lz4_unpack(packed, packed_size, got, size) == (long)size);
		CHECK(!memcmp(got, wanted, size));
	}
	CASE("refuses a frame that is cut off") {
		/* The four zeros at its end are not looked at. */
		for (size_t n = 0; n < packed_size - 4; n++)
			CHECK(unpack(packed, n, size) == -EINVAL);
	}
	CASE("refuses what does not fit") {
		CHECK(unpack(packed, packed_size, size - 1) == -EINVAL);
		CHECK(unpack(packed, packed_size, 0) == -EINVAL);
	}
	CASE("refuses other frames") {
		/* Another magic number; without the content's size, or with a dictionary. */
		for (size_t at = 0; at < 5; at++) {
			uint8_t was = packed[at];

			packed[at] ^= at < 4 ? 1 : 8;
			CHECK(unpack(packed, packed_size, size) == -EINVAL && !lz4_size(packed, packed_size));
			packed[at] = was;
		}
		packed[18] |= 0x80; /* a block that is not packed */
		CHECK(unpack(packed, packed_size, size) == -EINVAL);
		packed[18] &= 0x7f;
	}
	CASE("stays in its bounds whatever it is given") {
		srand(1);
		for (int i = 0; i < 20000; i++) {
			size_t at = 19 + (size_t)rand() % (packed_size - 19);
			uint8_t was = packed[at];

			packed[at] = (uint8_t)rand();
			refused += lz4_unpack(packed, packed_size, got, size) == -EINVAL;
			packed[at] = was;
		}
		CHECK(refused > 100);
	}
	free(packed);
	free(wanted);
	free(got);
	return 0;
}
