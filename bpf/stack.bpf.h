/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs for Linux 4.8 to 4.10, whose verifiers let a helper write to the stack alone, and only as many bytes
 * as a constant says. What is shorter than a chunk is read in halves, each to its own place: first 128 bytes, then
 * 64, and so on, those that the length has a bit for; parts.c puts them together. There is no bpf_probe_read_str (4.11)
 * either: of a failed call's strings a chunk is read, or what is left of the page, and parts.c finds their ends; what is
 * longer it asks the caller for. */
#ifndef STACK_BPF_H
#define STACK_BPF_H

#include "bpf/common.bpf.h"

struct chunk {
	__u64 bytes[STACK_CHUNK_SIZE / 8];
};

INLINE void clear(struct chunk *c)
{
#pragma unroll
	for (int i = 0; i < STACK_CHUNK_SIZE / 8; i++)
		*(volatile __u64 *)&c->bytes[i] = 0;
}

/* Reads len bytes of kernel memory, at most a chunk. 0, or another number if they could not be read. */
INLINE long read_kernel_chunk(struct chunk *c, __u64 len, __u64 addr)
{
	char *to = (char *)c->bytes;
	long ret = 0;

	if (len >= STACK_CHUNK_SIZE)
		return read_kernel(to, STACK_CHUNK_SIZE, addr);
#pragma unroll
	for (int size = STACK_CHUNK_SIZE / 2; size; size /= 2) {
		if (len & size) {
			ret |= read_kernel(to, size, addr);
			addr += size;
		}
		to += size;
	}
	return ret;
}

/* The same at an address that came from a program. Below Linux 5.5, where these programs are for, one helper reads both. */
INLINE long read_user_chunk(struct chunk *c, __u64 len, __u64 addr)
{
	if (len > STACK_CHUNK_SIZE)
		len = STACK_CHUNK_SIZE;
	if (user_room(addr, VALUE(user_mask), VALUE(user_end)) < len)
		return -EFAULT;
	return read_kernel_chunk(c, len, addr);
}

SEC("exec_stack")
int on_exec_stack(__u64 *ctx)
{
	struct {
		struct exec_record exec;
		struct chunk name;
	} out = {};
	struct exec_record *e = &out.exec;
	struct scratch *s = get_scratch();
	__u64 task, mm;
	__u32 where = 0; /* __data_loc: the offset, and the length above it */

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	task = current_task();
	if (VALUE(want_fails))
		forget_call(s, task);
	if ((VALUE(member_filter) && !keep_membership(ctx, s, task)) || !describe(s, e, task)) {
		s->counts.filtered++;
		return 0;
	}
	clear(&out.name);
	e->head.type = RECORD_EXEC;
	e->head.flags = RECORD_ON_STACK;
	mm = read_long(task + VALUE(task_mm));
	s->next = read_long(mm + VALUE(mm_arg_start));
	s->end = read_long(mm + VALUE(mm_arg_end));
	e->arg_start = s->next;
	e->args_len = s->end > s->next ? s->end - s->next : 0;
	s->flags = RECORD_LAST;
	if (VALUE(max_bytes) && e->args_len > VALUE(max_bytes)) {
		s->end = s->next + VALUE(max_bytes);
		s->flags = RECORD_LAST | RECORD_ENOUGH;
	}
	read_kernel(&where, sizeof(where), (__u64)ctx + VALUE(exec_filename));
	e->name_len = where >> 16;
	if (e->name_len > STACK_CHUNK_SIZE ||
	    read_kernel_chunk(&out.name, e->name_len, (__u64)ctx + (where & 0xffff))) {
		e->head.flags = RECORD_ON_STACK | RECORD_NO_NAME;
		e->name_len = 1;
		/* The string stands behind the environment, too. */
		e->name_address = VALUE(mm_env_end) ? read_long(mm + VALUE(mm_env_end)) : 0;
	}
	output(ctx, s, &out, sizeof(out));
	if (e->args_len)
		tail_call(ctx, &args_program, 0);
	return 0;
}

