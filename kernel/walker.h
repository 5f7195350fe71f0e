/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that walks between mounts of its own, by which paths.h learns. */
#ifndef WALKER_H
#define WALKER_H

#include "kernel/peeker.h"

/* Makes it as a child, and waits for its end. Signals must be blocked. name: peek_name(). proc: /proc, or -1. peeker->layout gets
 * the parts of paths.h, or why they are missing. */
void walker_learn(struct peeker *peeker, uint64_t name, int proc);

#endif
