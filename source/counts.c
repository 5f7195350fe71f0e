/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/counts.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "loader.h"

struct counts *read_counts(const struct tracer *t)
{
	size_t size = t->object.maps[MAP_scratches].value_size;
	char *asked = t->scratches ? NULL : malloc(size);
	struct counts *counts = calloc((size_t)tracer_lanes(t), sizeof(*counts));
	int ret = counts && (t->scratches || asked) ? 0 : -ENOMEM;

	/* These counts must not be older than what was read before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (int lane = 0; !ret && lane < tracer_lanes(t); lane++) {
		if (asked)
			ret = map_lookup(t->link.maps[MAP_scratches], &lane, asked);
		memcpy(&counts[lane], asked ? asked : t->scratches + size * (size_t)lane, sizeof(*counts));
	}
	free(asked);
	if (!ret)
		return counts;
	free(counts);
	return NULL;
}

/* The sum of one of the counts over all lanes. */
#define COUNT_ALL(t, count, sum)                                                          \
	do {                                                                              \
		struct counts *all = read_counts(t);                                      \
		for (int lane = 0; all && lane < tracer_lanes(t); lane++)                 \
			(sum) += all[lane].count;                                         \
		free(all);                                                                \
	} while (0)

/* A call that has lasted so long may have returned unseen. */
#define LONG_NS 1000000000ULL
/* A call that ends while we look makes the kernel begin anew. */
#define LOOKS_MOST 65536

/* So many calls at most whose process has ended unseen are told apart. */
#define ENDED_MOST 256

static uint64_t count_not_returned(const struct tracer *t)
{
	uint64_t key = 0, next, count = 0, now = monotonic_ns() - (uint64_t)t->base.clock_ahead;
	uint32_t looks = t->base.request->fails ? LOOKS_MOST : 0;
	struct call call;

	while (looks-- && !map_next_key(t->link.maps[MAP_calls], &key, &next)) {
		count += !map_lookup(t->link.maps[MAP_calls], &next, &call) && call.time + LONG_NS < now;
		key = next;
	}
	return count;
}

/* Whether there is no such process any more. A thread that executes can lose its id long before its exec; its process keeps its own. */
static bool has_ended(const struct tracer *t, uint32_t pid)
{
	char path[32], text[16];
	int ret;

	format_text(path, sizeof(path), "%u/stat", pid);
	ret = read_file(t->base.proc, path, text, sizeof(text));
	return ret == -ENOENT || ret == -ESRCH;
}

static bool is_in(const uint64_t *keys, size_t count, uint64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* Adds the calls that are noted though their processes have ended: "thread_exit", which would have counted them, has missed that. */
static void add_ended(const struct tracer *t, struct missed *missed)
{
	uint64_t ended[ENDED_MOST], key = 0, next;
	uint32_t looks = t->base.request->fails ? LOOKS_MOST : 0;
	size_t count = 0;
	struct call call, again;

	/* Processes of others may be hidden (hidepid in proc(5)). */
	if (!t->base.proc_is_initial || faccessat(t->base.proc, "1/stat", F_OK, 0))
		return;
	while (looks-- && count < ENDED_MOST && !map_next_key(t->link.maps[MAP_calls], &key, &next)) {
		key = next;
		if (is_in(ended, count, key) || map_lookup(t->link.maps[MAP_calls], &key, &call) || !has_ended(t, call.pid))
			continue;
		/* It may have been forgotten before its process was gone. */
		if (map_lookup(t->link.maps[MAP_calls], &key, &again) || again.time != call.time)
			continue;
		ended[count++] = key;
		*(call.flags & CALL_BY_PROBE ? &missed->by_probes : &missed->by_tracepoints) += 1;
	}
}

struct missed count_missed(const struct tracer *t, bool at_end)
{
	struct missed missed = {.not_returned = count_not_returned(t)};

	if (at_end)
		add_ended(t, &missed);
	COUNT_ALL(t, missed, missed.by_tracepoints);
	COUNT_ALL(t, missed_by_probe, missed.by_probes);
	return missed;
}

void look_at_counts(struct tracer *t, uint32_t *seqs)
{
	struct counts *now = read_counts(t);

	for (int lane = 0; now && lane < tracer_rings(t); lane++)
		seqs[lane] = now[lane].seq;
	free(t->counts);
	t->counts = now;
}

struct unentered count_unentered(const struct tracer *t)
{
	struct unentered unentered = {0};

	COUNT_ALL(t, unentered, unentered.execs);
	COUNT_ALL(t, unentered_failures, unentered.failures);
	return unentered;
}

static uint64_t sum_of_misses(const struct programs *programs)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < programs->count; i++)
		sum += program_misses(programs->fds[i]);
	return sum;
}

