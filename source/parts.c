/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "source/parts.h"
#include "kernel/chunk.h"
#include "kernel/ttys.h"
#include "lib/format.h"

bool record_is_first(const struct record_head *head)
{
	return head->type == RECORD_EXEC || head->type == RECORD_FAIL || head->type == RECORD_END;
}

bool record_is_sound(const struct record_head *head, size_t size)
{
	struct exec_record e;
	size_t chunk;

	if (size < sizeof(*head))
		return false;
	chunk = head->flags & RECORD_ON_STACK ? STACK_CHUNK_SIZE : 0;
	if (!record_is_first(head)) {
		if (head->type == RECORD_PIECES && chunk && !(head->flags & RECORD_LAST))
			return head->data_len >= sizeof(struct piece) && size >= sizeof(*head) + sizeof(struct piece) + chunk;
		if (head->type == RECORD_ARGS && chunk)
			return head->data_len <= chunk && size >= sizeof(*head) + chunk;
		return head->data_len <= size - sizeof(*head);
	}
	if (size < sizeof(e))
		return false;
	memcpy(&e, head, sizeof(e));
	if (chunk)
		return size >= sizeof(e) + chunk && e.name_len <= STACK_CHUNK_SIZE && !head->data_len;
	return e.name_len >= 1 && e.name_len <= NAME_SIZE && head->data_len <= CHUNK_SIZE &&
	       size >= sizeof(e) + sizeof(struct exec_facts) + e.name_len + head->data_len;
}

/* ---- bytes ---- */

/* Appends `length` bytes of a chunk. */
static void append_chunk(struct parts *p, const char *chunk, size_t length)
{
	char bytes[STACK_CHUNK_SIZE];

	if (length > sizeof(bytes))
		length = sizeof(bytes);
	chunk_join(bytes, chunk, length);
	assembly_append(&p->buffer, bytes, length);
}

/* A part is missing because a ring was full. */
static void lose_part(struct parts *p)
{
	if (!p->event.cut)
		(*p->gathering->cut)++;
	p->event.cut = true;
}

/* Bytes of the exec's arguments that are wanted. */
static uint64_t wanted(const struct parts *p)
{
	uint64_t most = p->gathering->most, all = p->event.exec.args_len;

	return most && all > most ? most : all;
}

/* Points name and arguments to the buffer, if they are there. */
static void put_together(struct parts *p)
{
	const struct exec_record *e = &p->event.exec;

	assembly_close_string(&p->buffer);
	if (p->buffer.used < e->name_len) { /* there was no memory, not even for the name */
		p->event.name = NULL;
		p->event.args = "";
		p->event.args_len = 0;
		return;
	}
	p->event.name = p->event.name ? p->buffer.bytes : NULL;
	p->event.args = p->buffer.bytes + e->name_len;
	p->event.args_len = p->buffer.used - e->name_len;
}

static enum parts_state done(struct parts *p, enum parts_state state)
{
	if (state == PARTS_COPIED)
		put_together(p);
	if (p->buffer.cut || wanted(p) < p->event.exec.args_len)
		p->event.cut = true;
	return state;
}

/* ---- reading from outside ---- */

/* Asks the thread itself or, if it has ended (as a child of vfork(2) does that could not execute), its parent,
 * if that has the same memory. */
static struct answer ask(const struct parts *p, enum ask_kind kind, uint64_t address, uint64_t length)
{
	const struct asking *asking = &p->gathering->asking;
	const struct exec_record *e = &p->event.exec;
	struct ask question = {kind, e->tid, e->head.flags & RECORD_32_BIT ? 4 : 8, e->arg_start, address, length};
	struct answer answer = asking->ask(asking->context, &question);

	if (!answer.complete && !answer.length && e->head.flags & RECORD_PARENTS_MEMORY) {
		question.tid = e->ppid;
		answer = asking->ask(asking->context, &question);
	}
	return answer;
}

/* Puts the name that the kernel side could not read into the buffer, if it can be read now. */
static void ask_name(struct parts *p)
{
	struct answer answer = ask(p, ASK_STRING, p->event.exec.name_address, 0);

	if (!answer.complete)
		return;
	p->event.name_cut = answer.cut || answer.length >= NAME_SIZE;
	if (answer.length >= NAME_SIZE)
		answer.length = NAME_SIZE - 1;
	assembly_append(&p->buffer, answer.bytes, answer.length);
	assembly_append(&p->buffer, "", 1);
	p->event.exec.name_len = (uint32_t)answer.length + 1;
	p->event.name = p->buffer.bytes;
}

