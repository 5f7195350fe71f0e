/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <string.h>

#include "show/escape.h"
#include "show/utf8.h"

/* The text is written in slices, each straight into the output's buffer. */
#define SLICE 512
/* Most bytes that one becomes: \u0001 in JSON. */
#define GROWTH 6
/* A slice may end within a character or a word. */
#define SLICE_ROOM (GROWTH * (SLICE + 8))

static const char digits[] = "0123456789abcdef";

/* The highest bit of each byte in the word that is `byte`. A byte above such a byte may have it, too. */
static uint64_t has_byte(uint64_t word, unsigned char byte)
{
	const uint64_t ones = UINT64_MAX / 255, x = word ^ ones * byte;

	return (x - ones) & ~x;
}

/* Whether all eight bytes are printable ASCII, and none a quotation mark or a backslash. */
static bool is_plain(uint64_t word)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t others = word | ((word - ones * 0x20) & ~word) | has_byte(word, 0x7f) | has_byte(word, '"') | has_byte(word, '\\');

	return !(others & ones << 7);
}

/* Whether a mark can stand on it. */
static bool is_base(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static char *add_hex(char *to, unsigned char c)
{
	char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

	memcpy(to, escape, sizeof(escape)); /* one move */
	return to + sizeof(escape);
}

/* \n, \t, \r, or \ and the character itself; 0: it has no short form. */
static char short_form(unsigned char c)
{
	return c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c == '"' || c == '\\' ? (char)c : '\0';
}

static char *add_ascii(char *to, unsigned char c, enum escape_style style)
{
	char letter = style == ESCAPE_PLAIN && (c == '"' || c == '\\') ? '\0' : short_form(c);
	bool plain = c >= (style == ESCAPE_COLUMN ? '!' : ' ') && c < 0x7f;

	if (!letter && !plain)
		return add_hex(to, c);
	if (letter)
		*to++ = '\\';
	*to = letter ? letter : (char)c;
	return to + 1;
}

static char *add_unit(char *to, uint32_t unit)
{
	to[0] = '\\';
	to[1] = 'u';
	for (int i = 0; i < 4; i++)
		to[2 + i] = digits[unit >> (12 - 4 * i) & 15];
	return to + 6;
}

/* In two halves if it is beyond four digits (RFC 8259, 7). */
static char *add_escaped(char *to, uint32_t character)
{
	if (character <= 0xffff)
		return add_unit(to, character);
	character -= 0x10000;
	return add_unit(add_unit(to, 0xd800 + (character >> 10)), 0xdc00 + (character & 0x3ff));
}

static char *add_json_ascii(char *to, unsigned char c)
{
	char letter = c == '\r' ? '\0' : short_form(c);

	if (!letter && (c < ' ' || c >= 0x7f))
		return add_unit(to, c);
	if (letter)
		*to++ = '\\';
	*to = letter ? letter : (char)c;
	return to + 1;
}

/* The escape of each byte below 0x80, written in one move. JSON is the style behind the others. */
#define ESCAPE_JSON (ESCAPE_COLUMN + 1)
static struct {
	char text[8];
	size_t length;
} forms[ESCAPE_JSON + 1][0x80];

static void make_forms(void)
{
	if (forms[0][0].length)
		return;
	for (int style = ESCAPE_PLAIN; style <= ESCAPE_JSON; style++)
		for (int c = 0; c < 0x80; c++) {
			char *text = forms[style][c].text;
			char *end = style == ESCAPE_JSON ? add_json_ascii(text, (unsigned char)c)
							 : add_ascii(text, (unsigned char)c, (enum escape_style)style);

			forms[style][c].length = (size_t)(end - text);
		}
}

static char *add_form(char *to, unsigned char c, int style)
{
	memcpy(to, forms[style][c].text, sizeof(forms[style][c].text));
	return to + forms[style][c].length;
}

/* Text in the midst of being escaped. */
struct text {
	const unsigned char *at, *end;
	bool based; /* a mark can stand on the character before */
};

/* Takes the next character of more than one byte. false: it is to be escaped; n: its bytes, 0 if it is none. */
static bool take_character(struct text *text, size_t *n, uint32_t *character)
{
	enum utf8_kind kind;

	*n = utf8_sequence(text->at, (size_t)(text->end - text->at), character);
	kind = *n ? utf8_kind(*character) : UTF8_ESCAPED;
	text->based = kind == UTF8_PRINTED || (kind == UTF8_MARK && text->based);
	return text->based;
}

/* Copies the next words while they are plain. */
static char *add_plain(char *to, struct text *text, const unsigned char *stop)
{
	uint64_t word;

	while (text->at < stop && text->end - text->at >= (ptrdiff_t)sizeof(word)) {
		memcpy(&word, text->at, sizeof(word));
		if (!is_plain(word))
			break;
		memcpy(to, &word, sizeof(word));
		to += sizeof(word);
		text->at += sizeof(word);
		text->based = is_base(text->at[-1]);
	}
	return to;
}

static char *add_slice(char *to, struct text *text, const unsigned char *stop, int style)
{
	while (text->at < stop) {
		const unsigned char *word;
		uint32_t character;
		size_t n;

		if (style != ESCAPE_COLUMN)
			to = add_plain(to, text, stop);
		/* A word that is not plain, byte by byte. */
		for (word = text->at + sizeof(uint64_t); text->at < word && text->at < stop;) {
			if (*text->at < 0x80) {
				text->based = is_base(*text->at);
				to = add_form(to, *text->at++, style);
			} else if (take_character(text, &n, &character)) {
				for (; n; n--)
					*to++ = (char)*text->at++;
			} else {
				for (n = n ? n : 1; n; n--)
					to = add_hex(to, *text->at++);
			}
		}
	}
	return to;
}

static char *add_json_slice(char *to, struct text *text, const unsigned char *stop, bool *valid)
{
	while (text->at < stop) {
		const unsigned char *word;
		uint32_t character;
		size_t n;

		to = add_plain(to, text, stop);
		for (word = text->at + sizeof(uint64_t); text->at < word && text->at < stop;) {
			if (*text->at < 0x80) {
				text->based = is_base(*text->at);
				to = add_form(to, *text->at++, ESCAPE_JSON);
			} else if (take_character(text, &n, &character)) {
				for (; n; n--)
					*to++ = (char)*text->at++;
			} else if (n) {
				to = add_escaped(to, character);
				text->at += n;
			} else {
				memcpy(to, "\xef\xbf\xbd", 3);
				to += 3;
				text->at++;
				*valid = false;
			}
		}
	}
	return to;
}

static const unsigned char *slice_end(const struct text *text)
{
	return text->end - text->at > SLICE ? text->at + SLICE : text->end;
}

void escape_text(struct output *out, const char *bytes, size_t length, enum escape_style style)
{
	struct text text = {.at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + length};

	make_forms();
	while (text.at < text.end) {
		char *to = output_room(out, SLICE_ROOM);

		if (!to)
			return;
		output_added(out, add_slice(to, &text, slice_end(&text), (int)style));
	}
}

bool escape_json(struct output *out, const char *bytes, size_t length)
{
	struct text text = {.at = (const unsigned char *)bytes, .end = (const unsigned char *)bytes + length};
	bool valid = true;

	make_forms();
	output_add(out, "\"", 1);
	while (text.at < text.end) {
		char *to = output_room(out, SLICE_ROOM);

		if (!to)
			return valid;
		output_added(out, add_json_slice(to, &text, slice_end(&text), &valid));
	}
	output_add(out, "\"", 1);
	return valid;
}

static char *add_four(char *to, uint32_t three)
{
	static const char sixtyfour[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int j = 0; j < 4; j++)
		*to++ = sixtyfour[three >> (18 - 6 * j) & 63];
	return to;
}

void escape_base64(struct output *out, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes;

	output_add(out, "\"", 1);
	while (length) {
		char *to = output_room(out, SLICE_ROOM);
		size_t slice = length > SLICE / 3 * 3 ? SLICE / 3 * 3 : length;

		if (!to)
			return;
		length -= slice;
		for (; slice >= 3; slice -= 3, s += 3)
			to = add_four(to, (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2]);
		if (slice) {
			to = add_four(to, (uint32_t)s[0] << 16 | (slice > 1 ? (uint32_t)s[1] << 8 : 0));
			to[-1] = '=';
			if (slice == 1)
				to[-2] = '=';
		}
		output_added(out, to);
	}
	output_add(out, "\"", 1);
}
