/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/bpf.h"
#include "kernel/mounts.h"
#include "kernel/tracefs.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/lz4.h"
#include "lib/say.h"
#include "loader.h"
#include "source/attach.h"
#include "source/counts.h"
#include "source/cpus.h"
#include "source/execs.h"
#include "source/failures.h"
#include "source/filter_maps.h"
#include "source/follow.h"
#include "source/learn.h"
#include "source/members.h"
#include "source/tracer.h"

/* prog.o, from embed.S. */
extern const uint8_t packed_object[], packed_object_end[];

/* The map came with Linux 4.8, the helper with 4.9, as this type of program did (kernel/trace/bpf_trace.c). */
static void note_under_cgroup(struct tracer *t, bool has_map)
{
	struct error no_map = {0};
	bool has_helper = feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS) || program_type_exists(BPF_PROG_TYPE_PERF_EVENT) > 0;

	has_map = has_map || !link_create_map(&t->link, &t->object, MAP_cgroups, 0, &no_map);
	feature_note(&t->base.features, FEATURE_UNDER_CGROUP, has_map && has_helper,
		     !has_map ? no_map.text : has_helper ? NULL : "from Linux 4.9 on");
}

/* The maps of the filters. A filter that is off has a map, too, which is never looked into: any of the
 * same shape. */
static int open_filters(struct tracer *t, struct error *err)
{
	struct filters f;
	bool by_id;
	int ret = filters_open(&f, t->base.request, t->base.proc, feature_is_here(&t->base.features, FEATURE_CGROUP_IDS), err);

	t->base.refused = ret;
	if (ret)
		return ret;
	ret = link_create_map(&t->link, &t->object, MAP_members, source_follows(&t->base) ? members_capacity() : 1, err);
	if (ret)
		return ret;
	link_use_map(&t->link, MAP_mntnsmap, f.mntnsmap);
	link_use_map(&t->link, MAP_cgroupmap, f.cgroupmap);
	link_use_map(&t->link, MAP_mntns_set, f.mntns);
	link_use_map(&t->link, MAP_newcomers, -1);
	link_use_map(&t->link, MAP_roots, -1);
	link_use_map(&t->link, MAP_handled, -1);
	link_use_map(&t->link, MAP_end_programs, -1); /* each "thread_exit" has its own */
	if ((t->preempted || t->base.request->exits) && (ret = link_create_map(&t->link, &t->object, MAP_handled, 0, err)))
		return ret;
	link_use_map(&t->link, MAP_cgroups, f.cgroups);
	note_under_cgroup(t, f.cgroups >= 0);
	if (f.cgroups >= 0 && !feature_is_here(&t->base.features, FEATURE_UNDER_CGROUP))
		return error_set(err, ENOTSUP, "--cgroup: this kernel cannot tell a program its cgroup: that needs Linux 4.9; use --mntns");
	if (!feature_is_here(&t->base.features, FEATURE_UNDER_CGROUP))
		link_swap_helper(&t->link, BPF_FUNC_current_task_under_cgroup, BPF_FUNC_get_current_pid_tgid);
	if (t->base.request->print_cgroup && !feature_is_here(&t->base.features, FEATURE_CGROUP_IDS))
		say("warning: --print-cgroup and --print-cgroup-path show \"?\": this kernel cannot tell a program its cgroup's id (Linux 4.18, "
		    "CONFIG_CGROUPS=y)");
	if (!source_follows(&t->base))
		return 0;
	/* Those of a command are all known by their tasks, where the fork's tracepoint tells these. */
	by_id = t->base.request->pids.count || !feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS);
	ret = link_create_map(&t->link, &t->object, MAP_newcomers, by_id ? members_capacity() : 1, err);
	if (!ret && t->base.request->pids.count)
		ret = link_create_map(&t->link, &t->object, MAP_roots, (uint32_t)t->base.request->pids.count, err);
	return ret;
}

/* The map of the names that are wanted. */
static int open_variables(struct tracer *t, struct error *err)
{
	const struct strings *names = &t->base.request->variables;
	const uint64_t one = 1;
	int ret;

	if (!t->more[PROGRAM_VARIABLES - PROGRAM_CHAIN])
		return 0;
	ret = link_create_map(&t->link, &t->object, MAP_variables, (uint32_t)names->count, err);
	if (!ret)
		ret = link_create_map(&t->link, &t->object, MAP_rooms, (uint32_t)tracer_lanes(t), err);
	for (size_t i = 0; !ret && i < names->count; i++) {
		struct variable_key key = {.bits = 8 * ((uint32_t)strlen(names->items[i]) + 1)};

		format_text(key.name, sizeof(key.name), "%s", names->items[i]);
		key.name[key.bits / 8 - 1] = '=';
		ret = map_update(t->link.maps[MAP_variables], &key, &one);
		if (ret)
			error_set(err, -ret, "--env: cannot note the name \"%s\" for the kernel: %s", names->items[i], strerror(-ret));
	}
	return ret;
}

