/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/execs.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "lib/say.h"
#include "source/attach.h"

/* Loads "exec" and what it tail-calls, as programs of the type. */
static int load_exec(struct tracer *t, const struct link *link, enum bpf_prog_type type, struct error *err)
{
	int ret = link_load_tail(link, &t->object, PROGRAM_ARGS, type, err);

	if (!ret && !link->on_stack && wanted_strings(t->base.request))
		ret = link_load_tail(link, &t->object, PROGRAM_COUNT, type, err);
	for (enum program program = PROGRAM_CHAIN; !ret && program <= PROGRAM_VARIABLES; program++)
		if (t->more[program - PROGRAM_CHAIN])
			ret = link_load_tail(link, &t->object, program, type, err);
	return ret ? ret : link_load(link, &t->object, PROGRAM_EXEC, type, err);
}

/* A program's lane, its number among its copies, and whether it is behind a raw tracepoint. */
static void set_copy(const struct tracer *t, struct link *link, unsigned int copy, bool raw)
{
	int kind = LANE_EXEC + (copy ? (int)copy - 1 : 0);

	link_set(link, SETTING_exec_copy, copy);
	link_set(link, SETTING_exec_is_raw, raw);
	link_set(link, SETTING_first_lane, (uint64_t)tracer_lane(t, (enum lane_kind)kind, 0));
}

/* One more program "exec", behind a perf event or a raw tracepoint. */
static int trace_execs_again(struct tracer *t, unsigned int copy, const char *event, bool by_event, struct error *err)
{
	enum bpf_prog_type type = by_event ? BPF_PROG_TYPE_TRACEPOINT : BPF_PROG_TYPE_RAW_TRACEPOINT;
	struct link link = t->link;
	uint64_t filename = 0, old_pid = 0;
	int ret = by_event ? need_tracefs(t, err) : 0, program;

	if (!ret && by_event)
		ret = tracepoint_field(t->tracefs, event, "filename", 4, &filename, err);
	if (!ret && by_event)
		ret = tracepoint_field(t->tracefs, event, "old_pid", 4, &old_pid, err);
	if (ret)
		return ret;
	set_copy(t, &link, copy, !by_event);
	link_set(&link, SETTING_exec_filename, filename);
	link_set(&link, SETTING_exec_old_pid, old_pid);
	/* A map of its own for what follows it, which stays open, or the kernel would empty it. */
	ret = link_create_map(&link, &t->object, MAP_args_program, 0, err);
	if (ret)
		return ret;
	program = load_exec(t, &link, type, err);
	if (program < 0)
		return program;
	ret = keep(t, attach(t, event, program, type, err));
	close(program); /* the tracepoint holds it */
	return ret;
}

/* The copies of "exec": without them it works all the same. */
static void trace_execs_with_copies(struct tracer *t, const char *event)
{
	struct error err = {0};
	int ret = 0;

	for (unsigned int copy = 2; !ret && copy < EXEC_COPIES; copy++)
		ret = trace_execs_again(t, copy, event, false, &err);
	if (!ret && trace_execs_again(t, EXEC_COPIES, event, true, &err))
		ret = trace_execs_again(t, EXEC_COPIES, event, false, &err);
	if (ret)
		say("warning: execs may be lost in a storm: %s", err.text);
	free(err.log);
}

/* The list of "exec" is what nothing works without (tests/floor_test.c has them all). */
static void note_helpers(struct tracer *t, int program, const struct error *err)
{
	feature_note(&t->base.features, FEATURE_OTHER_HELPERS, program >= 0,
		     program < 0 ? err->text
				 : "bpf_perf_event_output, bpf_get_current_task, bpf_tail_call, bpf_ktime_get_ns and "
				   "older ones");
}

/* Below Linux 4.17 perf makes a record for the event before it runs the program, and warns (and panics, with panic_on_warn)
 * if the name is too long for it (perf_trace_buf_alloc). At a kprobe it runs the program first. The function that is called
 * right behind the tracepoint is there with CONFIG_PROC_EVENTS=y. It does not tell the id that a thread had before, by which
 * members may be known. 0, or -errno. */
static int trace_execs_by_kprobe(struct tracer *t, struct error *err)
{
	int ret = need_tracefs(t, err), program, attachment;
	struct link link = t->link;

	if (ret)
		return ret;
	if (source_follows(&t->base))
		return error_set(err, ENOTSUP, "a kprobe does not tell all that -p and -- need");
	/* The name stands behind the environment, and for programs on the stack in the tracepoint's record alone. */
	if (!t->layout.mm_env_end || !feature_is_here(&t->base.features, FEATURE_MAP_BUFFERS))
		return error_set(err, ENOTSUP, "where a kprobe finds the name is not known (is there no environment, or is it below "
				 "Linux 4.11?)");
	set_copy(t, &link, 0, false);
	program = load_exec(t, &link, BPF_PROG_TYPE_KPROBE, err);
	if (program < 0)
		return program;
	attachment = kprobes_attach(&t->kprobes, t->tracefs, "proc_exec_connector", false, program, err);
	if (attachment < 0) {
		close(program);
		return attachment;
	}
	keep_program(t, program, MISSES_EXECS);
	note_helpers(t, program, err);
	feature_note(&t->base.features, FEATURE_EXEC, true, "the function behind it, by a kprobe");
	return keep(t, attachment);
}

static int trace_execs_by_tracepoint(struct tracer *t, struct error *err)
{
	const char *event = "sched/sched_process_exec";
	bool raw = feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS);
	struct link link = t->link;
	uint64_t filename = 0;
	int ret = 0, program;

	if (!raw) {
		ret = need_tracefs(t, err);
		if (!ret)
			ret = tracepoint_field(t->tracefs, event, "filename", 4, &filename, err);
	}
	if (ret)
		return ret;
	/* The one that is attached first runs first (func_add in kernel/tracepoint.c). */
	set_copy(t, &link, t->preempted ? 1 : 0, raw);
	link_set(&link, SETTING_exec_filename, filename);
	program = load_exec(t, &link, program_type(t), err);
	note_helpers(t, program, err);
	if (program < 0)
		return program;
	keep_program(t, program, MISSES_EXECS);
	ret = keep(t, attach(t, event, program, program_type(t), err));
	if (!ret && t->preempted)
		trace_execs_with_copies(t, event);
	return ret;
}

int trace_execs(struct tracer *t, struct error *err)
{
	bool raw = feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS);
	struct error no_kprobe = {0};
	char why[256] = "";
	int ret = 0;

	if (!raw && trace_execs_by_kprobe(t, &no_kprobe)) {
		/* The map takes programs of the type that it had first. */
		close(t->link.maps[MAP_args_program]);
		ret = link_create_map(&t->link, &t->object, MAP_args_program, 0, err);
		format_text(why, sizeof(why), "they are not shown, and the kernel complains of them (dmesg): %s", no_kprobe.text);
		if (!t->base.request->check)
			say("warning: execs by names over 2 KiB: %s", why);
	}
	free(no_kprobe.log);
	feature_note(&t->base.features, FEATURE_LONG_NAMES, !*why, *why ? why : raw ? NULL : "by a kprobe");
	return !ret && (raw || *why) ? trace_execs_by_tracepoint(t, err) : ret;
}
