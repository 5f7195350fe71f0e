/* SPDX-License-Identifier: GPL-2.0-only */
/* --timeline: programs as slices from their exec to their end, in the JSON format of Chrome's traces, which ui.perfetto.dev opens.
 * Those that run at the same time stand in different lanes. Each event is a line, so the file can be read while it grows. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "reader/exec.h"
#include "reader/lives.h"
#include "show/output.h"

struct timeline {
	struct output out;
	bool wanted;
	uint64_t start; /* as an exec's time */
	uint64_t most; /* arguments of a slice, 0: all */
	uint32_t *lanes; /* the process in each, 0: it is free */
	uint32_t count, capacity;
	bool begun;
};

/* Begins the file. start: of the time. most: as --max-args. */
void timeline_begin(struct timeline *timeline, uint64_t start, uint64_t most);

/* A process has executed: ends its slice, and begins another. life: what is remembered of it. */
void timeline_exec(struct timeline *timeline, struct life *life, const struct exec *exec);

/* A process has ended, or has executed what is not wanted. */
void timeline_end(struct timeline *timeline, struct life *life, const struct exec *end);

/* Makes the file whole. Slices that have not ended stay open. */
void timeline_finish(struct timeline *timeline);

void timeline_free(struct timeline *timeline);

#endif
