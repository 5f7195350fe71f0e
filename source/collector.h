/* SPDX-License-Identifier: GPL-2.0-only */
/* A collector: a process that learns of execs in other ways than by BPF programs, and hands them to the reader through a pipe. It
 * is made when tracing starts, and ends with it. This is what all such sources have in common. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/ttys.h"
#include "reader/remote.h"
#include "source/catchers.h"
#include "source/passes.h"
#include "source/pipe.h"
#include "source/processes.h"
#include "source/sightings.h"
#include "source/source.h"

struct collector;

/* The most descriptors that a collector waits for. */
#define COLLECTOR_FDS 1024

/* Functions that fail return -errno with err filled. */
struct collector_ops {
	bool tells_ids; /* events tell when the ids of a process change */
	bool traces; /* a process stands while its exec is looked at: strings are surely its own; and it is the process's tracer */
	bool early; /* execs are told before their arguments are in place */
	/* Asks the kernel for its events. This and all others but take() can be NULL. */
	int (*open)(struct collector *collector, struct error *err);
	/* Closes what open() has opened, in the processes that do not collect. */
	void (*close)(struct collector *collector);
	/* In the process that collects: begins. */
	int (*begin)(struct collector *collector, struct error *err);
	/* Tells the kernel that no more is wanted. */
	void (*end)(struct collector *collector);
	/* Entries for poll(2); how many. */
	size_t (*poll_fds)(const struct collector *collector, struct pollfd *fds);
	/* Takes what has come, but not without end: sets collector->more if there may be more. */
	void (*take)(struct collector *collector);
	/* Follows a process (-p, the command), and what descends from it, otherwise than by the table of processes. */
	int (*follow)(struct collector *collector, uint32_t pid, struct error *err);
	const struct catcher_ops *catch; /* NULL: there are no threads */
	/* Nanoseconds until it is to be called though nothing has come. */
	uint64_t (*wait)(const struct collector *collector);
};

struct collector {
	struct source base; /* first: a struct source * is one of these */
	const struct collector_ops *ops;
	void *own; /* the source's own state */
	struct collected *shared; /* with the helper and the reader */
	struct pipe_lane lane;	  /* the reader's end of the pipe */
	struct merge merge;
	int control; /* to the process that collects; in that one, from the others */
	pid_t pid;
	/* In the process that collects: */
	int out; /* the pipe */
	char *waiting; /* execs that are not written yet */
	size_t waiting_used, waiting_size;
	uint64_t waiting_since; /* CLOCK_MONOTONIC */
	struct processes processes;
	struct sightings sightings;
	struct passes passes;
	struct catchers catchers;
	struct image_wanted wanted;
	struct ttys ttys;
	struct asker asker; /* reads for us */
	struct catch *caught; /* a reading that has no exec yet */
	uint64_t seen[CATCHERS_MOST]; /* by CPU, the time of the last exec's event */
	bool more;	     /* take() has not taken all that was there */
	uint64_t last_event; /* time of the last one that was taken */
	bool lost; /* events, since the last look: the table of processes is not right */
};

#endif
