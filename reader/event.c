#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "reader/event.h"
#include "kernel/chunk.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "reader/caller.h"

/* An exec of which a part is missing is given up when its head is this old. */
#define GIVE_UP_NS 1000000000ULL

enum state {
	EMPTY,	   /* nothing begun */
	GATHERING, /* the head is here, parts are missing */
	READY,
	TAKEN, /* handed out by collector_next() */
};

struct source {
	struct ring ring; /* of execs' first records */
	struct ring bulk; /* of what follows them, and of failed calls */
	struct ring *from; /* whose the exec's first record is */
	struct loss loss; /* not taken yet */
	uint64_t last_time; /* of the last exec that came */
	int cpu;
	bool gone; /* the CPU is offline, there is no ring */
	uint32_t next_seq;
	enum state state;
	bool in_ring; /* READY, and its bytes are still in the ring */
	bool open_piece; /* the last argument goes on in the next piece */
	size_t mark;	 /* where in the buffer that argument's mark is */
	uint32_t next_part;
	uint64_t heard; /* ns: when the exec's last record came, or its first was made */
	struct event event;
	/* Name and arguments of an exec that has more than one record. */
	char *buffer;
	size_t used, capacity;
};

int collector_init(struct collector *collector, size_t lanes, int cpus, int proc, int64_t ahead)
{
	*collector = (struct collector){.count = lanes, .ahead = ahead};
	collector->sources = calloc(lanes, sizeof(struct source));
	collector->begun = calloc(lanes, sizeof(struct source *));
	if (!collector->sources || !collector->begun) {
		free(collector->sources);
		free(collector->begun);
		*collector = (struct collector){0};
		return -ENOMEM;
	}
	for (size_t i = 0; i < lanes; i++)
		collector->sources[i] = (struct source){
			.cpu = (int)i % cpus,
			.gone = true,
			.next_seq = 1,
			.last_time = monotonic_ns() - (uint64_t)ahead,
		};
	asker_init(&collector->asker, proc);
	return 0;
}

void collector_free(struct collector *collector)
{
	if (!collector->sources)
		return;
	for (size_t i = 0; i < collector->count; i++) {
		if (!collector->sources[i].gone) {
			ring_unmap(&collector->sources[i].ring);
			ring_unmap(&collector->sources[i].bulk);
		}
		free(collector->sources[i].buffer);
	}
	free(collector->sources);
	free(collector->begun);
	asker_free(&collector->asker);
}

void collector_add(struct collector *collector, const struct ring *first, const struct ring *bulk, int lane)
{
	struct source *s = &collector->sources[lane];

	s->bulk = *bulk;
	s->ring = *first; /* of a CPU that comes back the numbers go on */
	s->gone = false;
}

bool collector_has(const struct collector *collector, int lane)
{
	return !collector->sources[lane].gone;
}

static const struct record_head *next_first(struct source *s);

bool collector_remove(struct collector *collector, int lane)
{
	struct source *s = &collector->sources[lane];

	if (s->gone || s->state != EMPTY)
		return false;
	ring_update(&s->ring);
	ring_update(&s->bulk);
	if (next_first(s))
		return false;
	ring_unmap(&s->ring);
	ring_unmap(&s->bulk);
	s->gone = true;
	return true;
}

void collector_poll_fds(const struct collector *collector, struct pollfd *fds)
{
	for (size_t i = 0; i < collector->count; i++) {
		const struct source *s = &collector->sources[i];

		fds[2 * i].fd = s->gone ? -1 : s->ring.fd;
		fds[2 * i + 1].fd = s->gone ? -1 : s->bulk.fd;
		fds[2 * i].events = fds[2 * i + 1].events = POLLIN;
	}
}

/* The most bytes kept of an exec: a name, as many bytes of arguments as the kernel takes, and a mark before each argument of a
 * failed call. */
#define KEPT_MOST (NAME_SIZE + LIST_BYTES + LIST_STRINGS)

/* The largest buffer that a lane keeps when its exec has gone. */
#define BUFFER_KEPT (256U << 10)

