/* SPDX-License-Identifier: GPL-2.0-only */
/* Learns where the running kernel keeps what the BPF programs read, by looking for what is known of four tasks. No BTF, no
 * headers, no kernel version, and no order of members (CONFIG_RANDSTRUCT): a place is the answer if it has the right value in
 * each of the tasks, which differ in it. Found nowhere or at two places, it is refused. Plain C over a function that copies
 * memory, so a test can hand it a kernel of its own making. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/record.h"
#include "kernel/places.h"

enum layout_part {
	LAYOUT_PARENT,
	LAYOUT_LEADER,
	LAYOUT_COMM,
	LAYOUT_ARGS,
	LAYOUT_MNTNS,
	LAYOUT_BPRM,
	LAYOUT_START, /* from here on: states.h */
	LAYOUT_CRED,
	LAYOUT_LOGIN,
	LAYOUT_END,
	LAYOUT_PIDS,
	LAYOUT_TTY,
	LAYOUT_PATHS, /* from here on: paths.h */
	LAYOUT_EXE,
	LAYOUT_INODE,
	LAYOUT_PARTS
};

/* Byte offsets. Those of a part whose `missing` is set are 0. */
struct layout {
	uint32_t long_size; /* of the kernel: 4 or 8 */
	uint32_t task_pid, task_tgid, task_real_parent; /* LAYOUT_PARENT; task_pid can be 0 all the same: not known */
	uint32_t task_group_leader; /* LAYOUT_LEADER */
	uint32_t task_comm;	    /* LAYOUT_COMM */
	/* LAYOUT_ARGS. Of mm and active_mm, which are the same for a process, it is not known which is which. mm_env_end is 0 if
	 * this process has no environment, and so cannot tell. */
	uint32_t task_mm, task_active_mm, mm_arg_start, mm_arg_end, mm_env_end;
	uint32_t task_nsproxy, nsproxy_mnt_ns, mnt_ns_inum; /* LAYOUT_MNTNS */
	uint32_t bprm_filename, bprm_interp; /* LAYOUT_BPRM */
	uint32_t task_start; /* LAYOUT_START: ns of CLOCK_BOOTTIME */
	uint32_t task_cred, cred_euid, cred_egid; /* LAYOUT_CRED */
	uint32_t task_loginuid, task_session; /* LAYOUT_LOGIN */
	/* LAYOUT_END; signal_live can be 0 all the same: not known. */
	uint32_t task_exit_code, task_signal, signal_exit_code, signal_flags, signal_live;
	/* LAYOUT_PIDS. Of a struct pid: the number of pid namespaces above its own, its ids from the outermost on, and how far each is from
	 * the next. */
	uint32_t task_thread_pid, pid_level, pid_numbers, pid_step;
	uint32_t signal_tty, tty_name; /* LAYOUT_TTY; with task_signal */
	/* LAYOUT_PATHS. Of a struct mount the places are relative to its vfsmount, which is its member at mount_mnt. */
	uint32_t task_fs, fs_pwd_dentry, fs_pwd_mnt, dentry_name, dentry_parent, dentry_hashed, mnt_root, mount_mnt;
	int32_t mnt_parent, mnt_mountpoint;
	uint32_t mm_exe_file, file_dentry, file_mnt; /* LAYOUT_EXE */
	uint32_t dentry_inode, inode_number, dentry_sb, sb_dev; /* LAYOUT_INODE */
	const char *missing[LAYOUT_PARTS]; /* why there is no answer, or NULL: there is one */
};

/* The four: the process itself; its child, which has the same memory; the child's child, which has a copy of it, and a
 * thread of that one. */
enum layout_who { LAYOUT_SELF, LAYOUT_CHILD, LAYOUT_GRANDCHILD, LAYOUT_THREAD, LAYOUT_TASKS };

struct layout_facts {
	struct {
		uint64_t task;	   /* address of the task_struct */
		uint32_t pid, tid; /* of the process and of the thread, in the initial pid namespace */
		char comm[16];	   /* padded with NULs */
	} tasks[LAYOUT_TASKS];
	uint64_t arg_start, arg_end, env_end; /* of all of them */
	uint32_t mntns;	     /* inode number of /proc/self/ns/mnt, of all of them; 0: unknown */
	bool other_nsproxy;  /* the grandchild and its thread have another one than the others */
	uint32_t long_size;  /* of the kernel: 4 or 8 */
};

/* The most of a task_struct that is searched; with every debugging option on it has some 14 KiB. */
#define TASK_SEARCH 16384
/* arg_start stands within the first KiB of an mm_struct in every tree from 4.4 to 6.19, where they are in order. */
#define MM_SEARCH 2048

/* Copies of what is searched: too large for a small stack. */
struct layout_workspace {
	char tasks[LAYOUT_TASKS][TASK_SEARCH];
	char mm[2][MM_SEARCH];
};

/* Fills *layout as far as the answers are unique: the parts before LAYOUT_BPRM. */
void layout_learn(struct layout *layout, const struct layout_memory *memory,
		  const struct layout_facts *facts, struct layout_workspace *workspace);

/* Whether some part of it, before LAYOUT_BPRM, was found at more than one place. What stands behind our task_structs in the slab,
 * of others or of what has ended, can look so; that of other tasks need not. */
bool layout_is_ambiguous(const struct layout *layout);

/* The words of the struct linux_binprm of an exec, and the eight bytes that each points to; 0: that is not known. */
struct layout_bprm {
	uint64_t targets[BPRM_WORDS];
};

/* Learns LAYOUT_BPRM from two execs: one of a program named `program`, by that name (both are the first eight bytes), and one
 * of a script named `script`, whose interpreter is the same program by the same name; NULL: none could be executed. */
void layout_learn_bprm(struct layout *layout, const struct layout_bprm *direct, const struct layout_bprm *by_script,
		       uint64_t program, uint64_t script);

#endif
