/* SPDX-License-Identifier: GPL-2.0-only */
/* More that a record tells of the process: struct exec_facts. */
#ifndef FACTS_BPF_H
#define FACTS_BPF_H

#include "bpf/common.bpf.h"

/* When a process began. */
INLINE __u64 start_of(__u64 leader)
{
	__u64 start = 0;

	if (leader)
		read_kernel(&start, sizeof(start), leader + VALUE(task_start));
	return start;
}

INLINE __u64 leader_of(__u64 task)
{
	return task && VALUE(task_group_leader) ? read_long(task + VALUE(task_group_leader)) : 0;
}

/* Two numbers of 4 bytes, in one go if they are neighbours. 0 or -errno. */
INLINE long read_two(__u32 two[2], __u64 first, __u64 second, __u64 in_a_row)
{
	long ret;

	if (in_a_row)
		return read_kernel(two, 8, first);
	ret = read_kernel(&two[0], 4, first);
	return ret ? ret : read_kernel(&two[1], 4, second);
}

/* The terminal that controls the process. 0: there is none. */
INLINE int take_tty(struct exec_facts *f, __u64 task)
{
	__u64 tty = read_long(read_long(task + VALUE(task_signal)) + VALUE(signal_tty));

	return tty && !read_kernel(f->tty, sizeof(f->tty), tty + VALUE(tty_name));
}

/* 0: it cannot be read. */
INLINE int take_ns_pid(struct exec_facts *f, __u64 leader)
{
	__u64 pid = read_long(leader + VALUE(task_thread_pid));
	__u32 level = 0;

	if (!pid || read_kernel(&level, sizeof(level), pid + VALUE(pid_level)))
		return 0;
	return !read_kernel(&f->ns_pid, sizeof(f->ns_pid), pid + VALUE(pid_numbers) + level * VALUE(pid_step));
}

/* Of the file that runs. 0: it cannot be read. */
INLINE int take_inode(struct exec_facts *f, __u64 task)
{
	__u64 file = read_long(read_long(task + VALUE(task_mm)) + VALUE(mm_exe_file)), dentry = read_long(file + VALUE(file_dentry));

	if (!dentry)
		return 0;
	f->exe_inode = read_long(read_long(dentry + VALUE(dentry_inode)) + VALUE(inode_number));
	return f->exe_inode && !read_kernel(&f->exe_dev, sizeof(f->exe_dev), read_long(dentry + VALUE(dentry_sb)) + VALUE(sb_dev));
}

/* Fills what is wanted beyond describe(); leader: of the task's process. */
INLINE void add_facts(struct scratch *s, __u64 task, __u64 leader)
{
	struct exec_facts *f = &s->facts;
	__u64 cred;

	f->known = 0;
	if (VALUE(want_start) && VALUE(task_start)) {
		f->start = start_of(leader);
		f->parent_start = start_of(s->parent);
		f->known |= (f->start ? FACT_START : 0) | (f->parent_start ? FACT_PARENT_START : 0);
	}
	if (VALUE(want_eids) && VALUE(task_cred)) {
		cred = read_long(task + VALUE(task_cred));
		if (!read_two(f->eids, cred + VALUE(cred_euid), cred + VALUE(cred_egid), VALUE(eids_in_a_row)))
			f->known |= FACT_EIDS;
	}
	if (VALUE(want_login) && VALUE(task_loginuid) &&
	    !read_two(f->login, task + VALUE(task_loginuid), task + VALUE(task_session), VALUE(login_in_a_row)))
		f->known |= FACT_LOGIN;
	if (VALUE(want_ns_pid) && VALUE(task_thread_pid) && leader && take_ns_pid(f, leader))
		f->known |= FACT_NS_PID;
	if (VALUE(want_tty) && VALUE(signal_tty) && take_tty(f, task))
		f->known |= FACT_TTY;
	if (VALUE(want_inode) && take_inode(f, task))
		f->known |= FACT_INODE;
}

#endif
