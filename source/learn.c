/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/learn.h"
#include "lib/files.h"
#include "kernel/peek.h"
#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"
#include "loader.h"
#include "source/attach.h"

/* Notes the answer of helper_exists() and its like. */
static void note_exists(struct tracer *t, enum feature feature, int exists)
{
	feature_note(&t->base.features, feature, exists > 0, exists < 0 ? strerror(-exists) : NULL);
}

/* Why no program may read the kernel's memory: only what the kernel says is said. */
static int explain_no_reads(const struct tracer *t, struct error *err)
{
	int type = program_type_exists(BPF_PROG_TYPE_TRACEPOINT);
	char text[128] = "", *chosen, *end;

	if (type < 0)
		return error_set(err, -type, "cannot load any BPF program: %s; %s", strerror(-type), bpf_advice(-type));
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
	if (!feature_is_here(&t->base.features, FEATURE_SPLIT_READS)) {
		link_swap_helper(&t->link, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read);
		link_swap_helper(&t->link, BPF_FUNC_probe_read_user, BPF_FUNC_probe_read);
		link_swap_helper(&t->link, BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_str);
		link_swap_helper(&t->link, BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_str);
	}
	note_exists(t, FEATURE_CGROUP_IDS, helper_exists(BPF_FUNC_get_current_cgroup_id));
	link_request(&t->link, t->base.request, feature_is_here(&t->base.features, FEATURE_CGROUP_IDS));
	/* The call stays in the program, and old verifiers look at what is never run. */
	if (!feature_is_here(&t->base.features, FEATURE_CGROUP_IDS))
		link_swap_helper(&t->link, BPF_FUNC_get_current_cgroup_id, BPF_FUNC_get_current_pid_tgid);
	if (feature_is_here(&t->base.features, FEATURE_SPLIT_READS) || helper_exists(BPF_FUNC_probe_read) > 0)
		return 0;
	return explain_no_reads(t, err);
}

/* Loads and attaches one of the learner's programs. */
static int attach_peek(struct tracer *t, int i, enum program which, const char *event, struct error *err)
{
	int program = link_load(&t->link, &t->object, which, program_type(t), err);

	if (program < 0)
		return program;
	/* The tracepoint of "peek_exec" is noted when "exec" is attached to it. */
	if (which == PROGRAM_PEEK_EXEC)
		t->peek_events[i] = raw_tracepoint_attach(event, program, err);
	else
		t->peek_events[i] = attach(t, event, program, program_type(t), err);
	close(program); /* the tracepoint holds it */
	return t->peek_events[i] < 0 ? t->peek_events[i] : 0;
}

