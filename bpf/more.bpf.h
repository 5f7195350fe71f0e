/* What follows an exec's first record, and precedes the rest of its arguments: ancestors, paths, environment variables. */
#ifndef MORE_BPF_H
#define MORE_BPF_H

#include "bpf/common.bpf.h"
#include "bpf/path.bpf.h"

/* In this order. */
enum more { MORE_NOTHING, MORE_CHAIN, MORE_EXE, MORE_CWD, MORE_VARIABLES };

INLINE int wants_more(void)
{
	return VALUE(want_chain) || VALUE(want_exe) || VALUE(want_cwd) || VALUE(want_variables);
}

/* Goes on with what follows `done`. */
INLINE void send_more(void *ctx, struct scratch *s, enum more done)
{
	if (done < MORE_CHAIN && VALUE(want_chain))
		tail_call(ctx, &args_program, TAIL_CHAIN);
	if (done < MORE_EXE && VALUE(want_exe)) {
		begin_path(s, PATH_EXE, current_task());
		tail_call(ctx, &args_program, TAIL_PATH);
	}
	if (done < MORE_CWD && VALUE(want_cwd)) {
		begin_path(s, PATH_CWD, current_task());
		tail_call(ctx, &args_program, TAIL_PATH);
	}
	if (done < MORE_VARIABLES && VALUE(want_variables))
		tail_call(ctx, &args_program, TAIL_VARIABLES);
	if (s->next < s->end)
		tail_call(ctx, &args_program, VALUE(max_strings) ? TAIL_COUNT : TAIL_ARGS);
}

/* Sends one of those records, of `len` bytes. */
INLINE void send_record(void *ctx, struct scratch *s, __u64 type, __u64 len, __u64 flags)
{
	struct more_record lost = {};

	s->more.head.type = type;
	s->more.head.seq = s->counts.seq;
	s->more.head.flags = flags;
	s->more.head.part = 0;
	s->more.head.data_len = len;
	FORGET(len);
	len &= CHUNK_SIZE - 1;
	if (!output_bulk(ctx, s, &s->more, sizeof(s->more) + len))
		return;
	lost.head.type = type;
	lost.head.flags = RECORD_LOST;
	lost.head.seq = s->counts.seq;
	output(ctx, s, &lost, sizeof(lost));
}

/* ---- ancestors ---- */

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

/* ---- environment variables ---- */

/* The environment stands behind the arguments (create_elf_tables in fs/binfmt_elf.c). */
INLINE void begin_variables(struct scratch *s, __u64 start, __u64 end)
{
	s->variable = start;
	s->variables_end = end;
	s->variables_used = s->variables_flags = s->within = s->looks = 0;
}

/* Most are not, by their first byte. */
INLINE int is_wanted(const char *variable)
{
	struct variable_key key;

	if (!(VALUE(want_variables) >> (*variable & 63) & 1))
		return 0;
	key.bits = 8 * sizeof(key.name);
	read_kernel(key.name, sizeof(key.name), (__u64)variable);
	return map_lookup(&variables, &key) != 0;
}

/* Adds the one in the room. */
INLINE void add_variable(struct scratch *s, const char *room, __u64 len)
{
	__u64 used = s->variables_used;

	FORGET(used);
	used &= CHUNK_SIZE - 1; /* as it is */
	if (!read_kernel(s->more_data + used, bounded(len, VARIABLE_MOST), (__u64)room))
		s->variables_used += len;
}

/* Where the address is: between strings, or in the middle of one. */
enum { BETWEEN, WITHIN_OTHER, WITHIN_WANTED };

/* Looks at the next one. 0: that was all. */
INLINE int take_variable(struct scratch *s, char *room)
{
	__u64 wanted;
	long len;

	if (s->variable >= s->variables_end)
		return 0;
	len = read_string(room, VARIABLE_MOST, s->variable);
	if (len <= 0 || s->variables_used > VARIABLES_BYTES_MOST) {
		s->variables_flags |= RECORD_CUT;
		return 0;
	}
	if (s->within == WITHIN_WANTED && len > 1)
		s->variables_flags |= RECORD_CUT;
	wanted = s->within == WITHIN_WANTED;
	if (s->within == BETWEEN && is_wanted(room)) {
		add_variable(s, room, len);
		wanted = 1;
	}
	s->within = len < VARIABLE_MOST ? BETWEEN : wanted ? WITHIN_WANTED : WITHIN_OTHER;
	/* Without the NUL, which is not the string's. */
	s->variable += s->within ? VARIABLE_MOST - 1 : len;
	return 1;
}

#define FOUR_VARIABLES(s, room) (take_variable(s, room) && take_variable(s, room) && take_variable(s, room) && take_variable(s, room))

/* How often "environment" follows itself: 16 looks each time, of VARIABLE_MOST bytes at most. The kernel lets 33 programs follow one another. */
#define LOOKS_MOST 12

SEC("environment")
int on_variables(void *ctx)
{
	__u32 lane = get_cpu() + (__u32)VALUE(first_lane);
	struct scratch *s = get_scratch();
	char *room = map_lookup(&rooms, &lane);

	if (!s || !room)
		return 0;
	if (FOUR_VARIABLES(s, room) && FOUR_VARIABLES(s, room) && FOUR_VARIABLES(s, room) && FOUR_VARIABLES(s, room) && s->variable < s->variables_end) {
		if (++s->looks < LOOKS_MOST)
			tail_call(ctx, &args_program, TAIL_VARIABLES);
		s->variables_flags |= RECORD_CUT;
	}
	send_record(ctx, s, RECORD_VARIABLES, s->variables_used, s->variables_flags);
	send_more(ctx, s, MORE_VARIABLES);
	return 0;
}

#endif
