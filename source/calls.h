/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of execve(2) and execveat(2) by threads that are traced, for those that fail. A filter of system calls (seccomp(2)) lets a
 * thread stop at these alone, so all others run at full speed. A call that another such filter refuses is none. */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "source/collector.h"

/* Makes this process, and all that it makes, stop at these calls for whoever traces it; without a tracer they fail. 0 or -errno. */
int calls_stop_here(void);

/* Whether the kernel tells what a thread that stands calls (PTRACE_GET_SYSCALL_INFO, Linux 5.3). 0 or -errno with err filled. */
int calls_ask(struct error *err);

/* Those that have not returned. */
struct calls {
	struct call *first;
};

/* The thread stands at such a call (PTRACE_EVENT_SECCOMP): reads what it is given. */
void calls_enter(struct calls *calls, const struct collector *collector, uint32_t tid);

/* The thread stands behind it: tells the collector if it has failed. */
void calls_leave(struct calls *calls, struct collector *collector, uint32_t tid);

/* The thread has executed, or has ended. */
void calls_forget(struct calls *calls, uint32_t tid);

#endif
