/* SPDX-License-Identifier: GPL-2.0-only */
/* An attack: execs whose arguments are costly to print, or failing calls, then small execs, then one more, all on one CPU.
 *
 *   flood hide ROUNDS FILE COMMAND...   whether the last exec has its line. COMMAND, a tracer, is run for each form of output
 *                                       (text, -J), place (a file, a slow pipe, a terminal) and kind of bytes; each a test case
 *   flood late ROUNDS FILE COMMAND...   how late a SCHED_FIFO task on the CPU wakes up meanwhile, without COMMAND and with it:
 *                                       the median, the 99th and 99.9th percentile, the worst, in microseconds
 *
 * FILE is executed; it does nothing. The last exec is told by an argument. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define STRINGS 16
#define STRING_BYTES 131000 /* MAX_ARG_STRLEN is 131,072; all together 2 MiB, the most that the default stack limit allows */
#define LONG_EXECS 4
#define SMALL_EXECS 100
#define WAIT_MS 20000

extern char **environ;

static const struct kind {
	const char *name;
	const char *bytes; /* repeated */
	bool fails;
	int names; /* calls with long names instead of long arguments */
} kinds[] = {
	{"control characters", "\x01", false, 0},
	{"bytes that are no UTF-8", "\xff", false, 0},
	{"characters of two and four bytes", "\xc3\xa9\xf0\xaf\xa8\x9d", false, 0},
	{"failing calls", "\x01", true, 0},
	{"failing calls with long names", "\x01", true, 2000},
	{"execs with long names", "\x01", false, 300},
};

static char strings[STRINGS][STRING_BYTES + 1];
static const char *file;
static int cpu;

static void fill(const char *bytes)
{
	size_t size = strlen(bytes);

	for (int i = 0; i < STRINGS; i++)
		for (size_t at = 0; at + size <= STRING_BYTES; at += size)
			memcpy(strings[i] + at, bytes, size);
}

/* Does not wait for its end. */
static void execute(const char *path, char **argv)
{
	pid_t pid;

	posix_spawn(&pid, path, NULL, NULL, argv, environ);
}

/* Of 4,000 bytes, which fail for that, or lead to the file over directories of 0x01. */
static void call_by_long_names(const struct kind *kind)
{
	static char name[PATH_MAX];
	char *argv[] = {"x", NULL};
	int here = open(".", O_RDONLY | O_DIRECTORY), used = 0;

	memset(name, '\x01', sizeof(name) - 1);
	if (!kind->fails) {
		if (chdir("/tmp"))
			return;
		for (used = 0; used < 3000; used += 201) {
			name[used + 200] = '\0';
			mkdir(name, 0755);
			name[used + 200] = '/';
		}
		name[used] = 'x';
		name[used + 1] = '\0';
		unlink(name);
		if (symlink(file, name))
			return;
	}
	for (int i = 0; i < kind->names; i++) {
		pid_t pid = vfork();

		if (!pid) {
			/* Many failing calls a process. */
			for (int n = kind->fails ? 100 : 1; n; n--)
				execve(name, argv, environ);
			_exit(0);
		}
		i += kind->fails ? 99 : 0;
	}
	if (!kind->fails) {
		unlink(name);
		for (used -= 201; used >= 0; used -= 201) {
			name[used + 200] = '\0';
			rmdir(name);
		}
	}
	if (fchdir(here))
		return;
	close(here);
}

