/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/follow.h"
#include "kernel/process_status.h"
#include "kernel/tracefs.h"
#include "loader.h"
#include "source/attach.h"
#include "source/counts.h"

/* The second of two is there where programs can be preempted (attach.c): it finds done what the first has done. */
static const struct hook ends[] = {
	{PROGRAM_THREAD_EXIT, "sched/sched_process_exit", NULL, LANE_END, MISSES_ENDS},
	{PROGRAM_THREAD_EXIT, "sched/sched_process_exit", NULL, LANE_END_AGAIN, MISSES_ENDS},
};
static const struct hook forks[] = {
	{PROGRAM_FORK, "sched/sched_process_fork", NULL, LANE_FORK, MISSES_FORKS},
	{PROGRAM_FORK, "sched/sched_process_fork", NULL, LANE_FORK_AGAIN, MISSES_FORKS},
};

/* Programs that "thread_exit" tail-calls: where calls are noted, "exit" tells of a thread that was killed in one, and "end" of a process. */
static int load_tails(struct tracer *t, const struct hook *hook, const struct link *link, struct error *err)
{
	struct link tail = *link;
	int ret = 0;

	tail.maps[MAP_pieces_program] = link->maps[MAP_end_programs]; /* "exit" may be of another type, and this is not used */
	link_set(&tail, SETTING_call_killed, 1);
	link_set(&tail, SETTING_member_filter, 0); /* "thread_exit" has looked, and it is no member any more */
	link_set(&tail, SETTING_first_lane, (uint64_t)tracer_lane(t, hook->lane, 0));
	if (t->base.request->fails && !link->on_stack)
		ret = link_load_tail(&tail, &t->object, PROGRAM_KILLED, program_type(t), err);
	link_set(&tail, SETTING_keep_filtered, 1);
	if (!ret && t->base.request->exits)
		ret = link_load_tail(&tail, &t->object, PROGRAM_END, program_type(t), err);
	return ret;
}

static int attach_end(struct tracer *t, const struct hook *hook, uint32_t signal_live, struct error *err)
{
	struct link link = t->link;
	int ret = link_create_map(&link, &t->object, MAP_end_programs, 0, err);

	link_set(&link, SETTING_signal_live, signal_live);
	link_set(&link, SETTING_mark_ends, signal_live || t->preempted);
	if (!ret)
		ret = load_tails(t, hook, &link, err);
	if (!ret)
		map_freeze(link.maps[MAP_end_programs]); /* as settle() freezes the others */
	return ret ? ret : hook_attach(t, hook, &link, program_type(t), err);
}

/* Whether --exits can be served. 0 or -errno. */
static int check_exits(const struct tracer *t, struct error *err)
{
	static const enum layout_part parts[] = {LAYOUT_END, LAYOUT_START, LAYOUT_LEADER};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (t->layout.missing[parts[i]])
			return error_set(err, ENOTSUP, "--exits: cannot find what this kernel tells of a process's end: %s: %s; please "
					 "report this kernel's configuration", feature_name((enum feature)((int)FEATURE_PARENT + (int)parts[i])),
					 t->layout.missing[parts[i]]);
	if (!feature_is_here(&t->base.features, FEATURE_MAP_BUFFERS))
		return error_set(err, ENOTSUP, "--exits: this needs Linux 4.11 or later");
	return 0;
}

/* From Linux 6.16 on the tracepoint tells which thread is the last. A program that looks for that is refused before, when it is
 * attached. */
static int attach_first_end(struct tracer *t, uint32_t *signal_live, struct error *err)
{
	struct error no_argument = {0};
	int ret = -EINVAL;

	*signal_live = 0;
	if (!t->base.request->exits)
		return attach_end(t, &ends[0], 0, err);
	if (feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS))
		ret = attach_end(t, &ends[0], 0, &no_argument);
	free(no_argument.log);
	if (!ret)
		return 0;
	*signal_live = t->layout.signal_live;
	if (!*signal_live)
		return error_set(err, ENOTSUP, "--exits: cannot find how many threads of a process live (signal_struct.live)");
	return attach_end(t, &ends[0], *signal_live, err);
}

int trace_ends(struct tracer *t, struct error *err)
{
	uint32_t signal_live;
	int ret = t->base.request->exits ? check_exits(t, err) : 0;

	t->base.refused = ret;
	if (!ret)
		ret = attach_first_end(t, &signal_live, err);
	if (!ret && t->preempted)
		ret = attach_end(t, &ends[1], signal_live, err);
	return ret;
}

/* Finds ids in the records of tracepoints; raw ones give tasks. */
static int learn_ids(struct tracer *t, const char *fork, struct error *err)
{
	uint64_t child = 0, old = 0;
	int ret = need_tracefs(t, err);

	if (!ret)
		ret = tracepoint_field(t->tracefs, fork, "child_pid", 4, &child, err);
	if (!ret)
		ret = tracepoint_field(t->tracefs, "sched/sched_process_exec", "old_pid", 4, &old, err);
	link_set(&t->link, SETTING_fork_child_pid, child);
	link_set(&t->link, SETTING_exec_old_pid, old);
	return ret;
}

