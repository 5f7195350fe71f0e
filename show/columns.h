/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec's fields as columns of text. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "show/printer.h"

/* Fills the heading of the columns that the printer's form asks for, and a newline. */
void columns_heading(const struct printer *printer, char *heading, size_t size);

/* Adds these columns, each with a space behind it. */
void columns_add(struct printer *printer, const struct exec *exec);

#endif
