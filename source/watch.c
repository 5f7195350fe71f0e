/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/watch.h"
#include "kernel/process_status.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "source/collector_source.h"
#include "source/events.h"

/* Ids are given out in order, and /proc/loadavg tells the last one: so new processes are found without a look at all others.
 * This is done so often, but takes no more than one part in so many of a CPU's time; what was not needed is kept for later. */
#define TICK_NS 1000000ULL
#define TICK_SHARE 67
#define KEPT_NS 10000000LL
/* All processes are looked at so often: who executes without having been made anew is found by that. With the other: 2 %. */
#define SCAN_NS 1000000000ULL
#define SCAN_SHARE 200
/* A new process is looked at again until a look at all has found it: it may execute late, and more than once. The older it is,
 * the longer is the time from one look to the next: this part of its age. */
#define YOUNG_SHARE 8
#define YOUNG_MOST 1024
/* An id belongs to nothing so long at most before its process is there. */
#define MAKING_NS 5000000ULL
/* More new ids than that are looked for among all processes. */
#define NEW_MOST 4096
/* The cost of a look is learned by one part in so many of each: where the clock of CPU time ticks, most seem to cost nothing. */
#define COST_SHARE 64
#define COST_FIRST_NS 20000

struct young {
	uint32_t pid;
	uint64_t since, next;
};

/* Images that were there before, so many at most. */
#define OLD_IMAGES 256

struct old_image {
	struct image image;
	char comm[EXEC_COMM];
};

struct watch {
	int loadavg; /* the open file, -1: not to be had */
	uint32_t last;
	uint64_t next_tick, next_scan; /* CLOCK_MONOTONIC */
	uint64_t last_tick;
	uint64_t spent; /* CPU time as of the last look */
	bool busy;	/* that look has found something */
	bool sees_images; /* of every process */
	int64_t cost;	/* CPU time from one look to the next where nothing is found */
	int64_t budget; /* CPU time that looks may take now; below 0: they have to wait */
	struct young young[YOUNG_MOST];
	size_t count;
	struct old_image old[OLD_IMAGES];
	size_t next_old;
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

/* The maker of a process may have ended, or have executed something else, before that one is looked at: so it has the image of
 * neither its parent nor a new one. */
static void note_old_image(struct watch *w, const struct process *process)
{
	struct old_image *old = &w->old[w->next_old++ % OLD_IMAGES];

	old->image = process->image;
	memcpy(old->comm, process->comm, sizeof(old->comm));
}

static bool is_old_image(const struct watch *w, const struct process_stat *stat)
{
	for (size_t i = 0; i < OLD_IMAGES; i++)
		if (image_is_same(&w->old[i].image, &stat->image) && !memcmp(w->old[i].comm, stat->comm, sizeof(stat->comm)))
			return true;
	return false;
}

/* Whether it has executed something since the last look, or since it was made. Without the image, which is for its user alone to
 * see, by the command line; and by the name, since a program can change each of them. */
static bool has_executed(const struct collector *c, struct process *process, struct process_stat *stat, bool is_new)
{
	uint64_t cmdline = 0, before = process->cmdline;
	bool executed;

	if (!image_is_known(&stat->image)) {
		if (own(c)->sees_images || stat->image.arg_start) /* it is being built */
			return false;
		cmdline = hash_cmdline(c->base.proc, process->pid);
		if (!cmdline) /* likewise */
			return false;
		/* It may have executed between the two looks, and its image be seen now. */
		if (cmdline != before && process_stat(c->base.proc, process->pid, stat))
			return false;
	}
	if (image_is_known(&stat->image))
		return !image_is_same(&stat->image, &process->image) && !(is_new && is_old_image(own(c), stat));
	executed = before && cmdline != before && (is_new || memcmp(process->comm, stat->comm, sizeof(stat->comm)));
	process->cmdline = cmdline;
	if (!executed)
		memcpy(process->comm, stat->comm, sizeof(process->comm));
	return executed;
}

static void add_young(struct watch *w, uint32_t pid)
{
	uint64_t now = monotonic_ns();

	if (w->count < YOUNG_MOST)
		w->young[w->count++] = (struct young){pid, now, now};
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

	if (process_stat(c->base.proc, pid, &stat) || process_has_ended(&stat)) {
		if (process)
			note_old_image(own(c), process);
		collector_exit(c, &(struct exit_event){.pid = pid, .tid = pid, .time = collector_now(c), .status = -1, .last = true});
		return;
	}
	is_new = !process || process->start_time != stat.start_time;
	if (is_new)
		process = note_new(c, pid, &stat);
	if (!process)
		return;
	process->mark = c->processes.mark;
	if (has_executed(c, process, &stat, is_new)) {
		note_old_image(own(c), process);
		process_update(&c->processes, process, &stat);
		collector_exec(c, &(struct exec_event){.pid = pid, .time = collector_now(c), .cpu = -1, .comm = stat.comm,
						       .image = stat.image});
	} else if (is_new && image_is_known(&stat.image)) {
		process_update(&c->processes, process, &stat);
	}
	process_set_parent(&c->processes, process, stat.ppid);
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
		uint32_t id = ++w->last, process = process_of(c->base.proc, id);

		/* A thread has an id, too. What is not there has ended, or is still being made: it gets its id first. */
		if (!process)
			add_young(w, id);
		if (process != id)
			continue;
		if (processes_find(&c->processes, id)) /* by a scan for -p or the command */
			add_young(w, id);
		look_at(c, id);
	}
}

