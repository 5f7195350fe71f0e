/* Set-up: from the embedded object to programs that run in the kernel and rings that fill. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "cpus.h"
#include "failures.h"
#include "filter.h"
#include "format.h"
#include "loader.h"
#include "lz4.h"
#include "members.h"
#include "mounts.h"
#include "peek.h"
#include "timestamp.h"
#include "tracefs.h"
#include "tracer.h"

/* prog.o, from embed.S. */
extern const uint8_t packed_object[], packed_object_end[];

static void swap_helper(struct tracer *t, int32_t from, int32_t to)
{
	t->swaps[t->swap_count++] = (struct helper_swap){from, to};
}

/* What helper_exists() and its like say. */
static void note_exists(struct tracer *t, enum feature feature, int exists)
{
	feature_note(&t->features, feature, exists > 0, exists < 0 ? strerror(-exists) : NULL);
}

/* Why no program may read the kernel's memory: only what the kernel says is said. */
static int explain_no_reads(const struct tracer *t, struct error *err)
{
	int type = program_type_exists(BPF_PROG_TYPE_TRACEPOINT);
	char text[128] = "", *chosen, *end;

	if (type < 0)
		return error_set(err, -type, "cannot load any BPF program: %s; look for what forbids bpf(2) here: a container, a "
				 "seccomp profile, or a small RLIMIT_MEMLOCK (ulimit -l)", strerror(-type));
	if (!type)
		return error_set(err, EINVAL, "cannot load a BPF program for tracepoints: %s; this needs Linux 4.8 or later with "
				 "CONFIG_BPF_EVENTS=y, and so CONFIG_KPROBE_EVENTS=y or CONFIG_UPROBE_EVENTS=y", strerror(EINVAL));
	/* "none integrity [confidentiality]": the one that is chosen is in brackets. */
	if (t->sysfs >= 0)
		read_file(t->sysfs, "kernel/security/lockdown", text, sizeof(text));
	chosen = strchr(text, '[');
	end = chosen ? strchr(chosen, ']') : NULL;
	if (!end)
		return error_set(err, EPERM, "cannot read the kernel's memory: this kernel lets no BPF program do that; if it is "
				 "locked down (lockdown=confidentiality on its command line), boot it with lockdown=integrity or less");
	*end = '\0';
	return error_set(err, EPERM, "cannot read the kernel's memory: this kernel lets no BPF program do that; "
			 "/sys/kernel/security/lockdown says \"%s\"; boot it with lockdown=integrity or less", chosen + 1);
}

/* 0 or -errno. Nothing else may be tried on a kernel that is locked down: 7.2 crashes when a tracefs that was mounted
 * then is unmounted (tracefs_destroy_inode). */
static int choose_helpers(struct tracer *t, struct error *err)
{
	/* Below 5.5 there is one helper for user and kernel memory. */
	note_exists(t, FEATURE_SPLIT_READS, helper_exists(BPF_FUNC_probe_read_kernel));
	if (!feature_is_here(&t->features, FEATURE_SPLIT_READS)) {
		swap_helper(t, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read);
		swap_helper(t, BPF_FUNC_probe_read_user, BPF_FUNC_probe_read);
		swap_helper(t, BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_str);
		swap_helper(t, BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_str);
	}
	note_exists(t, FEATURE_CGROUP_IDS, helper_exists(BPF_FUNC_get_current_cgroup_id));
	/* The call stays in the program, and old verifiers look at what is never run. */
	if (!feature_is_here(&t->features, FEATURE_CGROUP_IDS))
		swap_helper(t, BPF_FUNC_get_current_cgroup_id, BPF_FUNC_get_current_pid_tgid);
	if (feature_is_here(&t->features, FEATURE_SPLIT_READS) || helper_exists(BPF_FUNC_probe_read) > 0)
		return 0;
	return explain_no_reads(t, err);
}

/* Loads and attaches one of the learner's programs. */
static int attach_peek(struct tracer *t, int i, const char *name, const char *event, struct error *err)
{
	int program = load_program(t, name, program_type(t), err);

	if (program < 0)
		return program;
	t->peek_events[i] = attach(t, event, program, err);
	close(program); /* the tracepoint holds it */
	return t->peek_events[i] < 0 ? t->peek_events[i] : 0;
}

