/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPUs, and a ring for each. */
#ifndef CPUS_H
#define CPUS_H

#include "source/tracer.h"

/* How many CPUs there can be: by sysfs, else by /proc, else as many as the kernel's masks have bits. sysfs, proc: their
 * directories, or -1. */
int possible_cpus(int sysfs, int proc);

/* Makes the tracer's records, and rings for each lane of a CPU that is online. 0 or -errno with err filled. */
int open_rings(struct tracer *tracer, struct error *err);

/* Bytes of a lane's ring. */
uint64_t lane_ring_size(const struct tracer *tracer, int lane);

/* As in struct source_ops. */
int look_at_cpus(struct source *source, const uint8_t *has, uint8_t *remove);
int open_wanted_lane(struct source *source, struct ring rings[2]);
void add_rings(struct source *source, int lane, const struct ring rings[2]);
bool remove_rings(struct source *source, int lane);
bool has_rings(const struct source *source, int lane);
void poll_rings(const struct source *source, struct pollfd *fds);

#endif
