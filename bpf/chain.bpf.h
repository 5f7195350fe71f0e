/* SPDX-License-Identifier: GPL-2.0-only */
/* The ancestors of a process that executes. */
#ifndef CHAIN_BPF_H
#define CHAIN_BPF_H

#include "bpf/more.bpf.h"

/* Takes the process whose thread `task` is; its parent. 0: there is none. */
INLINE __u64 take_ancestor(struct scratch *s, int n, __u64 task)
{
	struct ancestor *a = (struct ancestor *)s->more_data + n;
	__u64 leader = read_long(task + VALUE(task_group_leader)), parent;

	if (read_kernel(&a->pid, sizeof(a->pid), task + VALUE(task_tgid)) || !a->pid || !leader)
		return 0;
	if (!VALUE(task_comm) || read_kernel(a->comm, sizeof(a->comm), leader + VALUE(task_comm)))
		a->comm[0] = 0;
	s->more.head.data_len += sizeof(*a);
	parent = read_long(leader + VALUE(task_real_parent));
	return parent;
}

/* The first process has the idle task for its parent, whose id is 0. */
SEC("chain")
int on_chain(void *ctx)
{
	struct scratch *s = get_scratch();
	__u64 task;

	if (!s)
		return 0;
	s->more.head.data_len = 0;
	task = read_long(current_task() + VALUE(task_real_parent));
#pragma unroll
	for (int n = 0; n < CHAIN_MOST; n++)
		if (task && n < (int)VALUE(want_chain))
			task = take_ancestor(s, n, task);
	send_record(ctx, s, RECORD_CHAIN, s->more.head.data_len, task ? RECORD_CUT : 0);
	send_more(ctx, s, MORE_CHAIN);
	return 0;
}

#endif
