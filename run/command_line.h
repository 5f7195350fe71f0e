/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line: one table is what is parsed and what --help prints. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "run/options.h"
#include "show/output.h"

/* Reads the command line, whose strings must stay. 0; or 2, a usage error that has been printed on standard error. The
 * caller ends with options_free(). */
int options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/* Prints the help. */
void options_help(struct output *out);

#endif
