/* Kernel memory at an address, through a BPF program on the tracepoint task:task_rename, which this
 * process alone triggers by renaming itself; and the layout learnt with it. */
#ifndef PEEK_H
#define PEEK_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "layout.h"

/* The first bytes of the name by which the program knows who asks: no two runs have the same. */
uint64_t peek_name(void);

/* This process in the kernel's eyes. */
struct peek_self {
	uint32_t pid;  /* in the initial pid namespace */
	uint64_t task; /* the address of its task_struct */
};

/* Learns the layout. The program "peek", linked with `name` as its peek_name, must be attached to
 * task:task_rename, and `map` be its map "peeks". arg_start and arg_end are this process's own; mntns
 * is the inode number of its mount namespace (0: unknown). self: a descriptor of this program's file if
 * "peek_exec" is attached to sched:sched_process_exec, or -1. chunk: as much as the program reads at a time. *who
 * gets who this process is. 0, or -errno with err filled if the kernel could not be asked; what could not be found is said in *layout. */
int peek_layout(int map, uint64_t name, uint64_t arg_start, uint64_t arg_end, uint32_t mntns, int self,
		size_t chunk, struct layout *layout, struct peek_self *who, struct error *err);

#endif
