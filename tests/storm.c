/* SPDX-License-Identifier: GPL-2.0-only */
/* Executes programs as fast as it can.
 *
 *   storm vfork WORKERS COUNT FILE   each worker vforks and executes FILE COUNT times, with four short
 *                                    arguments: "storm", the worker's number, a counter from 1, "x"
 *   storm long WORKERS COUNT FILE    the same with a last argument of 40,000 bytes
 *   storm chain WORKERS COUNT        each worker executes itself COUNT times, on another CPU each time,
 *                                    with a counter from COUNT down to 1 in argv[3]: so the order in
 *                                    which a worker's execs happen is known
 *
 * Workers' CPUs go round. Static, so that it also runs in a guest. */
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int vfork_worker(int worker, long count, char *file, char *last)
{
	char number[24], counter[24];
	char *argv[] = {file, "storm", number, counter, last, NULL};

	pin(worker % sysconf(_SC_NPROCESSORS_ONLN));
	snprintf(number, sizeof(number), "%d", worker);
	for (long i = 1; i <= count; i++) {
		pid_t pid;

		snprintf(counter, sizeof(counter), "%ld", i);
		if (!posix_spawn(&pid, file, NULL, NULL, argv, environ))
			waitpid(pid, NULL, 0);
	}
	return 0;
}

/* argv: self "link" WORKER COUNTER CPUS. */
static int chain_link(char **argv)
{
	long left = atol(argv[3]) - 1;
	char counter[24];

	if (!left)
		return 0;
	pin((left + atol(argv[2])) % atol(argv[4]));
	snprintf(counter, sizeof(counter), "%ld", left);
	execve(argv[0], (char *[]){argv[0], "link", argv[2], counter, argv[4], NULL}, environ);
	return 1;
}

static int chain_worker(char *self, int worker, char *count)
{
	char number[24], cpus[24];

	snprintf(number, sizeof(number), "%d", worker);
	/* Asked here: once pinned, musl counts one CPU. */
	snprintf(cpus, sizeof(cpus), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	execve(self, (char *[]){self, "link", number, count, cpus, NULL}, environ);
	return 1;
}

int main(int argc, char **argv)
{
	static char last[40001] = "x";
	int status, failed = 0;

	if (argc == 5 && !strcmp(argv[1], "link"))
		return chain_link(argv);
	if (argc != 4 && argc != 5)
		return 2;
	if (!strcmp(argv[1], "long"))
		memset(last, 'x', sizeof(last) - 1);
	for (int worker = 0; worker < atoi(argv[2]); worker++)
		if (!fork())
			_exit(argc == 5 ? vfork_worker(worker, atol(argv[3]), argv[4], last)
					: chain_worker(argv[0], worker, argv[3]));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
