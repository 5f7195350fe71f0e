/* SPDX-License-Identifier: GPL-2.0-only */
/* Successful execs, at sched:sched_process_exec. */
#ifndef EXEC_BPF_H
#define EXEC_BPF_H

#include "bpf/common.bpf.h"
#include "bpf/facts.bpf.h"
#include "bpf/more.bpf.h"

/* Sends the exec record with its name and len bytes of arguments behind it. */
INLINE void send_exec(void *ctx, struct scratch *s, __u64 name_len, __u64 len)
{
	__u64 size = name_len + len;

	FORGET(size);
	if (size > sizeof(s->exec_data))
		return;
	size += sizeof(s->exec) + sizeof(s->facts);
	output(ctx, s, &s->exec, size);
}

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

/* Fills the record of an exec, behind describe(), with its name and the first of its arguments. Bytes of arguments that are
 * wanted. */
INLINE __u64 fill_exec(const __u64 *ctx, struct scratch *s, __u64 start, __u64 end, __u64 env_end)
{
	__u64 left = end > start ? end - start : 0, wanted = left, len = 0, pos;
	long name_len;

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
	s->exec.args_len = left;
	if (VALUE(max_bytes) && left > VALUE(max_bytes))
		wanted = VALUE(max_bytes);
	if (wanted) {
		len = wanted > FIRST_SIZE ? FIRST_SIZE : wanted;
		len = bounded(len, FIRST_SIZE);
		pos = bounded(s->exec.name_len, NAME_SIZE);
		if (read_user(s->exec_data + pos, len, start))
			s->exec.head.flags |= RECORD_UNREADABLE;
	}
	s->exec.head.data_len = len;
	return wanted;
}

/* Notes for "args" what has not been sent. */
INLINE void note_rest(struct scratch *s, __u64 start, __u64 wanted)
{
	s->next = start + FIRST_SIZE;
	s->end = start + wanted;
	s->flags = wanted < s->exec.args_len ? RECORD_LAST | RECORD_ENOUGH : RECORD_LAST;
	s->used = start;
	s->strings = VALUE(max_strings);
	s->sent = 0;
}

/* The tracepoint fires when the new image stands: its argument strings are resident, whole, and
 * what the program will see. */
SEC("exec")
int on_exec(__u64 *ctx)
{
	__u64 task, mark, start, end, env_end, wanted;
	struct scratch *s;

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
	if ((VALUE(member_filter) && !keep_membership(ctx, s, task)) || !describe(s, &s->exec, task)) {
		s->counts.filtered++;
		if (VALUE(exec_copy))
			mark_handled(s, task, mark);
		return 0;
	}
	add_facts(s, task, task); /* it is the leader since it has executed (de_thread in fs/exec.c) */
	wanted = fill_exec(ctx, s, start, end, env_end);
	if (wants_more())
		s->exec.head.flags |= RECORD_MORE;
	send_exec(ctx, s, s->exec.name_len, s->exec.head.data_len);
	if (VALUE(exec_copy) && s->counts.result == -EBUSY) {
		/* Three tasks are preempted on this CPU as they send (bpf_raw_tp_nest_level): the next copy may do better. */
		s->counts.seq--;
		if (VALUE(exec_copy) == 1)
			s->counts.dropped++;
		return 0;
	}
	if (VALUE(exec_copy))
		mark_handled(s, task, mark);
	s->next = s->end = 0;
	if (wanted > FIRST_SIZE)
		note_rest(s, start, wanted);
	if (VALUE(want_variables))
		begin_variables(s, end, env_end);
	send_more(ctx, s, MORE_NOTHING);
	return 0;
}

/* Steps of a path, then itself again; then what follows. */
SEC("path")
int on_path(void *ctx)
{
	struct scratch *s = get_scratch();
	__u64 flags;

	if (!s)
		return 0;
	if (SIX_STEPS(s) && SIX_STEPS(s) && SIX_STEPS(s) && SIX_STEPS(s)) {
		if (++s->walks < WALKS_MOST)
			tail_call(ctx, &args_program, TAIL_PATH);
		s->path_flags |= RECORD_CUT;
	}
	flags = s->path_flags | (s->path_kind == PATH_CWD ? RECORD_OF_CWD : 0);
	send_record(ctx, s, RECORD_PATH, s->path_used, flags);
	if (s->path_kind == PATH_EXE)
		send_more(ctx, s, MORE_EXE);
	else
		send_more(ctx, s, MORE_CWD);
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
#define COUNTS_MOST (wants_more() ? 6 : 16)

/* Finds the end of the strings that --max-args shows. */
SEC("count")
int on_count(void *ctx)
{
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
#define FOUR_STRINGS(s) (count_string(s) && count_string(s) && count_string(s) && count_string(s))
	if (FOUR_STRINGS(s) && FOUR_STRINGS(s) && FOUR_STRINGS(s) && FOUR_STRINGS(s) && ++s->sent < COUNTS_MOST)
		tail_call(ctx, &args_program, TAIL_COUNT);
	if (s->next < s->end)
		tail_call(ctx, &args_program, TAIL_ARGS);
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
		tail_call(ctx, &args_program, TAIL_ARGS);
	if (s->end > s->next && s->end <= s->next + CHUNK_SIZE)
		send_args(ctx, s, bounded(s->end - s->next, CHUNK_SIZE), s->flags);
	/* The ring was full, or the kernel lets no other program follow. */
	if (s->next != s->end)
		output_lost(ctx, s, RECORD_ARGS);
	return 0;
}

#endif
