#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "caller.h"
#include "event.h"

/* In front of each argument of a failed exec. */
#define MARK_READ '+'
#define MARK_UNREADABLE '!'

/* An exec of which a part is missing is given up when its head is this old. */
#define GIVE_UP_NS 1000000000ULL

enum state {
	EMPTY,	   /* nothing begun */
	GATHERING, /* the head is here, parts are missing */
	READY,
	TAKEN, /* handed out by collector_next() */
};

struct source {
	struct ring ring;
	int cpu;
	bool gone; /* the CPU is offline, there is no ring */
	uint32_t next_seq;
	enum state state;
	bool in_ring; /* READY, and its bytes are still in the ring */
	bool open_piece; /* the last argument goes on in the next piece */
	uint32_t next_part;
	struct event event;
	/* Name and arguments of an exec that has more than one record. */
	char *buffer;
	size_t used, capacity;
};

int collector_init(struct collector *collector, size_t capacity, int proc, uint32_t long_size)
{
	*collector = (struct collector){
		.capacity = capacity, .proc = proc, .long_size = long_size};
	collector->sources = calloc(capacity, sizeof(struct source));
	return collector->sources ? 0 : -ENOMEM;
}

void collector_free(struct collector *collector)
{
	for (size_t i = 0; i < collector->count; i++) {
		if (!collector->sources[i].gone)
			ring_unmap(&collector->sources[i].ring);
		free(collector->sources[i].buffer);
	}
	free(collector->sources);
}

static struct source *find_source(const struct collector *collector, int cpu)
{
	for (size_t i = 0; i < collector->count; i++)
		if (collector->sources[i].cpu == cpu)
			return &collector->sources[i];
	return NULL;
}

void collector_add(struct collector *collector, const struct ring *ring, int cpu)
{
	struct source *s = find_source(collector, cpu);

	if (!s) {
		s = &collector->sources[collector->count++];
		*s = (struct source){.cpu = cpu, .next_seq = 1};
	}
	s->ring = *ring; /* of a CPU that comes back the numbers go on */
	s->gone = false;
}

bool collector_has(const struct collector *collector, int cpu)
{
	const struct source *s = find_source(collector, cpu);

	return s && !s->gone;
}

bool collector_remove(struct collector *collector, int cpu)
{
	struct source *s = find_source(collector, cpu);

	if (!s || s->gone || s->state != EMPTY)
		return false;
	ring_update(&s->ring);
	if (ring_peek(&s->ring))
		return false;
	ring_unmap(&s->ring);
	s->gone = true;
	return true;
}

void collector_poll_fds(const struct collector *collector, struct pollfd *fds)
{
	for (size_t i = 0; i < collector->capacity; i++) {
		const struct source *s = &collector->sources[i];

		fds[i].fd = i < collector->count && !s->gone ? s->ring.fd : -1;
		fds[i].events = POLLIN;
	}
}

