/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "reader/merge.h"
#include "lib/timestamp.h"

int merge_init(struct merge *merge, size_t lanes, int64_t ahead)
{
	*merge = (struct merge){.count = lanes, .ahead = ahead, .now = monotonic_ns() - (uint64_t)ahead};
	merge->lanes = calloc(lanes, sizeof(*merge->lanes));
	merge->begun = calloc(lanes, sizeof(*merge->begun));
	if (merge->lanes && merge->begun)
		return 0;
	merge_free(merge);
	return -ENOMEM;
}

void merge_free(struct merge *merge)
{
	free(merge->lanes);
	free(merge->begun);
	*merge = (struct merge){0};
}

/* ---- which comes first: a heap, because there may be hundreds of CPUs ---- */

static bool is_older(const struct lane *a, const struct lane *b)
{
	return a->time < b->time;
}

static void add_begun(struct merge *m, struct lane *lane)
{
	size_t at = m->begun_count++;

	for (size_t above; at && is_older(lane, m->begun[above = (at - 1) / 2]); at = above)
		m->begun[at] = m->begun[above];
	m->begun[at] = lane;
}

/* Puts the first to its place, after its exec has become another. */
static void sink_first(struct merge *m)
{
	struct lane *lane = m->begun[0];
	size_t at = 0, below;

	while ((below = 2 * at + 1) < m->begun_count) {
		if (below + 1 < m->begun_count && is_older(m->begun[below + 1], m->begun[below]))
			below++;
		if (!is_older(m->begun[below], lane))
			break;
		m->begun[at] = m->begun[below];
		at = below;
	}
	m->begun[at] = lane;
}

/* Goes on with the lane whose exec was handed out. */
static void release_taken(struct merge *m)
{
	struct lane *lane = m->taken; /* it is the first */

	if (!lane)
		return;
	m->taken = NULL;
	lane->ops->release(lane);
	lane->state = LANE_EMPTY;
	lane->ops->advance(lane, false);
	if (lane->state == LANE_EMPTY)
		m->begun[0] = m->begun[--m->begun_count];
	if (m->begun_count)
		sink_first(m);
}

void merge_update(struct merge *m)
{
	release_taken(m);
	/* First the time, then the lanes: what is older than HOLD_NS by this time is in them. */
	m->now = monotonic_ns() - (uint64_t)m->ahead;
	m->crowded = false;
	for (size_t i = 0; i < m->count; i++) {
		struct lane *lane = m->lanes[i];
		bool begun = lane->state != LANE_EMPTY;

		if (!lane->ops)
			continue;
		m->crowded |= lane->ops->update(lane);
		lane->ops->advance(lane, false);
		if (!begun && lane->state != LANE_EMPTY)
			add_begun(m, lane);
	}
}

bool merge_next(struct merge *m, bool all, struct exec *exec)
{
	struct lane *lane;

	release_taken(m);
	if (!m->begun_count)
		return false;
	lane = m->begun[0];
	/* When the rings fill up, nobody waits for the rest of one exec. */
	if (all || m->crowded)
		lane->ops->advance(lane, all);
	if (lane->state != LANE_READY)
		return false;
	if (!all && !m->crowded && lane->time + HOLD_NS > m->now)
		return false;
	lane->ops->hand_out(lane, exec);
	lane->state = LANE_TAKEN;
	m->taken = lane;
	return true;
}

uint64_t merge_wait(const struct merge *m)
{
	const struct lane *lane = m->begun_count ? m->begun[0] : NULL;
	uint64_t due;

	if (!lane)
		return UINT64_MAX;
	due = lane->state == LANE_READY ? lane->time + HOLD_NS : lane->last_record + GIVE_UP_NS;
	return due > m->now ? due - m->now : 0;
}

void merge_spill(struct merge *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->lanes[i]->ops && m->lanes[i]->ops->spill && m->lanes[i]->state < LANE_BUSY)
			m->lanes[i]->ops->spill(m->lanes[i]);
}

void merge_lose(struct merge *m, struct lane *lane, uint64_t count, uint64_t time)
{
	if (!count)
		return;
	m->lost += count;
	if (!lane->loss.count)
		lane->loss = (struct loss){.cpu = lane->cpu, .from = lane->last_time};
	lane->loss.count += count;
	lane->loss.to = time;
}

void merge_find(struct merge *m, struct lane *lane)
{
	m->lost -= m->lost > 0;
	lane->loss.count -= lane->loss.count > 0;
}

bool merge_take_loss(struct merge *m, struct loss *loss)
{
	for (size_t i = 0; i < m->count; i++) {
		struct lane *lane = m->lanes[i];

		if (!lane->loss.count)
			continue;
		*loss = lane->loss;
		lane->loss.count = 0;
		return true;
	}
	return false;
}
