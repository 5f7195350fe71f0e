/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads, at sched:sched_process_fork and sched_process_exit. */
#ifndef THREAD_BPF_H
#define THREAD_BPF_H

#include "bpf/common.bpf.h"
#include "bpf/facts.bpf.h"
#include "bpf/call.bpf.h"

/* Whatever a member makes, thread or process, is a member before it runs. */
SEC("fork")
int on_fork(__u64 *ctx)
{
	struct scratch *s = get_scratch();
	__u64 key, one = 1;
	__u32 pid = 0;
	long ret;

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	if (!is_member(s, current_task(), (__u32)get_pid_tgid()))
		return 0;
	/* A raw tracepoint's arguments: the parent's task, the child's. */
	if (!VALUE(fork_child_pid)) {
		if (VALUE(task_pid))
			read_kernel(&pid, sizeof(pid), ctx[1] + VALUE(task_pid));
		add_member(s, ctx[1], pid);
		return 0;
	}
	read_kernel(&pid, sizeof(pid), (__u64)ctx + VALUE(fork_child_pid));
	key = pid;
	/* It may be there: found in /proc already, or left by another with that id, which ended unseen. */
	ret = map_update(&newcomers, &key, &one, BPF_NOEXIST);
	if (!ret)
		s->counts.added++;
	else if (ret != -EEXIST)
		s->counts.forgotten++;
	return 0;
}

/* The call's return was not seen. Either the thread was killed in the call: then it has another image, and had become a
 * 32-bit task (load_elf_binary, where its old image has gone), so that no tracepoint showed a return; what it was called
 * with has gone, too. Or the kernel did not show the return. */
INLINE int was_killed(const struct call *call, __u64 task)
{
	__u64 now = image(task);

	return VALUE(map_buffers) && !(call->flags & CALL_BY_PROBE) && now && call->image && now != call->image;
}

/* 1: it was one. */
INLINE int remove_member(struct scratch *s, __u64 task, __u64 tid)
{
	int known = !map_delete(&members, &task), removed = known;

	/* A leader that another thread of its process replaces has that one's id by now, if the kernel is new
	 * enough (7.2): then it is not its own. */
	if ((!known || tid == get_pid_tgid() >> 32) && !map_delete(&newcomers, &tid))
		removed++;
	s->counts.removed += removed;
	return removed != 0;
}

/* Whether the thread is the last one of its process. */
INLINE int is_last(const __u64 *ctx, __u64 task)
{
	__u32 live = 1;

	if (!VALUE(signal_live)) /* a raw tracepoint's arguments: the task, group_dead */
		return (__u8)ctx[1];
	read_kernel(&live, sizeof(live), read_long(task + VALUE(task_signal)) + VALUE(signal_live));
	return !live;
}

/* In the context of the thread that ends, before its id can be given to another. */
SEC("thread_exit")
int on_thread_exit(__u64 *ctx)
{
	__u64 tid = (__u32)get_pid_tgid(), task = current_task();
	struct scratch *s = get_scratch();
	struct call *call;
	int killed = 0;

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	if (VALUE(want_exits))
		s->last = is_last(ctx, task);
	call = VALUE(want_fails) ? map_lookup(&calls, &task) : 0;
	if (call) {
		killed = was_killed(call, task);
		if (!killed)
			count_missed(s, call);
		map_delete(&calls, &task);
	}
	if (VALUE(member_filter) && !remove_member(s, task, tid))
		return 0;
	if (killed)
		tail_call(ctx, &end_programs, 0);
	if (VALUE(want_exits) && s->last)
		tail_call(ctx, &end_programs, 1);
	return 0;
}

/* Two threads that end at once may both seem to be the last; and a copy of this program may have been here. The mark is made of
 * where the leader's task_struct is and of when it began. It stays until others push it out. 1: this is the first. */
INLINE int mark_end(__u64 leader)
{
	__u64 mark = leader + start_of(leader), one = 1;

	if (!VALUE(mark_ends))
		return 1;
	return map_update(&handled, &mark, &one, BPF_NOEXIST) != -EEXIST;
}

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

INLINE int is_group_exit(__u64 signal)
{
	__u32 flags = 0;

	read_kernel(&flags, sizeof(flags), signal + VALUE(signal_flags));
	return flags & SIGNAL_GROUP_EXIT;
}

/* The status, as wait(2) has it (wait_task_zombie in kernel/exit.c). */
INLINE __u32 end_status(__u64 leader, __u64 signal)
{
	__u32 status = 0;

	read_kernel(&status, sizeof(status),
		    is_group_exit(signal) ? signal + VALUE(signal_exit_code) : leader + VALUE(task_exit_code));
	return status;
}

/* 0: the leader ends at the same time, and has not got its exit code yet (below Linux 5.17: do_exit counts it out first, then sets
 * that, then takes its memory from it). It will come here itself. */
INLINE int has_status(__u64 task, __u64 leader, __u64 signal)
{
	return task == leader || is_group_exit(signal) || !read_long(leader + VALUE(task_mm));
}

/* The end of a process: "thread_exit" was run for its last thread. */
SEC("end")
int on_end(void *ctx)
{
	__u64 task = current_task(), leader = leader_of(task), signal = read_long(task + VALUE(task_signal));
	struct scratch *s = get_scratch();

	if (!s || !s->last || !has_status(task, leader, signal) || !mark_end(leader) || !describe(s, &s->exec, task))
		return 0;
	if (VALUE(task_comm)) /* the process has the name of its leader */
		read_kernel(s->exec.comm, sizeof(s->exec.comm), leader + VALUE(task_comm));
	s->exec.head.type = RECORD_END;
	s->exec.head.flags = s->filtered ? RECORD_NO_NAME | RECORD_FILTERED : RECORD_NO_NAME;
	s->exec.head.data_len = 0;
	s->exec.ret = end_status(leader, signal);
	s->exec.dirfd = 0;
	s->exec.name_len = 1;
	s->exec.args_len = s->exec.arg_start = s->exec.name_address = 0;
	s->exec_data[0] = 0;
	add_facts(s, task, leader);
	s->counts.result = output_bulk(ctx, s, &s->exec, sizeof(s->exec) + sizeof(s->facts) + 1);
	return 0;
}

#endif
