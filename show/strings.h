/* SPDX-License-Identifier: GPL-2.0-only */
/* The strings of an exec, its file's name and its arguments, as values of JSON. */
#ifndef STRINGS_H
#define STRINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/exec.h"
#include "show/output.h"

/* Adds the file's name. other: key of its bytes, if they are no UTF-8. alone: the arguments are not shown, so it says itself that
 * it was cut or could not be read. */
void strings_filename(struct output *out, const struct exec *exec, const char *other, bool alone);

/* Adds the list of arguments, of `most` at most (0: all), and behind it the interpreter of a script, and that something was cut or
 * could not be read. named: the file's name is shown, too. */
void strings_argv(struct output *out, const struct exec *exec, uint64_t most, const char *other, bool named);

/* Adds the variables as a list, and if they are no UTF-8, the list in base64 by the key `other`; a mark, if some are missing. */
void strings_variables(struct output *out, const struct exec_variables *variables, const char *other);

#endif
