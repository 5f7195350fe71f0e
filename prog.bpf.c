// SPDX-License-Identifier: GPL-2.0
/* The BPF programs, one text for every kernel from 4.11 up: -mcpu=v1, no loop, no call, no global
 * data, at most 4096 instructions a program (tests/floor_test.c holds the line). Those for 4.8 to 4.10 are in
 * stack.bpf.h. */
#include "bpf/bpf.h"

/* Sends the exec record with its name and len bytes of arguments behind it. */
INLINE void send_exec(void *ctx, struct scratch *s, __u64 name_len, __u64 len)
{
	__u64 size = name_len + len;

	FORGET(size);
	if (size > sizeof(s->exec_data))
		return;
	size += sizeof(s->exec);
	output(ctx, s, &s->exec, size);
}

/* ---- a success: sched:sched_process_exec ---- */

/* Whether an interpreter is executed in the place of the file, and the address of the name as it was given to the call;
 * a raw tracepoint's arguments are the task, its old pid, the struct linux_binprm. */
INLINE int is_script(const __u64 *ctx, __u64 *name)
{
	struct longs names = {}; /* filename, interp */

	if (!VALUE(names_in_a_row)) {
		*name = read_long(ctx[2] + VALUE(bprm_filename));
		return *name != read_long(ctx[2] + VALUE(bprm_interp));
	}
	read_longs(&names, 2, ctx[2] + VALUE(bprm_filename));
	*name = nth_long(&names, 0);
	return *name != nth_long(&names, 1);
}

/* Copies the name as it was given to the call, and finds out whether it is a script's. The bytes with the NUL, or
 * -errno. */
INLINE long take_name(const __u64 *ctx, struct scratch *s, __u64 env_end)
{
	__u32 where = 0; /* __data_loc: the offset, and the length above it */
	__u64 name;

	if (VALUE(exec_is_raw) && VALUE(bprm_filename)) {
		s->exec.head.flags = is_script(ctx, &name) ? RECORD_SCRIPT_KNOWN | RECORD_SCRIPT : RECORD_SCRIPT_KNOWN;
		return read_kernel_str(s->exec_data, NAME_SIZE, name);
	}
	if (VALUE(exec_filename)) {
		read_kernel(&where, sizeof(where), (__u64)ctx + VALUE(exec_filename));
		return read_kernel_str(s->exec_data, NAME_SIZE, (__u64)ctx + (where & 0xffff));
	}
	/* The string stands behind the environment, too: bprm->exec (do_execveat_common puts it
	 * there, create_elf_tables sets env_end). */
	return env_end ? read_string(s->exec_data, NAME_SIZE, env_end) : -EFAULT;
}

/* Where the arguments of a process are, and where its environment ends (0: not known). */
INLINE void find_args(__u64 mm, __u64 *start, __u64 *end, __u64 *env_end)
{
	struct longs block = {}; /* arg_start, arg_end, env_start, env_end */

	if (!VALUE(args_in_a_row)) {
		*start = read_long(mm + VALUE(mm_arg_start));
		*end = read_long(mm + VALUE(mm_arg_end));
		*env_end = VALUE(mm_env_end) ? read_long(mm + VALUE(mm_env_end)) : 0;
		return;
	}
	read_longs(&block, 4, mm + VALUE(mm_arg_start));
	*start = nth_long(&block, 0);
	*end = nth_long(&block, 1);
	*env_end = nth_long(&block, 3);
}

/* From Linux 7.0 on "exec" can be preempted, and is then not run for what other tasks execute meanwhile on this CPU. So
 * there are copies of it, each of which has a count of its own (prog->active), and the last of which is behind a perf event:
 * that is not preempted, but not run while another task is in bpf(2). The mark that an exec has been seen is made of its
 * mm_struct, since the process's next exec makes another while this one is there; of the process's id, since another
 * process's task_struct and mm_struct may take the places of these; and of where its arguments are, which is left to chance,
 * since after some execs of threads a process can have both again. The last copy removes it. */
INLINE __u64 exec_mark(__u64 task, __u64 arg_start)
{
	/* An id has 22 bits; a pointer ends in 6 zeros. */
	return (read_long(task + VALUE(task_mm)) << 16 ^ get_pid_tgid() >> 32) + arg_start;
}