/* Sends a record of an exec to the ring for the rest. 0: it is full, which is said. */
INLINE int send_stack_more(void *ctx, struct scratch *s, struct more_record *more, __u32 size)
{
	if (!output_bulk(ctx, s, more, size))
		return 1;
	more->head.flags |= RECORD_LAST | RECORD_LOST;
	more->head.data_len = 0;
	output(ctx, s, more, size);
	return 0;
}

struct stack_args {
	struct more_record more;
	struct chunk chunk;
};

/* Sends the chunk that has been read, or has not, as flags say. 0: the ring is full. */
INLINE int send_stack_chunk(void *ctx, struct scratch *s, struct stack_args *out, __u64 len, __u16 flags)
{
	out->more.head.flags = RECORD_ON_STACK | flags;
	out->more.head.part = ++s->part;
	out->more.head.data_len = len;
	s->next += STACK_CHUNK_SIZE;
	if (send_stack_more(ctx, s, &out->more, sizeof(*out)))
		return 1;
	s->end = 0;
	return 0;
}

/* Sends a whole chunk, of which there is more than one. 0: it is the last one's turn, or the ring is full. */
INLINE int send_whole_chunk(void *ctx, struct scratch *s, struct stack_args *out)
{
	if (s->end <= s->next + STACK_CHUNK_SIZE)
		return 0;
	return send_stack_chunk(ctx, s, out, STACK_CHUNK_SIZE,
				read_user(&out->chunk, STACK_CHUNK_SIZE, s->next) ? RECORD_UNREADABLE : 0);
}

/* Sixteen chunks, then itself again: 33 times 16 times 256 bytes; the rest is for parts.c to ask for. */
SEC("args_stack")
int on_args_stack(void *ctx)
{
	struct stack_args out = {};
	struct scratch *s = get_scratch();
	__u64 left;

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	out.more.head.type = RECORD_ARGS;
	out.more.head.seq = s->counts.seq;
#define FOUR_STACK_CHUNKS(ctx, s, out) \
	(send_whole_chunk(ctx, s, out) && send_whole_chunk(ctx, s, out) && send_whole_chunk(ctx, s, out) && \
	 send_whole_chunk(ctx, s, out))
	if (FOUR_STACK_CHUNKS(ctx, s, &out) && FOUR_STACK_CHUNKS(ctx, s, &out) && FOUR_STACK_CHUNKS(ctx, s, &out) &&
	    FOUR_STACK_CHUNKS(ctx, s, &out))
		tail_call(ctx, &args_program, 0);
	left = s->end - s->next;
	if (s->end > s->next && left <= STACK_CHUNK_SIZE)
		send_stack_chunk(ctx, s, &out, left,
				 read_user_chunk(&out.chunk, left, s->next) ? s->flags | RECORD_UNREADABLE : s->flags);
	return 0;
}

/* How many bytes from there are read in one go: not over the end of a page, which may be where memory ends. */
INLINE __u64 room(__u64 addr)
{
	__u64 left = 4096 - (addr & 4095);

	return left > STACK_CHUNK_SIZE ? STACK_CHUNK_SIZE : left;
}