void collector_update(struct collector *collector)
{
	struct timespec now;

	/* First the time, then the rings: what is older than HOLD_NS by this time is in them. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	collector->now = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	collector->crowded = false;
	for (size_t i = 0; i < collector->count; i++) {
		struct ring *ring = &collector->sources[i].ring;

		if (collector->sources[i].gone)
			continue;
		ring_update(ring);
		if (ring->head - ring->tail > ring->size / 2)
			collector->crowded = true;
	}
}

/* Appends to the buffer; an exec that finds no memory is cut. */
static void append(struct source *s, const void *bytes, size_t len)
{
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

static void ready(struct source *s)
{
	s->state = READY;
	if (s->in_ring)
		return;
	if (s->event.exec.head.type == RECORD_FAIL && s->open_piece)
		append(s, "", 1);
	s->event.name = s->event.name ? s->buffer : NULL;
	s->event.args = s->buffer + s->event.exec.name_len;
	s->event.args_len = s->used - s->event.exec.name_len;
}

/* Puts the name that the kernel side could not read into the buffer, if it can be read now. */
static void ask_caller_name(const struct collector *c, struct source *s)
{
	struct exec_record *e = &s->event.exec;
	char name[NAME_SIZE];
	size_t size = 0;

	if (caller_is(c->proc, e->pid, e->arg_start))
		size = caller_string(e->pid, e->name_address, name, sizeof(name));
	if (!size || name[size - 1] || !caller_is(c->proc, e->pid, e->arg_start))
		return;
	append(s, name, size);
	e->name_len = (uint32_t)size;
	s->event.name = s->buffer;
}

static void take_head(struct collector *c, struct source *s, const struct record_head *head)
{
	const char *data = (const char *)head + sizeof(struct exec_record);
	struct event *event = &s->event;
	struct exec_record *e = &event->exec;

	c->lost += head->seq - s->next_seq;
	s->next_seq = head->seq + 1;
	s->next_part = 1;
	s->used = 0;
	s->open_piece = false;
	*event = (struct event){.cpu = s->cpu};
	memcpy(e, head, sizeof(*e)); /* in the ring it is aligned to 4 bytes only */
	if (!(head->flags & RECORD_NO_NAME) && e->name_len && !data[e->name_len - 1])
		event->name = data;
	event->name_cut = e->name_len == NAME_SIZE;
	event->unreadable = head->flags & RECORD_UNREADABLE;
	event->args = data + e->name_len;
	event->args_len = event->unreadable ? 0 : head->data_len;
	s->in_ring = head->type == RECORD_EXEC ? e->args_len == head->data_len
					       : head->flags & RECORD_UNREADABLE;
	if (!s->in_ring) {
		if (!event->name && e->name_address)
			ask_caller_name(c, s);
		if (!s->used)
			append(s, data, e->name_len + event->args_len);
		ring_next(&s->ring);
		s->state = GATHERING;
		return;
	}
	ready(s);
}

/* The most bytes that are kept of a failed exec, and of one string read from outside: what the kernel
 * would take at most for arguments (bprm_stack_limits), and for one (MAX_ARG_STRLEN, 32 pages). */
#define FAIL_MOST (6U << 20)
#define STRING_MOST (128U << 10)

/* Reads a string of the caller from outside. */
static bool append_from_caller(struct source *s, uint64_t address)
{
	static char string[STRING_MOST];
	size_t size = caller_string(s->event.exec.pid, address, string, sizeof(string));

	if (!size)
		return false;
	append(s, &(char){MARK_READ}, 1);
	append(s, string, size);
	if (string[size - 1]) {
		s->event.cut = true;
		append(s, "", 1);
	}
	return true;
}

/* Reads from outside what the kernel side could not: one string, or the rest of argv. What is not to
 * be had (the caller has ended, or executes something else by now) is marked. */
static void ask_caller(const struct collector *c, struct source *s, const struct piece *piece)
{
	const struct exec_record *e = &s->event.exec;
	uint64_t slot = piece->address, address = piece->address;
	size_t used = s->used;
	bool asked = caller_is(c->proc, e->pid, e->arg_start), complete = asked;

	if (asked && !piece->is_list) {
		complete = append_from_caller(s, address);
	} else if (asked) {
		for (;; slot += c->long_size) {
			address = 0;
			complete = caller_read(e->pid, slot, &address, c->long_size);
			if (!complete || !address)
				break;
			if (s->used > FAIL_MOST) {
				s->event.cut = true;
				break;
			}
			if (!append_from_caller(s, address))
				append(s, (char[]){MARK_UNREADABLE, 0}, 2);
		}
	}
	if (asked && !caller_is(c->proc, e->pid, e->arg_start)) {
		s->used = used; /* it may be another program's memory that was read */
		complete = false;
	}
	if (!complete && piece->is_list)
		s->event.unreadable = true;
	else if (!complete)
		append(s, (char[]){MARK_UNREADABLE, 0}, 2);
}

/* Adds the pieces of a failed exec's strings. */
static void take_pieces(const struct collector *c, struct source *s, const char *data, size_t len)
{
	while (len >= sizeof(struct piece)) {
		struct piece piece;
		size_t size;

		memcpy(&piece, data, sizeof(piece));
		size = piece.len > 0 ? (size_t)piece.len : 0;
		if (size > len - sizeof(piece))
			return;
		if (!size && s->open_piece) {
			s->event.cut = true; /* the rest of a string has gone meanwhile */
			append(s, "", 1);
		} else if (!size) {
			ask_caller(c, s, &piece);
		} else {
			if (!s->open_piece)
				append(s, &(char){MARK_READ}, 1);
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

/* Adds a record to the exec that is being gathered. */
static void take_part(const struct collector *c, struct source *s, const struct record_head *head)
{
	const char *data = (const char *)((const struct more_record *)head + 1);
	struct event *event = &s->event;
	bool last;

	if (head->part != s->next_part)
		event->cut = true; /* the ring was full for a part before this one */
	s->next_part = head->part + 1;
	if (!event->cut && !event->unreadable) {
		if (head->type == RECORD_PIECES)
			take_pieces(c, s, data, head->data_len);
		else if (!(head->flags & RECORD_UNREADABLE))
			append(s, data, head->data_len);
	}
	event->unreadable |= head->flags & RECORD_UNREADABLE;
	event->cut |= head->flags & RECORD_CUT;
	last = head->type == RECORD_PIECES
		       ? head->flags & RECORD_LAST
		       : event->exec.head.data_len + (uint64_t)head->part * CHUNK_SIZE >=
				 event->exec.args_len;
	ring_next(&s->ring);
	if (last)
		ready(s);
}

/* Goes on with the source until an exec is ready or its ring is empty. */
static void advance(struct collector *c, struct source *s, bool all)
{
	while (s->state != READY) {
		const struct record_head *head = ring_peek(&s->ring);
		bool is_head = head && (head->type == RECORD_EXEC || head->type == RECORD_FAIL);

		if (s->state == EMPTY) {
			if (!head)
				return;
			if (is_head)
				take_head(c, s, head);
			else /* the rest of an exec whose head was lost */
				ring_next(&s->ring);
			continue;
		}
		if (head && !is_head && head->seq == s->event.exec.head.seq) {
			take_part(c, s, head);
			continue;
		}
		/* The rest is being written, or was lost: then something else follows, or nothing
		 * for a long time. */
		if (!head && !all && s->event.exec.time + GIVE_UP_NS > c->now)
			return;
		s->event.cut = true;
		ready(s);
	}
}

/* The source whose exec comes first, or NULL. */
static struct source *first(const struct collector *c)
{
	struct source *best = NULL;

	for (size_t i = 0; i < c->count; i++) {
		struct source *s = &c->sources[i];

		if (s->state != EMPTY && (!best || s->event.exec.time < best->event.exec.time))
			best = s;
	}
	return best;
}

bool collector_next(struct collector *collector, bool all, struct event *event)
{
	struct source *s;

	for (size_t i = 0; i < collector->count; i++) {
		s = &collector->sources[i];
		if (s->state == TAKEN) {
			if (s->in_ring)
				ring_next(&s->ring);
			s->state = EMPTY;
		}
		if (!s->gone)
			advance(collector, s, all);
	}
	s = first(collector);
	if (!s || s->state != READY)
		return false;
	if (!all && !collector->crowded && s->event.exec.time + HOLD_NS > collector->now)
		return false;
	*event = s->event;
	s->state = TAKEN;
	return true;
}

uint64_t collector_wait(const struct collector *collector)
{
	const struct source *s = first(collector);
	uint64_t due;

	if (!s)
		return UINT64_MAX;
	due = s->event.exec.time + (s->state == READY ? HOLD_NS : GIVE_UP_NS);
	return due > collector->now ? due - collector->now : 0;
}

void collector_close(struct collector *collector, int cpu, uint32_t seq)
{
	const struct source *s = find_source(collector, cpu);

	collector->lost += s ? seq - (s->next_seq - 1) : seq;
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
	bool readable;

	if (args->at >= args->end)
		return false;
	readable = !args->marked || *args->at++ == MARK_READ;
	nul = memchr(args->at, '\0', (size_t)(args->end - args->at));
	args->len = (size_t)((nul ? nul : args->end) - args->at);
	args->bytes = readable ? args->at : NULL;
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
	return 1;
}