INLINE int is_handled(__u64 task, __u64 mark)
{
	__u64 nobody = 0, one = 1, *seen;

	/* If perf had the tracepoint before us, it runs first. It cannot tell what a raw one tells, so it steps back. */
	if (!VALUE(exec_is_raw) && map_lookup(&handled, &nobody))
		return 1;
	seen = map_lookup(&handled, &task);
	if (!seen || *seen != mark)
		return 0;
	if (VALUE(exec_copy) == EXEC_COPIES)
		map_delete(&handled, &task);
	if (VALUE(exec_copy) == 1)
		map_update(&handled, &nobody, &one, BPF_ANY);
	return 1;
}

INLINE void mark_handled(struct scratch *s, __u64 task, __u64 mark)
{
	map_update(&handled, &task, &mark, BPF_ANY);
	if (VALUE(exec_copy) > 1)
		s->counts.recovered++;
}

/* The tracepoint fires when the new image stands: its argument strings are resident, whole, and
 * what the program will see. */
SEC("exec")
int on_exec(__u64 *ctx)
{
	__u64 task, mark, start, end, env_end, left, wanted, len, pos;
	struct scratch *s;
	long name_len;

	task = current_task();
	s = get_scratch();
	if (!s)
		return 0;
	find_args(read_long(task + VALUE(task_mm)), &start, &end, &env_end);
	mark = VALUE(exec_copy) ? exec_mark(task, start) : 0;
	if (VALUE(exec_copy) && is_handled(task, mark))
		return 0;
	if (VALUE(want_fails))
		forget_call(s, task);
	if (VALUE(member_filter))
		keep_membership(ctx, s, task);
	if (!describe(s, &s->exec, task)) {
		s->counts.filtered++;
		if (VALUE(exec_copy))
			mark_handled(s, task, mark);
		return 0;
	}
	s->exec.head.type = RECORD_EXEC;
	s->exec.head.flags = 0;
	s->exec.ret = 0;
	s->exec.dirfd = 0;
	s->exec.name_address = 0;
	s->exec.arg_start = start;
	name_len = take_name(ctx, s, env_end);
	if (name_len <= 0) {
		s->exec.head.flags |= RECORD_NO_NAME;
		name_len = 1;
	}
	s->exec.name_len = name_len;

	left = end > start ? end - start : 0;
	s->exec.args_len = left;
	wanted = VALUE(max_bytes) && left > VALUE(max_bytes) ? VALUE(max_bytes) : left;
	len = 0;
	if (wanted) {
		len = wanted > FIRST_SIZE ? FIRST_SIZE : wanted;
		len = bounded(len, FIRST_SIZE);
		pos = bounded(s->exec.name_len, NAME_SIZE);
		if (read_user(s->exec_data + pos, len, start))
			s->exec.head.flags |= RECORD_UNREADABLE;
	}
	s->exec.head.data_len = len;
	send_exec(ctx, s, s->exec.name_len, len);
	if (VALUE(exec_copy) && s->counts.result == -EBUSY) {
		/* Three tasks are preempted on this CPU as they send (bpf_raw_tp_nest_level): the next copy may do better. */
		s->counts.seq--;
		if (VALUE(exec_copy) == 1)
			s->counts.dropped++;
		return 0;
	}
	if (VALUE(exec_copy))
		mark_handled(s, task, mark);
	if (wanted > FIRST_SIZE) {
		s->next = start + FIRST_SIZE;
		s->end = start + wanted;
		s->flags = wanted < left ? RECORD_LAST | RECORD_ENOUGH : RECORD_LAST;
		s->used = start;
		s->strings = VALUE(max_strings);
		s->sent = 0;
		tail_call(ctx, &args_program, VALUE(max_strings) ? 1 : 0);
	}
	return 0;
}

/* Steps over the next string. 0: no other is to be counted. */
INLINE int count_string(struct scratch *s)
{
	long len = s->used < s->end ? read_string(s->more_data, CHUNK_SIZE, s->used) : 0;

	if (len <= 0)
		return 0;
	s->used += len;
	if (len == CHUNK_SIZE || --s->strings)
		return 1;
	if (s->used < s->end) {
		s->end = s->used;
		s->flags = RECORD_LAST | RECORD_ENOUGH;
	}
	return 0;
}

/* How often "count" follows itself at most: "args" follows it, and the kernel lets 33 programs follow one another. */
#define COUNTS_MOST 16

