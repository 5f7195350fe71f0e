/* The CPUs, and a ring for each. */
#ifndef CPUS_H
#define CPUS_H

#include "tracer.h"

/* How many CPUs there can be. sysfs: its directory. Or -errno with err filled. */
int possible_cpus(int sysfs, struct error *err);

/* Makes the tracer's collector, and a ring for each CPU that is online. 0 or -errno with err filled. */
int open_rings(struct tracer *tracer, struct error *err);

#endif