int trace_forks(struct tracer *t, struct error *err)
{
	int ret = 0;

	if (!feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS))
		ret = learn_ids(t, forks[0].event, err);
	for (int i = 0; !ret && i < (t->preempted ? 2 : 1); i++)
		ret = hook_attach(t, &forks[i], &t->link, program_type(t), err);
	return ret;
}

void follow_ask(struct tracer *t, struct error *err)
{
	hook_attach(t, &forks[0], &t->link, program_type(t), err);
	attach_end(t, &ends[0], 0, err);
}

#define FIND_TRIES 10
#define ADD_TRIES 50

/* A process of -p, and all that descends from it. */
static int add_root(struct tracer *t, uint32_t tid, struct error *err)
{
	const uint64_t one = 1, none = 0;
	uint64_t key, root = process_of(t->base.proc, tid);
	int added = 0, roots = t->link.maps[MAP_roots];

	/* While a thread takes the process's id over, by executing, nobody seems to have it. */
	for (int tries = 0; !root && tries < FIND_TRIES; tries++) {
		usleep(1000);
		root = process_of(t->base.proc, tid);
	}
	if (!root)
		return error_set(err, ESRCH, "--pid: cannot find process %u: %s; is there such a process (ps)?", tid,
				 strerror(ESRCH));
	map_update(roots, &root, &one);
	/* Its threads may change their ids, by executing, faster than they can be looked at; what they do makes them
	 * members meanwhile. */
	for (int tries = 0; (!added || added == -ENOENT) && tries < ADD_TRIES; tries++) {
		if (added)
			usleep(1000);
		added = members_add_process(t->link.maps[MAP_newcomers], t->base.proc, (uint32_t)root, err);
	}
	map_delete(roots, &root);
	if (added < 0)
		return added;
	if (!added && map_next_key(t->link.maps[MAP_members], &none, &key))
		return error_set(err, ESRCH, "--pid: process %u has ended already (it is a zombie), and nothing "
				 "descends from it", tid);
	t->added += (uint64_t)added;
	return 0;
}

/* We would wait for ourselves. */
static int leave_members(struct tracer *t, int map, const void *key, struct error *err)
{
	int ret = -EAGAIN;

	for (int tries = 0; ret && ret != -ENOENT && tries < ADD_TRIES; tries++)
		ret = map_delete(map, key);
	t->removed += !ret;
	return ret && ret != -ENOENT ? error_set(err, -ret, "cannot take a process out of a BPF map: %s", strerror(-ret)) : 0;
}

/* Those that live already. All programs must be at work by now: an exec changes a thread's id. */
int find_members(struct tracer *t, struct error *err)
{
	const struct strings *pids = &t->base.request->pids;
	const uint64_t self = t->self.pid;
	int ret = 0;

	for (size_t i = 0; !ret && i < pids->count; i++)
		ret = add_root(t, (uint32_t)strtoul(pids->items[i], NULL, 10), err);
	/* We may descend from one of them. */
	if (!ret)
		ret = leave_members(t, t->link.maps[MAP_newcomers], &self, err);
	return ret ? ret : leave_members(t, t->link.maps[MAP_members], &t->self.task, err);
}

int follow_adopt(struct source *source, struct error *err)
{
	struct tracer *t = (struct tracer *)source;
	const uint64_t self = t->self.pid;
	int ret = map_update(t->link.maps[MAP_members], &t->self.task, &self);

	if (ret)
		return error_set(err, -ret, "cannot put a process into a BPF map: %s", strerror(-ret));
	t->added++;
	return 0;
}

int follow_release(struct source *source, uint32_t command, struct error *err)
{
	struct tracer *t = (struct tracer *)source;

	(void)command; /* its maker was followed */
	return leave_members(t, t->link.maps[MAP_members], &t->self.task, err);
}

void follow_sweep(struct tracer *t)
{
	int proc = t->base.proc_is_initial ? t->base.proc : -1;

	if (!source_follows(&t->base))
		return;
	t->removed += members_sweep(t->link.maps[MAP_newcomers], false, proc, &t->suspects[0]);
	/* Raw tracepoints that are not preempted miss no end. */
	if (t->preempted || program_type(t) != BPF_PROG_TYPE_RAW_TRACEPOINT)
		t->unseen_ends += members_sweep(t->link.maps[MAP_members], true, proc, &t->suspects[1]);
}

/* The programs count the members that they add and remove. Both maps must be empty, and the counts must balance. Counting
 * twice gives a consistent snapshot if both times as many were added: then nothing was added between. */
bool follow_all_ended(const struct source *source)
{
	const struct tracer *t = (const struct tracer *)source;
	const uint64_t none = 0; /* no key of the map, so the first would come */
	uint64_t key, added[2] = {t->added, t->added}, removed[2] = {t->removed + t->unseen_ends, t->removed + t->unseen_ends};

	if (!source_follows(source) || map_next_key(t->link.maps[MAP_members], &none, &key) != -ENOENT ||
	    map_next_key(t->link.maps[MAP_newcomers], &none, &key) != -ENOENT)
		return false;
	for (int i = 0; i < 2; i++) {
		struct counts *counts = read_counts(t);

		if (!counts)
			return false;
		for (int lane = 0; lane < tracer_lanes(t); lane++) {
			added[i] += counts[lane].added;
			removed[i] += counts[lane].removed;
		}
		free(counts);
	}
	return added[0] == added[1] && added[0] == removed[0];
}