/* Asks for the bytes of the argument block that are missing before the one with this offset. */
static bool ask_args(struct parts *p, uint64_t offset)
{
	uint64_t have = p->buffer.used - p->event.exec.name_len;
	struct answer answer;

	if (have >= offset)
		return true;
	answer = ask(p, ASK_RANGE, p->event.exec.arg_start + have, offset - have);
	if (answer.complete)
		assembly_append(&p->buffer, answer.bytes, answer.length);
	return answer.complete;
}

void parts_free(struct parts *p)
{
	assembly_free(&p->buffer);
	more_free(&p->more);
}

/* ---- the first record ---- */

/* A chunk's name. That of a failed call may end early, or not at all: then it is asked for. */
static void take_stack_name(struct parts *p, const char *data)
{
	struct exec_record *e = &p->event.exec;
	size_t length;

	append_chunk(p, data, e->name_len);
	length = strnlen(p->buffer.bytes, p->buffer.used);
	if (length < p->buffer.used) {
		p->buffer.used = e->name_len = (uint32_t)length + 1;
		return;
	}
	p->buffer.used = 0;
	p->event.name = NULL;
	ask_name(p);
	if (p->buffer.used)
		return;
	assembly_append(&p->buffer, "", 1);
	e->name_len = 1;
}

/* Puts the record's name into the buffer. */
static void take_name(struct parts *p, const char *data)
{
	struct exec_record *e = &p->event.exec;

	if (!p->event.name && e->name_address)
		ask_name(p);
	if (p->buffer.used)
		return;
	if (e->head.flags & RECORD_NO_NAME) {
		assembly_append(&p->buffer, "", 1);
		e->name_len = 1;
	} else if (e->head.flags & RECORD_ON_STACK) {
		take_stack_name(p, data);
	} else {
		assembly_append(&p->buffer, data, e->name_len);
	}
}

/* The bytes behind the head of a first record. */
static const char *data_of(const struct record_head *head)
{
	return (const char *)head + sizeof(struct exec_record) + (head->flags & RECORD_ON_STACK ? 0 : sizeof(struct exec_facts));
}

void parts_move(struct parts *p, const struct record_head *head)
{
	const char *data = data_of(head);

	p->event.name = p->event.name ? data : NULL;
	p->event.args = data + p->event.exec.name_len;
}

enum parts_state parts_begin(struct parts *p, const struct record_head *head)
{
	const char *data = data_of(head);
	struct event *event = &p->event;
	struct exec_record *e = &event->exec;
	bool more, succeeded = head->type != RECORD_FAIL;

	p->next_part = 1;
	assembly_reset(&p->buffer);
	*event = (struct event){0};
	more_begin(&p->more, head->flags & RECORD_MORE && head->type == RECORD_EXEC ? p->gathering->more : 0);
	memcpy(e, head, sizeof(*e)); /* in the ring it is aligned to 4 bytes only */
	if (!(head->flags & RECORD_ON_STACK))
		memcpy(&event->facts, (const char *)head + sizeof(*e), sizeof(event->facts));
	if (!(head->flags & RECORD_NO_NAME) && e->name_len &&
	    (head->flags & RECORD_ON_STACK || !data[e->name_len - 1]))
		event->name = data;
	event->name_cut = e->name_len == NAME_SIZE;
	event->unreadable = head->flags & RECORD_UNREADABLE;
	event->args = data + e->name_len;
	event->args_len = event->unreadable ? 0 : head->data_len;
	more = p->more.left || (succeeded ? wanted(p) > e->head.data_len : !event->unreadable);
	if (!more && !(succeeded && event->unreadable) && !(head->flags & RECORD_ON_STACK))
		return done(p, PARTS_IN_PLACE);
	take_name(p, data);
	assembly_append(&p->buffer, event->args, event->args_len);
	if (event->unreadable && succeeded)
		event->unreadable = !ask_args(p, e->head.data_len);
	return more ? PARTS_MISSING : done(p, PARTS_COPIED);
}

/* ---- pieces of a failed call's strings ---- */

/* Reads from outside what the kernel side could not: the rest of argv, the rest of a string, a string. What is
 * not to be had is marked. rest: the kernel side could, but had no time. */
static void ask_for_piece(struct parts *p, const struct piece *piece, bool rest)
{
	struct answer answer;

	if (!piece->is_list && !piece->address) /* no string was begun */
		return;
	answer = ask(p, piece->is_list ? ASK_LIST : ASK_STRING, piece->address, 0);
	if (piece->is_list) {
		assembly_append(&p->buffer, answer.bytes, answer.length);
		p->event.unreadable |= !answer.complete && !rest;
		p->event.cut |= answer.cut || (!answer.complete && rest);
		return;
	}
	if (!p->buffer.open)
		assembly_begin_string(&p->buffer, MARK_UNREADABLE);
	if (answer.complete)
		assembly_set_mark(&p->buffer, answer.cut ? MARK_CUT : MARK_READ);
	else if (p->buffer.open)
		assembly_set_mark(&p->buffer, MARK_CUT);
	assembly_append(&p->buffer, answer.bytes, answer.length);
	assembly_append(&p->buffer, "", 1);
}

