/* Execs as lines: which are wanted, and in what form. text.c and json.c know the two forms. */
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/timestamp.h"
#include "reader/exec.h"
#include "reader/merge.h"
#include "reader/parents.h"
#include "show/form.h"
#include "show/output.h"
#include "show/tree.h"

struct printer {
	const struct form *form;
	struct output *out;
	struct parents parents; /* for the ppid that the kernel side could not tell */
	int64_t ahead;	   /* as the merge's */
	uint64_t start;	   /* the kernel's CLOCK_MONOTONIC, ns, as all times here */
	uint64_t now;	   /* as of print_begin() */
	struct wall_clock wall;
	uint64_t printed, failed; /* lines, those of failed calls */
	uint64_t lost; /* execs whose lines the output did not take */
	uint64_t cut;  /* lines that were cut because others waited */
	struct loss loss; /* of `lost`, those that have not been taken yet */
	struct tree tree;
	int64_t second;	   /* that clock[] shows */
	char clock[32];
	char heading[192]; /* of a text */
};

void print_init(struct printer *printer, const struct form *form, struct output *out, int64_t ahead);
void print_free(struct printer *printer);

/* To be called before the execs of one batch: looks at the clocks. */
void print_begin(struct printer *printer);

/* Prints the exec's line. Nobody waits for the output: when much waits there the line is cut,
 * when it is full the line is lost. */
void print_exec(struct printer *printer, struct exec *exec);

/* Prints that execs were lost, where the form has a place for it. */
void print_lost(struct printer *printer, const struct loss *loss);

/* The lines lost since the last call. false: none. */
bool print_take_loss(struct printer *printer, struct loss *loss);

/* Nanoseconds since 1970, of a time as in a record. */
int64_t print_wall_time(const struct printer *printer, uint64_t time);

#endif
