/* The fields of an exec: one table, which heading, columns and JSON keys come from. */
#ifndef FIELDS_H
#define FIELDS_H

#include "show/printer.h"

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

/* Adds the heading of the columns that the form asks for, and a newline. */
void fields_heading(const struct form *form, char *heading, size_t size);

/* Adds these columns, each with a space behind it. */
void fields_columns(struct printer *printer, const struct exec *exec);

/* Adds the exec as an object of JSON. false: it has none of the keys that are chosen. */
bool fields_json(struct printer *printer, const struct exec *exec);

#endif
