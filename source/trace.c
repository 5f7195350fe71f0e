/* SPDX-License-Identifier: GPL-2.0-only */
/* Execs by ptrace(2): for any user, of what the user may trace. A process that is traced stops at each fork and exec, and at each
 * signal; nothing is missed, and strings are read while it stands. PTRACE_SEIZE needs Linux 3.4. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/trace.h"
#include "kernel/process_status.h"
#include "lib/files.h"
#include "lib/format.h"
#include "source/calls.h"
#include "source/collector_source.h"
#include "source/events.h"

#define OPTIONS (PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

struct trace {
	int signals; /* a signalfd(2) for SIGCHLD */
	bool calls_stop; /* -x */
	struct calls calls;
};

static struct trace *own(const struct collector *c)
{
	return c->own;
}

/* ---- whom ---- */

/* Traces a thread. 0 or -errno. */
static int seize(const struct collector *c, uint32_t tid)
{
	unsigned long options = OPTIONS | (own(c)->calls_stop ? PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD : 0);

	return ptrace(PTRACE_SEIZE, (pid_t)tid, NULL, (void *)options) ? -errno : 0;
}

static const char *advice(int errnum)
{
	return errnum == EPERM ? "another tracer has it, or it is another user's, or kernel.yama.ptrace_scope forbids it; run it as root"
	       : errnum == ESRCH ? "is there such a process (ps)?"
				 : "this needs Linux 3.4";
}

/* Traces all threads of a process; those that it makes meanwhile are traced as well, or are found by the next look. How many
 * were not traced before, or -errno: its first thread could not be traced. */
static int seize_process(const struct collector *c, uint32_t pid)
{
	char path[32];
	struct dirent *entry;
	int ret = seize(c, pid), count = !ret, fd;
	DIR *dir;

	format_text(path, sizeof(path), "%u/task", pid);
	fd = openat(c->base.proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir))) {
		uint32_t tid = isdigit((unsigned char)*entry->d_name) ? (uint32_t)strtoul(entry->d_name, NULL, 10) : 0;

		count += tid && tid != pid && !seize(c, tid);
	}
	if (dir)
		closedir(dir);
	return count ? count : ret;
}

/* One look at all that is followed. How many threads were not traced before. */
static int seize_followed(struct collector *c)
{
	int count = 0;

	for (size_t i = 0; i < PROCESS_BUCKETS; i++)
		for (struct process *p = c->processes.buckets[i]; p; p = p->next) {
			int ret = p->followed ? seize_process(c, p->pid) : 0;

			count += ret > 0 ? ret : 0;
		}
	return count;
}

/* A thread may make processes before it is traced: the next look finds them. */
#define LOOKS_MOST 100

static int follow(struct collector *c, uint32_t pid, struct error *err)
{
	uint32_t leader = process_of(c->base.proc, pid);
	struct process *process = processes_find(&c->processes, leader);
	int ret = 0;

	if (process && process->followed) /* by another -p */
		return 0;
	ret = leader ? seize(c, pid) : -ESRCH;
	if (ret)
		return error_set(err, -ret, "cannot trace process %u: %s; %s", pid, strerror(-ret), advice(-ret));
	for (int looks = 0; looks < LOOKS_MOST; looks++) {
		processes_scan(&c->processes, c->base.proc, collector_now(c));
		process = processes_find(&c->processes, leader);
		if (!process)
			break;
		processes_follow(&c->processes, process);
		if (!seize_followed(c))
			break;
	}
	return 0;
}

/* ---- stops ---- */

/* Lets it go on. signal: that it gets, 0: none. What is gone meanwhile was killed. */
static void go_on(pid_t tid, int signal)
{
	ptrace(PTRACE_CONT, tid, NULL, (void *)(uintptr_t)signal);
}

