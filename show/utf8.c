/* SPDX-License-Identifier: GPL-2.0-only */
#include "show/utf8.h"
#include "show/unprintable.h"

size_t utf8_sequence(const unsigned char *s, size_t length, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code;

	if (!n || n > length)
		return 0;
	code = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*character = code;
	return n;
}

enum utf8_kind utf8_kind(uint32_t character)
{
	size_t index = character / UNPRINTABLE_BLOCK, at = character % UNPRINTABLE_BLOCK;

	if (index >= sizeof(unprintable_index))
		index = sizeof(unprintable_index) - 1;
	at += (size_t)unprintable_index[index] * UNPRINTABLE_BLOCK;
	return (enum utf8_kind)(unprintable_blocks[at / 4] >> 2 * (at % 4) & 3);
}
