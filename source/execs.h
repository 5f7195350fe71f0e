/* SPDX-License-Identifier: GPL-2.0-only */
/* Successful execs: the program "exec", where it is attached, and how often. */
#ifndef EXECS_H
#define EXECS_H

#include "source/tracer.h"

/* From when this returns 0, every exec is seen. 0 or -errno with err filled. */
int trace_execs(struct tracer *tracer, struct error *err);

#endif
