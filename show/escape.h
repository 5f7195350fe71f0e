/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that came from a process, written so that they do a terminal no harm and read back in one way only. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "show/output.h"

enum escape_style {
	ESCAPE_PLAIN,  /* quotation marks and backslashes stay */
	ESCAPE_QUOTED, /* inside "…" */
	ESCAPE_COLUMN, /* as QUOTED, and a space is escaped, since it ends a column */
};

/* Adds the text. Control characters, invalid UTF-8 and characters of the kind UTF8_ESCAPED become \n, \t, \r or \xHH for each
 * byte. So does a mark without a character before it to stand on. */
void escape_text(struct output *out, const char *bytes, size_t length, enum escape_style style);

/* Adds the text as a JSON string in quotation marks (RFC 8259): valid UTF-8 with U+FFFD for each bad byte, and \uHHHH for the
 * characters that escape_text() escapes. false: there was a bad byte. */
bool escape_json(struct output *out, const char *bytes, size_t length);

/* Adds the bytes in base64 (RFC 4648, 4) in quotation marks. */
void escape_base64(struct output *out, const char *bytes, size_t length);

#endif
