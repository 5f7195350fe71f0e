/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that read the strings of what has just been executed. A program can end within 50 microseconds, so each CPU has a thread
 * of its own, of real-time priority: the event wakes it on the CPU where the program is to run, which cannot go on until the
 * thread has read. */
#ifndef CATCHERS_H
#define CATCHERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/image.h"
#include "source/passes.h"

/* With more CPUs than that, there are no such threads. */
#define CATCHERS_MOST 16

/* A reading. */
struct catch {
	struct catch *next;
	int cpu;
	uint32_t pid;
	uint64_t time; /* of the event */
	struct reading reading;
	struct exec exec; /* its mount namespace, cgroup */
};

struct catchers;

/* How a thread learns of execs on its CPU. */
struct catcher_ops {
	/* Its wake-up: a handle for wait(), or NULL: it cannot be had. */
	void *(*open)(void *context, int cpu);
	/* The next exec. ns: how long it waits, -1: until there is one. false: there was none. */
	bool (*wait)(void *handle, int64_t ns, uint32_t *pid, uint64_t *time);
	bool early; /* execs are told before their arguments are in place */
	bool ids;   /* the real ids are to be read, too: no event tells that they change */
};

struct catchers {
	const struct catcher_ops *ops;
	void *context;
	const struct passes *passes;
	int proc;
	const struct image_wanted *wanted;
	const char *(*confine)(bool traces); /* what each thread calls first, or NULL */
	bool runs[CATCHERS_MOST]; /* by CPU */
	uint32_t reads_since[CATCHERS_MOST]; /* by CPU, CLOCK_MONOTONIC, ms; 0: the thread waits for an exec */
	pthread_mutex_t lock;
	struct catch *first, *last; /* that have not been taken */
	size_t bytes; /* of their strings */
};

/* Starts a thread for each CPU that is online; the fields above `runs` must be set. None, if they may not have that priority. */
void catchers_start(struct catchers *catchers, int cpus);

/* Whether the thread of that CPU reads. One that a process's memory holds up does not. */
bool catchers_read(const struct catchers *catchers, int cpu);

/* The next reading, or NULL. The caller frees it and its strings. */
struct catch *catchers_take(struct catchers *catchers);

#endif
