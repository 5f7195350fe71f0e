/* SPDX-License-Identifier: GPL-2.0-only */
/* Measurements for bench.sh, most of them one run of one tracer. What is measured is printed as lines "NAME VALUE".
 *
 *   bench start FILE SHOWN COMMAND...            how long from the start of COMMAND, which writes to SHOWN, to the first
 *                                                exec that it shows: start_ms
 *   bench storm PROFILE COUNT FILE SHOWN HOOK COMMAND...
 *                                                COMMAND while a worker on each CPU executes FILE, COUNT times in all;
 *                                                HOOK, a command for sh, is run while COMMAND still lives: storm_ms,
 *                                                shown, cpu_ms (of COMMAND and its children in the storm, user and
 *                                                system), resident_kb (their peaks). Without COMMAND: storm_ms alone
 *   bench soak COUNT FILE SHOWN COMMAND...       the same of short command lines in ten parts, a line for each: execs up to
 *                                                then, cpu_ms, resident_kb (now), descriptors; then shown
 *   bench rings COUNT                            how long the merging of so many CPUs' rings takes an exec, if the next is
 *                                                always in another: ns, the best of some times
 *
 * PROFILE is short, four arguments of some bytes, or long: as of a compiler, 60 to 125 options, 2 to 4 KiB. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/records.h"

#define STARTS 4000	      /* execs while it starts */
#define SETTLE_US 2000000     /* until it is taken to have started */
#define DRAIN_US 1000000      /* until it has shown all that it will */
#define OPTIONS_LEAST 60
#define OPTIONS_MOST 125
#define OPTION "-I/usr/src/linux/include/of/%03d" /* 32 bytes with the NUL */

extern char **environ;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static pid_t start(char **command, const char *shown)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(shown, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	fd = open("/dev/null", O_WRONLY);
	dup2(fd, 2);
	execvp(command[0], command);
	_exit(127);
}

static void stop(pid_t pid)
{
	kill(pid, SIGINT);
	waitpid(pid, NULL, 0);
}

/* With so many options more. */
static void execute(char *file, char *what, long number, int options)
{
	static char option[OPTIONS_MOST][sizeof(OPTION)];
	char counter[24], *argv[OPTIONS_MOST + 6] = {file, what, counter, "x", "end"};
	pid_t pid;

	for (int i = 0; i < options; i++) {
		if (!option[i][0])
			snprintf(option[i], sizeof(option[i]), OPTION, i);
		argv[5 + i] = option[i];
	}
	snprintf(counter, sizeof(counter), "%ld", number);
	if (!posix_spawn(&pid, file, NULL, NULL, argv, environ))
		waitpid(pid, NULL, 0);
}

/* Calls visit() with the number behind `what` in each line that has it. */
static void each_shown(const char *shown, const char *what, void (*visit)(long))
{
	FILE *file = fopen(shown, "r");
	char *line = NULL, *at;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		at = strstr(line, what);
		if (at)
			visit(atol(at + strlen(what)));
	}
	free(line);
	if (file)
		fclose(file);
}

static long first = STARTS, count;

static void note(long number)
{
	count++;
	if (number < first)
		first = number;
}

static int measure_start(char **argv)
{
	static uint64_t times[STARTS];
	uint64_t begin = now_ns();
	pid_t pid = start(argv + 2, argv[1]);

	for (long i = 0; i < STARTS; i++) {
		times[i] = now_ns();
		execute(argv[0], "bench-start", i, 0);
	}
	usleep(DRAIN_US);
	stop(pid);
	each_shown(argv[1], "bench-start ", note);
	if (first < STARTS)
		printf("start_ms %.2f\n", (double)(times[first] - begin) / 1e6);
	return first == STARTS;
}

/* Field 4 of /proc/PID/stat; the names of tracers have no parenthesis. */
static pid_t parent_of(pid_t pid)
{
	char path[64];
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	if (file)
		fclose(file);
	return parent;
}

/* The sum for a process and its descendants. */
static uint64_t sum(pid_t root, uint64_t (*value)(pid_t))
{
	uint64_t total = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name), above = pid;

		while (above > 1 && above != root)
			above = parent_of(above);
		if (above == root)
			total += value(pid);
	}
	if (dir)
		closedir(dir);
	return total;
}

/* How long all threads have run, ns: /proc/PID/task/TID/schedstat. */
static uint64_t run_time_of(pid_t pid)
{
	char path[300];
	uint64_t total = 0, ns;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, entry->d_name);
		file = fopen(path, "r");
		if (file && fscanf(file, "%lu", &ns) == 1)
			total += ns;
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return total;
}

static uint64_t run_time(pid_t pid)
{
	return sum(pid, run_time_of);
}

/* A line of its status file that begins so. */
static long status_kb(pid_t pid, const char *format)
{
	char path[64], line[256];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, format, &kb);
	if (file)
		fclose(file);
	return kb;
}

static uint64_t peak_kb(pid_t pid)
{
	return (uint64_t)status_kb(pid, "VmHWM: %ld");
}

static int descriptors(pid_t pid)
{
	char path[64];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2; /* . and .. */
}

