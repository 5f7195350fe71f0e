/* Execs as lines: which are wanted, and in what form. text.c and json.c know the two forms. */
#ifndef PRINT_H
#define PRINT_H

#include "show/printer.h"

/* ahead, boot_ahead: as the source's clock_ahead and boot_ahead. */
void print_init(struct printer *printer, const struct form *form, struct output *out, const char *source, int64_t ahead,
		int64_t boot_ahead);
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
