#include <string.h>

#include "kernel/features.h"
#include "lib/format.h"

/* Name, and the substitute where it is missing. */
static const struct row {
	const char *name, *instead;
} rows[FEATURES] = {
	[FEATURE_BPF] = {"bpf(2)", NULL},
	[FEATURE_PERF] = {"perf_event_open(2), rings", NULL},
	[FEATURE_JIT] = {"BPF JIT", "the interpreter"},
	[FEATURE_RAW_TRACEPOINTS] = {"raw tracepoints", "perf events, by tracefs"},
	[FEATURE_UNPREEMPTED] = {"programs run to their end", "more programs and rings"},
	[FEATURE_TRACEFS] = {"tracefs", NULL},
	[FEATURE_PROC] = {"/proc", NULL},
	[FEATURE_RENAME] = {"task/task_rename", NULL},
	[FEATURE_EXEC] = {"sched/sched_process_exec", NULL},
	[FEATURE_FORK] = {"sched/sched_process_fork", NULL},
	[FEATURE_EXIT] = {"sched/sched_process_exit", NULL},
	[FEATURE_ENTER_EXECVE] = {"syscalls/sys_enter_execve", NULL},
	[FEATURE_ENTER_EXECVEAT] = {"syscalls/sys_enter_execveat", NULL},
	[FEATURE_EXIT_EXECVE] = {"syscalls/sys_exit_execve", NULL},
	[FEATURE_EXIT_EXECVEAT] = {"syscalls/sys_exit_execveat", NULL},
	[FEATURE_SPLIT_READS] = {"bpf_probe_read_kernel", "bpf_probe_read"},
	[FEATURE_MAP_BUFFERS] = {"helpers write to maps", "the stack, a chunk at a time"},
	[FEATURE_CGROUP_IDS] = {"bpf_get_current_cgroup_id", "--cgroup for --cgroupmap"},
	[FEATURE_UNDER_CGROUP] = {"bpf_current_task_under_cgroup", "--mntns for --cgroup"},
	[FEATURE_OTHER_HELPERS] = {"other BPF helpers", NULL},
	[FEATURE_PARENT] = {"task_struct.real_parent", "/proc/PID/status"},
	[FEATURE_LEADER] = {"task_struct.group_leader", NULL},
	[FEATURE_COMM] = {"task_struct.comm", NULL},
	[FEATURE_ARGS] = {"mm_struct.arg_start", NULL},
	[FEATURE_MNTNS] = {"nsproxy.mnt_ns", NULL},
	[FEATURE_BPRM] = {"linux_binprm.filename", "a guess at scripts"},
	[FEATURE_START] = {"task_struct.start_boottime", NULL},
	[FEATURE_CRED] = {"cred.euid", NULL},
	[FEATURE_LOGIN] = {"task_struct.loginuid", NULL},
	[FEATURE_END] = {"task_struct.exit_code", NULL},
	[FEATURE_PIDS] = {"task_struct.thread_pid", NULL},
	[FEATURE_TTY] = {"signal_struct.tty", NULL},
	[FEATURE_PATHS] = {"task_struct.fs", NULL},
	[FEATURE_EXE] = {"mm_struct.exe_file", NULL},
	[FEATURE_INODE] = {"inode.i_ino", NULL},
	[FEATURE_LONG_NAMES] = {"execs by names over 2 KiB", NULL},
	[FEATURE_FAILS] = {"failed execs (-x)", NULL},
	[FEATURE_COMPAT_FAILS] = {"failed execs, 32-bit", NULL},
	[FEATURE_SANDBOX] = {"sandbox of the reader", "all power of this user"},
	[FEATURE_HELPER] = {"sandbox of the helper", "more power than it needs"},
	[FEATURE_MEMORY] = {"memory", NULL},
	[FEATURE_SOURCE] = {"source bpf", "the next source"},
	{"source perf", "the next source"},
	{"source proc", "the next source"},
	{"source sideband", "the next source"},
	{"source trace", NULL},
	{"source watch", NULL},
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
