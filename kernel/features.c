/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "kernel/features.h"
#include "lib/format.h"

/* Name, the substitute where it is missing, and what cannot be told without it. */
static const struct row {
	const char *name, *instead, *without;
} rows[FEATURES] = {
	[FEATURE_BPF] = {"bpf(2)", NULL, NULL},
	[FEATURE_PERF] = {"perf_event_open(2), rings", NULL, NULL},
	[FEATURE_JIT] = {"BPF JIT", "the interpreter", NULL},
	[FEATURE_RAW_TRACEPOINTS] = {"raw tracepoints", "perf events, by tracefs", NULL},
	[FEATURE_UNPREEMPTED] = {"programs run to their end", "more programs and rings", NULL},
	[FEATURE_TRACEFS] = {"tracefs", NULL, NULL},
	[FEATURE_PROC] = {"/proc", NULL, "what the kernel side cannot read of a process is <unreadable>"},
	[FEATURE_RENAME] = {"task/task_rename", NULL, NULL},
	[FEATURE_EXEC] = {"sched/sched_process_exec", NULL, NULL},
	[FEATURE_FORK] = {"sched/sched_process_fork", NULL, "bpf cannot follow -p and a command"},
	[FEATURE_EXIT] = {"sched/sched_process_exit", NULL, "bpf cannot follow -p and a command, and has no -x and --exits"},
	[FEATURE_ENTER_EXECVE] = {"syscalls/sys_enter_execve", "kprobes, or all calls", NULL},
	[FEATURE_ENTER_EXECVEAT] = {"syscalls/sys_enter_execveat", "kprobes, or all calls", NULL},
	[FEATURE_EXIT_EXECVE] = {"syscalls/sys_exit_execve", "kprobes, or all calls", NULL},
	[FEATURE_EXIT_EXECVEAT] = {"syscalls/sys_exit_execveat", "kprobes, or all calls", NULL},
	[FEATURE_SPLIT_READS] = {"bpf_probe_read_kernel", "bpf_probe_read", NULL},
	[FEATURE_MAP_BUFFERS] = {"helpers write to maps", "the stack, a chunk at a time", NULL},
	[FEATURE_CGROUP_IDS] = {"bpf_get_current_cgroup_id", "--cgroup for --cgroupmap", NULL},
	[FEATURE_UNDER_CGROUP] = {"bpf_current_task_under_cgroup", "--mntns for --cgroup", NULL},
	[FEATURE_OTHER_HELPERS] = {"other BPF helpers", NULL, NULL},
	[FEATURE_PARENT] = {"task_struct.real_parent", "/proc/PID/status", NULL},
	[FEATURE_LEADER] = {"task_struct.group_leader", NULL, "bpf has no --exits"},
	[FEATURE_COMM] = {"task_struct.comm", NULL, NULL},
	[FEATURE_ARGS] = {"mm_struct.arg_start", NULL, NULL},
	[FEATURE_MNTNS] = {"nsproxy.mnt_ns", NULL, "bpf has no --mntns, --mntnsmap and --print-mntns"},
	[FEATURE_BPRM] = {"linux_binprm.filename", "a guess at scripts", NULL},
	[FEATURE_START] = {"task_struct.start_boottime", NULL, "bpf has no --exits; start and parent_start are null"},
	[FEATURE_CRED] = {"cred.euid", NULL, "effective ids are not known"},
	[FEATURE_LOGIN] = {"task_struct.loginuid", NULL, "loginuid and session are null"},
	[FEATURE_END] = {"task_struct.exit_code", NULL, "bpf has no --exits"},
	[FEATURE_PIDS] = {"task_struct.thread_pid", NULL, "ns_pid is null"},
	[FEATURE_TTY] = {"signal_struct.tty", NULL, "terminals are not known"},
	[FEATURE_PATHS] = {"task_struct.fs", NULL, "--print-cwd and --print-exe show ?"},
	[FEATURE_EXE] = {"mm_struct.exe_file", NULL, "--print-exe shows ?"},
	[FEATURE_INODE] = {"inode.i_ino", NULL, "exe_inode and exe_dev are null"},
	[FEATURE_LONG_NAMES] = {"execs by names over 2 KiB", NULL, NULL},
	[FEATURE_FAILS] = {"failed execs (-x)", NULL, "bpf has no -x"},
	[FEATURE_COMPAT_FAILS] = {"failed execs, 32-bit", NULL, "-x does not show failed execs of 32-bit programs"},
	[FEATURE_SANDBOX] = {"sandbox of the reader", "all power of this user", NULL},
	[FEATURE_HELPER] = {"sandbox of the helper", "more power than it needs", NULL},
	[FEATURE_MEMORY] = {"memory", NULL, NULL},
	[FEATURE_SOURCE] = {"source bpf", "the next source", NULL},
	{"source perf", "the next source", NULL},
	{"source proc", "the next source", NULL},
	{"source sideband", "the next source", NULL},
	{"source trace", NULL, NULL},
	{"source watch", NULL, NULL},
};

void feature_note(struct features *features, enum feature feature, bool here, const char *why)
{
	if (features->rows[feature].asked)
		return;
	features->rows[feature].asked = true;
	features->rows[feature].here = here;
	format_text(features->rows[feature].why, sizeof(features->rows[feature].why), "%s", why ? why : "");
}

void feature_note_tracepoint(struct features *features, const char *event, bool here, const char *why)
{
	for (int i = FEATURE_RENAME; i < FEATURE_SPLIT_READS; i++)
		if (!strcmp(rows[i].name, event))
			feature_note(features, (enum feature)i, here, why);
}

bool feature_is_here(const struct features *features, enum feature feature)
{
	return features->rows[feature].here;
}

bool feature_is_missing(const struct features *features, enum feature feature)
{
	return features->rows[feature].asked && !features->rows[feature].here;
}

const char *feature_name(enum feature feature)
{
	return rows[feature].name;
}

const char *feature_instead(enum feature feature)
{
	return rows[feature].instead;
}

const char *feature_without(enum feature feature)
{
	return rows[feature].without;
}

void feature_limit(struct features *features, enum feature feature)
{
	features->rows[feature].limited = true;
}
