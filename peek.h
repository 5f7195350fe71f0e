/* Kernel memory at an address, through a BPF program on the tracepoint task:task_rename, which this
 * process alone triggers by renaming itself; and the layout learnt with it. */
#ifndef PEEK_H
#define PEEK_H

#include <stdint.h>

#include "error.h"
#include "layout.h"

/* The first bytes of the name by which the program knows who asks: no two runs have the same. */
uint64_t peek_name(void);

/* Learns the layout. `program` is the loaded program "peek", `map` its map "peeks", linked with
 * `name` as its peek_name; arg_start and arg_end are this process's own, mntns the inode number of
 * its mount namespace (0: unknown). Returns the attachment, which the caller closes when it has the
 * time: the kernel then waits until no CPU can be in the program any more, some 20 to 70 ms. Or
 * -errno with err filled if the kernel could not be asked; what could not be found is said in
 * *layout. */
int peek_layout(int program, int map, uint64_t tracepoint, uint64_t name, uint64_t arg_start,
		uint64_t arg_end, uint32_t mntns, struct layout *layout, struct error *err);

#endif
