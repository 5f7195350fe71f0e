/* Learns where the running kernel keeps what the BPF programs read, by looking for what this
 * process knows of itself. No BTF, no headers, no kernel version: a pattern found once is the
 * answer; found nowhere or at two places, it is refused. Plain C over a function that copies
 * memory, so a test can hand it a kernel of its own making. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>
#include <stdint.h>

enum layout_part { LAYOUT_PARENT, LAYOUT_COMM, LAYOUT_ARGS, LAYOUT_MNTNS, LAYOUT_BPRM, LAYOUT_PARTS };

/* Byte offsets. Those of a part whose `missing` is set are 0. */
struct layout {
	uint32_t long_size; /* of the kernel: 4 or 8 */
	uint32_t task_tgid, task_real_parent; /* LAYOUT_PARENT */
	uint32_t task_comm;		      /* LAYOUT_COMM */
	uint32_t task_mm, mm_arg_start;	      /* LAYOUT_ARGS; arg_end follows arg_start */
	uint32_t task_nsproxy, nsproxy_mnt_ns, mnt_ns_inum; /* LAYOUT_MNTNS */
	uint32_t bprm_filename; /* LAYOUT_BPRM; interp follows filename */
	const char *missing[LAYOUT_PARTS]; /* why there is no answer, or NULL: there is one */
};

/* Copies `length` (1 … 4096) bytes of kernel memory. 0 or -errno. */
struct layout_memory {
	int (*read)(void *context, uint64_t address, void *buffer, size_t length);
	void *context;
};

/* What is known of two processes: the one that looks, and its parent, which shares its memory and
 * its namespaces but for the process id nothing is the same in both. */
struct layout_facts {
	uint64_t task, parent_task; /* addresses of their task_struct */
	uint32_t pid, parent_pid;   /* in the initial pid namespace */
	char comm[16];		    /* the name of the one that looks, padded with NULs */
	uint64_t arg_start, arg_end; /* of the memory they share */
	uint32_t mntns;		     /* inode number of /proc/self/ns/mnt, 0: unknown */
	uint32_t long_size;	     /* of the kernel: 4 or 8 */
};

/* The most of a task_struct that is searched; with every debugging option on it has some 14 KiB. */
#define TASK_SEARCH 16384

/* Two copies of task_structs and one of what a pointer points to: too large for a small stack. */
struct layout_workspace {
	char task[TASK_SEARCH], parent[TASK_SEARCH], target[4096];
};

/* Fills *layout as far as the answers are unique; all but LAYOUT_BPRM. */
void layout_learn(struct layout *layout, const struct layout_memory *memory,
		  const struct layout_facts *facts, struct layout_workspace *workspace);

/* Learns LAYOUT_BPRM from the first `size` bytes of the struct linux_binprm of an exec that had argc
 * arguments, envc environment strings and no interpreter. */
void layout_learn_bprm(struct layout *layout, const char *bprm, uint32_t size, uint32_t argc,
		       uint32_t envc);

#endif
