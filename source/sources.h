/* SPDX-License-Identifier: GPL-2.0-only */
/* The sources of execs, the best first. */
#ifndef SOURCES_H
#define SOURCES_H

#include "source/source.h"

struct source_row {
	const char *name;
	struct source *(*open)(const struct request *request, struct error *err);
	const char *lacks; /* in words, what it cannot tell; NULL: nothing */
	const char *loses; /* why it may lose execs */
	bool fails; /* it sees failed calls */
	bool alone; /* it works only for -p and a command */
};

#define SOURCES 6
extern const struct source_row sources[SOURCES];

/* The row by its name, or NULL. */
const struct source_row *source_find(const char *name);

#endif