/* A kprobe at the return of the call: these kernels take no BPF at the tracepoints of system calls. */
SEC("exit_stack")
int on_exit_stack(void *ctx)
{
	struct {
		struct exec_record exec;
		struct chunk name;
	} out = {};
	struct exec_record *e = &out.exec;
	struct scratch *s = get_scratch();
	struct call *call;
	__u64 task;
	long ret;

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	task = current_task();
	ret = call_result(ctx);
	if (!ret || is_restart(ret)) {
		map_delete(&calls, &task);
		return 0;
	}
	if ((VALUE(member_filter) && !is_member(s, task, (__u32)get_pid_tgid())) || !describe(s, e, task)) {
		s->counts.filtered++;
		map_delete(&calls, &task);
		return 0;
	}
	clear(&out.name);
	describe_failure(e, task, ret);
	e->head.flags |= RECORD_ON_STACK;
	call = map_lookup(&calls, &task);
	if (!call) {
		e->head.flags |= RECORD_UNREADABLE | RECORD_NO_NAME;
		s->counts.result = output_bulk(ctx, s, &out, sizeof(out));
		return 0;
	}
	describe_call(e, call);
	s->next = call->argv;
	e->name_len = room(e->name_address);
	map_delete(&calls, &task);
	if (read_user_chunk(&out.name, e->name_len, e->name_address))
		e->head.flags |= RECORD_NO_NAME;
	s->counts.result = output_bulk(ctx, s, &out, sizeof(out));
	tail_call(ctx, &pieces_program, 0);
	return 0;
}

struct stack_piece {
	struct more_record more;
	struct piece piece;
	struct chunk chunk;
};

/* Sends the beginning of one argument. 0: the list is at its end. */
INLINE int send_stack_piece(void *ctx, struct scratch *s, struct stack_piece *out)
{
	__u64 address = 0;

	out->more.head.flags = RECORD_ON_STACK;
	out->more.head.part = ++s->part;
	out->piece.len = -EFAULT;
	if (!s->next || read_user(&address, VALUE(slot_size), s->next)) {
		out->piece.is_list = 1;
		out->piece.address = s->next;
		address = 0;
	} else {
		out->piece.address = address;
	}
	if (!address) {
		out->more.head.flags |= RECORD_LAST;
		if (!out->piece.is_list || !s->next) /* argv = NULL is as good as an empty one */
			out->more.head.data_len = 0;
	} else if (!read_user_chunk(&out->chunk, room(address), address)) {
		out->piece.len = room(address);
	}
	s->next += VALUE(slot_size);
	return send_stack_more(ctx, s, &out->more, sizeof(*out)) && address != 0;
}

SEC("pieces_stack")
int on_pieces_stack(void *ctx)
{
	struct stack_piece out = {};
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
	FORGET_UNCHECKED(s);
	out.more.head.type = RECORD_PIECES;
	out.more.head.seq = s->counts.seq;
	out.more.head.data_len = sizeof(out.piece);
	if (!send_stack_piece(ctx, s, &out) || !send_stack_piece(ctx, s, &out) || !send_stack_piece(ctx, s, &out) ||
	    !send_stack_piece(ctx, s, &out))
		return 0;
	tail_call(ctx, &pieces_program, 0);
	/* The caller is asked for the rest. */
	out.more.head.flags = RECORD_ON_STACK | RECORD_LAST | RECORD_CUT;
	out.more.head.part = ++s->part;
	out.piece.address = s->next;
	out.piece.len = -EFAULT;
	out.piece.is_list = 1;
	send_stack_more(ctx, s, &out.more, sizeof(out));
	return 0;
}

SEC("peek_stack")
int on_rename_stack(void *ctx)
{
	__u32 zero = 0;
	__u64 name[2] = {};
	struct chunk chunk;
	struct peek *peek;

	(void)ctx;
	get_comm(name, sizeof(name));
	if (name[0] != VALUE(peek_name))
		return 0;
	peek = map_lookup(&peeks, &zero);
	if (!peek)
		return 0;
	clear(&chunk);
	peek->task = get_task();
	peek->pid_tgid = get_pid_tgid();
	peek->time = ktime_get_ns();
	peek->status = read_kernel_chunk(&chunk, peek->length, peek->address) ? -EFAULT : 0;
#pragma unroll
	for (int i = 0; i < STACK_CHUNK_SIZE / 8; i++)
		((__u64 *)peek->data)[i] = chunk.bytes[i];
	peek->answered = 1;
	return 0;
}

#endif
