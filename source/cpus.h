/* The CPUs, and a ring for each. */
#ifndef CPUS_H
#define CPUS_H

#include "source/tracer.h"

/* How many CPUs there can be: by sysfs, else by /proc, else as many as the kernel's masks have bits. sysfs, proc: their
 * directories, or -1. */
int possible_cpus(int sysfs, int proc);

/* Makes the tracer's collector, and a ring for each lane of a CPU that is online. 0 or -errno with err filled. */
int open_rings(struct tracer *tracer, struct error *err);

/* Bytes of a lane's ring. */
uint64_t lane_ring_size(const struct tracer *tracer, int lane);

#endif
