/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the source by BPF programs, which its files share. */
#ifndef TRACER_H
#define TRACER_H

#include "bpf/record.h"
#include "bpf/user.h"
#include "kernel/kprobes.h"
#include "kernel/layout.h"
#include "kernel/peek.h"
#include "source/members.h"
#include "source/plan.h"
#include "source/records.h"
#include "source/source.h"

/* A lane is a buffer, counts and a ring; each kind has one for each CPU. A program never interrupts itself on a CPU. Where
 * programs can be preempted (Linux 7.0), they can interrupt one another, so each has a kind of its own; elsewhere LANE_EXEC
 * is for all. The kinds from LANE_FORK on send nothing, so they have no ring. */
enum lane_kind {
	LANE_EXEC,
	LANE_END = LANE_EXEC + EXEC_COPIES, /* these have a ring with --exits and -x */
	LANE_END_AGAIN,
	LANE_FAIL, /* and these with -x */
	LANE_FAIL_COMPAT,
	LANE_FORK,
	LANE_FORK_AGAIN,
	LANE_ENTER_EXECVE,
	LANE_ENTER_EXECVEAT,
	LANE_ENTER_COMPAT, /* two of them */
	LANE_KINDS = LANE_ENTER_COMPAT + 2
};

/* The meaning of a program's misses: how often the kernel did not run it. */
enum misses {
	MISSES_NOTHING,
	MISSES_EXECS,	/* execs, unless a copy of the program has seen them */
	MISSES_FORKS,	/* new threads, if the second program has missed them, too */
	MISSES_ENTRIES, /* of calls, whose arguments are not known if they fail */
	MISSES_PROBED,	/* the same, where a kprobe shows the returns: of those it may miss some uncounted */
	MISSES_RETURNS, /* of calls, among them failed ones */
	MISSES_ENDS,	/* of threads, if the second program has missed them, too */
	MISSES
};

struct programs {
	int fds[8];
	size_t count;
};

/* Failed calls whose return was not seen, by what should have shown it; and those that seem to be such: they began long ago. */
struct missed {
	uint64_t by_tracepoints, by_probes, not_returned;
};

/* Calls whose entry was not seen: those that succeeded, and those that failed and whose return a kprobe has shown. */
struct unentered {
	uint64_t execs, failures;
};

/* The return from execve(2) and execveat(2), and the entry of each. */
#define CALL_EVENTS 3

/* State of a lane's rings. */
struct watch {
	uint32_t seq; /* execs that the lane had reported at the last look */
	bool deaf;    /* they are to be opened again: its CPU has been away */
	bool wanted;  /* they are to be opened */
	int fds[2];   /* their events, 0: none */
	bool mapped;  /* and `rings` are the helper's own maps of them */
	struct ring rings[2];
};

/* Attachments are never closed before tracing ends. */
struct tracer {
	struct source base; /* first: a struct source * is one of these */
	struct object object;
	uint8_t *unpacked; /* its bytes */
	size_t unpacked_size;
	struct link link;
	uint64_t program_memory; /* bytes in the kernel, counted for --check */
	/* The running kernel. */
	int tracefs; /* -1: not needed so far */
	int sysfs;   /* -1: not to be had */
	int cpus;    /* possible ones */
	bool preempted; /* programs at raw tracepoints are: each kind of lanes is used */
	struct peek_self self;
	struct layout layout;
	unsigned int more[PROGRAM_VARIABLES - PROGRAM_CHAIN + 1]; /* by program: records that it sends of an exec */
	int peek_events[2]; /* what the learner attached, or -1 */
	uint64_t call_fields[CALL_EVENTS][4]; /* offsets in the records of the system calls' tracepoints (failures.c) */
	char no_call_tracepoints[256]; /* why execve(2) and execveat(2) have none here; "": they have */
	/* Attachments. */
	int attached[48];
	size_t attached_count;
	struct kprobes kprobes;
	struct programs missing[MISSES]; /* programs whose misses count */
	/* Threads that are followed. */
	struct suspects suspects[2]; /* of the maps newcomers and members */
	uint64_t added, removed; /* by user space and not by the programs */
	uint64_t unseen_ends;	 /* removed because they had ended unseen */
	/* Rings and counts. */
	struct records records;
	uint64_t ring_size; /* bytes, of each CPU's */
	struct watch *watches; /* by lane */
	const char *scratches; /* the map, mapped; NULL: it cannot be */
	struct counts *counts; /* by lane, as of the last look */
	struct unentered unentered; /* when all had been attached */
	struct missed missed_at_end; /* when detaching began: from then on no return is seen */
	bool is_helper; /* another process reads the rings */
};

/* How many lanes are used, and how many of them have a ring: the first ones. */
int tracer_lanes(const struct tracer *tracer);
int tracer_rings(const struct tracer *tracer);
/* The number of one. */
int tracer_lane(const struct tracer *tracer, enum lane_kind kind, int cpu);

#endif
