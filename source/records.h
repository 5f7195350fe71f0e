/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the BPF programs, out of the rings of all lanes. */
#ifndef RECORDS_H
#define RECORDS_H

#include <poll.h>

#include "reader/merge.h"
#include "reader/ring.h"
#include "source/parts.h"

struct ring_lane;

struct records {
	struct merge merge;
	struct ring_lane *lanes;
	struct gathering gathering;
	struct asker asker;
};

/* For so many lanes, `cpus` of each kind, none of which has rings yet. proc: /proc, if it shows the initial pid namespace
 * and we are in it, or -1: then nothing is asked of processes. 0 or -ENOMEM. */
int records_init(struct records *records, size_t lanes, int cpus, int proc, int64_t ahead);
/* Unmaps the rings, frees everything. */
void records_free(struct records *records);

/* Takes over a lane's ring for the first records of execs, and that for the rest. */
void records_add(struct records *records, const struct ring *first, const struct ring *bulk, int lane);
/* Unmaps the rings of a CPU that has gone offline, once they are empty. true: it is done. */
bool records_remove(struct records *records, int lane);
/* Whether the lane has rings. */
bool records_has(const struct records *records, int lane);

/* Fills two entries for poll(2) for each lane: a ring filled to its watermark is readable. */
void records_poll_fds(const struct records *records, struct pollfd *fds);

/* Counts as lost what has not come of the execs that the lane has reported, `seq` in all, so long ago that they must
 * have been in the ring at the last merge_update(). */
void records_expect(struct records *records, int lane, uint32_t seq);

/* The exec that merge_next() handed out last, as its records tell it, for tests. */
const struct event *records_taken(const struct records *records);

#endif