/* Finds the end of the strings that --max-args shows. */
SEC("count")
int on_count(void *ctx)
{
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
#define FOUR_STRINGS(s) (count_string(s) && count_string(s) && count_string(s) && count_string(s))
	if (FOUR_STRINGS(s) && FOUR_STRINGS(s) && FOUR_STRINGS(s) && FOUR_STRINGS(s) && ++s->sent < COUNTS_MOST)
		tail_call(ctx, &args_program, 1);
	if (s->next < s->end)
		tail_call(ctx, &args_program, 0);
	s->more.head.type = RECORD_ARGS;
	s->more.head.flags = s->flags;
	s->more.head.seq = s->counts.seq;
	s->more.head.part = ++s->part;
	s->more.head.data_len = 0;
	if (output_bulk(ctx, s, &s->more, sizeof(s->more)))
		output_lost(ctx, s, RECORD_ARGS);
	return 0;
}

/* Sends the next `len` bytes of the argument block. 0: the ring is full. */
INLINE int send_args(void *ctx, struct scratch *s, __u64 len, __u16 flags)
{
	if (read_user(s->more_data, len, s->next))
		flags |= RECORD_UNREADABLE;
	s->more.head.flags = flags;
	s->more.head.part = ++s->part;
	s->more.head.data_len = len;
	s->next += len;
	if (!output_bulk(ctx, s, &s->more, sizeof(s->more) + len))
		return 1;
	s->end = 0;
	return 0;
}

/* Sends a whole chunk, of which there is more than one. 0: it is the last one's turn, or the ring is full. */
INLINE int send_chunk(void *ctx, struct scratch *s)
{
	return s->end > s->next + CHUNK_SIZE && send_args(ctx, s, CHUNK_SIZE, 0);
}

/* Sixteen chunks, then itself again: 33 times 16 times 16 KiB is more than the 6 MiB that the
 * kernel lets arguments and environment have (bprm_stack_limits in fs/exec.c). */
SEC("args")
int on_args(void *ctx)
{
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
	s->more.head.type = RECORD_ARGS;
	s->more.head.seq = s->counts.seq;
#define FOUR_CHUNKS(ctx, s) (send_chunk(ctx, s) && send_chunk(ctx, s) && send_chunk(ctx, s) && send_chunk(ctx, s))
	if (FOUR_CHUNKS(ctx, s) && FOUR_CHUNKS(ctx, s) && FOUR_CHUNKS(ctx, s) && FOUR_CHUNKS(ctx, s))
		tail_call(ctx, &args_program, 0);
	if (s->end > s->next && s->end <= s->next + CHUNK_SIZE)
		send_args(ctx, s, bounded(s->end - s->next, CHUNK_SIZE), s->flags);
	if (!s->end)
		output_lost(ctx, s, RECORD_ARGS);
	return 0;
}

/* ---- a failure: the syscall's exit, with the pointers seen at its entry ---- */

/* The kernel counts only what tracepoints miss. */
INLINE void count_missed(struct scratch *s, const struct call *call)
{
	if (call->flags & CALL_BY_PROBE)
		s->counts.missed_by_probe++;
	else
		s->counts.missed++;
}

/* Notes a call's arguments, for its exit. A thread that dies in the call has its leader's id by then, so it must be
 * known by its task. */
INLINE void enter_call(struct call *call)
{
	__u64 task = current_task();
	struct scratch *s = get_scratch();
	struct call *before;
	long ret;

	if (!s)
		return;
	FORGET_UNCHECKED(s);
	if (VALUE(member_filter))
		is_member(s, task, (__u32)get_pid_tgid());
	call->image = image(task);
	call->time = ktime_get_ns();
	ret = map_update(&calls, &task, call, BPF_NOEXIST);
	/* The thread's call before this one is still there, so it failed and its return was not seen. */
	if (ret == -EEXIST) {
		before = map_lookup(&calls, &task);
		if (before)
			count_missed(s, before);
		map_update(&calls, &task, call, BPF_ANY);
	} else if (ret) {
		s->counts.unnoted++;
	}
}

/* Notes what execveat(2) has more than execve(2). */
INLINE void add_execveat(struct call *call, __s32 dirfd, __u64 flags)
{
	call->dirfd = dirfd;
	call->flags |= CALL_HAS_DIRFD | (flags & AT_EXECVE_CHECK ? CALL_CHECKS : 0);
}

