/* SPDX-License-Identifier: GPL-2.0-only */
/* Records between an exec's first one and the rest of its arguments: ancestors, paths, environment variables. */
#ifndef MORE_H
#define MORE_H

#include "bpf/record.h"
#include "reader/exec.h"

struct more {
	unsigned int left; /* records that are still to come */
	char *room; /* for all that follows */
	struct text exe, cwd; /* state TEXT_UNREADABLE: not known */
	struct exec_chain chain;
	struct exec_variables variables;
};

/* Begins anew, with the room that is there: so many records are to come. */
void more_begin(struct more *more, unsigned int left);

/* Takes one, with its data. false: it is another record. lost: counts those that did not reach us. */
bool more_take(struct more *more, const struct record_head *head, const char *data, uint64_t *lost);

/* Puts it into the exec, which points into the room. */
void more_to_exec(const struct more *more, struct exec *exec);

void more_free(struct more *more);

#endif
