/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/records.h"
#include "lib/timestamp.h"

struct ring_lane {
	struct lane lane; /* first: a struct lane * of these is one of these */
	struct records *records;
	struct ring first; /* of execs' first records */
	struct ring bulk;  /* of what follows them, and of failed calls */
	struct ring *from; /* the one that has the exec's first record */
	uint32_t next_seq;
	enum parts_state state;
	struct parts parts;
};

static const struct lane_ops ops;

int records_init(struct records *records, size_t lanes, int cpus, int proc, int64_t ahead)
{
	*records = (struct records){0};
	records->lanes = calloc(lanes, sizeof(*records->lanes));
	if (!records->lanes || merge_init(&records->merge, lanes, ahead)) {
		free(records->lanes);
		records->lanes = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < lanes; i++) {
		records->lanes[i] = (struct ring_lane){
			.lane = {.cpu = (int)i % cpus, .last_time = monotonic_ns() - (uint64_t)ahead},
			.records = records,
			.next_seq = 1,
			.parts = {.gathering = &records->gathering},
		};
		records->merge.lanes[i] = &records->lanes[i].lane;
	}
	asker_init(&records->asker, proc);
	records->gathering.asking = asking_of(&records->asker);
	records->gathering.cut = &records->merge.cut;
	return 0;
}

void records_free(struct records *records)
{
	if (!records->lanes)
		return;
	for (size_t i = 0; i < records->merge.count; i++) {
		struct ring_lane *l = &records->lanes[i];

		if (l->lane.ops) {
			ring_unmap(&l->first);
			ring_unmap(&l->bulk);
		}
		parts_free(&l->parts);
	}
	free(records->lanes);
	records->lanes = NULL;
	merge_free(&records->merge);
	argument_room_free(&records->gathering.room);
	asker_free(&records->asker);
}

void records_add(struct records *records, const struct ring *first, const struct ring *bulk, int lane)
{
	struct ring_lane *l = &records->lanes[lane];

	l->bulk = *bulk;
	l->first = *first; /* of a CPU that comes back the numbers go on */
	l->lane.ops = &ops;
}

bool records_has(const struct records *records, int lane)
{
	return records->lanes[lane].lane.ops;
}

void records_poll_fds(const struct records *records, struct pollfd *fds)
{
	for (size_t i = 0; i < records->merge.count; i++) {
		const struct ring_lane *l = &records->lanes[i];

		fds[2 * i].fd = l->lane.ops ? l->first.fd : -1;
		fds[2 * i + 1].fd = l->lane.ops ? l->bulk.fd : -1;
		fds[2 * i].events = fds[2 * i + 1].events = POLLIN;
	}
}

/* ---- which record is next ---- */

/* The record at the tail of the ring. One that is not sound is passed over: the gap is counted. */
static const struct record_head *next_record(struct ring *ring)
{
	const struct record_head *head;

	while ((head = ring_peek(ring)) && !record_is_sound(head, ring->record_size))
		ring_next(ring);
	return head;
}

/* The next record in the ring for the rest, but what follows execs before that one. */
static const struct record_head *next_bulk(struct ring_lane *l, uint32_t seq)
{
	const struct record_head *head;

	while ((head = next_record(&l->bulk)) && (int32_t)(head->seq - seq) < 0)
		ring_next(&l->bulk);
	return head;
}

/* The next first record of either ring, by their numbers; l->from gets its ring. What follows an exec whose first record was
 * lost is passed over. */
static const struct record_head *next_first(struct ring_lane *l)
{
	bool fresh = false;

	for (;;) {
		const struct record_head *first = next_record(&l->first), *bulk = next_record(&l->bulk);

		if (first && !record_is_first(first)) {
			ring_next(&l->first);
			continue;
		}
		if (!bulk || (first && (int32_t)(bulk->seq - first->seq) >= 0)) {
			l->from = &l->first;
			return first;
		}
		/* Before it stands in the one ring, all with lower numbers stand in the other. */
		if (!fresh && (!record_is_first(bulk) || bulk->seq != l->next_seq)) {
			ring_update(&l->first);
			fresh = true;
		} else if (record_is_first(bulk)) {
			l->from = &l->bulk;
			return bulk;
		} else {
			ring_next(&l->bulk);
		}
	}
}

bool records_remove(struct records *records, int lane)
{
	struct ring_lane *l = &records->lanes[lane];

	if (!l->lane.ops || l->lane.state != LANE_EMPTY)
		return false;
	ring_update(&l->first);
	ring_update(&l->bulk);
	if (next_first(l))
		return false;
	ring_unmap(&l->first);
	ring_unmap(&l->bulk);
	l->lane.ops = NULL;
	return true;
}

/* ---- numbers ---- */

