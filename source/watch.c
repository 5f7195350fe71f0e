#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/watch.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "source/collector_source.h"
#include "source/events.h"
#include "source/members.h"

/* Ids are given out in order, and /proc/loadavg tells the last one: so new processes are found without a look at all others.
 * This is done so often, but takes no more than one part in so many of a CPU's time. */
#define TICK_NS 1000000ULL
#define TICK_SHARE 67
/* All processes are looked at so often: who executes without having been made anew is found by that. With the other: 2 %. */
#define SCAN_NS 1000000000ULL
#define SCAN_SHARE 200
/* A new process that has not executed anything is looked at again for so long. */
#define YOUNG_NS 30000000ULL
#define YOUNG_MOST 256
/* More new ids than that are looked for among all processes. */
#define NEW_MOST 4096

struct young {
	uint32_t pid;
	uint64_t since;
};

struct watch {
	int loadavg; /* the open file, -1: not to be had */
	uint32_t last;
	uint64_t next_tick, next_scan; /* CLOCK_MONOTONIC */
	uint64_t spent; /* CPU time as of the last look */
	bool busy;	/* that look has found something */
	uint64_t cost;	/* CPU time from one look to the next where nothing is found */
	struct young young[YOUNG_MOST];
	size_t count;
};

static struct watch *own(const struct collector *c)
{
	return c->own;
}

uint32_t watch_last_pid(const char *loadavg)
{
	const char *at = strrchr(loadavg, ' ');

	return at ? (uint32_t)strtoul(at + 1, NULL, 10) : 0;
}

