/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of options: how each kind is parsed, and where it goes. */
#ifndef VALUES_H
#define VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "run/options.h"

#define USAGE_ERROR 2

struct option_row {
	char letter; /* 0: none */
	const char *name; /* of a heading, its text */
	const char *argument; /* its name in the help, NULL: takes none */
	const char *help;
	/* NULL: a heading. Puts what the text says into the options; 0, or USAGE_ERROR, which has been said. */
	int (*parse)(struct options *options, const struct option_row *row, const char *text);
	size_t offset; /* in struct options */
	uint64_t least, most, unit; /* of a number */
	const char *expected; /* "is not …" */
	const char *const *words; /* the values of an enum, ended by NULL */
	bool once; /* it cannot be given again */
	bool text; /* of columns and lines of text alone: without a meaning for JSON */
};

/* Says the error and how to get help. USAGE_ERROR. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each for a type of field: */
int parse_flag(struct options *, const struct option_row *, const char *text);    /* bool */
int parse_text(struct options *, const struct option_row *, const char *text);    /* const char * */
int parse_string(struct options *, const struct option_row *, const char *text);  /* struct strings */
int parse_number(struct options *, const struct option_row *, const char *text);  /* uint64_t */
int parse_size(struct options *, const struct option_row *, const char *text);    /* uint64_t, bytes: 500K, 64M, 1G */
int parse_pid(struct options *, const struct option_row *, const char *text);     /* struct ids */
int parse_pids(struct options *, const struct option_row *, const char *text);    /* struct strings */
int parse_word(struct options *, const struct option_row *, const char *text);    /* an enum, with `words` */
int parse_regex(struct options *, const struct option_row *, const char *text);   /* struct patterns */
/* And for one option: */
int parse_name(struct options *, const struct option_row *, const char *text);
int parse_cgroup(struct options *, const struct option_row *, const char *text);
int parse_variable(struct options *, const struct option_row *, const char *text);
int parse_seconds(struct options *, const struct option_row *, const char *text);
int parse_user(struct options *, const struct option_row *, const char *text);
int parse_command_user(struct options *, const struct option_row *, const char *text);
int parse_fields(struct options *, const struct option_row *, const char *text);
int parse_time_format(struct options *, const struct option_row *, const char *text);

#endif
