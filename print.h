/* Execs as lines: which are wanted, and in what form. text.c and json.c know the two forms. */
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "options.h"
#include "output.h"
#include "timestamp.h"
#include "tree.h"

struct printer {
	const struct options *options;
	struct output *out;
	int proc;	   /* /proc of the initial pid namespace, for the ppid that the kernel side could not tell; or -1 */
	int64_t ahead;	   /* as the collector's */
	uint64_t start;	   /* the kernel's CLOCK_MONOTONIC, ns, as all times here */
	uint64_t now;	   /* as of print_begin() */
	struct wall_clock wall;
	uint64_t printed, failed, unwanted; /* lines, those of failed calls, execs that had no line */
	struct tree tree;
	char *line;	   /* the argument line for --line */
	size_t line_size;
	int64_t second;	   /* that clock[] shows */
	char clock[32];
	char heading[192]; /* of a text */
};

void print_init(struct printer *printer, const struct options *options, struct output *out, int proc,
		int64_t ahead);
void print_free(struct printer *printer);

/* To be called before the events of one batch: looks at the clocks. */
void print_begin(struct printer *printer);

/* Prints the exec's line if --name and --line want it. */
void print_event(struct printer *printer, struct event *event);

/* Prints that so many execs were lost, where the form has a place for it. */
void print_lost(struct printer *printer, uint64_t count);

/* Nanoseconds since 1970, of a time as in a record. */
int64_t print_wall_time(const struct printer *printer, uint64_t time);

#endif
