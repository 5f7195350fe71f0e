/* --name and --line: what the kernel side cannot choose. */
#ifndef FILTER_H
#define FILTER_H

#include "reader/exec.h"
#include "run/options.h"

struct filter {
	const struct pattern *name, *pattern; /* of --name, of --line */
	const struct form *form; /* whether the line has argv[0] */
	char *line; /* the exec's, for --line */
	size_t line_size;
};

/* Whether the regular expressions want the exec, or nobody can tell: what is missing in the line might match. */
bool filter_wants(struct filter *filter, const struct exec *exec);

void filter_free(struct filter *filter);

#endif
