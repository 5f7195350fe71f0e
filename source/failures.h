/* SPDX-License-Identifier: GPL-2.0-only */
/* Failed calls: at the system calls' exits, with what was seen at their entries. */
#ifndef FAILURES_H
#define FAILURES_H

#include "source/tracer.h"

/* Learns how the system calls' tracepoints carry what the programs read: before any program is loaded that has to
 * do with failed calls. 0 or -errno with err filled. */
int failures_learn(struct tracer *tracer, struct error *err);

/* Traces them. 0 or -errno with err filled. What 32-bit programs do is traced as far as the kernel shows it, and
 * what it does not show is said on standard error (unless --check asks). */
int failures_trace(struct tracer *tracer, struct error *err);

#endif
