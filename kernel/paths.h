/* SPDX-License-Identifier: GPL-2.0-only */
/* Learns where the kernel keeps the directories and mounts by which a file's path is found: of the working directory, of the
 * root directory, and of the file that a process executes. In a process that changes its directory between mounts of its own,
 * whose names nobody else has. The rules are those of layout.h. */
#ifndef PATHS_H
#define PATHS_H

#include "kernel/layout.h"

#define PATHS_NAME 13 /* bytes of a name, with its NUL */

/* The process's states. Two mounts: the first is on a directory of the machine, the second on a directory in the first, which has
 * a directory with a directory in it. */
enum paths_state {
	PATHS_OUTSIDE, /* the working directory is on neither */
	PATHS_FIRST,   /* it is the first mount's root */
	PATHS_SECOND,  /* it is the lowest directory in the second one */
	PATHS_REMOVED, /* the same, and the working directory has been removed */
	PATHS_STATES
};

struct paths_facts {
	uint64_t task; /* its task_struct */
	char mountpoint[PATHS_NAME], upper[PATHS_NAME], lower[PATHS_NAME]; /* names of the directories */
	uint64_t inodes[2]; /* numbers of the directories of PATHS_FIRST and PATHS_SECOND, */
	uint32_t devices[2]; /* and of their devices, as the kernel has them; 0: not known */
	char exe[256]; /* last component of the file that it executes; "": not known */
	/* Brings the process into the next state. false: that is forbidden. */
	bool (*enter)(void *context, enum paths_state state);
	void *context;
};

#define FS_BYTES 128
#define POINTERS_MOST 512

struct paths_workspace {
	char task[TASK_SEARCH];
	char mm[MM_SEARCH], parents_mm[MM_SEARCH];
	struct {
		uint32_t at;
		char before[FS_BYTES];
	} pointed[POINTERS_MOST];
	char fs[PATHS_STATES][FS_BYTES];
	char around[2][1024];
};

/* Fills LAYOUT_PATHS of *layout, LAYOUT_INODE, and LAYOUT_EXE, whose LAYOUT_ARGS must be known; LAYOUT_PARENT helps with the last. The
 * process was forked from one that executes the same file. */
void paths_learn(struct layout *layout, const struct layout_memory *memory, const struct paths_facts *facts,
		 struct paths_workspace *workspace);

#endif