static void map_scratches(struct tracer *t)
{
	size_t size = t->object.maps[MAP_scratches].value_size * (size_t)tracer_lanes(t);

	t->scratches = mmap(NULL, size, PROT_READ, MAP_SHARED, t->link.maps[MAP_scratches], 0);
	if (t->scratches == MAP_FAILED)
		t->scratches = NULL; /* below 5.5: each will be asked for */
}

#define CALLS_LEAST 4096U

/* How many threads can be in a call at once. Each takes some 100 bytes. */
static uint32_t calls_capacity(void)
{
	uint32_t capacity = members_capacity() / 4;

	return capacity < CALLS_LEAST ? CALLS_LEAST : capacity;
}

/* The maps that all programs share; those of the filters are open_filters'. */
static int make_maps(struct tracer *t, struct error *err)
{
	const struct request *r = t->base.request;
	const struct {
		enum map map;
		uint32_t entries;
	} rows[] = {
		{MAP_rings, (uint32_t)tracer_rings(t)},
		{MAP_bulk_rings, (uint32_t)tracer_rings(t)},
		{MAP_scratches, (uint32_t)tracer_lanes(t)},
		{MAP_args_program, 0},
		{MAP_pieces_program, 0},
		{MAP_calls, r->fails || r->check ? calls_capacity() : 1},
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(rows) / sizeof(rows[0]); i++)
		ret = link_create_map(&t->link, &t->object, rows[i].map, rows[i].entries, err);
	if (!ret)
		map_scratches(t);
	return ret;
}

/* Programs that remove entries are attached before those that make them, or a call would count as one that never ended
 * because its end was not seen; and what makes them before what looks for them. */
static int attach_all(struct tracer *t, struct error *err)
{
	bool fails = t->base.request->fails, follows = source_follows(&t->base);
	int ret = 0;

	if (follows || fails || t->base.request->exits)
		ret = trace_ends(t, err);
	if (!ret && follows)
		ret = trace_forks(t, err);
	if (!ret)
		ret = trace_execs(t, err);
	if (!ret && fails)
		ret = failures_trace(t, err);
	if (!ret)
		t->unentered = count_unentered(t);
	if (ret || !follows)
		return ret;
	ret = find_members(t, err);
	t->base.refused = ret;
	return ret;
}

static int start(struct source *source, char **argv, struct error *err)
{
	struct tracer *t = (struct tracer *)source;
	struct features *features = &source->features;
	struct error no_proc, no_sysfs;
	int ret;

	raise_limits();
	/* First what needs power most: its errors are the clearest. */
	ret = link_create_map(&t->link, &t->object, MAP_peeks, 0, err);
	feature_note(features, FEATURE_BPF, !ret, ret ? err->text : NULL);
	if (ret)
		return ret;
	source->proc = open_procfs(&no_proc); /* without it a little less is known */
	if (source->proc < 0)
		feature_note(features, FEATURE_PROC, false, no_proc.text);
	t->sysfs = open_sysfs(&no_sysfs); /* the same */
	t->cpus = possible_cpus(t->sysfs, source->proc);
	t->link.proc = source->proc;
	t->link.memory = source->request->check ? &t->program_memory : NULL;
	ret = learn_kernel(t, argv, err);
	if (!ret && source->request->fails)
		ret = failures_learn(t, err);
	if (!ret)
		ret = make_maps(t, err);
	if (!ret)
		ret = open_filters(t, err);
	if (!ret)
		ret = open_variables(t, err);
	if (ret)
		return ret;
	ret = open_rings(t, err);
	feature_note(features, FEATURE_PERF, !ret, ret ? err->text : NULL);
	return ret ? ret : attach_all(t, err);
}

/* Notes the memory that the tracing takes. */
static void note_memory(struct tracer *t)
{
	uint64_t resident = 0, maps = 0, rings = 0, page = getauxval(AT_PAGESZ);
	char text[160], *at;

	if (t->base.proc < 0 || read_file(t->base.proc, "self/statm", text, sizeof(text)) < 0)
		return;
	at = strchr(text, ' ');
	/* Tracing gives the object's bytes back (settle). */
	resident = at ? strtoul(at, NULL, 10) * page / 1024 : 0;
	resident -= t->unpacked_size / 1024 < resident ? t->unpacked_size / 1024 : 0;
	for (int map = 0; map < MAPS; map++)
		if (map == MAP_members || t->link.maps[map] != t->link.maps[MAP_members])
			maps += kernel_memory(t->base.proc, t->link.maps[map]);
	for (int lane = 0; lane < tracer_rings(t); lane++)
		if (records_has(&t->records, lane))
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
	feature_note(&t->base.features, FEATURE_MEMORY, true, text);
}

static void ask_rest(struct source *source)
{
	struct tracer *t = (struct tracer *)source;
	struct error err = {0};

	if (t->missing[MISSES_EXECS].count) {
		int compiled = program_is_compiled(t->missing[MISSES_EXECS].fds[0]);

		feature_note(&source->features, FEATURE_JIT, compiled > 0,
			     compiled < 0 ? "cannot be asked (below Linux 4.13)"
			     : compiled	  ? NULL
					  : "it needs CONFIG_BPF_JIT=y, and net.core.bpf_jit_enable to be 1");
	}
	if (t->attached_count) {
		note_memory(t);
		need_tracefs(t, &err);
		follow_ask(t, &err);
		if (!source->request->fails && !failures_learn(t, &err))
			failures_trace(t, &err);
	}
	free(err.log);
}

