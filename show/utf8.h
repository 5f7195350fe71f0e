/* SPDX-License-Identifier: GPL-2.0-only */
/* UTF-8, and what its characters do to a terminal. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

enum utf8_kind {
	UTF8_PRINTED,
	/* The terminal acts on it, shows it as nothing or as a space, or reorders what stands beside it (letters of
	 * right-to-left scripts do); or Unicode 15 does not know it. */
	UTF8_ESCAPED,
	UTF8_MARK, /* it is shown with the character before it */
};

/* Length of the valid UTF-8 sequence (RFC 3629) of two bytes or more at the start of `length` bytes (one at least), and its
 * character; 0: there is none. */
size_t utf8_sequence(const unsigned char *bytes, size_t length, uint32_t *character);

enum utf8_kind utf8_kind(uint32_t character);

#endif