static void storm(char *file, long n, int is_long)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (long cpu = 0; cpu < cpus; cpu++) {
		cpu_set_t set;

		if (fork())
			continue;
		CPU_ZERO(&set);
		CPU_SET((size_t)cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		for (long i = cpu; i < n; i += cpus)
			execute(file, "bench-storm", i, is_long ? OPTIONS_LEAST + (int)(i % (OPTIONS_MOST + 1 - OPTIONS_LEAST)) : 0);
		_exit(0);
	}
	while (wait(NULL) > 0 && cpus-- > 1)
		;
}

static int measure_storm(char **argv)
{
	int is_long = !strcmp(argv[0], "long"), is_short = !strcmp(argv[0], "short");
	long n = atol(argv[1]);
	uint64_t begin, ran = 0;
	pid_t pid;

	if (!is_long && !is_short)
		return 2;
	pid = argv[3] ? start(argv + 5, argv[3]) : 0;
	if (pid) {
		usleep(SETTLE_US);
		ran = run_time(pid);
	}
	begin = now_ns();
	storm(argv[2], n, is_long);
	printf("storm_ms %.1f\n", (double)(now_ns() - begin) / 1e6);
	if (!pid)
		return 0;
	usleep(DRAIN_US);
	printf("cpu_ms %.2f\nresident_kb %lu\n", (double)(run_time(pid) - ran) / 1e6, sum(pid, peak_kb));
	fflush(stdout);
	if (system(argv[4]))
		return 1;
	stop(pid);
	each_shown(argv[3], "bench-storm ", note);
	printf("shown %ld\n", count);
	return 0;
}

static int measure_soak(char **argv)
{
	long part = atol(argv[0]) / 10;
	pid_t pid = start(argv + 3, argv[2]);
	uint64_t ran;

	usleep(SETTLE_US);
	for (int i = 1; i <= 10; i++) {
		ran = run_time(pid);
		storm(argv[1], part, 0);
		usleep(DRAIN_US);
		printf("%ld %.2f %ld %d\n", i * part, (double)(run_time(pid) - ran) / 1e6, status_kb(pid, "VmRSS: %ld"),
		       descriptors(pid));
		fflush(stdout);
	}
	stop(pid);
	each_shown(argv[2], "bench-storm ", note);
	printf("%ld\n", count);
	return 0;
}

#define RING_SIZE 65536
#define RING_EXECS 200

/* A ring as the kernel would have left it, of that CPU of so many. */
static int add_ring(struct records *records, int cpu, int cpus)
{
	struct {
		struct perf_event_header header;
		uint32_t size;
		char exec[sizeof(struct exec_record) + sizeof(struct exec_facts)];
		char data[68];
	} record = {.header = {.type = PERF_RECORD_SAMPLE, .size = sizeof(record)}, .size = sizeof(record) - 12};
	struct exec_record exec = {.head = {.type = RECORD_EXEC, .data_len = 48}, .name_len = 20, .args_len = 48};
	struct ring rings[2], ring;
	struct error err;

	_Static_assert(RING_EXECS * sizeof(record) <= RING_SIZE && !(sizeof(record) % 8), "the ring is too small");

	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("ring", 0);

		if (fd < 0 || ftruncate(fd, sysconf(_SC_PAGESIZE) + RING_SIZE) || ring_map(&rings[i], fd, RING_SIZE, &err))
			return -1;
	}
	ring = rings[0];
	for (int i = 0; i < RING_EXECS; i++) {
		exec.head.seq = (uint32_t)i + 1;
		exec.time = (uint64_t)i * (uint64_t)cpus + (uint64_t)cpu;
		memcpy(record.exec, &exec, sizeof(exec));
		memcpy((char *)ring.data + ring.page->data_head, &record, sizeof(record));
		ring.page->data_head += sizeof(record);
	}
	records_add(records, &rings[0], &rings[1], cpu);
	return 0;
}

/* Merges the rings once: ns, or 0 if not all came out. */
static uint64_t merge(int cpus)
{
	struct records records;
	struct exec exec;
	uint64_t begin, ns;
	long n = 0;

	if (records_init(&records, (size_t)cpus, cpus, -1, 0))
		return 0;
	for (int cpu = 0; cpu < cpus; cpu++)
		if (add_ring(&records, cpu, cpus))
			return 0;
	begin = now_ns();
	merge_update(&records.merge);
	while (merge_next(&records.merge, true, &exec))
		n++;
	ns = now_ns() - begin;
	if (n != (long)cpus * RING_EXECS || records.merge.lost)
		ns = 0;
	records_free(&records);
	return ns;
}

static int measure_rings(char **argv)
{
	uint64_t best = UINT64_MAX, ns;
	int cpus = atoi(argv[0]);

	if (cpus < 1)
		return 2;
	for (int i = 0; i < 10; i++) {
		ns = merge(cpus);
		if (!ns)
			return 1;
		if (ns < best)
			best = ns;
	}
	printf("%.0f\n", (double)best / (cpus * RING_EXECS));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "rings"))
		return measure_rings(argv + 2);
	if (argc > 5 && !strcmp(argv[1], "soak"))
		return measure_soak(argv + 2);
	if (argc > 4 && !strcmp(argv[1], "start"))
		return measure_start(argv + 2);
	if ((argc == 5 || argc > 7) && !strcmp(argv[1], "storm"))
		return measure_storm(argv + 2);
	return 2;
}
