/* Set-up: from the embedded object to programs that run in the kernel and rings that fill. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/tracer.h"
#include "kernel/mounts.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "lib/lz4.h"
#include "lib/say.h"
#include "loader.h"
#include "source/attach.h"
#include "source/counts.h"
#include "source/cpus.h"
#include "source/execs.h"
#include "source/failures.h"
#include "source/filter.h"
#include "source/learn.h"
#include "source/members.h"

/* prog.o, from embed.S. */
extern const uint8_t packed_object[], packed_object_end[];

/* The maps of the filters. A filter that is off has a map, too, which is never looked into: any of the
 * same shape. */
static int open_filters(struct tracer *t, struct error *err)
{
	struct error no_cgroups = {0};
	struct filters f;
	bool by_id;
	int ret = filters_open(&f, t->options, t->proc, feature_is_here(&t->features, FEATURE_CGROUP_IDS), err);

	if (ret)
		return ret;
	ret = create_map(t, MAP_MEMBERS, tracer_has_members(t) ? members_capacity() : 1, err);
	if (ret)
		return ret;
	use_map(t, MAP_MNTNSMAP, f.mntnsmap);
	use_map(t, MAP_CGROUPMAP, f.cgroupmap);
	use_map(t, MAP_MNTNS_SET, f.mntns);
	use_map(t, MAP_NEWCOMERS, -1);
	use_map(t, MAP_ROOTS, -1);
	use_map(t, MAP_HANDLED, -1);
	if (t->preempted && (ret = create_map(t, MAP_HANDLED, 0, err)))
		return ret;
	use_map(t, MAP_CGROUPS, f.cgroups);
	feature_note(&t->features, FEATURE_UNDER_CGROUP,
		     f.cgroups >= 0 || !create_map(t, MAP_CGROUPS, 0, &no_cgroups), no_cgroups.text);
	if (!feature_is_here(&t->features, FEATURE_UNDER_CGROUP))
		swap_helper(t, BPF_FUNC_current_task_under_cgroup, BPF_FUNC_get_current_pid_tgid);
	if (t->options->print_cgroup && !feature_is_here(&t->features, FEATURE_CGROUP_IDS))
		say("warning: --print-cgroup shows \"?\": this kernel cannot tell a program its cgroup's id (Linux 4.18, "
		    "CONFIG_CGROUPS=y)");
	if (!tracer_has_members(t))
		return 0;
	/* Those of a command are all known by their tasks, where the fork's tracepoint tells these. */
	by_id = t->options->pids.count || !feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS);
	ret = create_map(t, MAP_NEWCOMERS, by_id ? members_capacity() : 1, err);
	if (!ret && t->options->pids.count)
		ret = create_map(t, MAP_ROOTS, (uint32_t)t->options->pids.count, err);
	return ret;
}

int tracer_lane(const struct tracer *t, enum lane_kind kind, int cpu)
{
	return t->preempted ? (int)kind * t->cpus + cpu : cpu;
}

int tracer_lanes(const struct tracer *t)
{
	return !t->preempted ? t->cpus : t->options->fails ? LANE_KINDS * t->cpus : LANE_ENTER_EXECVE * t->cpus;
}

int tracer_rings(const struct tracer *t)
{
	return !t->preempted ? t->cpus : (t->options->fails ? LANE_FORK : LANE_FAIL) * t->cpus;
}

static int make_scratches(struct tracer *t, struct error *err)
{
	size_t size = map_value_size(t, MAP_SCRATCHES) * (size_t)tracer_lanes(t);
	int ret = create_map(t, MAP_SCRATCHES, (uint32_t)tracer_lanes(t), err);

	if (ret)
		return ret;
	t->scratches = mmap(NULL, size, PROT_READ, MAP_SHARED, map_fd(t, MAP_SCRATCHES), 0);
	if (t->scratches == MAP_FAILED)
		t->scratches = NULL; /* below 5.5: each will be asked for */
	return 0;
}

#define CALLS_LEAST 4096U

