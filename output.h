/* Lines on their way to the standard output or a file. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* A failed write is remembered, and nothing is written after it. */
struct output {
	int fd;
	int error;	   /* errno of what failed, 0: nothing */
	const char *name;  /* the file's path, or NULL: the standard output */
	uint64_t most;	   /* bytes that a file may have, 0: any number */
	uint64_t size;	   /* bytes in the file so far */
	uint64_t total;	   /* bytes added so far */
	const char *heading; /* what each file begins with, or NULL */
	char *buffer;
	size_t used, capacity;
	size_t partial; /* bytes in the file of a line that has not ended there */
	size_t complete; /* of `used`, those that belong to lines that have ended */
};

/* An output to `fd`, which stays the caller's. 0 or -ENOMEM. */
int output_init(struct output *out, int fd);

/* Opens the file: a new one with mode 0600, an existing one as it is, never through a symbolic link.
 * Nothing in it is touched before output_begin(). 0 or -errno with err filled. */
int output_open(struct output *out, const char *path, struct error *err);

/* Empties the file, or stands at its end if `append`, and writes the heading if it is empty then. `most`:
 * when a line would make the file longer than that, it becomes PATH.1, and a new one is begun. heading: must
 * stay; it ends with a newline. */
void output_begin(struct output *out, bool append, uint64_t most, const char *heading);

void output_add(struct output *out, const void *bytes, size_t length);
void output_format(struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds the number as a column of at least `width` characters: at its right end, or if the width is negative at its left
 * end, as printf(3) does. Of 20 at most. */
void output_number(struct output *out, int64_t number, int width);

/* Adds a newline. Lines are kept together until output_flush(), or until they are many bytes. */
void output_end_line(struct output *out);

/* Writes what has come together; EINTR and a full pipe or terminal are waited out. */
void output_flush(struct output *out);

/* "cannot write to the standard output: No space left on device" */
int output_error(const struct output *out, struct error *err);

void output_free(struct output *out);

#endif
