/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters that the kernel side cannot apply: --name, --line, several of --uid or --ppid, and --not-*. */
#ifndef FILTER_H
#define FILTER_H

#include "reader/exec.h"
#include "run/options.h"

struct filter {
	const struct options *options;
	char *line; /* the exec's, for --line */
	size_t line_size;
};

/* Whether the exec is wanted, or nobody can tell: what is missing in the line might match. */
bool filter_wants(struct filter *filter, const struct exec *exec);

void filter_free(struct filter *filter);

#endif