/* The number of the system call that a caller of the ABI is in, by its registers; 0 for other callers and calls. */
INLINE __u64 call_number(__u64 regs)
{
	__u32 number = 0;
	__u16 mode = 0;

	read_kernel(&number, sizeof(number), regs + VALUE(call_number));
	if (number != VALUE(call_execve) && number != VALUE(call_execveat))
		return 0;
	read_kernel(&mode, sizeof(mode), regs + VALUE(call_mode));
	return (mode & VALUE(call_mode_mask)) == VALUE(call_mode_value) ? number : 0;
}

INLINE __u64 call_pointer(__u64 address)
{
	__u64 pointer = read_long(address);

	return VALUE(slot_size) == 4 ? (__u32)pointer : pointer;
}

/* A call begins: at its tracepoint. Where it has none, or a 32-bit program calls on a 64-bit kernel, at a kprobe on its function;
 * where there are no kprobes, at the raw tracepoint of all system calls. */
SEC("enter")
int on_enter(void *ctx)
{
	__u64 regs = VALUE(call_direct) ? (__u64)ctx : argument(ctx, VALUE(call_regs));
	struct call call = {};

	if (VALUE(call_execve) && call_number(regs) != (VALUE(call_has_fd) ? VALUE(call_execveat) : VALUE(call_execve)))
		return 0;
	call.filename = call_pointer(regs + VALUE(call_filename));
	call.argv = call_pointer(regs + VALUE(call_argv));
	call.flags = VALUE(call_by_probe) ? CALL_BY_PROBE : 0;
	if (VALUE(call_has_fd))
		add_execveat(&call, read_long(regs + VALUE(call_fd)),
			     VALUE(call_flags) ? read_long(regs + VALUE(call_flags)) : 0);
	enter_call(&call);
	return 0;
}

/* Sends the head of a failed call, whose name has that many bytes with its NUL, or could not be read. It goes to the ring for the
 * rest: failing calls are cheap, and must push out no exec. */
INLINE void send_failure(void *ctx, struct scratch *s, long name_len)
{
	__u64 size;

	if (name_len <= 0) {
		s->exec.head.flags |= RECORD_NO_NAME;
		name_len = 1;
	}
	s->exec.name_len = name_len;
	size = bounded(name_len, NAME_SIZE);
	s->counts.result = output_bulk(ctx, s, &s->exec, sizeof(s->exec) + size);
}

/* One program for both: the exits of execve(2) and execveat(2) have one format. A copy of it is tail-called for a thread that was
 * killed in its call. */
SEC("exit")
int on_exit(void *ctx)
{
	__u64 task = current_task();
	struct call *call;
	struct scratch *s;
	__u64 argv = 0;
	long ret, name_len = 0;

	s = get_scratch();
	if (!s)
		return 0;
	/* A raw tracepoint's arguments: the caller's registers, the result. */
	if (VALUE(call_execve) && !call_number(argument(ctx, 0)))
		return 0;
	ret = VALUE(call_killed) ? 0 : call_result(ctx);
	if (!VALUE(call_killed) && (!ret || is_restart(ret))) {
		map_delete(&calls, &task);
		return 0;
	}
	if (VALUE(member_filter))
		is_member(s, task, (__u32)get_pid_tgid());
	if (!describe(s, &s->exec, task)) {
		s->counts.filtered++;
		map_delete(&calls, &task);
		return 0;
	}
	describe_failure(&s->exec, task, ret);
	call = map_lookup(&calls, &task);
	if (call) {
		argv = call->argv;
		describe_call(&s->exec, call);
		name_len = read_string(s->exec_data, NAME_SIZE, call->filename);
	}
	if (!call) /* entered before we were attached, denied by seccomp(2) before any tracepoint, or there was no room */
		s->exec.head.flags |= RECORD_UNREADABLE;
	send_failure(ctx, s, name_len);
	if (call) {
		s->next = argv;
		s->end = 0;
		s->at = s->have = 0;
		s->used = 0;
		s->sent = 0;
		s->strings = VALUE(max_strings);
		map_delete(&calls, &task);
		tail_call(ctx, &pieces_program, 0);
	}
	return 0;
}

/* In scratch.end, nothing more is to be read: that was the list; nobody wants more; the ring is full. */
#define END_READ (~0ULL)
#define END_ENOUGH (~1ULL)
#define END_LOST (~2ULL)

