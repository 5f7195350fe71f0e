/* An exec as a line for people. */
#ifndef TEXT_H
#define TEXT_H

#include "print.h"

/* Writes the heading, with its newline. */
void text_heading(const struct options *options, char *heading, size_t size);

void text_event(struct printer *printer, const struct event *event);

/* Adds text of unknown origin so that it can do a terminal no harm and, where it is quoted, reads back in one
 * way only: control characters, invalid UTF-8 and what changes the direction of text or hides in it are
 * escaped. quoted: as inside "…", where '"' and '\' are escaped too. */
void text_escaped(struct output *out, const char *bytes, size_t length, bool quoted);

#endif