/* Counts the execs between the last one of the lane and this one, of that time, as lost. */
static void count_gap(struct ring_lane *l, uint32_t seq, uint64_t time)
{
	uint32_t gap = seq - l->next_seq;

	if ((int32_t)gap >= 0) {
		merge_lose(&l->records->merge, &l->lane, gap, time);
		l->next_seq = seq + 1;
	} else { /* it was expected before, and counted as lost when it had not come (records_expect) */
		merge_find(&l->records->merge, &l->lane);
	}
	l->lane.last_time = time;
}

void records_expect(struct records *records, int lane, uint32_t seq)
{
	struct ring_lane *l = &records->lanes[lane];

	if (l->lane.ops && (l->lane.state != LANE_EMPTY || next_first(l)))
		return;
	if ((int32_t)(seq - l->next_seq) < 0)
		return;
	merge_lose(&records->merge, &l->lane, seq - (l->next_seq - 1), records->merge.now);
	l->next_seq = seq + 1;
}

/* ---- the lane's operations ---- */

static void set_state(struct ring_lane *l, enum parts_state state)
{
	l->state = state;
	l->lane.state = state == PARTS_MISSING ? LANE_GATHERING : LANE_READY;
	if (state != PARTS_IN_PLACE)
		ring_next(l->from);
}

static void begin_exec(struct ring_lane *l, const struct record_head *head)
{
	enum parts_state state;

	l->lane.state = LANE_BUSY;
	state = parts_begin(&l->parts, head);
	l->lane.time = l->lane.last_record = l->parts.event.exec.time;
	count_gap(l, head->seq, l->lane.time);
	set_state(l, state);
}

/* Adds a record, which is at the tail of that ring, to the exec that is being gathered. */
static void add_part(struct ring_lane *l, struct ring *ring, const struct record_head *head)
{
	l->lane.state = LANE_BUSY;
	l->state = parts_add(&l->parts, head);
	ring_next(ring);
	l->lane.state = l->state == PARTS_COPIED ? LANE_READY : LANE_GATHERING;
}

/* Goes on with the exec that is being gathered. false: its next record has not come. */
static bool gather(struct ring_lane *l, bool last)
{
	const struct merge *m = &l->records->merge;
	uint32_t seq = l->parts.event.exec.head.seq;
	const struct record_head *part = next_bulk(l, seq), *first = next_record(&l->first);

	if (part && part->seq == seq && !record_is_first(part)) {
		add_part(l, &l->bulk, part);
		l->lane.last_record = m->now;
	} else if (first && !record_is_first(first) && first->seq == seq) {
		add_part(l, &l->first, first);
	} else if (part || first || last || l->lane.last_record + (m->crowded ? HOLD_NS : GIVE_UP_NS) <= m->now) {
		/* Something else follows, or nothing for a long time: it was lost. */
		parts_give_up(&l->parts);
		l->state = PARTS_COPIED;
		l->lane.state = LANE_READY;
	} else {
		return false;
	}
	return true;
}

static void advance(struct lane *lane, bool last)
{
	struct ring_lane *l = (struct ring_lane *)lane;
	const struct record_head *head;

	while (lane->state != LANE_READY) {
		if (lane->state == LANE_GATHERING) {
			if (!gather(l, last))
				return;
			continue;
		}
		head = next_first(l);
		if (!head)
			return;
		begin_exec(l, head);
	}
}

static size_t waiting(const struct ring *ring)
{
	return ring->head - ring->tail;
}

static bool update(struct lane *lane)
{
	struct ring_lane *l = (struct ring_lane *)lane;

	/* In this order: what stands in the one for the rest of an exec has come before the next exec in the first. */
	ring_update(&l->first);
	ring_update(&l->bulk);
	return waiting(&l->first) > l->first.size / 2 || waiting(&l->bulk) > l->bulk.size / 2;
}

static void hand_out(struct lane *lane, struct exec *exec)
{
	struct ring_lane *l = (struct ring_lane *)lane;

	parts_to_exec(&l->parts, exec);
	exec->cpu = lane->cpu;
}

static void release(struct lane *lane)
{
	struct ring_lane *l = (struct ring_lane *)lane;

	if (l->state == PARTS_IN_PLACE)
		ring_next(l->from);
	assembly_shrink(&l->parts.buffer);
	l->parts.gathering->asking.rest(l->parts.gathering->asking.context);
}

static void spill(struct lane *lane)
{
	struct ring_lane *l = (struct ring_lane *)lane;

	ring_update(&l->first);
	if (waiting(&l->first) < l->first.size / 8)
		return;
	ring_spill(&l->first);
	/* The exec that waits is elsewhere now. */
	if (lane->state == LANE_READY && l->state == PARTS_IN_PLACE && l->from == &l->first)
		parts_move(&l->parts, ring_peek(&l->first));
}

static const struct lane_ops ops = {
	.update = update,
	.advance = advance,
	.hand_out = hand_out,
	.release = release,
	.spill = spill,
};

const struct event *records_taken(const struct records *records)
{
	const struct ring_lane *l = (const struct ring_lane *)records->merge.taken;

	return l ? &l->parts.event : NULL;
}
