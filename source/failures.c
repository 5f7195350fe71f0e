/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "source/failures.h"
#include "kernel/abi.h"
#include "kernel/kprobes.h"
#include "lib/files.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "lib/say.h"
#include "loader.h"
#include "source/attach.h"

/* ---- by the system calls' tracepoints ---- */

/* Fields of their records, by the hooks below. */
#define FIELDS_MOST 4
static const struct {
	const char *event;
	struct {
		const char *name;
		enum setting setting;
	} fields[FIELDS_MOST + 1];
} events[CALL_EVENTS] = {
	{"syscalls/sys_exit_execve", {{"ret", SETTING_exit_ret}}},
	{"syscalls/sys_enter_execve", {{"filename", SETTING_call_filename}, {"argv", SETTING_call_argv}}},
	{"syscalls/sys_enter_execveat",
	 {{"fd", SETTING_call_fd}, {"filename", SETTING_call_filename}, {"argv", SETTING_call_argv}, {"flags", SETTING_call_flags}}},
};

/* Makes a link for each event, with where its record has its fields. 0 or -errno. */
static int learn_fields(struct tracer *t, struct error *err)
{
	int ret = need_tracefs(t, err);

	for (int i = 1; !ret && i <= CALL_EVENTS; i++) {
		int e = i % CALL_EVENTS; /* entries first */
		struct field fields[FIELDS_MOST];
		size_t count = 0;

		for (; events[e].fields[count].name; count++)
			fields[count] = (struct field){events[e].fields[count].name, t->layout.long_size, 0};
		ret = tracepoint_fields(t->tracefs, events[e].event, fields, count, err);
		for (size_t f = 0; !ret && f < count; f++)
			t->call_fields[e][f] = fields[f].offset;
	}
	return ret;
}

static void link_fields(const struct tracer *t, struct link *link, int event)
{
	for (size_t i = 0; events[event].fields[i].name; i++)
		link_set(link, events[event].fields[i].setting, t->call_fields[event][i]);
}

/* The exits first: a call whose entry is seen must not be forgotten. */
static const struct hook calls[CALL_EVENTS] = {
	{PROGRAM_EXIT, "syscalls/sys_exit_execve", "syscalls/sys_exit_execveat", LANE_FAIL, MISSES_RETURNS},
	{PROGRAM_ENTER, "syscalls/sys_enter_execve", NULL, LANE_ENTER_EXECVE, MISSES_ENTRIES},
	{PROGRAM_ENTER, "syscalls/sys_enter_execveat", NULL, LANE_ENTER_EXECVEAT, MISSES_ENTRIES},
};

static int trace_by_tracepoints(struct tracer *t, struct error *err)
{
	struct link link = t->link;
	int ret;

	link_set(&link, SETTING_errnos_are_positive, POSITIVE_ERRNOS);
	link_set(&link, SETTING_call_direct, 1);
	link_set(&link, SETTING_first_lane, (uint64_t)tracer_lane(t, LANE_FAIL, 0));
	ret = link_load_tail(&link, &t->object, PROGRAM_PIECES, BPF_PROG_TYPE_TRACEPOINT, err);
	for (int i = 0; !ret && i < CALL_EVENTS; i++) {
		link_fields(t, &link, i);
		link_set(&link, SETTING_call_has_fd, calls[i].lane == LANE_ENTER_EXECVEAT);
		ret = hook_attach(t, &calls[i], &link, BPF_PROG_TYPE_TRACEPOINT, err);
	}
	return ret;
}

/* ---- by their functions, or at all system calls ---- */

/* Where the programs are attached. */
enum way {
	BY_KPROBES,	      /* of the kprobe PMU */
	BY_RAW_TRACEPOINTS,   /* that all system calls pass */
	BY_KPROBES_OF_TRACEFS /* below 4.17, or without sysfs */
};

#define NEEDS_KPROBES "this needs CONFIG_KPROBE_EVENTS=y"

static int choose_way(struct tracer *t, enum way *way, uint32_t *pmu, struct error *err)
{
	char type[16];
	int ret = read_file(t->sysfs, "bus/event_source/devices/kprobe/type", type, sizeof(type));

	if (ret >= 0) {
		*way = BY_KPROBES;
		*pmu = (uint32_t)atoi(type);
		return 0;
	}
	/* Without sysfs its PMU's number is not known. */
	if (t->sysfs < 0 || !feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS)) {
		*way = BY_KPROBES_OF_TRACEFS;
		ret = need_tracefs(t, err);
		if (!ret && !faccessat(t->tracefs, "kprobe_events", W_OK, 0))
			return 0;
		if (!ret)
			ret = error_set(err, errno, NEEDS_KPROBES);
	} else {
		error_set(err, -ret, NEEDS_KPROBES);
	}
	*way = BY_RAW_TRACEPOINTS;
	return feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS) && !t->preempted ? 0 : ret;
}

/* One way to attach the programs of one ABI. */
struct probes {
	enum way way;
	uint32_t pmu;
	enum bpf_prog_type type;
};

