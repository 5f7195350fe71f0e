/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "source/members.h"
#include "lib/files.h"
#include "lib/format.h"
#include "loader.h"

#define CAPACITY_MOST 65536U
#define CAPACITY_LEAST 4096U
#define MEMORY_FOR_ONE 16384 /* of the machine's, so that the map takes a 150th of it */

#define ROUNDS_MOST 16

/* PID_MAX_LIMIT, include/linux/threads.h. */
#define PIDS (4U << 20)

/* Process ids, each a bit. */
struct pids {
	uint8_t bits[PIDS / 8];
};

struct scan {
	int map, proc, added;
	struct pids *known; /* processes that are the one or descend from it */
	struct pids *put;   /* threads that have been put in */
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

static bool has(const struct pids *pids, uint32_t pid)
{
	return pid < PIDS && pids->bits[pid / 8] & 1 << pid % 8;
}

static void add(struct pids *pids, uint32_t pid)
{
	pids->bits[pid / 8] |= (uint8_t)(1 << pid % 8);
}

/* Reads the parent and the flags from the file stat (proc(5)) at `path`. false: the process has ended. */
static bool read_stat(int proc, const char *path, uint32_t *ppid, unsigned long *flags)
{
	char text[1024];
	const char *at;

	if (read_file(proc, path, text, sizeof(text)) < 0)
		return false;
	at = stat_field(text, STAT_PPID);
	*ppid = at ? (uint32_t)strtoul(at, NULL, 10) : 0;
	at = stat_field(text, STAT_FLAGS);
	*flags = at ? strtoul(at, NULL, 10) : 0;
	return at != NULL;
}

/* Makes a thread a member. Having put it in, we look whether it has begun to end: if not, the program
 * "thread_exit" will remove it; if so, that may have run already, and we do. */
static void add_thread(struct scan *s, uint32_t pid, uint32_t tid)
{
	const uint64_t key = tid, one = 1;
	unsigned long flags;
	char path[48];
	uint32_t ppid;
	int ret;

	if (has(s->put, tid))
		return;
	add(s->put, tid);
	s->changed = true;
	ret = map_add(s->map, &key, &one);
	if (ret == -EEXIST)
		return; /* the program "fork" was first, and counts it */
	format_text(path, sizeof(path), "%u/task/%u/stat", pid, tid);
	if (!ret && (!read_stat(s->proc, path, &ppid, &flags) || flags & PF_EXITING))
		s->added += map_delete(s->map, &key) != 0; /* the program was first, and counts it */
	else if (!ret)
		s->added++;
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

	format_text(path, sizeof(path), "%u/task", pid);
	return for_each_number(s->proc, path, s, pid, add_thread);
}

static void add_if_descendant(struct scan *s, uint32_t unused, uint32_t pid)
{
	unsigned long flags;
	char path[32];
	uint32_t ppid;

	(void)unused;
	if (!has(s->known, pid)) {
		format_text(path, sizeof(path), "%u/stat", pid);
		if (!read_stat(s->proc, path, &ppid, &flags) || !has(s->known, ppid))
			return;
		add(s->known, pid);
		s->changed = true;
	}
	add_threads(s, pid);
}

int members_add_process(int newcomers, int proc, uint32_t pid, struct error *err)
{
	struct pids *pids = calloc(2, sizeof(*pids));
	struct scan s = {.map = newcomers, .proc = proc, .known = pids, .put = pids + 1};
	int ret, rounds = 0;

	if (!pids)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	ret = add_threads(&s, pid);
	add(s.known, pid);
	/* The kernel side adds a member's children, and meanwhile those of a root. A child that
	 * was made before its parent became a member is found in the next round. If all come and go fast, the rounds
	 * have no end. */
	do {
		s.changed = false;
		if (!ret)
			ret = for_each_number(proc, ".", &s, 0, add_if_descendant);
	} while (!ret && !s.error && s.changed && ++rounds < ROUNDS_MOST);
	free(pids);
	if (!ret)
		ret = s.error;
	if (ret)
		return error_set(err, -ret, "--pid: cannot note the descendants of process %u: %s; %s", pid,
				 strerror(-ret),
				 ret == -E2BIG	  ? "there are more than fit on this machine"
				 : ret == -ENOENT ? "is there such a process (ps)?"
				 : ret == -EMFILE ? "raise the limit of open files (ulimit -n)"
						  : "run it as root");
	return s.added;
}

static bool is_suspect(const struct suspects *suspects, uint64_t key)
{
	for (size_t i = 0; i < suspects->count; i++)
		if (suspects->keys[i] == key)
			return true;
	return false;
}

unsigned int members_sweep(int map, bool by_task, int proc, struct suspects *suspects)
{
	struct suspects missing = {.count = 0};
	uint64_t key = 0, next, tid;
	unsigned int swept = 0;
	char path[32], name[32];
	int ret;

	/* No thread has the id 0, or a task_struct there, so the first key comes. */
	while (proc >= 0 && !map_next_key(map, &key, &next)) {
		tid = next;
		if (by_task && map_lookup(map, &next, &tid)) {
			key = next; /* it has just ended */
			continue;
		}
		format_text(path, sizeof(path), "%llu/comm", (unsigned long long)tid);
		ret = tid ? read_file(proc, path, name, sizeof(name)) : 0; /* 0: not known */
		if (ret != -ENOENT && ret != -ESRCH) {
			key = next;
		} else if (is_suspect(suspects, next) && !map_delete(map, &next)) {
			swept++;
		} else {
			/* It may be about to execute: it has another id already, and its exec has not been seen yet. */
			if (missing.count < SUSPECTS)
				missing.keys[missing.count++] = next;
			key = next;
		}
	}
	*suspects = missing;
	return swept;
}