/* Adds the beginning of one string, at most len bytes of which were read, and asks for the rest. */
static void take_stack_piece(struct parts *p, const char *data, size_t len, bool rest)
{
	struct piece piece;
	size_t begin, length;

	if (len < sizeof(piece))
		return;
	memcpy(&piece, data, sizeof(piece));
	if (piece.len > STACK_CHUNK_SIZE)
		return;
	if (piece.len <= 0) {
		ask_for_piece(p, &piece, rest);
		return;
	}
	assembly_begin_string(&p->buffer, MARK_READ);
	begin = p->buffer.used;
	append_chunk(p, data + sizeof(piece), (size_t)piece.len);
	length = strnlen(p->buffer.bytes + begin, p->buffer.used - begin);
	if (length < p->buffer.used - begin) { /* what is behind the string is nobody's business */
		p->buffer.used = begin + length + 1;
		return;
	}
	piece.address += length;
	p->buffer.open = true;
	ask_for_piece(p, &piece, false);
	p->buffer.open = false;
}

/* Adds the pieces of a failed exec's strings. */
static void take_pieces(struct parts *p, const char *data, size_t len, bool rest)
{
	while (len >= sizeof(struct piece)) {
		struct piece piece;
		size_t size;

		memcpy(&piece, data, sizeof(piece));
		size = piece.len > 0 ? (size_t)piece.len : 0;
		if (size > len - sizeof(piece))
			return;
		if (!size) {
			ask_for_piece(p, &piece, rest);
		} else {
			if (!p->buffer.open)
				assembly_begin_string(&p->buffer, MARK_READ);
			assembly_append(&p->buffer, data + sizeof(piece), size - 1);
			if (size < PIECE_SIZE)
				assembly_append(&p->buffer, "", 1);
		}
		p->buffer.open = size == PIECE_SIZE;
		size = (sizeof(piece) + size + 7) & ~(size_t)7;
		data += size < len ? size : len;
		len -= size < len ? size : len;
	}
}

/* Adds the next bytes of the argument block, which begin at that offset; what is missing before them, or in
 * them, may still be in the process. */
static void take_args(struct parts *p, const char *data, size_t len, uint64_t offset,
		      uint16_t flags)
{
	if (!ask_args(p, offset))
		lose_part(p);
	else if (!(flags & RECORD_UNREADABLE) && flags & RECORD_ON_STACK)
		append_chunk(p, data, len);
	else if (!(flags & RECORD_UNREADABLE))
		assembly_append(&p->buffer, data, len);
	else if (!ask_args(p, offset + len))
		p->event.unreadable = true;
}

void parts_give_up(struct parts *p)
{
	const struct exec_record *e = &p->event.exec;

	p->event.cut |= p->buffer.cut;
	if (e->head.type == RECORD_FAIL || !ask_args(p, wanted(p)))
		lose_part(p);
	done(p, PARTS_COPIED);
}

/* ---- the records that follow ---- */

enum parts_state parts_add(struct parts *p, const struct record_head *head)
{
	const char *data = (const char *)((const struct more_record *)head + 1);
	struct event *event = &p->event;
	uint64_t chunk = head->flags & RECORD_ON_STACK ? STACK_CHUNK_SIZE : CHUNK_SIZE;
	uint64_t offset = event->exec.head.data_len + (head->part - 1) * chunk;
	bool last = head->flags & RECORD_LAST ||
		    (head->type == RECORD_ARGS && offset + head->data_len >= wanted(p));

	event->cut |= p->buffer.cut;
	if (more_take(&p->more, head, data, p->gathering->cut))
		return p->more.left || wanted(p) > event->exec.head.data_len ? PARTS_MISSING : done(p, PARTS_COPIED);
	if (head->flags & RECORD_LOST) {
		parts_give_up(p);
		return PARTS_COPIED;
	}
	if (head->type == RECORD_PIECES && head->part != p->next_part)
		lose_part(p); /* the ring was full for a part before this one */
	p->next_part = head->part + 1;
	if (!event->cut && !event->unreadable) {
		if (head->type == RECORD_PIECES && head->flags & RECORD_ON_STACK)
			take_stack_piece(p, data, head->data_len, head->flags & RECORD_CUT);
		else if (head->type == RECORD_PIECES)
			take_pieces(p, data, head->data_len, head->flags & RECORD_CUT);
		else
			take_args(p, data, head->data_len, offset, head->flags);
	}
	event->cut |= (head->flags & RECORD_ENOUGH) != 0;
	return last ? done(p, PARTS_COPIED) : PARTS_MISSING;
}