/* Appends to the buffer; an exec that finds no memory, or names more than would fit, is cut. */
static void append(struct source *s, const void *bytes, size_t len)
{
	if (len > KEPT_MOST - s->used) {
		s->event.cut = true;
		len = KEPT_MOST - s->used;
	}
	if (!len)
		return;
	if (len > s->capacity - s->used) {
		size_t capacity = s->capacity ? s->capacity : 65536;
		char *buffer;

		while (capacity - s->used < len)
			capacity *= 2;
		buffer = realloc(s->buffer, capacity);
		if (!buffer) {
			s->event.cut = true;
			return;
		}
		s->buffer = buffer;
		s->capacity = capacity;
	}
	memcpy(s->buffer + s->used, bytes, len);
	s->used += len;
}

/* Appends len bytes of a chunk. */
static void append_chunk(struct source *s, const char *chunk, size_t len)
{
	char bytes[STACK_CHUNK_SIZE];

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	chunk_join(bytes, chunk, len);
	append(s, bytes, len);
}

/* Where a part is missing because a ring was full. */
static void lose_part(struct collector *c, struct source *s)
{
	if (!s->event.cut)
		c->cut++;
	s->event.cut = true;
}

/* What became of the string that was begun last, if there was memory for its beginning. */
static void set_mark(struct source *s, char mark)
{
	if (s->mark < s->used)
		s->buffer[s->mark] = mark;
}

/* Points name and arguments to the buffer, if they are there. */
static void put_together(struct source *s)
{
	const struct exec_record *e = &s->event.exec;

	if (s->in_ring)
		return;
	if (s->open_piece) {
		set_mark(s, MARK_CUT);
		append(s, "", 1);
	}
	if (s->used < e->name_len) { /* there was no memory, not even for the name */
		s->event.name = NULL;
		s->event.args = "";
		s->event.args_len = 0;
		return;
	}
	s->event.name = s->event.name ? s->buffer : NULL;
	s->event.args = s->buffer + e->name_len;
	s->event.args_len = s->used - e->name_len;
}

/* How many bytes of the exec's arguments are wanted. */
static uint64_t wanted(const struct collector *c, const struct exec_record *e)
{
	return c->most && e->args_len > c->most ? c->most : e->args_len;
}

static void ready(struct collector *c, struct source *s)
{
	put_together(s);
	s->state = READY;
	if (wanted(c, &s->event.exec) < s->event.exec.args_len)
		s->event.cut = true;
}

static struct answer ask_process(struct collector *c, const struct ask *question)
{
	return c->ask ? c->ask(c->context, question) : asker_ask(&c->asker, question);
}

/* Asks the thread itself or, if it has ended (as a child of vfork(2) does that could not execute), its parent,
 * if that has the same memory. */
static struct answer ask(struct collector *c, const struct source *s, enum ask_kind kind, uint64_t address,
			 uint64_t length)
{
	const struct exec_record *e = &s->event.exec;
	struct ask question = {kind, e->tid, e->head.flags & RECORD_32_BIT ? 4 : 8, e->arg_start, address, length};
	struct answer answer = ask_process(c, &question);

	if (!answer.complete && !answer.length && e->head.flags & RECORD_PARENTS_MEMORY) {
		question.tid = e->ppid;
		answer = ask_process(c, &question);
	}
	return answer;
}

/* Puts the name that the kernel side could not read into the buffer, if it can be read now. */
static void ask_name(struct collector *c, struct source *s)
{
	struct answer answer = ask(c, s, ASK_STRING, s->event.exec.name_address, 0);

	if (!answer.complete)
		return;
	s->event.name_cut = answer.cut || answer.length >= NAME_SIZE;
	if (answer.length >= NAME_SIZE)
		answer.length = NAME_SIZE - 1;
	append(s, answer.bytes, answer.length);
	append(s, "", 1);
	s->event.exec.name_len = (uint32_t)answer.length + 1;
	s->event.name = s->buffer;
}

