/* SPDX-License-Identifier: GPL-2.0-only */
/* For learning: kernel memory at an address, in the asking thread's own context. */
#ifndef PEEK_BPF_H
#define PEEK_BPF_H

#include "bpf/common.bpf.h"

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
	done = peek->address; /* words that earlier rounds have followed */
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
	peek->address = done + WORDS_A_ROUND;
	if (done < BPRM_WORDS - WORDS_A_ROUND)
		tail_call(ctx, &peek_program, 0);
	peek->answered = 1;
	return 0;
}

#endif
