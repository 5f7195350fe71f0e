/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec as a line for people. */
#ifndef TEXT_H
#define TEXT_H

#include "show/printer.h"

/* Whether it has argv[0], behind the file's name and in brackets. */
bool text_shows_argv0(const struct form *form, const struct exec *exec);

void text_exec(struct printer *printer, const struct exec *exec);

#endif