/* Asks for the bytes of the argument block that are missing before the one with this offset. */
static bool ask_args(struct collector *c, struct source *s, uint64_t offset)
{
	uint64_t have = s->used - s->event.exec.name_len;
	struct answer answer;

	if (have >= offset)
		return true;
	answer = ask(c, s, ASK_RANGE, s->event.exec.arg_start + have, offset - have);
	if (answer.complete)
		append(s, answer.bytes, answer.length);
	return answer.complete;
}

/* The same of a chunk, in which a failed call's name may end early, or not at all: then it is asked for. */
static void take_stack_name(struct collector *c, struct source *s, const char *data)
{
	struct exec_record *e = &s->event.exec;
	size_t length;

	append_chunk(s, data, e->name_len);
	length = strnlen(s->buffer, s->used);
	if (length < s->used) {
		s->used = e->name_len = (uint32_t)length + 1;
		return;
	}
	s->used = 0;
	s->event.name = NULL;
	ask_name(c, s);
	if (s->used)
		return;
	append(s, "", 1);
	e->name_len = 1;
}

/* Puts the record's name into the buffer. */
static void take_name(struct collector *c, struct source *s, const char *data)
{
	struct exec_record *e = &s->event.exec;

	if (!s->event.name && e->name_address)
		ask_name(c, s);
	if (s->used)
		return;
	if (e->head.flags & RECORD_NO_NAME) {
		append(s, "", 1);
		e->name_len = 1;
	} else if (e->head.flags & RECORD_ON_STACK) {
		take_stack_name(c, s, data);
	} else {
		append(s, data, e->name_len);
	}
}

/* Counts so many execs as lost that the lane reported before the time. */
static void lose(struct collector *c, struct source *s, uint32_t count, uint64_t time)
{
	if (!count)
		return;
	c->lost += count;
	if (!s->loss.count)
		s->loss = (struct loss){.cpu = s->cpu, .from = s->last_time};
	s->loss.count += count;
	s->loss.to = time;
}

/* Counts the execs between the last one of the lane and this one, of that time, as lost. */
static void count_gap(struct collector *c, struct source *s, uint32_t seq, uint64_t time)
{
	uint32_t gap = seq - s->next_seq;

	if ((int32_t)gap >= 0) {
		lose(c, s, gap, time);
		s->next_seq = seq + 1;
	} else if (c->lost) { /* it was expected before, and counted as lost when it had not come (collector_expect) */
		c->lost--;
		s->loss.count -= s->loss.count > 0;
	}
	s->last_time = time;
}

static void take_head(struct collector *c, struct source *s, const struct record_head *head)
{
	const char *data = (const char *)head + sizeof(struct exec_record);
	struct event *event = &s->event;
	struct exec_record *e = &event->exec;
	bool more;

	s->next_part = 1;
	s->used = 0;
	s->open_piece = false;
	*event = (struct event){.cpu = s->cpu};
	memcpy(e, head, sizeof(*e)); /* in the ring it is aligned to 4 bytes only */
	count_gap(c, s, head->seq, e->time);
	if (!(head->flags & RECORD_NO_NAME) && e->name_len &&
	    (head->flags & RECORD_ON_STACK || !data[e->name_len - 1]))
		event->name = data;
	event->name_cut = e->name_len == NAME_SIZE;
	event->unreadable = head->flags & RECORD_UNREADABLE;
	event->args = data + e->name_len;
	event->args_len = event->unreadable ? 0 : head->data_len;
	more = e->head.type == RECORD_EXEC ? wanted(c, e) > e->head.data_len : !event->unreadable;
	s->in_ring = !more && !(e->head.type == RECORD_EXEC && event->unreadable) &&
		     !(head->flags & RECORD_ON_STACK);
	if (s->in_ring) {
		ready(c, s);
		return;
	}
	take_name(c, s, data);
	append(s, event->args, event->args_len);
	ring_next(s->from);
	if (event->unreadable && e->head.type == RECORD_EXEC)
		event->unreadable = !ask_args(c, s, e->head.data_len);
	if (more)
		s->state = GATHERING;
	else
		ready(c, s);
}

/* Reads from outside what the kernel side could not: the rest of argv, the rest of a string, a string. What is
 * not to be had is marked. rest: the kernel side could, but had no time. */