static void settle(struct source *source)
{
	static const enum map frozen[] = {MAP_scratches, MAP_args_program, MAP_pieces_program, MAP_calls, MAP_peeks, MAP_handled};
	struct tracer *t = (struct tracer *)source;

	for (int i = 0; i < 2; i++)
		if (t->peek_events[i] >= 0)
			close(t->peek_events[i]);
	if (t->tracefs >= 0)
		close(t->tracefs);
	t->tracefs = -1;
	/* From here on only programs change these; below 5.2 they cannot be frozen. */
	for (size_t i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++)
		if (t->link.maps[frozen[i]] != t->link.maps[MAP_members]) /* which stands in for others (link_use_map) */
			map_freeze(t->link.maps[frozen[i]]);
	if (t->link.maps[MAP_peek_program]) /* the last that holds "peek_exec" */
		close(t->link.maps[MAP_peek_program]);
	t->link.maps[MAP_peek_program] = 0;
	free(t->unpacked); /* no program is loaded any more */
	t->unpacked = NULL;
}

static void look(struct source *source, uint32_t *seqs, struct losses *losses)
{
	struct tracer *t = (struct tracer *)source;

	look_at_counts(t, seqs);
	follow_sweep(t);
	count_losses(t, losses);
}

static void expect(struct source *source, int lane, uint32_t seq)
{
	records_expect(&((struct tracer *)source)->records, lane, seq);
}

static void ask_through(struct source *source, const struct asking *asking)
{
	((struct tracer *)source)->records.gathering.asking = *asking;
}

static void divide(struct source *source, bool keeps)
{
	struct tracer *t = (struct tracer *)source;

	t->is_helper = keeps;
	if (keeps)
		return;
	t->attached_count = 0;
	t->kprobes.count = 0;
}

static void stop(struct source *source)
{
	struct tracer *t = (struct tracer *)source;

	if (t->attached_count)
		t->missed_at_end = count_missed(t, true);
	/* In this order, too: "thread_exit" first, what notes calls last. */
	for (size_t i = 0; i < t->attached_count; i++)
		close(t->attached[i]);
	t->attached_count = 0;
	kprobes_remove(&t->kprobes);
}

static void close_source(struct source *source)
{
	struct tracer *t = (struct tracer *)source;

	free(t->unpacked);
	free(t->counts);
	free(t->watches);
	records_free(&t->records);
	free(t);
}

static const struct source_rings rings = {
	.look_at_cpus = look_at_cpus,
	.open_lane = open_wanted_lane,
	.add = add_rings,
	.remove = remove_rings,
	.has = has_rings,
	.expect = expect,
	.ask_through = ask_through,
};

static const struct source_ops ops = {
	.start = start,
	.settle = settle,
	.ask_rest = ask_rest,
	.adopt = follow_adopt,
	.release = follow_release,
	.all_ended = follow_all_ended,
	.look = look,
	.poll_fds = poll_rings,
	.rings = &rings,
	.divide = divide,
	.stop = stop,
	.close = close_source,
};

static int open_object(struct tracer *t, struct error *err)
{
	size_t packed = (size_t)(packed_object_end - packed_object), size = (size_t)lz4_size(packed_object, packed);
	int ret;

	t->unpacked_size = size;
	t->unpacked = malloc(size);
	if (!t->unpacked)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (lz4_unpack(packed_object, packed, t->unpacked, size) != (long)size)
		return error_set(err, ENOEXEC, "cannot unpack the BPF object: this program's file is damaged");
	ret = object_open(&t->object, t->unpacked, size, err);
	return ret || link_fits(&t->object) ? ret : error_set(err, ENOEXEC, "the BPF object has other maps than this program");
}

struct source *bpf_open(const struct request *request, struct error *err)
{
	struct tracer *t = malloc(sizeof(*t));

	if (!t) {
		error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
		return NULL;
	}
	*t = (struct tracer){
		.base = {.ops = &ops, .request = request, .proc = -1, .pipe = -1},
		.tracefs = -1,
		.sysfs = -1,
		.peek_events = {-1, -1},
	};
	link_init(&t->link);
	link_request(&t->link, request, false);
	link_layout(&t->link, &t->layout, 0);
	if (open_object(t, err)) {
		free(t->unpacked);
		free(t);
		return NULL;
	}
	return &t->base;
}

const struct object *bpf_object(const struct source *source)
{
	return &((const struct tracer *)source)->object;
}

int bpf_link(const struct source *source, const struct object_program *program, struct bpf_insn **insns, struct error *err)
{
	const struct tracer *t = (const struct tracer *)source;

	return link_program(&t->link, &t->object, program, insns, err);
}

const struct layout *bpf_layout(const struct source *source)
{
	return &((const struct tracer *)source)->layout;
}
