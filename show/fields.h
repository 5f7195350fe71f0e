/* The fields of an exec: one table, which heading, columns and JSON keys come from. */
#ifndef FIELDS_H
#define FIELDS_H

#include "show/printer.h"

/* Adds the heading of the columns that the form asks for, and a newline. */
void fields_heading(const struct form *form, char *heading, size_t size);

/* Adds these columns, each with a space behind it. */
void fields_columns(struct printer *printer, const struct exec *exec);

/* Adds the keys and values of JSON, from "{" on. */
void fields_json(struct printer *printer, const struct exec *exec);

#endif