static void ask_for_piece(struct collector *c, struct source *s, const struct piece *piece, bool rest)
{
	struct answer answer;

	if (!piece->is_list && !piece->address) /* no string was begun */
		return;
	answer = ask(c, s, piece->is_list ? ASK_LIST : ASK_STRING, piece->address, 0);
	if (piece->is_list) {
		append(s, answer.bytes, answer.length);
		s->event.unreadable |= !answer.complete && !rest;
		s->event.cut |= answer.cut || (!answer.complete && rest);
		return;
	}
	if (!s->open_piece) {
		s->mark = s->used;
		append(s, &(char){MARK_UNREADABLE}, 1);
	}
	if (answer.complete)
		set_mark(s, answer.cut ? MARK_CUT : MARK_READ);
	else if (s->open_piece)
		set_mark(s, MARK_CUT);
	append(s, answer.bytes, answer.length);
	append(s, "", 1);
}

/* Adds the beginning of one string, at most len bytes of which were read, and asks for the rest. */
static void take_stack_piece(struct collector *c, struct source *s, const char *data, size_t len, bool rest)
{
	struct piece piece;
	size_t begin, length;

	if (len < sizeof(piece))
		return;
	memcpy(&piece, data, sizeof(piece));
	if (piece.len > STACK_CHUNK_SIZE)
		return;
	if (piece.len <= 0) {
		ask_for_piece(c, s, &piece, rest);
		return;
	}
	s->mark = s->used;
	append(s, &(char){MARK_READ}, 1);
	begin = s->used;
	append_chunk(s, data + sizeof(piece), (size_t)piece.len);
	length = strnlen(s->buffer + begin, s->used - begin);
	if (length < s->used - begin) { /* what is behind the string is nobody's business */
		s->used = begin + length + 1;
		return;
	}
	piece.address += length;
	s->open_piece = true;
	ask_for_piece(c, s, &piece, false);
	s->open_piece = false;
}

/* Adds the pieces of a failed exec's strings. */
static void take_pieces(struct collector *c, struct source *s, const char *data, size_t len, bool rest)
{
	while (len >= sizeof(struct piece)) {
		struct piece piece;
		size_t size;

		memcpy(&piece, data, sizeof(piece));
		size = piece.len > 0 ? (size_t)piece.len : 0;
		if (size > len - sizeof(piece))
			return;
		if (!size) {
			ask_for_piece(c, s, &piece, rest);
		} else {
			if (!s->open_piece) {
				s->mark = s->used;
				append(s, &(char){MARK_READ}, 1);
			}
			append(s, data + sizeof(piece), size - 1);
			if (size < PIECE_SIZE)
				append(s, "", 1);
		}
		s->open_piece = size == PIECE_SIZE;
		size = (sizeof(piece) + size + 7) & ~(size_t)7;
		data += size < len ? size : len;
		len -= size < len ? size : len;
	}
}

/* Adds the next bytes of the argument block, which begin at that offset; what is missing before them, or in
 * them, may still be in the process. */
static void take_args(struct collector *c, struct source *s, const char *data, size_t len, uint64_t offset,
		      uint16_t flags)
{
	if (!ask_args(c, s, offset))
		lose_part(c, s);
	else if (!(flags & RECORD_UNREADABLE) && flags & RECORD_ON_STACK)
		append_chunk(s, data, len);
	else if (!(flags & RECORD_UNREADABLE))
		append(s, data, len);
	else if (!ask_args(c, s, offset + len))
		s->event.unreadable = true;
}

/* Makes do with the parts that have come, and what the process still has. */
static void give_up_parts(struct collector *c, struct source *s)
{
	const struct exec_record *e = &s->event.exec;

	if (e->head.type == RECORD_FAIL || !ask_args(c, s, wanted(c, e)))
		lose_part(c, s);
	ready(c, s);
}

