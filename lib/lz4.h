/* SPDX-License-Identifier: GPL-2.0-only */
/* Unpacks what lz4(1) has packed into one block: an LZ4 frame without dictionary, of known size. The formats are
 * described in doc/lz4_Frame_format.md and doc/lz4_Block_format.md of LZ4. */
#ifndef LZ4_H
#define LZ4_H

#include <stddef.h>
#include <stdint.h>

/* The size that the frame of `size` bytes unpacks to, 0 if it does not say. */
uint64_t lz4_size(const uint8_t *frame, size_t size);

/* Unpacks the frame to the `capacity` bytes at `to`. The bytes written, or -EINVAL if the frame is not one of these
 * or does not fit. Checksums are not looked at. */
long lz4_unpack(const uint8_t *frame, size_t size, uint8_t *to, size_t capacity);

#endif