static void note_layout(struct tracer *t)
{
	const struct layout *l = &t->layout;
	const uint32_t offsets[LAYOUT_PARTS] = {l->task_real_parent, l->task_group_leader, l->task_comm,
						l->mm_arg_start, l->nsproxy_mnt_ns, l->bprm_filename};
	char text[24];

	for (int i = 0; i < LAYOUT_PARTS; i++) {
		format_text(text, sizeof(text), "at %u", offsets[i]);
		feature_note(&t->features, (enum feature)(FEATURE_PARENT + i), !l->missing[i],
			     l->missing[i] ? l->missing[i] : text);
	}
}

/* The initial pid namespace's inode number, PROC_PID_INIT_INO in include/linux/proc_ns.h. */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCU

/* Whether the ids of the initial pid namespace, which the programs tell, are ours and those in /proc. */
static void look_at_proc(struct tracer *t)
{
	char self[16] = "";
	struct stat st;

	if (t->proc < 0 || readlinkat(t->proc, "self", self, sizeof(self) - 1) < 0)
		*self = '\0';
	t->proc_is_initial = strtoul(self, NULL, 10) == t->self.pid && (uint32_t)getpid() == t->self.pid;
	/* In another namespace it may have the same number. Where there are no namespaces there is no such file. */
	if (t->proc >= 0 && !fstatat(t->proc, "self/ns/pid", &st, 0) && st.st_ino != INITIAL_PID_NAMESPACE)
		t->proc_is_initial = false;
	if (t->proc >= 0 && !t->proc_is_initial)
		feature_note(&t->features, FEATURE_PROC, false, "it, or this process, is in another pid namespace than the initial one");
	feature_note(&t->features, FEATURE_PROC, t->proc_is_initial, NULL);
}

/* -p and -P take ids of the initial pid namespace. */
static int check_ids(const struct tracer *t, const char *option, struct error *err)
{
	if (t->proc_is_initial)
		return 0;
	if (t->proc < 0)
		return error_set(err, ENOENT, "%s: cannot look for processes: /proc is not there; mount it", option);
	return error_set(err, EINVAL, "%s: this process, or /proc, is in another pid namespace than the initial one, whose "
			 "process ids are meant (this process is %u there, and %u here); run it there, or use --mntns or --cgroup",
			 option, t->self.pid, (uint32_t)getpid());
}

/* By how much our CLOCK_MONOTONIC is ahead of the kernel's, which is the initial time namespace's. */
static int64_t clock_ahead(const struct tracer *t)
{
	char text[256] = "";

	if (t->proc >= 0)
		read_file(t->proc, "self/timens_offsets", text, sizeof(text));
	return clock_offset(text, t->self.ahead_least, t->self.ahead_most);
}