/* Adds a record, which is at the tail of that ring, to the exec that is being gathered. */
static void take_part(struct collector *c, struct source *s, struct ring *ring, const struct record_head *head)
{
	const char *data = (const char *)((const struct more_record *)head + 1);
	struct event *event = &s->event;
	uint64_t chunk = head->flags & RECORD_ON_STACK ? STACK_CHUNK_SIZE : CHUNK_SIZE;
	uint64_t offset = event->exec.head.data_len + (head->part - 1) * chunk;
	bool last = head->flags & RECORD_LAST ||
		    (head->type == RECORD_ARGS && offset + head->data_len >= wanted(c, &event->exec));

	if (head->flags & RECORD_LOST) {
		give_up_parts(c, s);
		ring_next(ring);
		return;
	}
	if (head->type == RECORD_PIECES && head->part != s->next_part)
		lose_part(c, s); /* the ring was full for a part before this one */
	s->next_part = head->part + 1;
	if (!event->cut && !event->unreadable) {
		if (head->type == RECORD_PIECES && head->flags & RECORD_ON_STACK)
			take_stack_piece(c, s, data, head->data_len, head->flags & RECORD_CUT);
		else if (head->type == RECORD_PIECES)
			take_pieces(c, s, data, head->data_len, head->flags & RECORD_CUT);
		else
			take_args(c, s, data, head->data_len, offset, head->flags);
	}
	event->cut |= (head->flags & RECORD_ENOUGH) != 0;
	ring_next(ring);
	if (last)
		ready(c, s);
}

