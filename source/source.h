/* SPDX-License-Identifier: GPL-2.0-only */
/* A source of execs: what it can be asked to do. Nothing outside this folder knows which source it is. */
#ifndef SOURCE_H
#define SOURCE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/features.h"
#include "lib/error.h"
#include "reader/merge.h"
#include "reader/remote.h"
#include "reader/ring.h"
#include "source/request.h"

/* Execs, and what follows them, that the kernel did not show, since the start. */
struct losses {
	uint64_t skipped;	/* execs, at most */
	uint64_t unseen_forks;	/* new threads and processes, at most: their descendants may not be followed */
	uint64_t unseen_exits;	/* ends of threads, at most: of --exits */
	uint64_t unseen_ends;	/* threads whose end was seen in /proc alone */
	uint64_t unnoted;	/* calls that found no room: if they fail, their arguments are not known */
	uint64_t forgotten;	/* threads that found no room among those that are followed */
	uint64_t filtered;	/* execs that the filters in the kernel did not let pass */
};

struct source_ops;

/* Common to all sources. */
struct source {
	const struct source_ops *ops;
	const char *name, *loses; /* in the table of sources */
	const struct request *request;
	struct features features;
	int proc; /* /proc, -1: not to be had */
	bool proc_is_initial; /* /proc, and this process, are in the initial pid namespace, whose ids a source tells */
	int64_t clock_ahead; /* this process's CLOCK_MONOTONIC is so many ns ahead of the one in execs' times */
	int64_t boot_ahead; /* the same of CLOCK_BOOTTIME */
	struct merge *merge; /* from the start on */
	int pipe; /* that the reader reads, or -1 */
	uint32_t tracer; /* the process that is going to trace the command by ptrace(2), 0: none */
	/* By which a process that collects, and each thread of it, gives up power; traces: by ptrace(2). Why it could not, or
	 * NULL. NULL itself: it keeps all. */
	const char *(*confine)(bool traces);
	bool ended; /* what traces has ended by itself */
	bool refused; /* the start failed for what was asked for, so that other sources would fail, too */
};

/* Of a source with rings, two for each lane, which the helper opens and the reader reads. */
struct source_rings {
	/* Finds out for which lanes rings are to be opened, since their CPU has come online; how many. has: by lane, whether
	 * it has rings. remove: by lane, gets whether these are to be closed, since the CPU has gone. */
	int (*look_at_cpus)(struct source *source, const uint8_t *has, uint8_t *remove);
	/* Opens the two rings of one of those lanes: its number, or -1. The rings are the caller's; the descriptors end with the
	 * lane. */
	int (*open_lane)(struct source *source, struct ring rings[2]);
	/* In the process that reads: takes the two rings of a lane over; closes them once they are empty (false: they are
	 * not); whether it has them. */
	void (*add)(struct source *source, int lane, const struct ring rings[2]);
	bool (*remove)(struct source *source, int lane);
	bool (*has)(const struct source *source, int lane);
	/* Counts as lost what has not come of the `seq` execs that the lane had reported long ago. */
	void (*expect)(struct source *source, int lane, uint32_t seq);
	/* Lets somebody else read the memory of processes. */
	void (*ask_through)(struct source *source, const struct asking *asking);
};

/* Functions that fail return -errno with err filled. */
struct source_ops {
	/* Learns the kernel, and traces: when it returns 0, every exec is recorded or counted as lost. argv: as main() got it,
	 * where the kernel laid its strings. */
	int (*start)(struct source *source, char **argv, struct error *err);
	/* Puts away what only the start needed. It can take some 70 ms. Or NULL. */
	void (*settle)(struct source *source);
	/* --check: asks the kernel for what the start did not need. Or NULL. */
	void (*ask_rest)(struct source *source);
	/* From here on, what this process makes is followed as a command, until release(). Or NULL. */
	int (*adopt)(struct source *source, struct error *err);
	/* The process by that id becomes the command. */
	int (*release)(struct source *source, uint32_t command, struct error *err);
	/* Whether all that is followed (-p, a command) has ended. false: nothing is followed. */
	bool (*all_ended)(const struct source *source);
	/* Forgets threads that have ended unseen, and counts. seqs: by lane, gets how many execs it has reported. */
	void (*look)(struct source *source, uint32_t *seqs, struct losses *losses);
	/* In the process that reads: fills two entries for poll(2) for each lane. */
	void (*poll_fds)(const struct source *source, struct pollfd *fds);
	const struct source_rings *rings; /* or NULL */
	/* From now on another process holds what is attached (true: this one, and the other reads). */
	void (*divide)(struct source *source, bool keeps);
	/* Ends the tracing. What has come can still be read. */
	void (*stop)(struct source *source);
	void (*close)(struct source *source);
};

/* Whether only some processes are traced, and their descendants (-p, -- COMMAND). */
static inline bool source_follows(const struct source *source)
{
	return source->request->pids.count || source->request->command;
}

#endif
