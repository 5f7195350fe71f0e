/* SPDX-License-Identifier: GPL-2.0-only */
/* The source by ptrace(2), for a command and -p alone. */
#ifndef TRACE_H
#define TRACE_H

#include "source/source.h"

/* NULL: no memory, with err filled. */
struct source *trace_open(const struct request *request, struct error *err);

#endif
