/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/PID/status. */
#ifndef PROCESS_STATUS_H
#define PROCESS_STATUS_H

#include <stdint.h>

struct process_status {
	uint32_t process; /* that the thread belongs to */
	uint32_t tracer;  /* by ptrace(2), 0: none */
	uint32_t uid, gid; /* the real ones */
	uint32_t euid, egid; /* the effective ones */
	uint32_t inner; /* the thread's id in its own pid namespace, 0: not known (below Linux 4.1) */
	uint64_t capabilities; /* the effective ones, a bit each */
};

/* 0 or -errno: the thread has ended, or may not be seen. proc: /proc. tid: of a process or thread. */
int process_status(int proc, uint32_t tid, struct process_status *status);

/* The process that a thread belongs to. 0: as above. */
uint32_t process_of(int proc, uint32_t tid);

#endif