/* How many threads can be in a call at once. Each takes some 100 bytes. */
static uint32_t calls_capacity(void)
{
	uint32_t capacity = members_capacity() / 4;

	return capacity < CALLS_LEAST ? CALLS_LEAST : capacity;
}

#define FIND_TRIES 10
#define ADD_TRIES 50

/* A process of -p, and all that descends from it. */
static int add_root(struct tracer *t, uint32_t tid, struct error *err)
{
	const uint64_t one = 1, none = 0;
	uint64_t key, root = members_process(t->proc, tid);
	int added = 0, roots = map_fd(t, MAP_ROOTS);

	/* While a thread takes the process's id over, by executing, nobody seems to have it. */
	for (int tries = 0; !root && tries < FIND_TRIES; tries++) {
		usleep(1000);
		root = members_process(t->proc, tid);
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
		added = members_add_process(map_fd(t, MAP_NEWCOMERS), t->proc, (uint32_t)root, err);
	}
	map_delete(roots, &root);
	if (added < 0)
		return added;
	if (!added && map_next_key(map_fd(t, MAP_MEMBERS), &none, &key))
		return error_set(err, ESRCH, "--pid: process %u has ended already (it is a zombie), and nothing "
				 "descends from it", tid);
	t->added += (uint64_t)added;
	return 0;
}

/* Loads and attaches a program, twice where it can be preempted (attach.c): what the one has done the other finds done. */
static int attach_both(struct tracer *t, const char *name, const char *event, int programs[2], struct error *err)
{
	int ret = 0;

	for (int i = 0; !ret && i < (t->preempted ? 2 : 1); i++) {
		t->again = i;
		programs[i] = load_program(t, name, program_type(t), err);
		ret = programs[i] < 0 ? programs[i] : keep(t, attach(t, event, programs[i], err));
	}
	t->again = false;
	return ret;
}

/* Sees threads end: members, and callers that have not returned. */
static int trace_ends(struct tracer *t, struct error *err)
{
	int programs[2];

	return attach_both(t, "thread_exit", "sched/sched_process_exit", programs, err);
}

/* Keeps the set of those whose execs are wanted. */
static int trace_members(struct tracer *t, struct error *err)
{
	const char *fork = "sched/sched_process_fork";
	int ret = 0;

	if (!feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS)) {
		ret = need_tracefs(t, err);
		if (!ret)
			ret = tracepoint_field(t->tracefs, fork, "child_pid", 4, &t->fork_child_pid, err);
		if (!ret)
			ret = tracepoint_field(t->tracefs, "sched/sched_process_exec", "old_pid", 4,
					       &t->exec_old_pid, err);
	}
	if (ret)
		return ret;
	return attach_both(t, "fork", fork, t->fork_programs, err);
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
static int find_members(struct tracer *t, struct error *err)
{
	const struct strings *pids = &t->options->pids;
	const uint64_t self = t->self.pid;
	int ret = 0;

	for (size_t i = 0; !ret && i < pids->count; i++)
		ret = add_root(t, (uint32_t)strtoul(pids->items[i], NULL, 10), err);
	/* We may descend from one of them. */
	if (!ret)
		ret = leave_members(t, map_fd(t, MAP_NEWCOMERS), &self, err);
	return ret ? ret : leave_members(t, map_fd(t, MAP_MEMBERS), &t->self.task, err);
}

bool tracer_has_members(const struct tracer *t)
{
	return t->options->pids.count || t->options->command;
}

void tracer_sweep_members(struct tracer *t)
{
	int proc = t->proc_is_initial ? t->proc : -1;

	if (!tracer_has_members(t))
		return;
	t->removed += members_sweep(map_fd(t, MAP_NEWCOMERS), false, proc, &t->suspects[0]);
	/* Raw tracepoints that are not preempted miss no end. */
	if (t->preempted || program_type(t) != BPF_PROG_TYPE_RAW_TRACEPOINT)
		t->unseen_ends += members_sweep(map_fd(t, MAP_MEMBERS), true, proc, &t->suspects[1]);
}

/* The programs count what they add and remove. That nothing was added between the two times we look, which are
 * before and after we have seen how many were removed, makes it one moment. */