INLINE void send_pieces(void *ctx, struct scratch *s, __u32 flags)
{
	__u64 used = s->used;

	s->more.head.flags = flags;
	s->more.head.part = ++s->part;
	s->more.head.data_len = used;
	FORGET(used);
	used &= CHUNK_SIZE - 1; /* as it is: PIECES_BEGIN */
	if (output_bulk(ctx, s, &s->more, sizeof(s->more) + used))
		s->end = END_LOST;
	s->used = 0;
}

/* Says where the rest of the list is: of the string that is being read (or, if none is, of nothing), and of the slots behind
 * it. */
INLINE void send_rest(void *ctx, struct scratch *s)
{
	struct piece *rest = (void *)s->more_data;
	__u64 address = s->end;

	send_pieces(ctx, s, 0);
	rest[0].address = address;
	rest[0].len = -EFAULT;
	rest[0].is_list = 0;
	rest[1].address = s->next;
	rest[1].len = -EFAULT;
	rest[1].is_list = 1;
	s->used = 2 * sizeof(*rest);
	send_pieces(ctx, s, RECORD_LAST | RECORD_CUT);
}

/* Begins a piece. */
INLINE struct piece *begin_piece(struct scratch *s, __u64 address, __u32 is_list)
{
	__u64 used = s->used;
	struct piece *piece;

	FORGET(used);
	used &= CHUNK_SIZE - 8; /* as it is, but some verifiers want to see that it is aligned */
	piece = (void *)(s->more_data + used);
	piece->address = address;
	piece->is_list = is_list;
	return piece;
}

/* Reads slots of argv in one go: not over the end of a page, which may be where memory ends. 0: none. */
INLINE int read_slots(struct scratch *s)
{
	__u64 size = 4096 - (s->next & 4095), slot_size = VALUE(slot_size);
	long ret;

	if (size > SLOTS * slot_size)
		size = SLOTS * slot_size;
	if (size < slot_size)
		size = slot_size;
	s->at = 0;
	s->have = slot_size == 4 ? size / 4 : size / 8;
	ret = read_user(s->slots, bounded(size, sizeof(s->slots)), s->next);
	if (!ret)
		return 1;
	begin_piece(s, s->next, 1)->len = ret;
	s->used += sizeof(struct piece);
	s->end = END_READ;
	return 0;
}

INLINE __u64 slot(const struct scratch *s, __u64 at)
{
	at &= SLOTS - 1;
	return VALUE(slot_size) == 4 ? ((const __u32 *)s->slots)[at] : s->slots[at];
}

/* Reads one piece of one argument. 0: the list is at its end, or no slot is left that has been read. */
INLINE int take_piece(struct scratch *s)
{
	__u64 address = s->end;
	struct piece *piece;
	long len;

	if (!address) {
		if (s->at >= s->have)
			return 0;
		address = slot(s, s->at);
		if (!address) {
			s->end = END_READ;
			return 0;
		}
		s->at++;
	}
	piece = begin_piece(s, address, 0);
	len = read_string((char *)(piece + 1), PIECE_SIZE, address);
	piece->len = len;
	s->end = len == PIECE_SIZE ? address + PIECE_SIZE - 1 : 0;
	if (len < 0)
		len = 0;
	s->sent += len;
	s->used += (sizeof(*piece) + len + 7) & ~7ULL;
	return 1;
}

/* Where three pieces begin at most: the heads with them, they stay within CHUNK_SIZE bytes. */
#define PIECES_BEGIN (CHUNK_SIZE / 4 - 64)
_Static_assert(PIECES_BEGIN + 3 * (sizeof(struct piece) + PIECE_SIZE) < CHUNK_SIZE, "a mask bounds them");

/* Three pieces. 0: the round is over. */
INLINE int take_three(void *ctx, struct scratch *s)
{
	if (!take_piece(s) || !take_piece(s) || !take_piece(s))
		return 0;
	if (s->used < PIECES_BEGIN)
		return 1;
	if (VALUE(max_bytes) && s->sent > VALUE(max_bytes)) {
		s->end = END_ENOUGH;
		return 0;
	}
	send_pieces(ctx, s, 0);
	return s->end != END_LOST;
}

/* Whatever is left of the slots. */
INLINE void take_sixteenth(void *ctx, struct scratch *s)
{
	if (take_piece(s) && s->used >= PIECES_BEGIN)
		send_pieces(ctx, s, 0);
}