/* Whether a record has the bytes that it says it has. */
static bool is_sound(const struct record_head *head, size_t size)
{
	struct exec_record e;
	size_t chunk = head->flags & RECORD_ON_STACK ? STACK_CHUNK_SIZE : 0;

	if (head->type != RECORD_EXEC && head->type != RECORD_FAIL) {
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
	       size >= sizeof(e) + e.name_len + head->data_len;
}

/* The record at the tail of the ring. One that is not sound is passed over: the gap is counted. */
static const struct record_head *next_record(struct ring *ring)
{
	const struct record_head *head;

	while ((head = ring_peek(ring)) && !is_sound(head, ring->record_size))
		ring_next(ring);
	return head;
}

static bool is_first(const struct record_head *head)
{
	return head->type == RECORD_EXEC || head->type == RECORD_FAIL;
}

/* The next record in the ring for the rest, but what follows execs before that one. */
static const struct record_head *next_bulk(struct source *s, uint32_t seq)
{
	const struct record_head *head;

	while ((head = next_record(&s->bulk)) && (int32_t)(head->seq - seq) < 0)
		ring_next(&s->bulk);
	return head;
}

/* The next first record of either ring, by their numbers; in s->from gets its ring. What follows an exec whose first record was
 * lost is passed over. */
static const struct record_head *next_first(struct source *s)
{
	bool fresh = false;

	for (;;) {
		const struct record_head *first = next_record(&s->ring), *bulk = next_record(&s->bulk);

		if (first && !is_first(first)) {
			ring_next(&s->ring);
			continue;
		}
		if (!bulk || (first && (int32_t)(bulk->seq - first->seq) >= 0)) {
			s->from = &s->ring;
			return first;
		}
		/* Before it stands in the one ring, all with lower numbers stand in the other. */
		if (!fresh && (!is_first(bulk) || bulk->seq != s->next_seq)) {
			ring_update(&s->ring);
			fresh = true;
		} else if (is_first(bulk)) {
			s->from = &s->bulk;
			return bulk;
		} else {
			ring_next(&s->bulk);
		}
	}
}

/* Goes on with the exec that is being gathered. false: its next record has not come. */
static bool gather(struct collector *c, struct source *s, bool all)
{
	uint32_t seq = s->event.exec.head.seq;
	const struct record_head *part = next_bulk(s, seq), *first = next_record(&s->ring);

	if (part && part->seq == seq && !is_first(part)) {
		take_part(c, s, &s->bulk, part);
		s->heard = c->now;
	} else if (first && !is_first(first) && first->seq == seq) {
		take_part(c, s, &s->ring, first);
	} else if (part || first || all || s->heard + (c->crowded ? HOLD_NS : GIVE_UP_NS) <= c->now) {
		/* Something else follows, or nothing for a long time: it was lost. */
		give_up_parts(c, s);
	} else {
		return false;
	}
	return true;
}

/* Goes on with the source until an exec is ready or its ring is empty. */
static void advance(struct collector *c, struct source *s, bool all)
{
	while (s->state != READY) {
		const struct record_head *head;

		if (s->state == GATHERING) {
			if (!gather(c, s, all))
				return;
			continue;
		}
		head = next_first(s);
		if (!head)
			return;
		take_head(c, s, head);
		s->heard = s->event.exec.time;
	}
}

/* ---- which comes first: a heap, because there may be hundreds of CPUs ---- */

static bool is_older(const struct source *a, const struct source *b)
{
	return a->event.exec.time < b->event.exec.time;
}

static void add_begun(struct collector *c, struct source *s)
{
	size_t at = c->begun_count++;

	for (size_t above; at && is_older(s, c->begun[above = (at - 1) / 2]); at = above)
		c->begun[at] = c->begun[above];
	c->begun[at] = s;
}

/* Puts the first to its place, after its exec has become another. */
static void sink_first(struct collector *c)
{
	struct source *s = c->begun[0];
	size_t at = 0, below;

	while ((below = 2 * at + 1) < c->begun_count) {
		if (below + 1 < c->begun_count && is_older(c->begun[below + 1], c->begun[below]))
			below++;
		if (!is_older(c->begun[below], s))
			break;
		c->begun[at] = c->begun[below];
		at = below;
	}
	c->begun[at] = s;
}

/* Goes on with the source whose exec was handed out. */
static void let_go(struct collector *c)
{
	struct source *s = c->taken; /* it is the first */

	c->taken = NULL;
	if (s->in_ring)
		ring_next(s->from);
	if (s->capacity > BUFFER_KEPT) {
		free(s->buffer);
		s->buffer = NULL;
		s->capacity = 0;
	}
	s->state = EMPTY;
	advance(c, s, false);
	if (s->state == EMPTY)
		c->begun[0] = c->begun[--c->begun_count];
	if (c->begun_count)
		sink_first(c);
}

void collector_update(struct collector *collector)
{
	if (collector->taken)
		let_go(collector);
	/* First the time, then the rings: what is older than HOLD_NS by this time is in them. */
	if (collector->rest)
		collector->rest(collector->context);
	else
		asker_rest(&collector->asker);
	collector->now = monotonic_ns() - (uint64_t)collector->ahead;
	collector->crowded = false;
	for (size_t i = 0; i < collector->count; i++) {
		struct source *s = &collector->sources[i];
		bool begun = s->state != EMPTY;

		if (s->gone)
			continue;
		/* In this order: what stands in the one for the rest of an exec has come before the next exec in the first. */
		ring_update(&s->ring);
		ring_update(&s->bulk);
		if (s->ring.head - s->ring.tail > s->ring.size / 2 || s->bulk.head - s->bulk.tail > s->bulk.size / 2)
			collector->crowded = true;
		advance(collector, s, false);
		if (!begun && s->state != EMPTY)
			add_begun(collector, s);
	}
}

void collector_spill(struct collector *collector)
{
	for (size_t i = 0; i < collector->count; i++) {
		struct source *s = &collector->sources[i];
		bool held = s->state == READY && s->in_ring && s->from == &s->ring;
		const struct record_head *head;
		const char *data;

		if (s->gone || s->state == TAKEN)
			continue;
		ring_update(&s->ring);
		if (s->ring.head - s->ring.tail < s->ring.size / 8)
			continue;
		ring_spill(&s->ring);
		if (!held)
			continue;
		/* The exec that waits is elsewhere now. */
		head = ring_peek(&s->ring);
		data = (const char *)head + sizeof(struct exec_record);
		s->event.name = s->event.name ? data : NULL;
		s->event.args = data + s->event.exec.name_len;
	}
}

bool collector_next(struct collector *collector, bool all, struct event *event)
{
	struct source *s;

	if (collector->taken)
		let_go(collector);
	if (!collector->begun_count)
		return false;
	s = collector->begun[0];
	/* When the rings fill up, nobody waits for the rest of one exec. */
	if (all || collector->crowded)
		advance(collector, s, all);
	if (s->state != READY)
		return false;
	if (!all && !collector->crowded && s->event.exec.time + HOLD_NS > collector->now)
		return false;
	*event = s->event;
	s->state = TAKEN;
	collector->taken = s;
	return true;
}

uint64_t collector_wait(const struct collector *collector)
{
	const struct source *s = collector->begun_count ? collector->begun[0] : NULL;
	uint64_t due;

	if (!s)
		return UINT64_MAX;
	due = s->state == READY ? s->event.exec.time + HOLD_NS : s->heard + GIVE_UP_NS;
	return due > collector->now ? due - collector->now : 0;
}

void collector_expect(struct collector *collector, int lane, uint32_t seq)
{
	struct source *s = &collector->sources[lane];

	if (!s->gone && (s->state != EMPTY || next_first(s)))
		return;
	if ((int32_t)(seq - s->next_seq) < 0)
		return;
	lose(collector, s, seq - (s->next_seq - 1), collector->now);
	s->next_seq = seq + 1;
}

bool collector_take_loss(struct collector *collector, struct loss *loss)
{
	for (size_t i = 0; i < collector->count; i++) {
		struct source *s = &collector->sources[i];

		if (!s->loss.count)
			continue;
		*loss = s->loss;
		s->loss.count = 0;
		return true;
	}
	return false;
}

struct args event_args(const struct event *event)
{
	return (struct args){
		.at = event->args,
		.end = event->args + event->args_len,
		.marked = event->exec.head.type == RECORD_FAIL,
	};
}

bool args_next(struct args *args)
{
	const char *nul;
	char mark;

	if (args->at >= args->end)
		return false;
	mark = args->marked ? *args->at++ : MARK_READ;
	nul = memchr(args->at, '\0', (size_t)(args->end - args->at));
	args->len = (size_t)((nul ? nul : args->end) - args->at);
	args->bytes = mark == MARK_UNREADABLE ? NULL : args->at;
	args->cut = mark == MARK_CUT || !nul;
	args->at += args->len + 1;
	return true;
}

static bool is_name(const struct args *args, const struct event *event)
{
	return args->len == strlen(event->name) && !memcmp(args->bytes, event->name, args->len);
}

/* The kernel lets a script's interpreter be a script four times (exec_binprm in fs/exec.c), and
 * puts at most two strings in front for each. */
#define SCRIPT_STRINGS 10

unsigned int event_skip(const struct event *event)
{
	struct args args = event_args(event);
	unsigned int index = 0;

	bool known = event->exec.head.flags & RECORD_SCRIPT_KNOWN;

	if (event->exec.head.type != RECORD_EXEC || !event->name || !args_next(&args) ||
	    (known && !(event->exec.head.flags & RECORD_SCRIPT)))
		return 1;
	/* Without the kernel's word: argv[0] is the interpreter, a path that is not the script's. */
	if (!known && (!memchr(args.bytes, '/', args.len) || is_name(&args, event)))
		return 1;
	while (++index <= SCRIPT_STRINGS && args_next(&args))
		if (is_name(&args, event))
			return index + 1;
	/* The script's name may be behind where they are cut: none of these is the caller's. */
	return known && event->cut ? UINT_MAX : 1;
}

bool event_is_script(const struct event *event)
{
	if (event->exec.head.flags & RECORD_SCRIPT_KNOWN)
		return event->exec.head.flags & RECORD_SCRIPT;
	return event_skip(event) > 1;
}

/* As alloc_bprm in fs/exec.c. */
size_t event_prefix(const struct event *e, char prefix[EVENT_PREFIX])
{
	if (!(e->exec.head.flags & RECORD_HAS_DIRFD) || e->exec.dirfd < 0 || !e->name || *e->name == '/')
		return 0;
	return format_text(prefix, EVENT_PREFIX, *e->name ? "/dev/fd/%d/" : "/dev/fd/%d", e->exec.dirfd);
}