/* Whether there was one to look at. */
static bool look_at_young(struct collector *c)
{
	struct watch *w = own(c);
	uint64_t now = monotonic_ns();
	bool some = false;
	size_t kept = 0;

	/* The oldest first: a parent executes before its child does. */
	for (size_t i = 0; i < w->count; i++) {
		struct young y = w->young[i];

		bool known = processes_find(&c->processes, y.pid);

		if (now > y.since + (known ? SCAN_NS : MAKING_NS))
			continue;
		if (!known && process_of(c->base.proc, y.pid) != y.pid) {
			w->young[kept++] = y;
			continue;
		}
		if (now >= y.next) {
			look_at(c, y.pid);
			y.next = now + (now - y.since) / YOUNG_SHARE;
			some = true;
		}
		w->young[kept++] = y;
	}
	w->count = kept;
	return some;
}

static uint64_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The time that goes into looks is bounded; into what these find goes as much as it takes. spent: since the last look, waking
 * up included. idle: nothing was found. */
static void pay(struct watch *w, uint64_t now, uint64_t spent, bool idle)
{
	if (idle)
		w->cost += ((int64_t)spent - w->cost) / COST_SHARE;
	w->budget += (int64_t)((now - w->last_tick) / TICK_SHARE) - w->cost;
	if (w->budget > KEPT_NS)
		w->budget = KEPT_NS;
	w->last_tick = now;
	w->next_tick = now + (w->budget < 0 ? (uint64_t)-w->budget * TICK_SHARE : 0);
	if (w->next_tick < now + TICK_NS)
		w->next_tick = now + TICK_NS;
}

static void take(struct collector *c)
{
	struct watch *w = own(c);
	uint64_t now = monotonic_ns(), spent = cpu_time() - w->spent, before;
	uint32_t last = w->last;
	bool busy;

	if (now < w->next_tick)
		return;
	if (now >= w->next_scan) {
		before = cpu_time();
		scan(c);
		before = (cpu_time() - before) * SCAN_SHARE;
		w->next_scan = monotonic_ns() + (before > SCAN_NS ? before : SCAN_NS);
		busy = true;
	} else {
		busy = look_at_young(c);
		look_at_new(c);
		busy |= last != w->last;
	}
	pay(w, now, spent, !busy && !w->busy);
	w->busy = busy;
	w->spent += spent;
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
	struct process_status status;
	struct process_stat stat;

	(void)err;
	/* Of every user; and this process is in no user namespace below the first process. */
	w->sees_images = !process_status(c->base.proc, (uint32_t)getpid(), &status) &&
			 status.capabilities >> CAP_SYS_PTRACE & 1 && !process_stat(c->base.proc, 1, &stat) &&
			 image_is_known(&stat.image);
	w->loadavg = openat(c->base.proc, "loadavg", O_RDONLY | O_CLOEXEC);
	w->last = last_pid(w);
	w->spent = cpu_time();
	w->cost = COST_FIRST_NS;
	w->last_tick = monotonic_ns();
	w->next_scan = monotonic_ns();
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
