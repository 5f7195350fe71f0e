/* SPDX-License-Identifier: GPL-2.0-only */
/* Failed calls, at the system calls' exits, with the pointers seen at their entries. */
#ifndef CALL_BPF_H
#define CALL_BPF_H

#include "bpf/common.bpf.h"
#include "bpf/facts.bpf.h"

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
	call->pid = get_pid_tgid() >> 32;
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
	if (number != VALUE(execve_number) && number != VALUE(execveat_number))
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

	if (VALUE(execve_number) && call_number(regs) != (VALUE(call_has_fd) ? VALUE(execveat_number) : VALUE(execve_number)))
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
	s->counts.result = output_bulk(ctx, s, &s->exec, sizeof(s->exec) + sizeof(s->facts) + size);
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
	if (VALUE(execve_number) && !call_number(argument(ctx, 0)))
		return 0;
	ret = VALUE(call_killed) ? 0 : call_result(ctx);
	if (!VALUE(call_killed) && (!ret || is_restart(ret))) {
		map_delete(&calls, &task);
		return 0;
	}
	if (VALUE(call_by_probe) && !map_lookup(&calls, &task))
		s->counts.unentered_failures++;
	if ((VALUE(member_filter) && !is_member(s, task, (__u32)get_pid_tgid())) || !describe(s, &s->exec, task)) {
		s->counts.filtered++;
		map_delete(&calls, &task);
		return 0;
	}
	describe_failure(&s->exec, task, ret);
	add_facts(s, task, leader_of(task));
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
	if (VALUE(call_killed) && VALUE(want_exits)) /* the thread may be its process's last */
		tail_call(ctx, &end_programs, 1);
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
	/* A string that goes on needs no slot. */
	if (s->next && (s->end || s->at < s->have || read_slots(s))) {
		before = s->at;
		if (take_three(ctx, s) && VALUE(many_pieces) && take_three(ctx, s) && take_three(ctx, s) && take_three(ctx, s) &&
		    take_three(ctx, s))
			take_piece(s); /* the sixteenth */
		s->next += (s->at - before) * VALUE(slot_size);
		if (VALUE(max_strings) && s->end < END_LOST) {
			s->strings -= s->at - before;
			if ((__s64)s->strings <= 0)
				s->end = END_ENOUGH;
		}
	}
	/* Three pieces must fit behind those that wait, wherever the round has ended. */
	if (s->end < END_LOST && s->used >= PIECES_BEGIN)
		send_pieces(ctx, s, 0);
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

#endif
