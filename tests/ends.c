/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that end in many ways, and what wait(2) says of each: for exits.sh. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

/* ---- ways to end ---- */

static void by_exit(int i) { _exit(i); }

static void by_signal(int i)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, 40};
	int chosen = signals[i % 12];
	sigset_t none;

	signal(chosen, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	kill(getpid(), chosen);
	pause();
}

static void *end_thread(void *status) { return (void *)syscall(SYS_exit, (long)status); }

static void *end_late(void *status)
{
	usleep(20000);
	return end_thread(status);
}

static void *end_all_late(void *status)
{
	usleep(20000);
	_exit((int)(long)status);
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void make_thread(void *(*function)(void *), long status)
{
	pthread_t thread;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	if (pthread_create(&thread, &small, function, (void *)status))
		_exit(99);
}

static void leader_first(int i)
{
	make_thread(end_late, i + 1);
	syscall(SYS_exit, i);
}

static void leader_first_then_group(int i)
{
	make_thread(end_all_late, i + 1);
	syscall(SYS_exit, 7);
}

static void thread_ends_all(int i)
{
	make_thread(end_all_late, i);
	sleep_on(NULL);
}

static void *wait_and_end(void *barrier)
{
	pthread_barrier_wait(barrier);
	return end_thread((void *)5);
}

/* All threads end at once, each by itself. */
static void all_at_once(int i)
{
	static pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, 9);
	for (int n = 0; n < 8; n++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_and_end, &barrier))
			_exit(99);
	}
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, i);
}

static void killed_with_threads(int i)
{
	for (int n = 0; n < 4; n++)
		make_thread(sleep_on, 0);
	by_signal(i);
}

/* Stopped and continued; nobody has waited for that. */
static void after_a_stop(int i)
{
	pid_t self = getpid();

	if (!fork()) {
		usleep(20000);
		kill(self, SIGCONT);
		_exit(0);
	}
	kill(self, SIGSTOP);
	_exit(i);
}

static void by_program(int i)
{
	(void)i;
	execl(program, program, "by_program", NULL);
	_exit(98);
}

static void *execute(void *unused)
{
	execl(program, program, "thread_executes", NULL);
	return unused;
}

static void thread_executes(int i)
{
	(void)i;
	make_thread(execute, 0);
	sleep_on(NULL);
}

static void with_core(int i)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &all);
	(void)i;
	abort();
}

static const struct {
	void (*end)(int i);
	int each; /* of so many */
} ways[] = {
	{by_exit, 1}, {by_signal, 1}, {leader_first, 8}, {leader_first_then_group, 8}, {thread_ends_all, 8}, {all_at_once, 2},
	{killed_with_threads, 4}, {after_a_stop, 8}, {by_program, 2}, {thread_executes, 4}, {with_core, 16},
};

static void say(pid_t pid, int status)
{
	static const struct { int number; const char *name; } signals[] = {
		{SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}, {SIGFPE, "SIGFPE"},
		{SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {40, "SIG40"},
	};

	if (WIFEXITED(status))
		printf("%d %d\n", pid, WEXITSTATUS(status));
	for (size_t i = 0; WIFSIGNALED(status) && i < sizeof(signals) / sizeof(*signals); i++)
		if (signals[i].number == WTERMSIG(status))
			printf("%d %s%s\n", pid, signals[i].name, WCOREDUMP(status) ? " (core dumped)" : "");
}

/* The next process gets the id, if nothing else is made meanwhile. */
static void set_next(pid_t pid)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);

	if (fd < 0 || dprintf(fd, "%d", pid - 1) < 0)
		exit(2);
	close(fd);
}

/* A process that has executed is followed by one with its id that has not. Prints the id. Status 2: that cannot be. */
static void reuse(void)
{
	pid_t first, second;

	first = fork();
	if (!first)
		by_program(0);
	waitpid(first, NULL, 0);
	for (int tries = 0; tries < 1000; tries++) {
		set_next(first);
		second = fork();
		if (!second)
			_exit(42);
		waitpid(second, NULL, 0);
		if (second == first) {
			printf("%d\n", first);
			exit(0);
		}
	}
	exit(2);
}

/* PROGRAM N: so many of the first ways, less of the others. PROGRAM reuse */
int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 0, status;
	pid_t pid;

	if (argc != 3)
		return 1;
	program = argv[1];
	if (!strcmp(argv[2], "reuse"))
		reuse();
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++)
		for (int i = 0; i < n; i += ways[way].each) {
			pid = fork();
			if (!pid)
				ways[way].end(i & 0xff);
			if (waitpid(pid, &status, 0) == pid)
				say(pid, status);
			fflush(stdout);
		}
	return 0;
}
