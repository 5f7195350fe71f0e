#include "utf8.h"

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

bool utf8_is_valid(const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes, *end = s + length;
	uint32_t character;

	while (s < end) {
		size_t n = *s < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - s), &character);

		if (!n)
			return false;
		s += n;
	}
	return true;
}

/* Controls (C0, DEL, C1), line and paragraph separators, bidirectional marks, embeddings, overrides and
 * isolates (Unicode Standard Annex 9), and what shows as nothing at all: the property
 * Default_Ignorable_Code_Point of Unicode 15 (DerivedCoreProperties.txt), and interlinear annotations. */
bool utf8_is_harmful(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},	    {0x7f, 0x9f},	{0xad, 0xad},	      {0x34f, 0x34f},
		{0x61c, 0x61c},	    {0x115f, 0x1160},	{0x17b4, 0x17b5},     {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},	{0x2060, 0x206f},     {0x3164, 0x3164},
		{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},	{0xffa0, 0xffa0},     {0xfff0, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && character >= ranges[i].first; i++)
		if (character <= ranges[i].last)
			return true;
	return false;
}
