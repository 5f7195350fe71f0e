/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of an exec: what the form of the output asks for. */
#ifndef FIELDS_H
#define FIELDS_H

#include "show/form.h"

#include <stddef.h>

/* Sets of JSON's keys have a bit for each. A key that says more of another, like "error", goes with it. */

/* The key by that name, or all keys by the name "all". 0: there is none. */
uint64_t fields_key(const char *name, size_t length);

/* The names of all keys, with ", " between them. */
void fields_names(char *text, size_t size);

/* The keys that JSON in this form has. */
uint64_t fields_keys(const struct form *form);

/* All that must be known for the fields that the form shows. */
struct fields_wanted {
	unsigned int known; /* enum exec_field */
	bool users, cgroup_paths;
};
struct fields_wanted fields_wanted(const struct form *form);

#endif