/* Whether the stop is one of the whole process, by a signal of job control. */
static bool is_group_stop(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Follows a new process. */
static void follow_new(struct collector *c, uint32_t parent, uint32_t pid)
{
	struct process *process;

	collector_fork(c, parent, pid, collector_now(c));
	process = processes_find(&c->processes, pid);
	if (process && !process->followed)
		processes_follow(&c->processes, process);
}

static bool is_followed(const struct collector *c, uint32_t pid)
{
	const struct process *process = processes_find(&c->processes, pid);

	return process && process->followed;
}

/* A thread stands that has made another, or a process, whose first stop may come long after: by then, its maker may have ended.
 * In a pid namespace old kernels tell an id of that one; then the first stop has to do. */
static void take_fork(struct collector *c, uint32_t maker)
{
	struct process_status status;
	unsigned long made = 0;
	uint32_t pid;

	if (ptrace(PTRACE_GETEVENTMSG, (pid_t)maker, NULL, &made))
		return;
	pid = (uint32_t)made;
	if (!is_followed(c, pid) && !process_status(c->base.proc, pid, &status) && status.process == pid &&
	    status.tracer == (uint32_t)getpid())
		follow_new(c, process_of(c->base.proc, maker), pid);
}

/* The first stop of a new process can come before its maker's stop that tells of it. */
static void take_first_stop(struct collector *c, uint32_t tid)
{
	struct process_stat stat;

	if (!is_followed(c, tid) && process_of(c->base.proc, tid) == tid && !process_stat(c->base.proc, tid, &stat))
		follow_new(c, stat.ppid, tid);
}

static void take_exec(struct collector *c, uint32_t pid)
{
	collector_exec(c, &(struct exec_event){.pid = pid, .time = collector_now(c), .cpu = -1, .comm = ""});
}

/* A thread that executes takes its process's id over. */
static void forget_call(struct collector *c, pid_t tid)
{
	unsigned long former = 0;

	if (!ptrace(PTRACE_GETEVENTMSG, tid, NULL, &former))
		calls_forget(&own(c)->calls, (uint32_t)former);
	calls_forget(&own(c)->calls, (uint32_t)tid);
}

/* With PTRACE_O_TRACESYSGOOD. */
#define STOP_OF_CALL (SIGTRAP | 0x80)

static void take_stop(struct collector *c, pid_t tid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	switch (event) {
	case 0:
		if (signal == STOP_OF_CALL) {
			calls_leave(&own(c)->calls, c, (uint32_t)tid);
			break;
		}
		go_on(tid, signal);
		return;
	case PTRACE_EVENT_STOP:
		if (!is_group_stop(signal)) {
			take_first_stop(c, (uint32_t)tid);
			break;
		}
		/* It stays stopped, and can be continued by a signal. */
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		take_fork(c, (uint32_t)tid);
		break;
	case PTRACE_EVENT_SECCOMP:
		calls_enter(&own(c)->calls, c, (uint32_t)tid);
		ptrace(PTRACE_SYSCALL, tid, NULL, NULL);
		return;
	case PTRACE_EVENT_EXEC:
		forget_call(c, tid);
		take_exec(c, (uint32_t)tid);
		break;
	}
	go_on(tid, 0);
}

/* Of a process's first thread it is told when it is the last. */
static void take_end(struct collector *c, uint32_t tid, int status)
{
	calls_forget(&own(c)->calls, tid);
	collector_exit(c, &(struct exit_event){.pid = tid, .tid = tid, .time = collector_now(c), .status = status, .last = true});
}

/* No more at a time, or what has been seen would wait. */
#define STOPS_MOST 256

static void take(struct collector *c)
{
	struct signalfd_siginfo ignored[8];
	pid_t tid;
	int status;

	while (read(own(c)->signals, ignored, sizeof(ignored)) > 0)
		;
	c->more = true;
	for (int i = 0; i < STOPS_MOST; i++) {
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid <= 0) {
			c->more = false;
			break;
		}
		if (WIFSTOPPED(status))
			take_stop(c, tid, status);
		else
			take_end(c, (uint32_t)tid, status);
	}
}

/* ---- start and end ---- */

static int begin(struct collector *c, struct error *err)
{
	sigset_t set;

	own(c)->calls_stop = c->base.request->fails;
	if (own(c)->calls_stop && c->base.request->pids.count && !c->base.request->check)
		return error_set(err, ENOTSUP, "-x: it cannot see failed calls of -p, but of a command");
	if (own(c)->calls_stop && calls_ask(err))
		return -ENOTSUP;
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	own(c)->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return own(c)->signals < 0 ? error_set(err, errno, "cannot wait for signals (signalfd(2)): %s; the kernel needs "
					       "CONFIG_SIGNALFD=y", strerror(errno)) : 0;
}

/* Without a tracer, calls that stop for one would fail. So as long as there are such threads they are let go on. */
static void end(struct collector *c)
{
	int status;
	pid_t tid;

	if (!own(c)->calls_stop)
		return;
	close_from(0); /* nobody waits for what we hold */
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		bool is_signal = tid > 0 && WIFSTOPPED(status) && !(status >> 16) && WSTOPSIG(status) != STOP_OF_CALL;

		if (tid <= 0 || !WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_STOP && is_group_stop(WSTOPSIG(status)))
			ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		else
			go_on(tid, is_signal ? WSTOPSIG(status) : 0);
	}
}

static size_t poll_fds(const struct collector *c, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = own(c)->signals, .events = POLLIN};
	return 1;
}

struct source *trace_open(const struct request *request, struct error *err)
{
	static const struct collector_ops ops = {
		.traces = true,
		.begin = begin,
		.end = end,
		.poll_fds = poll_fds,
		.take = take,
		.follow = follow,
	};

	return collector_new(&ops, request, calloc(1, sizeof(struct trace)), err);
}
