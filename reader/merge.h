/* SPDX-License-Identifier: GPL-2.0-only */
/* Execs of all lanes in the order in which they happened. A lane is in order in itself: one CPU's rings, or a socket. */
#ifndef MERGE_H
#define MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"

/* Execs of one CPU that were seen in the kernel but did not reach us. */
struct loss {
	uint64_t count;
	int cpu;	   /* -1: of any */
	uint64_t from, to; /* as an exec's time: the last exec before it and the first behind it that came */
};

enum lane_state {
	LANE_EMPTY,	/* no exec has begun */
	LANE_GATHERING, /* its first record is here, others are missing */
	LANE_READY,
	LANE_BUSY,  /* a record in the ring is looked at: nothing may move it */
	LANE_TAKEN, /* handed out by merge_next() */
};

struct lane;

struct lane_ops {
	/* Sees what has come in. true: so much waits that order must wait for nobody. */
	bool (*update)(struct lane *lane);
	/* Goes on until an exec is ready, or nothing more is there. last: nothing more will come. */
	void (*advance)(struct lane *lane, bool last);
	/* Fills *exec from the one that is ready; it is valid until release(). */
	void (*hand_out)(struct lane *lane, struct exec *exec);
	void (*release)(struct lane *lane);
	/* Moves what waits to where it takes no room of the kernel's, or NULL. */
	void (*spill)(struct lane *lane);
};

struct lane {
	const struct lane_ops *ops; /* NULL: the lane is closed */
	enum lane_state state;
	uint64_t time;	/* of the exec that has begun */
	uint64_t last_record; /* when its last record came, or its first was made */
	uint64_t last_time; /* of the last exec that came */
	struct loss loss; /* not taken yet */
	int cpu;
};

struct merge {
	struct lane **lanes;
	size_t count;
	struct lane **begun; /* those with an exec, as a heap: the oldest first */
	size_t begun_count;
	struct lane *taken; /* whose exec was handed out last, or NULL */
	uint64_t lost; /* execs that were seen in the kernel but did not reach us */
	uint64_t cut;  /* those of which a part did not */
	int64_t ahead; /* our CLOCK_MONOTONIC is so many ns ahead of the kernel's, which execs have (time_namespaces(7)) */
	uint64_t now;  /* the kernel's, ns, as of the last merge_update() */
	bool crowded;  /* a lane is so full that order must wait for nobody */
};

/* A merge of so many lanes, which the caller puts into merge->lanes. 0 or -ENOMEM. */
int merge_init(struct merge *merge, size_t lanes, int64_t ahead);
void merge_free(struct merge *merge);

/* Sees what has come in. */
void merge_update(struct merge *merge);

/* How long an exec is kept back so that one that happened before it, on another CPU, can still
 * come in: a record is stamped, then written, with preemption off (but from Linux 7.0 on); this is longer than an
 * interrupt (or a hypervisor) keeps the two apart, and short enough for a person. */
#define HOLD_NS 20000000ULL

/* An exec of which a part is missing is given up when its head is this old. */
#define GIVE_UP_NS 1000000000ULL

/* The next exec in order, from what merge_update() has seen; only those older than HOLD_NS, unless `all`. Its strings are valid
 * until the next call of this or merge_update(). false: none. */
bool merge_next(struct merge *merge, bool all, struct exec *exec);

/* Nanoseconds until the oldest exec that is kept back may be shown; UINT64_MAX: there is none. */
uint64_t merge_wait(const struct merge *merge);

/* Makes room in the kernel while nobody looks at what comes. To be called where something else takes time, but not while the exec
 * that merge_next() returned is in use. */
void merge_spill(struct merge *merge);

/* Counts so many execs of the lane as lost that happened before the time. */
void merge_lose(struct merge *merge, struct lane *lane, uint64_t count, uint64_t time);
/* One of them has come all the same. */
void merge_find(struct merge *merge, struct lane *lane);

/* The next loss that has not been taken yet. false: there is none. */
bool merge_take_loss(struct merge *merge, struct loss *loss);

#endif
