/* SPDX-License-Identifier: GPL-2.0-only */
/* Escapes: whatever the bytes are, the text is harmless and the bytes can be had back. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "show/escape.h"
#include "show/utf8.h"

static struct output out;

static unsigned int hex(const char *digits, int count)
{
	char text[8] = {0};

	memcpy(text, digits, (size_t)count);
	return (unsigned int)strtoul(text, NULL, 16);
}

/* Every character is printable, and of the kind that is not escaped. */
static void check_harmless(const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];
		uint32_t character;
		size_t n = 1;

		if (c < 0x80) {
			if (c < 0x20 || c == 0x7f)
				abort();
		} else {
			n = utf8_sequence((const unsigned char *)text + i, size - i, &character);
			if (!n || (utf8_kind(character) == UTF8_ESCAPED && character != 0xfffd))
				abort();
		}
		i += n;
	}
}

static size_t unescape_text(const char *text, size_t size, uint8_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\\') {
			to[n++] = (uint8_t)text[i];
			continue;
		}
		switch (text[++i]) {
		case 'n': to[n++] = '\n'; break;
		case 't': to[n++] = '\t'; break;
		case 'r': to[n++] = '\r'; break;
		case 'x':
			to[n++] = (uint8_t)hex(text + i + 1, 2);
			i += 2;
			break;
		default: to[n++] = (uint8_t)text[i];
		}
	}
	return n;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i > 1; i--, c >>= 6)
		to[i - 1] = (uint8_t)(0x80 | (c & 0x3f));
	to[0] = (uint8_t)(n == 1 ? c : (0xf0U << (4 - n) & 0xff) | c);
	return n;
}

static size_t unescape_json(const char *text, size_t size, uint8_t *to)
{
	size_t n = 0;

	for (size_t i = 1; i + 1 < size; i++) {
		uint32_t c;

		if (text[i] != '\\') {
			to[n++] = (uint8_t)text[i];
			continue;
		}
		switch (text[++i]) {
		case 'n': to[n++] = '\n'; break;
		case 't': to[n++] = '\t'; break;
		case 'u':
			c = hex(text + i + 1, 4);
			i += 4;
			if (c >= 0xd800 && c < 0xdc00) {
				c = 0x10000 + ((c - 0xd800) << 10) + (hex(text + i + 3, 4) - 0xdc00);
				i += 6;
			}
			n += put_utf8(to + n, c);
			break;
		default: to[n++] = (uint8_t)text[i];
		}
	}
	return n;
}

static size_t decode(const char *text, size_t size, uint8_t *to)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 1; i + 1 < size; i += 4) {
		uint32_t three = 0;

		for (size_t j = i; j < i + 4; j++)
			three = three << 6 | (text[j] == '=' ? 0 : (uint32_t)(strchr(digits, text[j]) - digits));
		to[n++] = (uint8_t)(three >> 16);
		if (text[i + 2] != '=')
			to[n++] = (uint8_t)(three >> 8);
		if (text[i + 3] != '=')
			to[n++] = (uint8_t)three;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t back[8192];

	if (!out.buffer && output_init(&out, open("/dev/null", O_WRONLY)))
		abort();
	if (size > 2000)
		return 0;
	for (enum escape_style style = ESCAPE_PLAIN; style <= ESCAPE_COLUMN; style++) {
		out.used = 0;
		escape_text(&out, (const char *)data, size, style);
		check_harmless(out.buffer, out.used);
		if (style == ESCAPE_COLUMN && memchr(out.buffer, ' ', out.used))
			abort();
		if (style != ESCAPE_PLAIN && (unescape_text(out.buffer, out.used, back) != size || memcmp(back, data, size)))
			abort();
	}
	out.used = 0;
	if (escape_json(&out, (const char *)data, size) && (unescape_json(out.buffer, out.used, back) != size || memcmp(back, data, size)))
		abort();
	check_harmless(out.buffer, out.used);
	out.used = 0;
	escape_base64(&out, (const char *)data, size);
	if (decode(out.buffer, out.used, back) != size || memcmp(back, data, size))
		abort();
	out.used = 0;
	return 0;
}
