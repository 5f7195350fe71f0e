/* SPDX-License-Identifier: GPL-2.0-only */
/* The form of the output: which fields, and how much of them. */
#ifndef FORM_H
#define FORM_H

#include <stdbool.h>
#include <stdint.h>

/* When a text shows argv[0]. */
enum show_argv0 { ARGV0_IF_OTHER, ARGV0_ALWAYS, ARGV0_NEVER };

/* When a text has colours. */
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct form {
	bool json, tree, exits;
	bool time, iso_time, timestamp, print_uid, print_euid, print_cpu, print_pcomm, print_mntns, print_cgroup; /* columns of text */
	bool print_cgroup_path, print_exe, print_cwd, print_tty; /* more of them */
	bool ancestors, variables; /* of the environment */
	bool names;    /* of users, in the place of their ids; in JSON beside them */
	uint64_t keys; /* of JSON, as fields_key() makes them; 0: the usual ones */
	bool quote;
	enum show_argv0 argv0;
	enum color color;
	uint64_t max_args;  /* file name included, 0: all */
	uint64_t max_bytes; /* of an exec's arguments, 0: all */
};

#endif
