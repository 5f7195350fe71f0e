/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of the running kernel: helpers, offsets of members, the clock, whose process ids are ours. */
#ifndef LEARN_H
#define LEARN_H

#include "source/tracer.h"

/* Learns it. argv: the vector that main() got. What the options need and the kernel has not is an error. 0 or -errno with err
 * filled. */
int learn_kernel(struct tracer *tracer, char **argv, struct error *err);

#endif
