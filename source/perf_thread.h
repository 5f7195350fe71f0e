/* SPDX-License-Identifier: GPL-2.0-only */
/* Perf events that wake a thread of catchers.h. */
#ifndef PERF_THREAD_H
#define PERF_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* As in struct catcher_ops. context: a collector whose `own` is a struct perf. */
void *perf_thread_open(void *context, int cpu);
bool perf_thread_wait(void *handle, int64_t ns, uint32_t *pid, uint64_t *time);

#endif