static void note_layout(struct tracer *t)
{
	const struct layout *l = &t->layout;
	const uint32_t offsets[LAYOUT_PARTS] = {l->task_real_parent, l->task_group_leader, l->task_comm, l->mm_arg_start,
						l->nsproxy_mnt_ns, l->bprm_filename, l->task_start, l->cred_euid,
						l->task_loginuid, l->task_exit_code, l->task_fs, l->mm_exe_file};
	char text[24];

	for (int i = 0; i < LAYOUT_PARTS; i++) {
		format_text(text, sizeof(text), "at %u", offsets[i]);
		feature_note(&t->base.features, (enum feature)(FEATURE_PARENT + i), !l->missing[i],
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

	if (t->base.proc < 0 || readlinkat(t->base.proc, "self", self, sizeof(self) - 1) < 0)
		*self = '\0';
	t->base.proc_is_initial = strtoul(self, NULL, 10) == t->self.pid && (uint32_t)getpid() == t->self.pid;
	/* In another namespace it may have the same number. Where there are no namespaces there is no such file. */
	if (t->base.proc >= 0 && !fstatat(t->base.proc, "self/ns/pid", &st, 0) && st.st_ino != INITIAL_PID_NAMESPACE)
		t->base.proc_is_initial = false;
	if (t->base.proc >= 0 && !t->base.proc_is_initial)
		feature_note(&t->base.features, FEATURE_PROC, false, "it, or this process, is in another pid namespace than the initial one");
	feature_note(&t->base.features, FEATURE_PROC, t->base.proc_is_initial, NULL);
}

/* -p and -P take ids of the initial pid namespace. */
static int check_ids(const struct tracer *t, const char *option, struct error *err)
{
	if (t->base.proc_is_initial)
		return 0;
	if (t->base.proc < 0)
		return error_set(err, ENOENT, "%s: cannot look for processes: /proc is not there; mount it", option);
	return error_set(err, EINVAL, "%s: this process, or /proc, is in another pid namespace than the initial one, whose "
			 "process ids are meant (this process is %u there, and %u here); run it there, or use --mntns or --cgroup",
			 option, t->self.pid, (uint32_t)getpid());
}

/* By how much our clocks are ahead of the kernel's, which are the initial time namespace's. */
static void compare_clocks(struct tracer *t)
{
	char text[256] = "";

	if (t->base.proc >= 0)
		read_file(t->base.proc, "self/timens_offsets", text, sizeof(text));
	t->base.clock_ahead = clock_offset(text, t->self.ahead_least, t->self.ahead_most);
	t->base.boot_ahead = boot_offset(text);
}

/* The process's own strings: the kernel lays those of argv one behind the other, and those of the environment behind them
 * (create_elf_tables). */
static struct peek_facts own_facts(const struct tracer *t, char **argv)
{
	struct peek_facts facts = {.arg_start = (uintptr_t)argv[0], .arg_end = (uintptr_t)argv[0], .exec_proc = -1};
	struct stat st = {0};

	for (char **arg = argv; *arg; arg++)
		facts.arg_end = (uintptr_t)*arg + strlen(*arg) + 1;
	facts.env_end = facts.arg_end;
	for (char **env = environ; *env; env++)
		facts.env_end = (uintptr_t)*env + strlen(*env) + 1;
	if (t->base.proc >= 0 && !fstatat(t->base.proc, "self/ns/mnt", &st, 0))
		facts.mntns = (uint32_t)st.st_ino;
	return facts;
}

/* Attaches "peek", or its twin for kernels whose helpers write to the stack alone. */
static int attach_first_peek(struct tracer *t, struct error *err)
{
	int ret = attach_peek(t, 0, PROGRAM_PEEK, "task/task_rename", err);

	feature_note(&t->base.features, FEATURE_MAP_BUFFERS, ret != -EACCES, ret == -EACCES ? "from Linux 4.11 on" : NULL);
	if (ret != -EACCES)
		return ret;
	free(err->log);
	err->log = NULL;
	t->link.on_stack = true;
	link_set(&t->link, SETTING_map_buffers, 0);
	return attach_peek(t, 0, PROGRAM_PEEK, "task/task_rename", err);
}

/* Attaches "peek_exec", which only raw tracepoints can serve. */
static int attach_exec_peek(struct tracer *t, struct error *err)
{
	int ret = link_create_map(&t->link, &t->object, MAP_peek_program, 0, err);

	if (!ret)
		ret = link_load_tail(&t->link, &t->object, PROGRAM_PEEK_EXEC_AGAIN, BPF_PROG_TYPE_RAW_TRACEPOINT, err);
	return ret ? ret : attach_peek(t, 1, PROGRAM_PEEK_EXEC, "sched_process_exec", err);
}

/* Whether something is asked for that models.h is needed for. */
static bool wants_states(const struct request *r)
{
	return r->check || r->exits || r->want_start || r->want_eids || r->want_login || r->want_ns_pid ||
	       r->want_tty;
}

/* As the setting want_variables has them. */
static uint64_t first_bytes(const struct strings *names)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < names->count; i++)
		bits |= 1ULL << (*names->items[i] & 63);
	return bits;
}

/* More that is asked for, as far as the layout lets it be told. */
static void request_more(struct tracer *t)
{
	const struct request *r = t->base.request;
	const char **missing = t->layout.missing;
	bool here = !t->link.on_stack;
	bool exe = r->want_exe && !missing[LAYOUT_EXE] && here, cwd = r->want_cwd && !missing[LAYOUT_PATHS] && here;
	bool chain = r->want_chain && !missing[LAYOUT_PARENT] && !missing[LAYOUT_LEADER] && here;
	bool variables = r->variables.count && t->layout.mm_env_end && here;

	if (!here)
		missing[LAYOUT_PATHS] = missing[LAYOUT_EXE] = missing[LAYOUT_INODE] = "this needs Linux 4.11 or later";
	link_set(&t->link, SETTING_want_exe, exe);
	link_set(&t->link, SETTING_want_inode, r->want_inode && !missing[LAYOUT_EXE] && !missing[LAYOUT_INODE] && here);
	link_set(&t->link, SETTING_want_cwd, cwd);
	link_set(&t->link, SETTING_want_chain, chain ? r->ancestors : 0);
	link_set(&t->link, SETTING_want_variables, variables ? first_bytes(&r->variables) : 0);
	t->more[PROGRAM_CHAIN - PROGRAM_CHAIN] = chain;
	t->more[PROGRAM_PATH - PROGRAM_CHAIN] = (unsigned int)exe + cwd;
	t->more[PROGRAM_VARIABLES - PROGRAM_CHAIN] = variables;
}