/* At most: how often all missed the same is not known. */
static uint64_t least_of_misses(const struct programs *programs)
{
	uint64_t least = programs->count ? UINT64_MAX : 0;

	for (size_t i = 0; i < programs->count; i++) {
		uint64_t misses = program_misses(programs->fds[i]);

		least = misses < least ? misses : least;
	}
	return least;
}

/* At a function's return a kprobe shows as many calls as are under way at once (maxactive in kernel/kprobes.c); of the others the
 * kernel tells nobody that it did not. A call whose entry was seen is still noted. unseen: entries of calls that failed. */
static uint64_t count_unprobed(const struct tracer *t, uint64_t unseen)
{
	uint64_t entries = sum_of_misses(&t->missing[MISSES_PROBED]), unnoted = 0;
	uint64_t shown = count_unentered(t).failures - t->unentered.failures;

	COUNT_ALL(t, unnoted, unnoted); /* these are shown, too */
	shown = shown > unnoted ? shown - unnoted : 0;
	if (entries > unseen)
		entries = unseen;
	return entries > shown ? entries - shown : 0;
}

/* How many execs the kernel did not show at most, because another BPF program or a bpf(2) call was at work on the CPU. */
static uint64_t count_skipped(const struct tracer *t)
{
	/* First the one, then the other, which makes up for it. */
	uint64_t execs = sum_of_misses(&t->missing[MISSES_EXECS]), recovered = 0;
	struct missed missed = t->attached_count ? count_missed(t, false) : t->missed_at_end;
	uint64_t returns = sum_of_misses(&t->missing[MISSES_RETURNS]);
	uint64_t entries = sum_of_misses(&t->missing[MISSES_ENTRIES]) + sum_of_misses(&t->missing[MISSES_PROBED]);
	uint64_t unentered = count_unentered(t).execs - t->unentered.execs;

	COUNT_ALL(t, dropped, execs);
	COUNT_ALL(t, recovered, recovered);
	/* The kernel counts (from 6.7 on) also returns and entries of calls that did not fail. A failed one is still noted,
	 * or its entry was missed, too. */
	entries = entries > unentered ? entries - unentered : 0;
	returns = returns > missed.by_tracepoints ? returns - missed.by_tracepoints : 0;
	returns += count_unprobed(t, entries);
	if (returns > missed.not_returned + entries)
		returns = missed.not_returned + entries;
	return (execs > recovered ? execs - recovered : 0) + missed.by_probes + missed.by_tracepoints + returns;
}

void count_losses(const struct tracer *t, struct losses *losses)
{
	*losses = (struct losses){
		.skipped = count_skipped(t),
		.unseen_forks = least_of_misses(&t->missing[MISSES_FORKS]),
		.unseen_exits = t->base.request->exits ? least_of_misses(&t->missing[MISSES_ENDS]) : 0,
		.unseen_ends = t->unseen_ends,
	};
	COUNT_ALL(t, filtered, losses->filtered);
	if (source_follows(&t->base))
		COUNT_ALL(t, forgotten, losses->forgotten);
	if (t->base.request->fails)
		COUNT_ALL(t, unnoted, losses->unnoted);
}
