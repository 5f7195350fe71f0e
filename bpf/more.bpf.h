/* SPDX-License-Identifier: GPL-2.0-only */
/* Records between an exec's first one and the rest of its arguments: ancestors, paths, environment variables. */
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

/* The environment stands behind the arguments (create_elf_tables in fs/binfmt_elf.c). */
INLINE void begin_variables(struct scratch *s, __u64 start, __u64 end)
{
	s->variable = start;
	s->variables_end = end;
	s->variables_used = s->variables_flags = s->within = s->looks = 0;
}

#endif
