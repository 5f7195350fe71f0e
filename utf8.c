#include <string.h>

#include "utf8.h"
#include "unprintable.h"

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

/* In each of the eight bytes of the word the highest bit, if the byte is that one; a higher byte may get it, too. */
static uint64_t has_byte(uint64_t word, unsigned char byte)
{
	const uint64_t ones = UINT64_MAX / 255, x = word ^ ones * byte;

	return (x - ones) & ~x;
}

size_t utf8_plain(const unsigned char *bytes, size_t length)
{
	const uint64_t ones = UINT64_MAX / 255;
	size_t n = 0;

	for (; length - n >= sizeof(uint64_t); n += sizeof(uint64_t)) {
		uint64_t word, others;

		memcpy(&word, bytes + n, sizeof(word));
		others = word | ((word - ones * 0x20) & ~word) | has_byte(word, 0x7f) | has_byte(word, '"') | has_byte(word, '\\');
		if (others & ones << 7)
			break;
	}
	while (n < length && bytes[n] >= 0x20 && bytes[n] < 0x7f && bytes[n] != '"' && bytes[n] != '\\')
		n++;
	return n;
}

bool utf8_is_valid(const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes, *end = s + length;
	uint32_t character;

	while ((s += utf8_plain(s, (size_t)(end - s))) < end) {
		size_t n = *s < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - s), &character);

		if (!n)
			return false;
		s += n;
	}
	return true;
}

bool utf8_is_harmful(uint32_t character)
{
	/* Where the run of characters begins that was asked for last: text keeps to few scripts. */
	static uint32_t first = 0x20, length;
	static size_t next;
	static bool harmful = true;

	if (character < 0x20)
		return true;
	if (character < first) {
		first = 0x20;
		length = 0;
		next = 0;
		harmful = true;
	}
	while (character - first >= length && next < sizeof(unprintable)) {
		first += length;
		length = 0;
		for (int shift = 0;; shift += 7) {
			length |= (unprintable[next] & 0x7fU) << shift;
			if (!(unprintable[next++] & 0x80))
				break;
		}
		harmful = !harmful;
	}
	return character - first < length ? harmful : true;
}