static int learn_layout(struct tracer *t, char **argv, struct error *err)
{
	/* The kernel lays the strings of argv one behind the other, and those of the environment behind them
	 * (create_elf_tables). */
	const char *end = argv[0], *env_end;
	struct stat st = {0};
	struct peek_facts facts;
	int ret;

	for (char **arg = argv; *arg; arg++)
		end = *arg + strlen(*arg) + 1;
	env_end = end;
	for (char **env = environ; *env; env++)
		env_end = *env + strlen(*env) + 1;
	if (t->proc >= 0 && fstatat(t->proc, "self/ns/mnt", &st, 0))
		st.st_ino = 0;
	t->peek_name = peek_name();
	ret = attach_peek(t, 0, "peek", "task/task_rename", err);
	feature_note(&t->features, FEATURE_MAP_BUFFERS, ret != -EACCES, ret == -EACCES ? "from Linux 4.11 on" : NULL);
	if (ret == -EACCES) {
		free(err->log);
		err->log = NULL;
		ret = attach_peek(t, 0, "peek_stack", "task/task_rename", err);
	}
	if (ret)
		return ret;
	ret = peek_self(map_fd(t, MAP_PEEKS), t->peek_name, &t->self, err);
	if (ret)
		return ret;
	t->layout.long_size = t->self.long_size;
	facts = (struct peek_facts){
		.map = map_fd(t, MAP_PEEKS),
		.name = t->peek_name,
		.chunk = feature_is_here(&t->features, FEATURE_MAP_BUFFERS) ? PEEK_SIZE : STACK_CHUNK_SIZE,
		.arg_start = (uintptr_t)argv[0],
		.arg_end = (uintptr_t)end,
		.env_end = (uintptr_t)env_end,
		.mntns = (uint32_t)st.st_ino,
		.proc = -1,
	};
	if (feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS) && t->proc >= 0) {
		t->peek_events[1] = attach_raw(t, "peek_exec", "sched_process_exec", err);
		if (t->peek_events[1] < 0)
			return t->peek_events[1];
		facts.proc = t->proc;
	}
	ret = peek_layout(&facts, &t->self, &t->layout, err);
	if (ret)
		return ret;
	t->clock_ahead = clock_ahead(t);
	t->user = feature_is_here(&t->features, FEATURE_SPLIT_READS) ? USER_UNCHECKED
		  : user_space(user_rule_here(), t->layout.long_size, (uintptr_t)end);
	note_layout(t);
	look_at_proc(t);
	if (t->options->pids.count && (ret = check_ids(t, "--pid", err)))
		return ret;
	if (t->options->ppid && (ret = check_ids(t, "--ppid", err)))
		return ret;
	if (t->layout.missing[LAYOUT_ARGS])
		return error_set(err, ENOTSUP,
				 "cannot find where this kernel keeps a program's arguments "
				 "(mm_struct.arg_start): %s; please report this kernel's configuration",
				 t->layout.missing[LAYOUT_ARGS]);
	if (t->layout.missing[LAYOUT_PARENT] && t->options->ppid)
		return error_set(err, ENOTSUP,
				 "cannot filter by parent: where this kernel keeps it "
				 "(task_struct.real_parent) is not known: %s",
				 t->layout.missing[LAYOUT_PARENT]);
	if (t->layout.missing[LAYOUT_PARENT] && tracer_has_members(t) &&
	    feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS))
		return error_set(err, ENOTSUP,
				 "cannot follow descendants (-p, -- COMMAND): where this kernel keeps a "
				 "process's id (task_struct.pid) is not known: %s",
				 t->layout.missing[LAYOUT_PARENT]);
	if (t->layout.missing[LAYOUT_MNTNS] && (t->options->mntnsmap || t->options->mntns.count))
		return error_set(err, ENOTSUP,
				 "cannot filter by mount namespace (--mntns, --mntnsmap): where this kernel "
				 "keeps it (task_struct.nsproxy) is not known: %s",
				 t->layout.missing[LAYOUT_MNTNS]);
	if (t->layout.missing[LAYOUT_MNTNS] && t->options->print_mntns)
		say("warning: --print-mntns shows \"?\": where this kernel keeps the mount namespace is not known: %s",
		    t->layout.missing[LAYOUT_MNTNS]);
	if (t->layout.missing[LAYOUT_PARENT])
		say("warning: the parent is asked of /proc, which a short-lived process may not wait for: "
		    "task_struct.real_parent: %s", t->layout.missing[LAYOUT_PARENT]);
	return 0;
}

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
	return !t->preempted ? t->cpus : t->options->fails ? LANE_KINDS * t->cpus : (LANE_FORK + 1) * t->cpus;
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

/* Copies each lane's. NULL: it cannot be had; the caller frees it. */
static struct counts *read_counts(const struct tracer *t)
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

/* Sees threads end: members, and callers that have not returned. */
static int trace_ends(struct tracer *t, struct error *err)
{
	t->end_program = load_program(t, "thread_exit", program_type(t), err);
	return t->end_program < 0 ? t->end_program : keep(t, attach(t, "sched/sched_process_exit", t->end_program, err));
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
	t->fork_program = load_program(t, "fork", program_type(t), err);
	return t->fork_program < 0 ? t->fork_program : keep(t, attach(t, fork, t->fork_program, err));
}

/* Those that live already. All programs must be at work by now: an exec changes a thread's id. */
static int find_members(struct tracer *t, struct error *err)
{
	const struct strings *pids = &t->options->pids;
	const uint64_t self = t->self.pid;
	int ret = 0;

	for (size_t i = 0; !ret && i < pids->count; i++)
		ret = add_root(t, (uint32_t)strtoul(pids->items[i], NULL, 10), err);
	/* We may descend from one of them, and would wait for ourselves. */
	t->removed += !map_delete(map_fd(t, MAP_NEWCOMERS), &self);
	t->removed += !map_delete(map_fd(t, MAP_MEMBERS), &t->self.task);
	return ret;
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
		t->removed += members_sweep(map_fd(t, MAP_MEMBERS), true, proc, &t->suspects[1]);
}

/* The programs count what they add and remove. That nothing was added between the two times we look, which are
 * before and after we have seen how many were removed, makes it one moment. */
bool tracer_members_gone(const struct tracer *t)
{
	const uint64_t none = 0; /* no key of the map, so the first would come */
	uint64_t key, added[2] = {t->added, t->added}, removed[2] = {t->removed, t->removed};

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
	t->removed += !map_delete(map, &t->self.task);
	return ret ? ret : command_execute(command, t->options, err);
}

