/* SPDX-License-Identifier: GPL-2.0-only */
/* The meaning of the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "show/form.h"
#include "source/request.h"

/* Regular expressions of an option that can be given more than once. */
struct patterns {
	regex_t **items;
	size_t count;
};

struct options {
	struct request request;
	struct form form;
	bool help, version, ebpf, verbose;
	const char *source; /* its name, NULL: the best that works */
	bool append, quiet, no_sandbox;
	uint64_t duration; /* ns, 0: until a signal */
	struct patterns names, lines, not_names, not_lines; /* of --name, --line, --not-name, --not-line */
	uint64_t count; /* execs to print, 0: any number */
	const char *output; /* a path, NULL: a standard stream */
	bool to_error; /* the standard error then, and not the standard output */
	const char *timeline; /* another, or NULL */
	uint64_t max_size; /* bytes of that file, 0: any number */
	uint64_t keep; /* old files, from 1 on */
	char **command;	     /* NULL-terminated, or NULL */
	char *user;    /* whose the command is to be, or NULL */
	uint32_t user_uid, user_gid;
};

#endif