static int learn_layout(struct tracer *t, char **argv, struct error *err)
{
	const uint64_t name = peek_name();
	struct peek_facts facts = own_facts(t, argv);
	struct user_space user;
	int ret;

	link_set(&t->link, SETTING_peek_name, name);
	ret = attach_first_peek(t, err);
	if (!ret)
		ret = peek_self(t->link.maps[MAP_peeks], name, &t->self, err);
	if (ret)
		return ret;
	compare_clocks(t);
	t->layout.long_size = t->self.long_size;
	link_layout(&t->link, &t->layout, t->self.task);
	facts.map = t->link.maps[MAP_peeks];
	facts.name = name;
	facts.proc = t->base.proc;
	facts.boot_ahead = t->base.boot_ahead;
	facts.states = wants_states(t->base.request);
	facts.wanted = (struct models_wanted){t->base.request->check || t->base.request->want_ns_pid,
					      t->base.request->check || t->base.request->want_tty};
	facts.paths = t->base.request->check || t->base.request->want_exe || t->base.request->want_cwd || t->base.request->want_inode;
	facts.chunk = t->link.on_stack ? STACK_CHUNK_SIZE : PEEK_SIZE;
	if (feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS) && t->base.proc >= 0) {
		ret = attach_exec_peek(t, err);
		facts.exec_proc = t->base.proc;
	}
	if (!ret)
		ret = peek_layout(&facts, &t->self, &t->layout, err);
	if (ret)
		return ret;
	user = feature_is_here(&t->base.features, FEATURE_SPLIT_READS)
		       ? USER_UNCHECKED
		       : user_space(user_rule_here(), t->layout.long_size, (uintptr_t)facts.arg_end);
	link_layout(&t->link, &t->layout, t->self.task);
	request_more(t);
	link_set(&t->link, SETTING_user_mask, user.mask);
	link_set(&t->link, SETTING_user_end, user.end);
	note_layout(t);
	return 0;
}

/* Refuses what is asked for and the layout does not let be told. */
static int check_request(const struct tracer *t, struct error *err)
{
	const struct request *r = t->base.request;
	const char *const *missing = t->layout.missing;
	int ret = 0;

	if (r->pids.count)
		ret = check_ids(t, "--pid", err);
	if (!ret && r->ids.ppids.count)
		ret = check_ids(t, "--ppid", err);
	if (ret)
		return ret;
	if (missing[LAYOUT_ARGS])
		return error_set(err, ENOTSUP,
				 "cannot find where this kernel keeps a program's arguments "
				 "(mm_struct.arg_start): %s; please report this kernel's configuration",
				 missing[LAYOUT_ARGS]);
	if (missing[LAYOUT_PARENT] && r->ids.ppids.count)
		return error_set(err, ENOTSUP,
				 "cannot filter by parent: where this kernel keeps it "
				 "(task_struct.real_parent) is not known: %s",
				 missing[LAYOUT_PARENT]);
	if (missing[LAYOUT_PARENT] && source_follows(&t->base) &&
	    feature_is_here(&t->base.features, FEATURE_RAW_TRACEPOINTS))
		return error_set(err, ENOTSUP,
				 "cannot follow descendants (-p, -- COMMAND): where this kernel keeps a "
				 "process's id (task_struct.pid) is not known: %s",
				 missing[LAYOUT_PARENT]);
	if (missing[LAYOUT_MNTNS] && (r->mntnsmap || r->mntns.count))
		return error_set(err, ENOTSUP,
				 "cannot filter by mount namespace (--mntns, --mntnsmap): where this kernel "
				 "keeps it (task_struct.nsproxy) is not known: %s",
				 missing[LAYOUT_MNTNS]);
	return 0;
}

static void warn_of_layout(const struct tracer *t)
{
	const char *const *missing = t->layout.missing;
	const struct request *r = t->base.request;
	const struct {
		bool asked;
		enum layout_part part;
		const char *key, *what;
	} rows[] = {
		{r->print_mntns, LAYOUT_MNTNS, "mntns", "the mount namespace"},
		{r->want_exe, LAYOUT_EXE, "exe", "the file that runs"},
		{r->want_cwd, LAYOUT_PATHS, "cwd", "the working directory"},
		{r->print_euid, LAYOUT_CRED, "euid", "the effective ids"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].asked && missing[rows[i].part])
			say("warning: %s is not told: where this kernel keeps %s is not known: %s", rows[i].key, rows[i].what,
			    missing[rows[i].part]);
	if (t->base.request->variables.count && !t->more[PROGRAM_VARIABLES - PROGRAM_CHAIN])
		say("warning: --env shows nothing: %s", t->link.on_stack ? "this needs Linux 4.11 or later"
		    : "where this kernel keeps the environment is not known: this process has none, by which it could be learned; give it one");
	if (t->base.request->want_chain && !t->more[0])
		say("warning: --ancestors shows nothing: %s", t->link.on_stack ? "this needs Linux 4.11 or later"
		    : missing[LAYOUT_PARENT] ? missing[LAYOUT_PARENT] : missing[LAYOUT_LEADER]);
	if (missing[LAYOUT_PARENT])
		say("warning: the parent is asked of /proc, which a short-lived process may not wait for: "
		    "task_struct.real_parent: %s", missing[LAYOUT_PARENT]);
}

int learn_kernel(struct tracer *t, char **argv, struct error *err)
{
	int ret;

	note_exists(t, FEATURE_RAW_TRACEPOINTS, program_type_exists(BPF_PROG_TYPE_RAW_TRACEPOINT));
	ret = choose_helpers(t, err);
	if (ret)
		return ret;
	note_preemption(t);
	ret = learn_layout(t, argv, err);
	if (ret)
		return ret;
	look_at_proc(t);
	ret = check_request(t, err);
	if (!ret)
		warn_of_layout(t);
	return ret;
}