/* mark: an argument of the last exec. */
static void attack(const struct kind *kind, const char *mark)
{
	char *all[STRINGS + 2] = {(char *)file}, *small[] = {(char *)file, "small", NULL}, *last[] = {(char *)file, (char *)mark, NULL};
	char missing[4096];

	snprintf(missing, sizeof(missing), "%s-missing", file);
	for (int i = 0; i < STRINGS; i++)
		all[1 + i] = strings[i];
	if (kind->names)
		call_by_long_names(kind);
	for (int i = 0; i < LONG_EXECS && !kind->names; i++)
		execute(kind->fails ? missing : file, all);
	for (int i = 0; i < SMALL_EXECS; i++)
		execute(file, small);
	execute(file, last);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* ---- the tracer, and what comes out of it ---- */

enum place { TO_FILE, TO_PIPE, TO_TERMINAL };
static const char *const places[] = {"a file", "a slow pipe", "a terminal"};

struct tracer {
	pid_t pid;
	int from;  /* where its lines are read */
	bool slow;
	char seen[8192]; /* the end of what has been read */
	size_t used;
};

static void start(struct tracer *t, char **command, enum place place, bool json, bool fails)
{
	char path[64], *argv[32];
	int ends[2] = {-1, -1}, n = 0, to;
	struct termios raw;

	*t = (struct tracer){.slow = place == TO_PIPE};
	while (command[n] && n < 24) {
		argv[n] = command[n];
		n++;
	}
	if (json)
		argv[n++] = "-J";
	if (fails)
		argv[n++] = "-x";
	argv[n] = NULL;
	if (place == TO_PIPE && !pipe2(ends, O_CLOEXEC)) {
		t->from = ends[0];
		to = ends[1];
	} else if (place == TO_TERMINAL) {
		t->from = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		grantpt(t->from);
		unlockpt(t->from);
		to = open(ptsname(t->from), O_RDWR | O_NOCTTY | O_CLOEXEC);
		tcgetattr(to, &raw);
		cfmakeraw(&raw);
		tcsetattr(to, TCSANOW, &raw);
	} else {
		snprintf(path, sizeof(path), "/tmp/flood-%d", (int)getpid());
		to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		t->from = open(path, O_RDONLY | O_CLOEXEC);
		unlink(path);
	}
	t->pid = fork();
	if (!t->pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(to, 1);
		dup2(null, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	close(to);
	fcntl(t->from, F_SETFL, O_NONBLOCK);
}

/* Reads on until the text is there, or for so many milliseconds. */
static bool wait_for(struct tracer *t, const char *text, int ms)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		ssize_t n = read(t->from, t->seen + t->used, t->used < 4096 ? 4096 - 1 : sizeof(t->seen) - 1 - t->used);

		if (n > 0) {
			t->used += (size_t)n;
			if (memmem(t->seen, t->used, text, strlen(text)))
				return true;
			if (t->used > 4096) {
				memmove(t->seen, t->seen + t->used - 256, 256);
				t->used = 256;
			}
			if (t->slow)
				usleep(400); /* some 10 MB/s */
		} else {
			usleep(2000);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < ms);
	return false;
}

static void stop(struct tracer *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	close(t->from);
}

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void unpin(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
}

static void hide(int rounds, char **command, enum place place, bool json, const struct kind *kind)
{
	struct tracer t;
	char mark[64];
	int seen = 0;

	fill(kind->bytes);
	pin(); /* the tracer, too, as on a machine with one CPU */
	start(&t, command, place, json, kind->fails);
	/* It has begun when something that is executed shows. */
	for (int i = 0; i < 200; i++) {
		char *argv[] = {(char *)file, "flood-begins", NULL};

		pid_t pid;

		if (!posix_spawn(&pid, file, NULL, NULL, argv, environ))
			waitpid(pid, NULL, 0);
		if (wait_for(&t, "flood-begins", 100))
			break;
	}
	for (int i = 0; i < rounds; i++) {
		pid_t attacker;

		snprintf(mark, sizeof(mark), "flood-ends-%d-", i);
		/* While the output is read. */
		attacker = fork();
		if (!attacker) {
			attack(kind, mark);
			_exit(0);
		}
		seen += wait_for(&t, mark, WAIT_MS);
		waitpid(attacker, NULL, 0);
	}
	stop(&t);
	if (seen < rounds)
		printf("# it has in %d of %d rounds\nnot ", seen, rounds);
	printf("ok behind %s the last exec has its line, in %s, to %s\n", kind->name, json ? "JSON" : "text", places[place]);
}

/* ---- a real-time task ---- */

#define PERIOD_NS 200000

#define SAMPLES_MOST 200000

static int compare(const void *a, const void *b)
{
	return *(const long *)a < *(const long *)b ? -1 : *(const long *)a > *(const long *)b;
}

static void measure(const char *name, int rounds)
{
	static long samples[SAMPLES_MOST];
	volatile bool *over = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sched_param param = {.sched_priority = 50};
	struct timespec next, now;
	size_t n = 0;
	pid_t attacker;

	pin();
	attacker = fork();
	if (!attacker) {
		for (int i = 0; i < rounds; i++)
			attack(&kinds[0], "late");
		*over = true;
		_exit(0);
	}
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param)) /* musl has none */
		perror("sched_setscheduler");
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!*over && n < SAMPLES_MOST) {
		next.tv_nsec += PERIOD_NS;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		samples[n++] = (long)(now.tv_sec - next.tv_sec) * 1000000 + (now.tv_nsec - next.tv_nsec) / 1000;
		if (samples[n - 1] > PERIOD_NS / 1000)
			next = now;
	}
	param.sched_priority = 0;
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param);
	waitpid(attacker, NULL, 0);
	unpin();
	qsort(samples, n, sizeof(*samples), compare);
	printf("%s %ld %ld %ld %ld of %zu\n", name, samples[n / 2], samples[n * 99 / 100], samples[n * 999 / 1000], samples[n - 1], n);
}

static void late(int rounds, char **command)
{
	struct tracer t;

	fill(kinds[0].bytes);
	measure("without", rounds);
	start(&t, command, TO_FILE, false, false);
	sleep(1);
	measure("with", rounds);
	stop(&t);
}

int main(int argc, char **argv)
{
	int rounds = argc > 4 ? atoi(argv[2]) : 0;

	if (rounds < 1) {
		fprintf(stderr, "usage: flood hide|late ROUNDS FILE COMMAND...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	file = realpath(argv[3], NULL);
	if (!file)
		return 2;
	cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	if (!strcmp(argv[1], "late")) {
		late(rounds, argv + 4);
		return 0;
	}
	for (int place = TO_FILE; place <= TO_TERMINAL; place++)
		for (int json = 0; json < 2; json++)
			for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
				hide(rounds, argv + 4, (enum place)place, json, &kinds[k]);
	return 0;
}