/* Loads "exec" and what follows it, as a program of the type. */
static int load_exec(struct tracer *t, enum bpf_prog_type type, struct error *err)
{
	bool maps = feature_is_here(&t->features, FEATURE_MAP_BUFFERS);
	int ret = load_tail(t, maps ? "args" : "args_stack", type, MAP_ARGS_PROGRAM, err);

	if (!ret)
		ret = load_program(t, maps ? "exec" : "exec_stack", type, err);
	return ret;
}

/* One more program "exec", the last of them behind a perf event if there can be one. */
static int trace_execs_again(struct tracer *t, unsigned int copy, const char *event, struct error *err)
{
	enum bpf_prog_type type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	struct error no_event = {0};
	struct tracer again = *t;
	int ret, program;

	again.exec_copy = copy;
	if (copy == EXEC_COPIES && !need_tracefs(t, &no_event) &&
	    !tracepoint_field(t->tracefs, event, "filename", 4, &again.exec_filename, &no_event) &&
	    !tracepoint_field(t->tracefs, event, "old_pid", 4, &again.exec_old_pid, &no_event)) {
		again.exec_by_event = true;
		type = BPF_PROG_TYPE_TRACEPOINT;
	}
	/* A map of its own for what follows it, which stays open, or the kernel would empty it. */
	ret = create_map(&again, MAP_ARGS_PROGRAM, 0, err);
	if (ret)
		return ret;
	program = load_exec(&again, type, err);
	if (program < 0)
		return program;
	ret = keep(t, attach_as(t, event, program, type, err));
	close(program); /* the tracepoint holds it */
	return ret;
}

/* The list of "exec" is what nothing works without (tests/floor_test.c has them all). */
static void note_helpers(struct tracer *t, int program, const struct error *err)
{
	feature_note(&t->features, FEATURE_OTHER_HELPERS, program >= 0,
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

	if (ret)
		return ret;
	if (tracer_has_members(t))
		return error_set(err, ENOTSUP, "a kprobe does not tell all that -p and -- need");
	program = load_exec(t, BPF_PROG_TYPE_KPROBE, err);
	if (program < 0)
		return program;
	attachment = kprobes_attach(&t->kprobes, t->tracefs, "proc_exec_connector", false, program, err);
	if (attachment < 0) {
		close(program);
		return attachment;
	}
	t->exec_program = program;
	note_helpers(t, program, err);
	feature_note(&t->features, FEATURE_EXEC, true, "the function behind it, by a kprobe");
	return keep(t, attachment);
}

static int trace_execs_by_tracepoint(struct tracer *t, struct error *err)
{
	const char *event = "sched/sched_process_exec";
	int ret = 0;

	if (!feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS)) {
		ret = need_tracefs(t, err);
		if (!ret)
			ret = tracepoint_field(t->tracefs, event, "filename", 4, &t->exec_filename, err);
	}
	if (ret)
		return ret;
	/* The one that is attached first runs first (func_add in kernel/tracepoint.c). */
	t->exec_copy = t->preempted ? 1 : 0;
	t->exec_program = load_exec(t, program_type(t), err);
	note_helpers(t, t->exec_program, err);
	if (t->exec_program < 0)
		return t->exec_program;
	ret = keep(t, attach(t, event, t->exec_program, err));
	for (unsigned int copy = 2; !ret && t->preempted && copy <= EXEC_COPIES; copy++)
		ret = trace_execs_again(t, copy, event, err);
	return ret;
}

