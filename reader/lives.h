/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that have executed, and what is remembered of them. */
#ifndef LIVES_H
#define LIVES_H

#include <stdbool.h>
#include <stdint.h>

struct life {
	uint32_t pid; /* 0: none */
	int level;    /* in the tree that is shown, from 1 on; 0: it is not in it */
	uint64_t executed; /* when it did so last, 0: not known */
	bool shown;   /* its last exec */
	uint32_t lane; /* show/timeline.c: of its slice, from 1 on; 0: it has none */
};

struct lives {
	struct life *table; /* by hash of the process id */
	uint32_t count, capacity;
	uint64_t forgotten; /* because there were too many */
};

/* The process's life, or NULL: it is not known. Valid until the next call of lives_add() or lives_remove(). */
struct life *lives_find(const struct lives *lives, uint32_t pid);

/* The same; makes it, if it is not there. NULL: there is no memory. When there are too many, all are forgotten. */
struct life *lives_add(struct lives *lives, uint32_t pid);

/* Forgets it. */
void lives_remove(struct lives *lives, uint32_t pid);

void lives_free(struct lives *lives);

#endif
