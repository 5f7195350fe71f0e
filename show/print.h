/* SPDX-License-Identifier: GPL-2.0-only */
/* Execs as lines: which are wanted, and in what form. text.c and json.c know the two forms. */
#ifndef PRINT_H
#define PRINT_H

#include "show/printer.h"

/* Of the source and the machine. */
struct print_setup {
	const char *source; /* its name */
	int64_t ahead, boot_ahead; /* its clock_ahead and boot_ahead */
	uint64_t pid_max; /* no process id is that high; 0: not known */
};

void print_init(struct printer *printer, const struct form *form, struct output *out, const struct print_setup *setup);
void print_free(struct printer *printer);

/* To be called before the execs of one batch: looks at the clocks. */
void print_begin(struct printer *printer);

/* Prints the line of the exec, or of the end of a process. Nobody waits for the output: when much waits there the line is cut,
 * when it is full the line is lost. */
void print_exec(struct printer *printer, struct exec *exec);

/* Prints that execs were lost, where the form has a place for it. */
void print_lost(struct printer *printer, const struct loss *loss);

/* The lines lost since the last call. false: none. */
bool print_take_loss(struct printer *printer, struct loss *loss);

#endif
