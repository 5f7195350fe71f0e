/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes in known states, from which more of the layout is learned (states.h). */
#ifndef MODELS_H
#define MODELS_H

#include "kernel/peeker.h"

/* Makes them as children of this process, learns from them, and ends them. Signals must be blocked. name: peek_name(). proc: /proc,
 * or -1. boot_ahead: our CLOCK_BOOTTIME is so many ns ahead of the kernel's. peeker->layout gets the parts of states.h, or why they
 * are missing. */
void models_learn(struct peeker *peeker, uint64_t name, int proc, int64_t boot_ahead, struct models_wanted wanted);

#endif
