/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints' numbers and fields, from tracefs. */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* tracefs: a directory from open_tracefs(); event: "category/name". */

/* The tracepoint's number for perf_event_open(2). 0 or -errno (-ENOENT: this kernel does not have
 * it) with err filled. */
int tracepoint_id(int tracefs, const char *event, uint64_t *id, struct error *err);

/* A field of a tracepoint's record. */
struct field {
	const char *name;
	unsigned int size; /* bytes */
	uint64_t offset;
};

/* Fills the offsets of the fields, by the tracepoint's `format` file; each must have its size. 0 or -errno with err filled. */
int tracepoint_fields(int tracefs, const char *event, struct field *fields, size_t count, struct error *err);

/* The same for one field. */
int tracepoint_field(int tracefs, const char *event, const char *field, unsigned int size,
		     uint64_t *offset, struct error *err);

/* The same from the text of a format file. -ENOENT: no such field; -EINVAL: not of that size. */
int format_field(const char *format, const char *field, unsigned int size, uint64_t *offset);

#endif
