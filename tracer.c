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
	/* Where no program can be loaded at all, that of the learner says why. */
	if (feature_is_here(&t->features, FEATURE_SPLIT_READS) || helper_exists(BPF_FUNC_probe_read))
		return 0;
	return error_set(err, EPERM,
			 "cannot read the kernel's memory: this kernel lets no BPF program do that; it is locked down "
			 "(/sys/kernel/security/lockdown says \"confidentiality\"), and can only be traced after a boot "
			 "with lockdown=integrity or less");
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
	const uint32_t offsets[LAYOUT_PARTS] = {l->task_real_parent, l->task_comm, l->mm_arg_start,
						l->nsproxy_mnt_ns, l->bprm_filename};
	char text[24];

	for (int i = 0; i < LAYOUT_PARTS; i++) {
		format_text(text, sizeof(text), "at %u", offsets[i]);
		feature_note(&t->features, (enum feature)(FEATURE_PARENT + i), !l->missing[i],
			     l->missing[i] ? l->missing[i] : text);
	}
}

static int learn_layout(struct tracer *t, char **argv, struct error *err)
{
	/* The kernel lays the strings of argv one behind the other (create_elf_tables). */
	const char *start = argv[0], *end = argv[0];
	struct stat st = {0};
	int ret, self = -1;

	for (char **arg = argv; *arg; arg++)
		end = *arg + strlen(*arg) + 1;
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
	if (feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS) && t->proc >= 0)
		self = openat(t->proc, "self/exe", O_RDONLY | O_CLOEXEC);
	if (self >= 0)
		ret = t->peek_events[1] = attach_raw(t, "peek_exec", "sched_process_exec", err);
	if (ret >= 0)
		ret = peek_layout(map_fd(t, MAP_PEEKS), t->peek_name, (uintptr_t)start,
				  (uintptr_t)end, (uint32_t)st.st_ino, self,
				  feature_is_here(&t->features, FEATURE_MAP_BUFFERS) ? PEEK_SIZE : STACK_CHUNK_SIZE,
				  &t->layout, &t->self, err);
	if (self >= 0)
		close(self);
	if (ret)
		return ret;
	note_layout(t);
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
	    feature_is_here(&t->features, FEATURE_UNPREEMPTED))
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
	by_id = t->options->pids.count || !feature_is_here(&t->features, FEATURE_UNPREEMPTED);
	ret = create_map(t, MAP_NEWCOMERS, by_id ? members_capacity() : 1, err);
	if (!ret && t->options->pids.count)
		ret = create_map(t, MAP_ROOTS, (uint32_t)t->options->pids.count, err);
	return ret;
}

/* The beginning of a struct scratch. */
struct counts {
	uint32_t seq, forgotten;
	uint64_t filtered, added, removed;
};

static int make_scratches(struct tracer *t, struct error *err)
{
	size_t size = map_value_size(t, MAP_SCRATCHES) * (size_t)t->cpus;
	int ret = create_map(t, MAP_SCRATCHES, (uint32_t)t->cpus, err);

	if (ret)
		return ret;
	t->scratches = mmap(NULL, size, PROT_READ, MAP_SHARED, map_fd(t, MAP_SCRATCHES), 0);
	if (t->scratches == MAP_FAILED)
		t->scratches = NULL; /* below 5.5: each will be asked for */
	return 0;
}

/* Copies each CPU's. NULL: it cannot be had; the caller frees it. */
static struct counts *read_counts(const struct tracer *t)
{
	size_t size = map_value_size(t, MAP_SCRATCHES);
	char *asked = t->scratches ? NULL : malloc(size);
	struct counts *counts = calloc((size_t)t->cpus, sizeof(*counts));
	int ret = counts && (t->scratches || asked) ? 0 : -ENOMEM;

