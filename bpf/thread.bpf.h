/* Threads, at sched:sched_process_fork and sched_process_exit. */
#ifndef THREAD_BPF_H
#define THREAD_BPF_H

#include "bpf/common.bpf.h"
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

/* In the context of the thread that ends, before its id can be given to another. */
SEC("thread_exit")
int on_thread_exit(void *ctx)
{
	__u64 tid = (__u32)get_pid_tgid(), task = current_task();
	struct scratch *s = get_scratch();
	struct call *call;
	int killed = 0;

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
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
		tail_call(ctx, &killed_program, 0);
	return 0;
}

#endif
