/* SPDX-License-Identifier: GPL-2.0-only */
/* The threads of -p and of a command: the programs add what they make, and remove what ends. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "source/tracer.h"

/* Sees threads end, for members and for callers that have not returned. 0 or -errno with err filled, as all here. */
int trace_ends(struct tracer *tracer, struct error *err);

/* Sees threads begin. */
int trace_forks(struct tracer *tracer, struct error *err);

/* --check: attaches what sees them. */
void follow_ask(struct tracer *tracer, struct error *err);

/* Adds those of -p that live already. All programs must be attached: an exec changes a thread's id. */
int find_members(struct tracer *tracer, struct error *err);

/* As in struct source_ops. */
int follow_adopt(struct source *source, struct error *err);
int follow_release(struct source *source, uint32_t command, struct error *err);
bool follow_all_ended(const struct source *source);

/* Forgets members that have ended unseen. */
void follow_sweep(struct tracer *tracer);

#endif