	/* What is read here is not older than what was read before. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (int cpu = 0; !ret && cpu < t->cpus; cpu++) {
		if (asked)
			ret = map_lookup(map_fd(t, MAP_SCRATCHES), &cpu, asked);
		memcpy(&counts[cpu], asked ? asked : t->scratches + size * (size_t)cpu, sizeof(*counts));
	}
	free(asked);
	if (!ret)
		return counts;
	free(counts);
	return NULL;
}

/* -p takes ids of the initial pid namespace, as /proc must show them. */
static int check_proc(const struct tracer *t, struct error *err)
{
	char self[16] = "";

	if (t->proc < 0)
		return error_set(err, ENOENT, "--pid: cannot look for processes: /proc is not there; mount it");
	if (readlinkat(t->proc, "self", self, sizeof(self) - 1) > 0 &&
	    strtoul(self, NULL, 10) == t->self.pid)
		return 0;
	return error_set(err, EINVAL, "--pid: /proc does not show the process ids of the initial pid namespace "
				      "(this process is %u there, but %s in /proc); run it there, or use "
				      "--mntns or --cgroup", t->self.pid, *self ? self : "nothing");
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

/* Keeps the set of those whose execs are wanted. */
static int trace_members(struct tracer *t, struct error *err)
{
	const char *fork = "sched/sched_process_fork";
	int ret = 0;

	if (!feature_is_here(&t->features, FEATURE_UNPREEMPTED)) {
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
	int ret = pids->count ? check_proc(t, err) : 0;

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
	if (tracer_has_members(t))
		t->removed += members_sweep(map_fd(t, MAP_NEWCOMERS), t->proc, &t->suspects);
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
		for (int cpu = 0; cpu < t->cpus; cpu++) {
			added[i] += counts[cpu].added;
			removed[i] += counts[cpu].removed;
		}
		free(counts);
	}
	return added[0] == added[1] && added[0] == removed[0];
}

/* What a member makes is one: so we are, for that moment. */
int tracer_start_command(struct tracer *t, struct command *command, const struct inherited *inherited,
			 struct error *err)
{
	const uint64_t one = 1;
	int map = map_fd(t, MAP_MEMBERS), ret = map_update(map, &t->self.task, &one);

	if (ret)
		return error_set(err, -ret, "cannot put a process into a BPF map: %s", strerror(-ret));
	t->added++;
	ret = command_start(command, t->options, inherited, err);
	t->removed += !map_delete(map, &t->self.task);
	return ret ? ret : command_execute(command, t->options, err);
}

/* Behind a perf event a program cannot see the struct linux_binprm: one on the raw tracepoint notes for it what that
 * says, just before. */
static int trace_scripts(struct tracer *t, struct error *err)
{
	if (feature_is_here(&t->features, FEATURE_UNPREEMPTED) || t->layout.missing[LAYOUT_BPRM])
		return 0;
	return keep(t, attach_raw(t, "script", "sched_process_exec", err));
}

static int trace_execs(struct tracer *t, struct error *err)
{
	const char *event = "sched/sched_process_exec";
	bool maps = feature_is_here(&t->features, FEATURE_MAP_BUFFERS);
	int ret = 0, program;

	if (!feature_is_here(&t->features, FEATURE_UNPREEMPTED)) {
		ret = need_tracefs(t, err);
		if (!ret)
			ret = tracepoint_field(t->tracefs, event, "filename", 4, &t->exec_filename, err);
	}
	if (!ret)
		ret = load_tail(t, maps ? "args" : "args_stack", program_type(t), MAP_ARGS_PROGRAM, err);
	if (ret)
		return ret;
	program = load_program(t, maps ? "exec" : "exec_stack", program_type(t), err);
	/* Its list is what nothing works without (tests/floor_test.c has them all). */
	feature_note(&t->features, FEATURE_OTHER_HELPERS, program >= 0,
		     program < 0 ? err->text
				 : "bpf_perf_event_output, bpf_get_current_task, bpf_tail_call, bpf_ktime_get_ns and "
				   "older ones");
	if (program < 0)
		return program;
	t->counted[t->counted_count++] = program;
	return keep(t, attach(t, event, program, err));
}

int tracer_set_up(struct tracer *t, char **argv, struct error *err)
{
	struct error no_proc;
	int ret;

	raise_memlock_limit();
	/* First what needs power most: its errors are the clearest. */
	ret = create_map(t, MAP_PEEKS, 0, err);
	feature_note(&t->features, FEATURE_BPF, !ret, ret ? err->text : NULL);
	if (ret)
		return ret;
	t->proc = open_procfs(&no_proc); /* without it a little less is known */
	feature_note(&t->features, FEATURE_PROC, t->proc >= 0, t->proc >= 0 ? NULL : no_proc.text);
	t->sysfs = open_sysfs(err);
	if (t->sysfs < 0)
		return t->sysfs;
	t->cpus = possible_cpus(t->sysfs, err);
	if (t->cpus < 0)
		return t->cpus;
	note_exists(t, FEATURE_RAW_TRACEPOINTS, program_type_exists(BPF_PROG_TYPE_RAW_TRACEPOINT));
	ret = choose_helpers(t, err);
	if (ret)
		return ret;
	choose_tracepoints(t);
	ret = learn_layout(t, argv, err);
	if (!ret && t->options->fails)
		ret = failures_learn(t, err);
	if (!ret)
		ret = create_map(t, MAP_RINGS, (uint32_t)t->cpus, err);
	if (!ret)
		ret = make_scratches(t, err);
	if (!ret)
		ret = create_map(t, MAP_ARGS_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_CALLS, t->options->fails || t->options->check ? 0 : 1, err);
	if (!ret)
		ret = open_filters(t, err);
	if (!ret) {
		ret = open_rings(t, err);
		feature_note(&t->features, FEATURE_PERF, !ret, ret ? err->text : NULL);
	}
	/* What removes entries before what makes them, or a call would count as one that never ended because its end was
	 * not seen; and what makes them before what looks for them. */
	if (!ret && (tracer_has_members(t) || t->options->fails))
		ret = attach_to(t, "thread_exit", "sched/sched_process_exit", err);
	if (!ret && tracer_has_members(t))
		ret = trace_members(t, err);
	if (!ret)
		ret = trace_scripts(t, err);
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
	for (int cpu = 0; cpu < t->cpus; cpu++)
		rings += collector_has(&t->collector, cpu);
	format_text(text, sizeof(text), "KiB: %" PRIu64 " rings (%" PRIu64 " of %" PRIu64 "), ", rings * t->ring_size / 1024,
		 rings, t->ring_size / 1024);
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

	if (t->counted_count) {
		int compiled = program_is_compiled(t->counted[t->counted_count - 1]);

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
	collector_free(&t->collector);
}

void tracer_detach(struct tracer *t)
{
	/* In this order, too: "thread_exit" first, what notes calls last. */
	for (size_t i = 0; i < t->attached_count; i++)
		close(t->attached[i]);
	t->attached_count = 0;
	kprobes_remove(&t->kprobes);
}

void tracer_count_unseen(struct tracer *t, bool finally)
{
	struct counts *now = read_counts(t), *counts = finally ? now : t->counts;

	for (int cpu = 0; counts && cpu < t->cpus; cpu++)
		collector_expect(&t->collector, cpu, counts[cpu].seq);
	free(t->counts);
	t->counts = now;
}

uint64_t tracer_skipped(const struct tracer *t)
{
	uint64_t misses = 0;

	for (size_t i = 0; i < t->counted_count; i++)
		misses += program_misses(t->counted[i]);
	return misses;
}

uint64_t tracer_unseen_forks(const struct tracer *t)
{
	return t->fork_program < 0 ? 0 : program_misses(t->fork_program);
}

uint64_t tracer_filtered(const struct tracer *t)
{
	struct counts *counts = read_counts(t);
	uint64_t filtered = 0;

	for (int cpu = 0; counts && cpu < t->cpus; cpu++)
		filtered += counts[cpu].filtered;
	free(counts);
	return filtered;
}

uint64_t tracer_forgotten(const struct tracer *t)
{
	struct counts *counts = tracer_has_members(t) ? read_counts(t) : NULL;
	uint64_t forgotten = 0;

	for (int cpu = 0; counts && cpu < t->cpus; cpu++)
		forgotten += counts[cpu].forgotten;
	free(counts);
	return forgotten;
}

int tracer_open(struct tracer *tracer, const struct options *options, struct error *err)
{
	size_t packed = (size_t)(packed_object_end - packed_object), size = (size_t)lz4_size(packed_object, packed);

	*tracer = (struct tracer){.options = options, .proc = -1, .tracefs = -1, .fork_program = -1, .peek_events = {-1, -1}};
	tracer->unpacked = malloc(size);
	if (!tracer->unpacked)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (lz4_unpack(packed_object, packed, tracer->unpacked, size) != (long)size)
		return error_set(err, ENOEXEC, "cannot unpack the BPF object: this program's file is damaged");
	return object_open(&tracer->object, tracer->unpacked, size, err);
}
