/* What of a string of bytes is text. */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the valid UTF-8 sequence (RFC 3629) of two bytes or more at the start of `length` bytes
 * (one at least), and the character that it is; 0: there is none. */
size_t utf8_sequence(const unsigned char *bytes, size_t length, uint32_t *character);

/* How many bytes at the start are printable ASCII, but no quotation mark or backslash: what every form of output takes
 * as it is. */
size_t utf8_plain(const unsigned char *bytes, size_t length);

/* Whether all of it is valid UTF-8. */
bool utf8_is_valid(const char *bytes, size_t length);

/* Whether a terminal acts on the character, or it shows as nothing, hides or reorders what stands beside it, or may do
 * so: all that is no letter, mark, number, punctuation, symbol or plain space of Unicode 14. */
bool utf8_is_harmful(uint32_t character);

#endif