bool tracer_members_gone(const struct tracer *t)
{
	const uint64_t none = 0; /* no key of the map, so the first would come */
	uint64_t key, added[2] = {t->added, t->added}, removed[2] = {t->removed + t->unseen_ends, t->removed + t->unseen_ends};

	if (map_next_key(map_fd(t, MAP_MEMBERS), &none, &key) != -ENOENT ||
	    map_next_key(map_fd(t, MAP_NEWCOMERS), &none, &key) != -ENOENT)
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

/* What a member makes is one: so we are, for that moment. */
int tracer_start_command(struct tracer *t, struct command *command, const struct inherited *inherited,
			 struct error *err)
{
	const uint64_t self = t->self.pid;
	int map = map_fd(t, MAP_MEMBERS), ret = map_update(map, &t->self.task, &self);

	if (ret)
		return error_set(err, -ret, "cannot put a process into a BPF map: %s", strerror(-ret));
	t->added++;
	ret = command_start(command, t->options, inherited, err);
	if (!ret)
		ret = leave_members(t, map, &t->self.task, err);
	return ret ? ret : command_execute(command, t->options, err);
}

int tracer_set_up(struct tracer *t, char **argv, struct error *err)
{
	struct error no_proc, no_sysfs;
	int ret;

	raise_limits();
	/* First what needs power most: its errors are the clearest. */
	ret = create_map(t, MAP_PEEKS, 0, err);
	feature_note(&t->features, FEATURE_BPF, !ret, ret ? err->text : NULL);
	if (ret)
		return ret;
	t->proc = open_procfs(&no_proc); /* without it a little less is known */
	if (t->proc < 0)
		feature_note(&t->features, FEATURE_PROC, false, no_proc.text);
	t->sysfs = open_sysfs(&no_sysfs); /* the same */
	t->cpus = possible_cpus(t->sysfs, t->proc);
	ret = learn_kernel(t, argv, err);
	if (!ret && t->options->fails)
		ret = failures_learn(t, err);
	if (!ret)
		ret = create_map(t, MAP_RINGS, (uint32_t)tracer_rings(t), err);
	if (!ret)
		ret = create_map(t, MAP_BULK_RINGS, (uint32_t)tracer_rings(t), err);
	if (!ret)
		ret = make_scratches(t, err);
	if (!ret)
		ret = create_map(t, MAP_ARGS_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_CALLS, t->options->fails || t->options->check ? calls_capacity() : 1, err);
	if (!ret)
		ret = open_filters(t, err);
	if (!ret) {
		ret = open_rings(t, err);
		feature_note(&t->features, FEATURE_PERF, !ret, ret ? err->text : NULL);
	}
	/* What removes entries before what makes them, or a call would count as one that never ended because its end was
	 * not seen; and what makes them before what looks for them. */
	if (!ret && (tracer_has_members(t) || t->options->fails))
		ret = trace_ends(t, err);
	if (!ret && tracer_has_members(t))
		ret = trace_members(t, err);
	if (!ret)
		ret = trace_execs(t, err);
	if (!ret && t->options->fails)
		ret = failures_trace(t, err);
	t->unentered = ret ? 0 : count_unentered(t);
	if (!ret && tracer_has_members(t))
		ret = find_members(t, err);
	return ret;
}

/* What the tracing as it stands takes. */
static void note_memory(struct tracer *t)
{
	uint64_t resident = 0, maps = 0, rings = 0, page = getauxval(AT_PAGESZ);
	char text[160], *at;

	if (t->proc < 0 || read_file(t->proc, "self/statm", text, sizeof(text)) < 0)
		return;
	at = strchr(text, ' ');
	/* Tracing gives the object's bytes back (tracer_settle). */
	resident = at ? strtoul(at, NULL, 10) * page / 1024 : 0;
	resident -= t->unpacked_size / 1024 < resident ? t->unpacked_size / 1024 : 0;
	for (int map = 0; map < MAPS; map++)
		if (map == MAP_MEMBERS || map_fd(t, map) != map_fd(t, MAP_MEMBERS))
			maps += object_memory(t, map_fd(t, map));
	for (int lane = 0; lane < tracer_rings(t); lane++)
		if (collector_has(&t->collector, lane))
			rings += 2 * lane_ring_size(t, lane);
	format_text(text, sizeof(text), "KiB: %" PRIu64 " rings (%" PRIu64 " a CPU), ", rings / 1024, t->ring_size / 1024);
	at = text + strlen(text);
	if (maps)
		format_text(at, (size_t)(text + sizeof(text) - at), "%" PRIu64 " maps with -x, %" PRIu64 " programs, ",
			 maps / 1024, t->program_memory / 1024);
	else
		format_text(at, (size_t)(text + sizeof(text) - at), "maps and programs not known below Linux 4.10, ");
	at += strlen(at);
	format_text(at, (size_t)(text + sizeof(text) - at), "%" PRIu64 " resident", resident);
	feature_note(&t->features, FEATURE_MEMORY, true, text);
}

void tracer_ask_rest(struct tracer *t)
{
	struct error err = {0};

	if (t->exec_program >= 0) {
		int compiled = program_is_compiled(t->exec_program);

		feature_note(&t->features, FEATURE_JIT, compiled > 0,
			     compiled < 0 ? "cannot be asked (below Linux 4.13)"
			     : compiled   ? NULL
					  : "it needs CONFIG_BPF_JIT=y, and net.core.bpf_jit_enable to be 1");
	}
	if (t->attached_count) {
		note_memory(t);
		need_tracefs(t, &err);
		attach_to(t, "fork", "sched/sched_process_fork", &err);
		attach_to(t, "thread_exit", "sched/sched_process_exit", &err);
		if (!t->options->fails && !failures_learn(t, &err))
			failures_trace(t, &err);
	}
	free(err.log);
}

void tracer_settle(struct tracer *t)
{
	static const int frozen[] = {MAP_SCRATCHES, MAP_ARGS_PROGRAM, MAP_PIECES_PROGRAM, MAP_CALLS, MAP_PEEKS, MAP_HANDLED};

	for (int i = 0; i < 2; i++)
		if (t->peek_events[i] >= 0)
			close(t->peek_events[i]);
	if (t->tracefs >= 0)
		close(t->tracefs);
	t->tracefs = -1;
	/* From here on only programs change these; below 5.2 they cannot be frozen. */
	for (size_t i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++)
		if (map_fd(t, frozen[i]) != map_fd(t, MAP_MEMBERS)) /* which stands in for others (use_map) */
			map_freeze(map_fd(t, frozen[i]));
	free(t->unpacked); /* no program is loaded any more */
	t->unpacked = NULL;
}

void tracer_free(struct tracer *t)
{
	free(t->unpacked);
	free(t->counts);
	free(t->watches);
	collector_free(&t->collector);
}

void tracer_detach(struct tracer *t)
{
	if (t->attached_count)
		t->missed_at_end = count_missed(t);
	/* In this order, too: "thread_exit" first, what notes calls last. */
	for (size_t i = 0; i < t->attached_count; i++)
		close(t->attached[i]);
	t->attached_count = 0;
	kprobes_remove(&t->kprobes);
}

int tracer_open(struct tracer *tracer, const struct options *options, struct error *err)
{
	size_t packed = (size_t)(packed_object_end - packed_object), size = (size_t)lz4_size(packed_object, packed);
	int ret;

	*tracer = (struct tracer){.options = options, .proc = -1, .tracefs = -1, .sysfs = -1, .exec_program = -1, .fork_programs = {-1, -1},
				  .peek_events = {-1, -1}};
	tracer->unpacked_size = size;
	tracer->unpacked = malloc(size);
	if (!tracer->unpacked)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (lz4_unpack(packed_object, packed, tracer->unpacked, size) != (long)size)
		return error_set(err, ENOEXEC, "cannot unpack the BPF object: this program's file is damaged");
	ret = object_open(&tracer->object, tracer->unpacked, size, err);
	if (!ret)
		find_maps(tracer);
	return ret;
}
