/* An exec as a line for people. */
#ifndef TEXT_H
#define TEXT_H

#include "show/printer.h"

/* Writes the heading, with its newline. */
void text_heading(const struct form *form, char *heading, size_t size);

void text_exec(struct printer *printer, const struct exec *exec);

#endif
