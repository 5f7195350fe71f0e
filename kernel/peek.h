/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel memory at an address, through a BPF program on the tracepoint task:task_rename, which this
 * process alone triggers by renaming itself; and the layout learnt with it. */
#ifndef PEEK_H
#define PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/states.h"
#include "lib/error.h"

/* The first bytes of the name by which the program knows who asks: no two runs have the same. */
uint64_t peek_name(void);

/* This process in the kernel's eyes. */
struct peek_self {
	uint32_t pid;  /* in the initial pid namespace */
	uint64_t task; /* the address of its task_struct */
	uint32_t long_size; /* of the kernel: 4 or 8 */
	/* By how many ns our CLOCK_MONOTONIC is ahead of the kernel's: not less and not more than that. */
	int64_t ahead_least, ahead_most;
};

/* The program "peek", linked with `name` as its peek_name, must be attached to task:task_rename, and `map` be its map
 * "peeks". 0, or -errno with err filled if the kernel could not be asked. */
int peek_self(int map, uint64_t name, struct peek_self *self, struct error *err);

/* Input of the learning. */
struct peek_facts {
	int map;
	uint64_t name;
	size_t chunk; /* as much as the program "peek" reads at a time */
	uint64_t arg_start, arg_end, env_end; /* this process's own */
	uint32_t mntns; /* the inode number of its mount namespace; 0: unknown */
	int exec_proc; /* /proc, if "peek_exec" is attached to sched:sched_process_exec, else -1 */
	bool states; /* also what states.h learns */
	struct models_wanted wanted; /* and of that, these */
	bool paths;  /* and paths.h */
	int proc; /* /proc, -1: not to be had */
	int64_t boot_ahead; /* our CLOCK_BOOTTIME is so many ns ahead of the kernel's */
};

/* Learns the layout, in some children of this process. 0, or -errno with err filled if the kernel could not be asked; what
 * could not be found is said in *layout. */
int peek_layout(const struct peek_facts *facts, const struct peek_self *self, struct layout *layout, struct error *err);

#endif