/* ---- the exec ---- */

/* As alloc_bprm in fs/exec.c. */
static void add_directory(const struct event *event, struct exec *exec)
{
	const struct exec_record *e = &event->exec;

	if (e->head.flags & RECORD_HAS_DIRFD && e->dirfd >= 0 && event->name && *event->name != '/')
		format_text(exec->directory, sizeof(exec->directory), *event->name ? "/dev/fd/%d/" : "/dev/fd/%d", e->dirfd);
}

static struct text name_text(const struct event *event)
{
	if (!event->name)
		return (struct text){.bytes = "", .state = TEXT_UNREADABLE};
	return (struct text){event->name, (uint32_t)strlen(event->name), event->name_cut ? TEXT_CUT : TEXT_WHOLE};
}

static unsigned int known_fields(const struct event *event)
{
	const struct exec_record *e = &event->exec;
	uint32_t facts = event->facts.known;

	return (facts & FACT_START ? EXEC_START : 0U) | (facts & FACT_PARENT_START ? EXEC_PARENT_START : 0U) |
	       (facts & FACT_EIDS ? EXEC_EIDS : 0U) |
	       (facts & FACT_LOGIN && event->facts.login[0] != UINT32_MAX ? EXEC_LOGIN : 0U) |
	       (facts & FACT_INODE && e->head.type == RECORD_EXEC ? EXEC_INODE : 0U) | (facts & FACT_NS_PID ? EXEC_NS_PID : 0U) | (facts & FACT_TTY ? EXEC_TTY : 0U) |
	       (e->head.type == RECORD_END ? EXEC_STATUS : 0U) | EXEC_IDS | EXEC_CPU | EXEC_NAMED | (e->ppid ? EXEC_PPID : 0U) | (e->pcomm[0] ? EXEC_PCOMM : 0U) | (e->mntns ? EXEC_MNTNS : 0U) |
	       (e->cgroup ? EXEC_CGROUP : 0U) | (e->head.flags & RECORD_NO_RESULT ? 0U : EXEC_RESULT);
}

static enum script script_of(uint16_t flags)
{
	return !(flags & RECORD_SCRIPT_KNOWN) ? SCRIPT_UNKNOWN : flags & RECORD_SCRIPT ? SCRIPT_YES : SCRIPT_NO;
}

static enum exec_kind kind_of(uint16_t type)
{
	return type == RECORD_FAIL ? EXEC_FAILED : type == RECORD_END ? EXEC_ENDED : EXEC_DONE;
}

void parts_to_exec(struct parts *p, struct exec *exec)
{
	const struct event *event = &p->event;
	const struct exec_record *e = &event->exec;
	const struct block block = {event->args, event->args_len, e->head.type == RECORD_FAIL};

	*exec = (struct exec){
		.kind = kind_of(e->head.type),
		.known = known_fields(event),
		.time = e->time,
		.pid = e->pid,
		.ppid = e->ppid,
		.uid = e->uid,
		.gid = e->gid,
		.result = e->ret,
		.status = (uint32_t)e->ret,
		.filtered = e->head.flags & RECORD_FILTERED,
		.mntns = e->mntns,
		.cgroup = e->cgroup,
		.start = event->facts.start,
		.parent_start = event->facts.parent_start,
		.euid = event->facts.eids[0],
		.egid = event->facts.eids[1],
		.loginuid = event->facts.login[0],
		.session = event->facts.login[1],
		.ns_pid = event->facts.ns_pid,
		.exe_inode = event->facts.exe_inode,
		.checks = e->head.flags & RECORD_CHECK,
		.name = name_text(event),
		.script = script_of(e->head.flags),
		.args = {.more = event->cut, .unreadable = event->unreadable},
	};
	memcpy(exec->ancestors, e->ancestors, sizeof(exec->ancestors));
	memcpy(exec->comm, e->comm, sizeof(exec->comm));
	memcpy(exec->pcomm, e->pcomm, sizeof(exec->pcomm));
	more_to_exec(&p->more, exec);
	if (exec_knows(exec, EXEC_TTY))
		ttys_from_kernel(event->facts.tty, sizeof(event->facts.tty), exec->tty);
	if (!*exec->tty)
		exec->known &= ~(unsigned int)EXEC_TTY;
	format_text(exec->exe_dev, sizeof(exec->exe_dev), "%u:%u", event->facts.exe_dev >> 20, event->facts.exe_dev & 0xfffff);
	add_directory(event, exec);
	exec_split(exec, &block, p->gathering->most_strings, &p->gathering->room);
}
