/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a process: how, and how long it lived. */
#ifndef END_H
#define END_H

#include "show/printer.h"

/* Nanoseconds from its last exec to its end, and from its start. -1: not known. */
int64_t end_since_exec(const struct exec *end);
int64_t end_since_start(const struct printer *printer, const struct exec *end);

/* Adds how it ended, and how long it lived, for people. */
void end_add_text(struct printer *printer, const struct exec *end);

/* Adds the number that it gave to exit(3), or null and the keys of the signal. */
void end_add_json(struct output *out, const struct exec *end);

#endif
