/* SPDX-License-Identifier: GPL-2.0-only */
/* Environment variables of a process that executes. */
#ifndef VARIABLES_BPF_H
#define VARIABLES_BPF_H

#include "bpf/more.bpf.h"

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
