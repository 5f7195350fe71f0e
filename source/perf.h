/* SPDX-License-Identifier: GPL-2.0-only */
/* The sources by perf events alone. */
#ifndef PERF_H
#define PERF_H

#include "source/source.h"

/* By the tracepoint sched:sched_process_exec, whose sample has the new program's stack; and by the records that tell of processes
 * without any tracepoint. NULL: no memory, with err filled. */
struct source *perf_open(const struct request *request, struct error *err);
struct source *sideband_open(const struct request *request, struct error *err);

#endif
