/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <unistd.h>

#include "source/attach.h"
#include "kernel/mounts.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "loader.h"

int need_tracefs(struct tracer *t, struct error *err)
{
	const char *where;

	if (t->tracefs >= 0)
		return 0;
	t->tracefs = open_tracefs(&where, err);
	feature_note(&t->base.features, FEATURE_TRACEFS, t->tracefs >= 0, t->tracefs >= 0 ? where : err->text);
	return t->tracefs < 0 ? t->tracefs : 0;
}

/* A raw tracepoint needs no tracefs, costs less, and fires where a perf event does not: below 5.16 when the name is longer
 * than 2 KiB (PERF_MAX_TRACE_SIZE), and while a bpf(2) call is at work on the CPU (bpf_prog_active in trace_call_bpf), which
 * any other user of BPF can make be most of the time. But from 7.0 on its programs run with preemption on
 * (include/linux/tracepoint.h: srcu_fast_notrace), and one that is preempted is not run for what another task executes
 * meanwhile on that CPU (__bpf_trace_run). So there each program has lanes of its own, and "exec" is there several times. So
 * it is with the tracepoints of system calls there, which are perf events (trace_call_bpf_faultable). */
void note_preemption(struct tracer *t)
{
	/* The one question that the kernel answers in no other way. A wrong answer costs some time, or some memory. */
	t->preempted = kernel_version() >= 7 << 16;
	feature_note(&t->base.features, FEATURE_UNPREEMPTED, !t->preempted, t->preempted ? "from Linux 7.0 on they may be preempted" : NULL);
}

enum bpf_prog_type program_type(const struct tracer *t)
{
	return feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS) ? BPF_PROG_TYPE_RAW_TRACEPOINT
								      : BPF_PROG_TYPE_TRACEPOINT;
}

static int attach_perf_event(struct tracer *t, const char *event, int program, struct error *err)
{
	uint64_t id = 0;
	int ret = need_tracefs(t, err);

	if (!ret)
		ret = tracepoint_id(t->tracefs, event, &id, err);
	return ret ? ret : tracepoint_attach(id, event, program, err);
}

int attach(struct tracer *t, const char *event, int program, enum bpf_prog_type type, struct error *err)
{
	int ret = type == BPF_PROG_TYPE_RAW_TRACEPOINT ? raw_tracepoint_attach(strchr(event, '/') + 1, program, err)
						       : attach_perf_event(t, event, program, err);

	feature_note_tracepoint(&t->base.features, event, ret >= 0, ret >= 0 ? NULL : err->text);
	return ret;
}

int keep(struct tracer *t, int attachment)
{
	if (attachment < 0)
		return attachment;
	t->attached[t->attached_count++] = attachment;
	return 0;
}

void keep_program(struct tracer *t, int program, enum misses misses)
{
	struct programs *kept = &t->missing[misses];

	if (misses == MISSES_NOTHING)
		close(program); /* what it is attached to holds it */
	else
		kept->fds[kept->count++] = program;
}

int hook_load(struct tracer *t, const struct hook *hook, const struct link *link, enum bpf_prog_type type, struct error *err)
{
	struct link own = *link;

	link_set(&own, SETTING_first_lane, (uint64_t)tracer_lane(t, hook->lane, 0));
	return link_load(&own, &t->object, hook->program, type, err);
}

int hook_attach(struct tracer *t, const struct hook *hook, const struct link *link, enum bpf_prog_type type, struct error *err)
{
	int program = hook_load(t, hook, link, type, err), ret;

	if (program < 0)
		return program;
	ret = keep(t, attach(t, hook->event, program, type, err));
	if (!ret && hook->other_event)
		ret = keep(t, attach(t, hook->other_event, program, type, err));
	if (ret)
		close(program);
	else
		keep_program(t, program, hook->misses);
	return ret;
}
