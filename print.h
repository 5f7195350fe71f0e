/* Execs as lines of text. */
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "options.h"

/* Text on its way to a file descriptor. A failed write is remembered, not repeated. */
struct output {
	int fd;
	int error; /* errno of the write that failed, 0: none */
	uint64_t total; /* bytes added so far */
	size_t used;	/* those that wait in the buffer */
	char buffer[16384];
};

void output_add(struct output *out, const void *bytes, size_t length);
void output_format(struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes what has come together; EINTR and a full pipe or terminal are waited out. */
void output_flush(struct output *out);

struct printer {
	const struct options *options;
	struct output *out;
	int proc;	    /* /proc, for the ppid that the kernel side could not tell; or -1 */
	uint64_t start;	    /* CLOCK_MONOTONIC, ns */
	char *line;	    /* the argument line for --line */
	size_t line_size;
	int64_t second;	    /* that clock[] shows */
	char clock[16];
};

void print_header(struct printer *printer);

/* Prints the exec's line if --name and --line want it. */
void print_event(struct printer *printer, const struct event *event);

void print_free(struct printer *printer);

/* Adds text of unknown origin so that it can do a terminal no harm and reads back in one way only:
 * control characters, invalid UTF-8 and what changes the direction of text are escaped. quoted: as
 * inside "…", where '"' and '\' are escaped too. */
void print_escaped(struct output *out, const char *bytes, size_t length, bool quoted);

#endif