SEC("pieces")
int on_pieces(void *ctx)
{
	struct scratch *s = get_scratch();
	__u64 before;

	if (!s)
		return 0;
	s->more.head.type = RECORD_PIECES;
	s->more.head.seq = s->counts.seq;
	if (!s->next) /* argv = NULL is as good as an empty one */
		s->end = END_READ;
	if (s->next && (s->at < s->have || read_slots(s))) {
		before = s->at;
		if (take_three(ctx, s) && VALUE(many_pieces) && take_three(ctx, s) && take_three(ctx, s) && take_three(ctx, s) &&
		    take_three(ctx, s))
			take_sixteenth(ctx, s);
		s->next += (s->at - before) * VALUE(slot_size);
		if (VALUE(max_strings) && s->end < END_LOST) {
			s->strings -= s->at - before;
			if ((__s64)s->strings <= 0)
				s->end = END_ENOUGH;
		}
	}
	if (s->end < END_LOST)
		tail_call(ctx, &pieces_program, 0);
	/* Still here: at the end of the list, or as often as the kernel lets a program follow itself (MAX_TAIL_CALL_CNT). The
	 * caller is asked for the rest then (parts.c). */
	if (s->end == END_READ)
		send_pieces(ctx, s, RECORD_LAST);
	else if (s->end == END_ENOUGH)
		send_pieces(ctx, s, RECORD_LAST | RECORD_ENOUGH);
	else if (s->end != END_LOST)
		send_rest(ctx, s);
	if (s->end == END_LOST)
		output_lost(ctx, s, RECORD_PIECES);
	return 0;
}

/* ---- threads: sched:sched_process_fork and sched_process_exit ---- */

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

/* The call's return was not seen. Either the thread was killed in the call: then it has another image, and had become a 32-bit task
 * (load_elf_binary, where its old image has gone), so that no tracepoint showed a return; what it was called with has gone, too. Or
 * the kernel did not show the return. */
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

/* ---- the learner's eye: kernel memory at an address, in the asking thread's own context ---- */

SEC("peek")
int on_rename(void *ctx)
{
	__u32 zero = 0;
	__u64 name[2] = {};
	struct peek *peek;

	(void)ctx;
	get_comm(name, sizeof(name));
	if (name[0] != VALUE(peek_name))
		return 0;
	peek = map_lookup(&peeks, &zero);
	if (!peek)
		return 0;
	peek->task = get_task();
	peek->pid_tgid = get_pid_tgid();
	peek->time = ktime_get_ns();
	peek->status = read_kernel(peek->data, bounded(peek->length, PEEK_SIZE), peek->address);
	peek->answered = 1;
	return 0;
}

/* The same for what only an exec shows: the first eight bytes of what each word of the struct linux_binprm points to, in the
 * exec of the task that peek->task names. A raw tracepoint. Only what is in the region of the struct itself is read: not all
 * kernels survive more (layout.c). */
#define WORDS_A_ROUND 12

SEC("peek_exec")
int on_peek_exec(__u64 *ctx)
{
	__u32 zero = 0;
	struct peek *peek = map_lookup(&peeks, &zero);
	struct bprm_words {
		union {
			__u64 of_8[BPRM_WORDS];
			__u32 of_4[BPRM_WORDS];
		};
	} *words;
	__u64 *targets, done;

	if (!peek || peek->task != get_task())
		return 0;
	done = peek->length; /* words that earlier rounds have followed */
	if (done > BPRM_WORDS - WORDS_A_ROUND)
		return 0;
	targets = (void *)peek->data;
	words = (void *)(peek->data + sizeof(*words));
	if (!done)
		peek->status = read_kernel(words, sizeof(*words), ctx[2]);
#pragma unroll
	for (int i = 0; i < WORDS_A_ROUND; i++) {
		__u64 word = VALUE(long_size) == 4 ? words->of_4[done + i] : words->of_8[done + i], target = 0;

		if ((word ^ ctx[2]) >> VALUE(region_shift) == 0)
			read_kernel(&target, sizeof(target), word);
		targets[done + i] = target;
	}
	peek->length = done + WORDS_A_ROUND;
	tail_call(ctx, &peek_program, 0);
	peek->answered = 1;
	return 0;
}

#include "bpf/stack.bpf.h"

SEC("license") char gpl[] = "GPL";