/* FNV-1a. 0: there is no command line. */
static uint64_t hash_cmdline(int proc, uint32_t pid)
{
	char path[32], text[4096];
	uint64_t hash = 0xcbf29ce484222325ULL;
	int length;

	format_text(path, sizeof(path), "%u/cmdline", pid);
	length = read_file(proc, path, text, sizeof(text));
	for (int i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3ULL;
	return length > 0 ? hash : 0;
}

/* Whether it has executed something since the last look, or since it was made. Without the image, which is for its user alone to
 * see, by the command line; and by the name, since a program can change each of them. */
static bool has_executed(const struct collector *c, struct process *process, const struct process_stat *stat, bool is_new)
{
	uint64_t cmdline, before = process->cmdline;

	if (image_is_known(&stat->image))
		return !image_is_same(&stat->image, &process->image);
	cmdline = hash_cmdline(c->base.proc, process->pid);
	if (cmdline)
		process->cmdline = cmdline;
	return cmdline && before && cmdline != before && (is_new || memcmp(process->comm, stat->comm, sizeof(stat->comm)));
}

static void add_young(struct watch *w, uint32_t pid)
{
	if (w->count < YOUNG_MOST)
		w->young[w->count++] = (struct young){pid, monotonic_ns()};
}

static void look_at(struct collector *c, uint32_t pid);

/* The process by that id, which is looked at for the first time. NULL: no memory. */
static struct process *note_new(struct collector *c, uint32_t pid, const struct process_stat *stat)
{
	struct process *process;

	/* The parent's execs come before its child's. */
	if (processes_find(&c->processes, stat->ppid))
		look_at(c, stat->ppid);
	collector_fork(c, stat->ppid, pid, collector_now(c));
	process = processes_find(&c->processes, pid);
	if (!process)
		return NULL;
	process->start_time = stat->start_time;
	add_young(own(c), pid);
	return process;
}

/* Looks at a process. */
static void look_at(struct collector *c, uint32_t pid)
{
	struct process *process = processes_find(&c->processes, pid);
	struct process_stat stat;
	bool is_new;

	if (process_stat(c->base.proc, pid, &stat) || (stat.state == 'Z' && stat.threads <= 1)) {
		collector_exit(c, pid, collector_now(c));
		return;
	}
	is_new = !process || process->start_time != stat.start_time;
	if (is_new)
		process = note_new(c, pid, &stat);
	if (!process)
		return;
	process->mark = c->processes.mark;
	if (has_executed(c, process, &stat, is_new)) {
		process_update(process, &stat);
		collector_exec(c, &(struct exec_event){.pid = pid, .time = collector_now(c), .cpu = -1, .comm = stat.comm,
						       .image = stat.image});
	} else if (!image_is_known(&stat.image)) {
		memcpy(process->comm, stat.comm, sizeof(process->comm));
	}
	process->parent = stat.ppid;
	process->has_threads |= stat.threads > 1;
}

static void scan(struct collector *c)
{
	int fd = openat(c->base.proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return;
	c->processes.mark++;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			look_at(c, (uint32_t)strtoul(entry->d_name, NULL, 10));
	closedir(dir);
	processes_sweep(&c->processes, events_ended, c);
}

static uint32_t last_pid(const struct watch *w)
{
	char text[128];
	ssize_t n = w->loadavg < 0 ? -1 : pread(w->loadavg, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return watch_last_pid(text);
}

static void look_at_new(struct collector *c)
{
	struct watch *w = own(c);
	uint32_t last = last_pid(w);

	if (last < w->last || last - w->last > NEW_MOST) { /* they have begun from the first again; or it is not to be had */
		w->last = last;
		scan(c);
		return;
	}
	while (w->last < last) {
		uint32_t id = ++w->last;

		/* A thread has an id, too. */
		if (members_process(c->base.proc, id) == id)
			look_at(c, id);
	}
}

static void look_at_young(struct collector *c)
{
	struct watch *w = own(c);
	uint64_t now = monotonic_ns();
	size_t kept = 0;

	/* The oldest first: a parent executes before its child does. */
	for (size_t i = 0; i < w->count; i++) {
		struct young y = w->young[i];
		const struct process *process = processes_find(&c->processes, y.pid);

		if (now - y.since > YOUNG_NS || !process || process->pending)
			continue;
		w->young[kept++] = y;
		look_at(c, y.pid);
	}
	w->count = kept;
}

static uint64_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t later(uint64_t cost, uint64_t share, uint64_t least)
{
	return monotonic_ns() + (cost * share > least ? cost * share : least);
}

/* The time that goes into looks is bounded; into what these find goes as much as it takes. */
static void take(struct collector *c)
{
	struct watch *w = own(c);
	uint64_t now = monotonic_ns(), spent = cpu_time() - w->spent;
	uint32_t last = w->last;

	if (now < w->next_tick)
		return;
	if (now >= w->next_scan) {
		uint64_t before = cpu_time();

		scan(c);
		w->next_scan = later(cpu_time() - before, SCAN_SHARE, SCAN_NS);
	} else {
		look_at_young(c);
		look_at_new(c);
	}
	if (last == w->last && !w->count && !w->busy)
		w->cost = spent; /* waking up included */
	w->busy = last != w->last || w->count;
	w->spent = cpu_time();
	w->next_tick = later(w->cost, TICK_SHARE, TICK_NS);
}

static uint64_t wait_ns(const struct collector *c)
{
	const struct watch *w = own(c);
	uint64_t now = monotonic_ns();

	return w->next_tick > now ? w->next_tick - now : 0;
}

static int begin(struct collector *c, struct error *err)
{
	struct watch *w = own(c);

	(void)err;
	w->loadavg = openat(c->base.proc, "loadavg", O_RDONLY | O_CLOEXEC);
	w->last = last_pid(w);
	w->spent = cpu_time();
	w->next_scan = monotonic_ns() + SCAN_NS;
	return 0;
}

struct source *watch_open(const struct request *request, struct error *err)
{
	static const struct collector_ops ops = {
		.begin = begin,
		.take = take,
		.wait = wait_ns,
	};

	return collector_new(&ops, request, calloc(1, sizeof(struct watch)), err);
}