static int trace_execs(struct tracer *t, struct error *err)
{
	bool raw = feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS);
	struct error no_kprobe = {0};
	char why[256] = "";
	int ret = 0;

	if (!raw && trace_execs_by_kprobe(t, &no_kprobe)) {
		/* The map takes programs of the type that it had first. */
		close(map_fd(t, MAP_ARGS_PROGRAM));
		ret = create_map(t, MAP_ARGS_PROGRAM, 0, err);
		format_text(why, sizeof(why), "they are not shown, and the kernel complains of them (dmesg): %s", no_kprobe.text);
		if (!t->options->check)
			say("warning: execs by names over 2 KiB: %s", why);
	}
	free(no_kprobe.log);
	feature_note(&t->features, FEATURE_LONG_NAMES, !*why, *why ? why : raw ? NULL : "by a kprobe");
	return !ret && (raw || *why) ? trace_execs_by_tracepoint(t, err) : ret;
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
	note_exists(t, FEATURE_RAW_TRACEPOINTS, program_type_exists(BPF_PROG_TYPE_RAW_TRACEPOINT));
	ret = choose_helpers(t, err);
	if (ret)
		return ret;
	note_preemption(t);
	ret = learn_layout(t, argv, err);
	if (!ret && t->options->fails)
		ret = failures_learn(t, err);
	if (!ret)
		ret = create_map(t, MAP_RINGS, (uint32_t)tracer_rings(t), err);
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
	resident = at ? strtoul(at, NULL, 10) : 0;
	for (int map = 0; map < MAPS; map++)
		if (map == MAP_MEMBERS || map_fd(t, map) != map_fd(t, MAP_MEMBERS))
			maps += object_memory(t, map_fd(t, map));
	for (int lane = 0; lane < tracer_rings(t); lane++)
		if (collector_has(&t->collector, lane))
			rings += lane_ring_size(t, lane);
	format_text(text, sizeof(text), "KiB: %" PRIu64 " rings (%" PRIu64 " a CPU), ", rings / 1024, t->ring_size / 1024);
	at = text + strlen(text);
	if (maps)
		format_text(at, (size_t)(text + sizeof(text) - at), "%" PRIu64 " maps with -x, %" PRIu64 " programs, ",
			 maps / 1024, t->program_memory / 1024);
	else
		format_text(at, (size_t)(text + sizeof(text) - at), "maps and programs not known below Linux 4.10, ");
	at += strlen(at);
	format_text(at, (size_t)(text + sizeof(text) - at), "%" PRIu64 " resident", resident * page / 1024);
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
	for (int i = 0; i < 2; i++)
		if (t->peek_events[i] >= 0)
			close(t->peek_events[i]);
	if (t->tracefs >= 0)
		close(t->tracefs);
}

void tracer_free(struct tracer *t)
{
	free(t->unpacked);
	free(t->counts);
	free(t->reopened);
	collector_free(&t->collector);
}

/* The sum of one of the counts over all lanes. */
#define COUNT_ALL(t, count, sum)                                                          \
	do {                                                                              \
		struct counts *all = read_counts(t);                                      \
		for (int lane = 0; all && lane < tracer_lanes(t); lane++)                 \
			(sum) += all[lane].count;                                         \
		free(all);                                                                \
	} while (0)

static uint64_t count_missed(const struct tracer *t)
{
	uint64_t missed = 0;

	COUNT_ALL(t, missed, missed);
	return missed;
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

void tracer_count_unseen(struct tracer *t, bool finally)
{
	struct counts *now = read_counts(t), *counts = finally ? now : t->counts;

	for (int lane = 0; counts && lane < tracer_rings(t); lane++)
		collector_expect(&t->collector, lane, counts[lane].seq);
	free(t->counts);
	t->counts = now;
}

uint64_t tracer_skipped(const struct tracer *t)
{
	/* First the one, then the other, which makes up for it. */
	uint64_t execs = program_misses(t->exec_program), returns = 0, recovered = 0;
	uint64_t missed = t->attached_count ? count_missed(t) : t->missed_at_end;

	COUNT_ALL(t, dropped, execs);
	COUNT_ALL(t, recovered, recovered);
	for (size_t i = 0; i < t->exits_count; i++)
		returns += program_misses(t->exits[i]);
	/* The kernel counts (from 6.7 on) also returns of calls that did not fail. */
	return (execs > recovered ? execs - recovered : 0) + (returns > missed ? returns : missed);
}

uint64_t tracer_unseen_forks(const struct tracer *t)
{
	return t->fork_program < 0 ? 0 : program_misses(t->fork_program);
}

uint64_t tracer_unseen_ends(const struct tracer *t)
{
	return t->end_program < 0 || !tracer_has_members(t) ? 0 : program_misses(t->end_program);
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

int tracer_open(struct tracer *tracer, const struct options *options, struct error *err)
{
	size_t packed = (size_t)(packed_object_end - packed_object), size = (size_t)lz4_size(packed_object, packed);

	*tracer = (struct tracer){.options = options, .proc = -1, .tracefs = -1, .sysfs = -1, .exec_program = -1, .fork_program = -1,
				  .end_program = -1, .peek_events = {-1, -1}};
	tracer->unpacked = malloc(size);
	if (!tracer->unpacked)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (lz4_unpack(packed_object, packed, tracer->unpacked, size) != (long)size)
		return error_set(err, ENOEXEC, "cannot unpack the BPF object: this program's file is damaged");
	return object_open(&tracer->object, tracer->unpacked, size, err);
}
