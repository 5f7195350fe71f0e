#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/counts.h"
#include "lib/timestamp.h"
#include "loader.h"
#include "source/programs.h"

struct counts *read_counts(const struct tracer *t)
{
	size_t size = map_value_size(t, MAP_SCRATCHES);
	char *asked = t->scratches ? NULL : malloc(size);
	struct counts *counts = calloc((size_t)tracer_lanes(t), sizeof(*counts));
	int ret = counts && (t->scratches || asked) ? 0 : -ENOMEM;

	/* What is read here is not older than what was read before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (int lane = 0; !ret && lane < tracer_lanes(t); lane++) {
		if (asked)
			ret = map_lookup(map_fd(t, MAP_SCRATCHES), &lane, asked);
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
/* What ends while we look makes the kernel begin anew. */
#define LOOKS_MOST 65536

static uint64_t count_not_returned(const struct tracer *t)
{
	uint64_t key = 0, next, count = 0, now = monotonic_ns() - (uint64_t)t->clock_ahead;
	uint32_t looks = t->options->fails ? LOOKS_MOST : 0;
	struct call call;

	while (looks-- && !map_next_key(map_fd(t, MAP_CALLS), &key, &next)) {
		count += !map_lookup(map_fd(t, MAP_CALLS), &next, &call) && call.time + LONG_NS < now;
		key = next;
	}
	return count;
}

struct missed count_missed(const struct tracer *t)
{
	struct missed missed = {.not_returned = count_not_returned(t)};

	COUNT_ALL(t, missed, missed.by_tracepoints);
	COUNT_ALL(t, missed_by_probe, missed.by_probes);
	return missed;
}

void tracer_look_at_counts(struct tracer *t, uint32_t *seqs)
{
	struct counts *now = read_counts(t);

	for (int lane = 0; now && lane < tracer_rings(t); lane++)
		seqs[lane] = now[lane].seq;
	free(t->counts);
	t->counts = now;
}

uint64_t count_unentered(const struct tracer *t)
{
	uint64_t unentered = 0;

	COUNT_ALL(t, unentered, unentered);
	return unentered;
}

uint64_t tracer_skipped(const struct tracer *t)
{
	/* First the one, then the other, which makes up for it. */
	uint64_t execs = program_misses(t->exec_program), entries = 0, returns = 0, unentered, known, recovered = 0;
	struct missed missed = t->attached_count ? count_missed(t) : t->missed_at_end;

	COUNT_ALL(t, dropped, execs);
	COUNT_ALL(t, recovered, recovered);
	for (size_t i = 0; i < t->exits_count; i++)
		returns += program_misses(t->exits[i]);
	for (size_t i = 0; i < t->enters_count; i++)
		entries += program_misses(t->enters[i]);
	unentered = count_unentered(t) - t->unentered;
	/* The kernel counts (from 6.7 on) also returns and entries of calls that did not fail. A failed one is still noted, or its
	 * entry was missed, too. */
	entries = entries > unentered ? entries - unentered : 0;
	known = missed.by_tracepoints + missed.by_probes;
	returns = returns > known ? returns - known : 0;
	if (returns > missed.not_returned + entries)
		returns = missed.not_returned + entries;
	return (execs > recovered ? execs - recovered : 0) + known + returns;
}

/* At most: how often both missed the same is not known. */
static uint64_t missed_by_both(const int programs[2])
{
	uint64_t first = programs[0] < 0 ? 0 : program_misses(programs[0]);
	uint64_t second = programs[1] < 0 ? first : program_misses(programs[1]);

	return first < second ? first : second;
}

uint64_t tracer_unseen_forks(const struct tracer *t)
{
	return missed_by_both(t->fork_programs);
}

uint64_t tracer_filtered(const struct tracer *t)
{
	uint64_t filtered = 0;

	COUNT_ALL(t, filtered, filtered);
	return filtered;
}

uint64_t tracer_forgotten(const struct tracer *t)
{
	uint64_t forgotten = 0;

	if (tracer_has_members(t))
		COUNT_ALL(t, forgotten, forgotten);
	return forgotten;
}

uint64_t tracer_unnoted(const struct tracer *t)
{
	uint64_t unnoted = 0;

	if (t->options->fails)
		COUNT_ALL(t, unnoted, unnoted);
	return unnoted;
}
