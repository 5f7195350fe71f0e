/* SPDX-License-Identifier: GPL-2.0-only */
/* Perf events without BPF, and their rings: for records of processes, and for the tracepoint of execs. */
#ifndef PERF_EVENTS_H
#define PERF_EVENTS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "reader/ring.h"
#include "source/sample.h"

/* Flags of struct perf_event_attr that older kernels refuse. */
struct abilities {
	bool clock;	 /* use_clockid: 4.1 */
	bool comm_exec;	 /* comm_exec, mmap2: 3.16 */
	bool dummy;	 /* PERF_COUNT_SW_DUMMY: 3.12 */
};

struct cpu {
	int fds[2]; /* of the records, whose ring it is; of the tracepoint; -1: none */
	struct ring ring;
	bool mapped;
	size_t limit; /* of the ring, up to which records come before all that others have put in later */
	uint64_t next; /* time of the next record */
	uint64_t enabled; /* time that the event was at work, as of the last look, ns */
};

/* Ends that are doubted at a time (perf.c); more are taken for ends. */
#define DOUBTS 256

struct perf {
	bool tracepoint;
	uint64_t id;	   /* of sched:sched_process_exec */
	uint64_t filename; /* offset of its field */
	bool stack;
	struct abilities can;
	int cpus;
	struct cpu *cpu;
	int64_t ahead; /* the records' clock is so many ns behind CLOCK_MONOTONIC, where that cannot be chosen */
	uint64_t next_look; /* for CPUs that have come online */
	uint32_t doubts[DOUBTS]; /* ids of processes */
	size_t doubt_count;
};

/* Records of processes: names (with a mark for those of an exec), forks, ends. */
struct perf_event_attr perf_record_event(const struct perf *perf);
/* The tracepoint of execs. */
struct perf_event_attr perf_exec_event(const struct perf *perf);

/* Finds out what the kernel has (perf->tracepoint must be set), and opens all events. proc: /proc. 0 or -errno with err filled. */
int perf_open_events(struct perf *perf, int proc, struct error *err);
void perf_close_events(struct perf *perf);

/* Maps the ring of a CPU; it opens its events first, if they are not open. 0 or -errno with err filled; an offline CPU is no error. */
int perf_map_cpu(struct perf *perf, int cpu, struct error *err);
void perf_close_cpu(struct cpu *cpu);

/* Whether the events of a CPU, whose ring is mapped, have not been at work since the last call. */
bool perf_is_deaf(struct cpu *cpu);

/* The next record of a ring; false: there is none. */
bool perf_peek(const struct perf *perf, struct ring *ring, struct perf_record *record);

/* Its time as execs have it. */
static inline uint64_t perf_time(const struct perf *perf, const struct perf_record *record)
{
	return record->time + (uint64_t)perf->ahead;
}

#endif