/* A program to a call's entry or exit. */
static int attach_probe(struct tracer *t, const struct probes *probes, const struct link *link, const struct hook *hook,
			struct error *err)
{
	int program = hook_load(t, hook, link, probes->type, err), ret;
	bool at_return = hook->program == PROGRAM_EXIT;

	if (program < 0)
		return program;
	if (probes->way == BY_KPROBES)
		ret = kprobe_attach(probes->pmu, hook->event, at_return, program, err);
	else if (probes->way == BY_RAW_TRACEPOINTS)
		ret = raw_tracepoint_attach(at_return ? "sys_exit" : "sys_enter", program, err);
	else
		ret = kprobes_attach(&t->kprobes, t->tracefs, hook->event, at_return, program, err);
	if (ret < 0)
		close(program);
	else
		keep_program(t, program, hook->misses);
	return keep(t, ret);
}

/* The functions that serve the calls here, and where the caller's arguments are. */
struct served {
	const char *functions[2];
	struct abi_arguments args;
};

/* Links for the calls of the ABI. */
static int link_abi(const struct tracer *t, struct link *link, const struct abi *abi, const struct probes *probes,
		    struct served *served, struct error *err)
{
	bool raw = probes->way == BY_RAW_TRACEPOINTS;

	*served = (struct served){{abi->execve, abi->execveat}, abi->args};
	link_set(link, SETTING_slot_size, abi->slot_size);
	link_set(link, SETTING_call_direct, abi->direct);
	link_set(link, SETTING_call_regs, abi->caller);
	link_set(link, SETTING_exit_ret, abi->result);
	link_set(link, SETTING_call_by_probe, !raw);
	if (raw) {
		/* Its arguments: on entry the registers and the number, on exit the registers and the result. */
		link_set(link, SETTING_execve_number, abi->execve_number);
		link_set(link, SETTING_execveat_number, abi->execveat_number);
		link_set(link, SETTING_call_number, abi->number);
		link_set(link, SETTING_call_mode, abi->mode);
		link_set(link, SETTING_call_mode_mask, abi->mode_mask);
		link_set(link, SETTING_call_mode_value, abi->mode_value);
		link_set(link, SETTING_call_regs, 0);
		link_set(link, SETTING_exit_ret, 8);
		link_set(link, SETTING_call_direct, 0);
	} else if (!feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS)) { /* both came with Linux 4.17 */
		*served = (struct served){{abi->old_execve, abi->old_execveat}, abi->old_args};
		link_set(link, SETTING_call_direct, 1);
	}
	if (raw ? !abi->execve_number : !served->functions[0])
		return error_set(err, ENOTSUP, raw ? NEEDS_KPROBES : "not known below Linux 4.17 on this architecture");
	return 0;
}

/* Attaches to the entries of execve(2) and of execveat(2), whose arguments stand one farther. */
static int attach_entries(struct tracer *t, const struct probes *probes, struct link *link, const struct served *served, bool compat,
			  struct error *err)
{
	const struct abi_arguments *args = &served->args;
	struct hook hook = {.program = PROGRAM_ENTER, .event = served->functions[0],
			    .misses = probes->way == BY_RAW_TRACEPOINTS ? MISSES_ENTRIES : MISSES_PROBED};
	int ret;

	hook.lane = compat ? LANE_ENTER_COMPAT : LANE_ENTER_EXECVE;
	link_set(link, SETTING_call_filename, args->first);
	link_set(link, SETTING_call_argv, args->second);
	ret = attach_probe(t, probes, link, &hook, err);
	hook.event = served->functions[1];
	hook.lane = (enum lane_kind)(hook.lane + 1);
	link_set(link, SETTING_call_has_fd, 1);
	link_set(link, SETTING_call_fd, args->first);
	link_set(link, SETTING_call_filename, args->second);
	link_set(link, SETTING_call_argv, args->third);
	link_set(link, SETTING_call_flags, args->fifth);
	return ret ? ret : attach_probe(t, probes, link, &hook, err);
}

/* The calls of one ABI; *way: how. */
static int trace_by_probes(struct tracer *t, const struct abi *abi, enum way *way, struct error *err)
{
	bool compat = abi == &compat_abi;
	struct hook exit = {.program = PROGRAM_EXIT, .lane = compat ? LANE_FAIL_COMPAT : LANE_FAIL, .misses = MISSES_RETURNS};
	struct link link = t->link;
	struct probes probes = {0};
	struct served served;
	int ret;

	if (!abi->slot_size || kernel_version() < abi->since)
		return error_set(err, ENOTSUP, "how this kernel's functions are called is not known");
	ret = choose_way(t, way, &probes.pmu, err);
	if (ret)
		return ret;
	probes.way = *way;
	probes.type = *way == BY_RAW_TRACEPOINTS ? BPF_PROG_TYPE_RAW_TRACEPOINT : BPF_PROG_TYPE_KPROBE;
	ret = link_abi(t, &link, abi, &probes, &served, err);
	if (ret)
		return ret;
	/* A map of programs holds one type: another one for these. It stays open, or the kernel would
	 * empty it. */
	ret = link_create_map(&link, &t->object, MAP_pieces_program, 0, err);
	link_set(&link, SETTING_first_lane, (uint64_t)tracer_lane(t, exit.lane, 0));
	if (!ret)
		ret = link_load_tail(&link, &t->object, PROGRAM_PIECES, probes.type, err);
	/* All exits pass the one raw tracepoint. */
	for (int i = 0; !ret && i < (*way == BY_RAW_TRACEPOINTS ? 1 : 2); i++) {
		exit.event = served.functions[i];
		ret = attach_probe(t, &probes, &link, &exit, err);
	}
	return ret ? ret : attach_entries(t, &probes, &link, &served, compat, err);
}

