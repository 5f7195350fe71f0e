#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "loader.h"
#include "members.h"
#include "mounts.h"

#define CAPACITY_MOST 65536U
#define CAPACITY_LEAST 4096U
#define MEMORY_FOR_ONE 16384 /* of the machine's, so that the map takes a 150th of it */

/* PID_MAX_LIMIT, include/linux/threads.h. */
#define PIDS (4U << 20)

/* PF_EXITING, include/linux/sched.h: set before the tracepoint sched_process_exit fires (do_exit in
 * kernel/exit.c). */
#define EXITING 4

/* Process ids, each a bit. */
struct pids {
	uint8_t bits[PIDS / 8];
};

struct scan {
	int map, proc;
	struct pids *known; /* processes that are the one or descend from it */
	bool changed;	    /* something has been found in this round */
	int error;	    /* the first failure to put one in, -errno */
};

uint32_t members_capacity(void)
{
	struct sysinfo info;
	uint64_t n = CAPACITY_MOST;

	if (!sysinfo(&info))
		n = (uint64_t)info.totalram * info.mem_unit / MEMORY_FOR_ONE;
	return n > CAPACITY_MOST ? CAPACITY_MOST : n < CAPACITY_LEAST ? CAPACITY_LEAST : (uint32_t)n;
}

int members_add(int map, uint32_t tid)
{
	const uint64_t key = tid, one = 1;

	return map_update(map, &key, &one);
}

int members_remove(int map, uint32_t tid)
{
	const uint64_t key = tid;

	return map_delete(map, &key);
}

bool members_gone(int map)
{
	const uint64_t none = 0; /* no thread has this id, so the first that has one is asked for */
	uint64_t first;

	return map_next_key(map, &none, &first) == -ENOENT;
}

static bool has(const struct pids *pids, uint32_t pid)
{
	return pid < PIDS && pids->bits[pid / 8] & 1 << pid % 8;
}

/* What proc(5) has in the file stat at `path`: the parent, and the flags. false: it has ended. */
static bool read_stat(int proc, const char *path, uint32_t *ppid, unsigned long *flags)
{
	char text[1024];
	const char *at;

	if (read_file(proc, path, text, sizeof(text)) < 0)
		return false;
	at = strrchr(text, ')'); /* the name's end: it may hold anything */
	/* state ppid pgrp session tty_nr tpgid flags */
	return at && sscanf(at + 1, " %*c %u %*d %*d %*d %*d %lu", ppid, flags) == 2;
}

/* Makes a thread a member. Having put it in, we look whether it has begun to end: if not, the program
 * "thread_exit" will remove it; if so, that may have run already, and we do. */
static void add_thread(struct scan *s, uint32_t pid, uint32_t tid)
{
	const uint64_t key = tid;
	unsigned long flags;
	uint64_t value;
	char path[48];
	uint32_t ppid;
	int ret;

	if (!map_lookup(s->map, &key, &value))
		return;
	ret = members_add(s->map, tid);
	snprintf(path, sizeof(path), "%u/task/%u/stat", pid, tid);
	if (!ret && (!read_stat(s->proc, path, &ppid, &flags) || flags & EXITING))
		members_remove(s->map, tid);
	else if (!ret)
		s->changed = true;
	else if (!s->error)
		s->error = ret;
}

/* Calls visit() for each number that is the name of an entry of the directory. 0 or -errno. */
static int for_each_number(int proc, const char *path, struct scan *s, uint32_t pid,
			   void (*visit)(struct scan *, uint32_t pid, uint32_t number))
{
	int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), errnum;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		errnum = errno;
		if (fd >= 0)
			close(fd);
		return -errnum;
	}
	while ((entry = readdir(dir))) {
		char *end;
		unsigned long number = strtoul(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && number && number < PIDS)
			visit(s, pid, (uint32_t)number);
	}
	closedir(dir);
	return 0;
}

static int add_threads(struct scan *s, uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%u/task", pid);
	return for_each_number(s->proc, path, s, pid, add_thread);
}

static void add_if_descendant(struct scan *s, uint32_t unused, uint32_t pid)
{
	unsigned long flags;
	char path[32];
	uint32_t ppid;

	(void)unused;
	if (!has(s->known, pid)) {
		snprintf(path, sizeof(path), "%u/stat", pid);
		if (!read_stat(s->proc, path, &ppid, &flags) || !has(s->known, ppid))
			return;
		s->known->bits[pid / 8] |= (uint8_t)(1 << pid % 8);
		s->changed = true;
	}
	add_threads(s, pid);
}

int members_add_process(int map, int proc, uint32_t pid, struct error *err)
{
	struct scan s = {.map = map, .proc = proc, .known = calloc(1, sizeof(*s.known))};
	int ret;

	if (!s.known)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	ret = add_threads(&s, pid);
	if (ret) {
		free(s.known);
		return error_set(err, -ret, "--pid: cannot look at the threads of process %u: %s; %s", pid,
				 strerror(-ret),
				 ret == -ENOENT ? "is there such a process (ps)?" : "run it as root");
	}
	s.known->bits[pid / 8] |= (uint8_t)(1 << pid % 8);
	/* What a member makes, the kernel adds. What was made by one before that one became a member is
	 * found in the next round. */
	do {
		s.changed = false;
		ret = for_each_number(proc, ".", &s, 0, add_if_descendant);
	} while (!ret && !s.error && s.changed);
	free(s.known);
	if (!ret)
		ret = s.error;
	if (ret)
		return error_set(err, -ret, "--pid: cannot note the descendants of process %u: %s; %s", pid,
				 strerror(-ret),
				 ret == -E2BIG ? "there are more than fit on this machine" : "run it as root");
	return 0;
}
