/* SPDX-License-Identifier: GPL-2.0-only */
/* The threads of -p and -- COMMAND, in BPF maps: the kernel adds what they make and removes what ends; here are put
 * in those that it begins with. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* How many threads can be members at once, by the machine's memory: some 100 bytes each. */
uint32_t members_capacity(void);

/* Adds a process, its threads and all their descendants that live now to the map newcomers, by their ids; pid: of
 * any of its threads. The programs "fork" and "thread_exit" must be attached, and the process be in the map roots.
 * proc: a /proc that shows the initial pid namespace. How many threads were added, or -errno with err filled. */
int members_add_process(int newcomers, int proc, uint32_t pid, struct error *err);

/* Entries whose threads were missing when they were looked for last. */
#define SUSPECTS 256
struct suspects {
	uint64_t keys[SUSPECTS];
	size_t count;
};

/* Removes entries of threads that have ended unseen, as a newcomer does that is killed in an exec, which has changed its id
 * by then; those that were missing the last time, too. How many there were. by_task: the map is members, whose values are
 * the ids; else it is newcomers, whose keys are. */
unsigned int members_sweep(int map, bool by_task, int proc, struct suspects *suspects);

#endif