/* ---- both ---- */

/* The verifier takes 5 MiB for thirty strings. */
#define SMALL_MACHINE (128U << 20)

static bool is_small_machine(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit < SMALL_MACHINE;
}

int failures_learn(struct tracer *t, struct error *err)
{
	int ret = learn_fields(t, err);

	link_set(&t->link, SETTING_slot_size, t->layout.long_size);
	/* Of many its verifier would try each way through each. */
	link_set(&t->link, SETTING_many_pieces, feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS) && !is_small_machine());
	/* Below 4.14 they run no BPF program, if they are there; it is refused when it is attached. */
	if (!ret && !feature_is_here(&t->base.features, FEATURE_MAP_BUFFERS))
		ret = error_set(err, ENOTSUP, "before Linux 4.14 the tracepoints of system calls run no BPF program");
	format_text(t->no_call_tracepoints, sizeof(t->no_call_tracepoints), "%s", ret ? err->text : "");
	/* "exec" and "thread_exit" are linked with these, whatever sees the calls. */
	if (ret && native_abi.slot_size == t->layout.long_size)
		ret = 0;
	if (ret)
		feature_note(&t->base.features, FEATURE_FAILS, false, err->text);
	return ret;
}

static int trace_native(struct tracer *t, struct error *err)
{
	static const char *const how[] = {"by kprobes", "at all system calls", "by kprobes"};
	struct error no_probes = {0};
	char why[sizeof(no_probes.text) + 32];
	enum way way;
	int ret;

	if (!*t->no_call_tracepoints) {
		ret = trace_by_tracepoints(t, err);
		/* EINVAL when it is attached: Linux 4.11 to 4.13 has them, and runs no BPF program there. */
		if (ret != -EINVAL || !feature_is_missing(&t->base.features, FEATURE_EXIT_EXECVE) || !native_abi.slot_size) {
			feature_note(&t->base.features, FEATURE_FAILS, !ret, ret ? err->text : NULL);
			return ret;
		}
		format_text(t->no_call_tracepoints, sizeof(t->no_call_tracepoints), "%s", err->text);
	}
	ret = trace_by_probes(t, &native_abi, &way, &no_probes);
	if (!ret) {
		format_text(why, sizeof(why), "%s: %s", how[way], t->no_call_tracepoints);
		feature_note(&t->base.features, FEATURE_FAILS, true, why);
		return 0;
	}
	free(err->log);
	error_set(err, -ret, "%s; and %s", t->no_call_tracepoints, no_probes.text);
	err->log = no_probes.log;
	feature_note(&t->base.features, FEATURE_FAILS, false, err->text);
	return ret;
}

/* On x86, 64-bit programs can make calls of the other ABI, which are seen by kprobes alone. */
#ifdef __x86_64__
#define HAS_INT80 true
#else
#define HAS_INT80 false
#endif

int failures_trace(struct tracer *t, struct error *err)
{
	struct features *features = &t->base.features;
	struct error no_compat = {0};
	enum way way = BY_KPROBES;
	int ret = trace_native(t, err);

	if (ret || t->layout.long_size != 8)
		return ret;
	if (NO_COMPAT) {
		feature_note(features, FEATURE_COMPAT_FAILS, true, "there are none on this architecture");
		return 0;
	}
	if (trace_by_probes(t, &compat_abi, &way, &no_compat)) {
		feature_note(features, FEATURE_COMPAT_FAILS, false, no_compat.text);
		if (!t->base.request->check)
			say("failed execs of 32-bit programs cannot be seen here: %s", no_compat.text);
		free(no_compat.log);
		return 0;
	}
	if (way == BY_RAW_TRACEPOINTS && HAS_INT80) { /* too rare to be said at each start */
		feature_note(features, FEATURE_COMPAT_FAILS, true,
			     "at all system calls; those by int 0x80 of 64-bit programs are not seen: " NEEDS_KPROBES);
		feature_limit(features, FEATURE_COMPAT_FAILS);
	}
	feature_note(features, FEATURE_COMPAT_FAILS, true, NULL);
	free(no_compat.log);
	return 0;
}
