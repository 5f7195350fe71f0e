/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/walker.h"
#include "lib/format.h"

/* Any directory will do to mount on: nobody sees it. */
static const char *const mount_points[] = {"/proc", "/sys", "/dev", "/etc", "/bin", "/run", "/tmp", "/mnt"};

/* Directories, by state. */
struct walk {
	int fds[PATHS_REMOVED];
	int upper; /* the directory that the lowest one is in, */
	const char *lower; /* by that name */
};

static int open_directory(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Mounts an empty file system on the directory. Its root, or -1. */
static int mount_here(const char *path)
{
	return mount("execsnoop", path, "ramfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=0700") ? -1 : open_directory(AT_FDCWD, path);
}

static bool build(struct walk *w, const struct paths_facts *f)
{
	char path[64], below[2 * PATHS_NAME];
	bool all_private;
	int root;

	if (unshare(CLONE_NEWNS))
		return false;
	/* A mount that is not private travels back into the namespace that this one was copied from. In a chroot "/" may be no
	 * mount point; then only a mount point can be mounted on. */
	all_private = !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	for (size_t i = 0; i < sizeof(mount_points) / sizeof(mount_points[0]); i++) {
		if (!all_private && mount(NULL, mount_points[i], NULL, MS_PRIVATE, NULL))
			continue;
		w->fds[PATHS_OUTSIDE] = open_directory(AT_FDCWD, mount_points[i]);
		w->fds[PATHS_FIRST] = w->fds[PATHS_OUTSIDE] < 0 ? -1 : mount_here(mount_points[i]);
		if (w->fds[PATHS_FIRST] < 0)
			continue;
		format_text(path, sizeof(path), "%s/%s", mount_points[i], f->mountpoint);
		format_text(below, sizeof(below), "%s/%s", f->upper, f->lower);
		if (mkdirat(w->fds[PATHS_FIRST], f->mountpoint, 0700))
			return false;
		root = mount_here(path);
		if (root < 0 || mkdirat(root, f->upper, 0700) || mkdirat(root, below, 0700))
			return false;
		w->upper = open_directory(root, f->upper);
		w->lower = f->lower;
		w->fds[PATHS_SECOND] = open_directory(root, below);
		return w->fds[PATHS_SECOND] >= 0;
	}
	return false;
}

static void note_inodes(const struct walk *w, struct paths_facts *f)
{
	struct stat st;

	for (int i = 0; i < 2; i++) {
		f->inodes[i] = f->devices[i] = 0;
		if (fstat(w->fds[PATHS_FIRST + i], &st))
			continue;
		f->inodes[i] = st.st_ino;
		f->devices[i] = (uint32_t)(major(st.st_dev) << 20 | minor(st.st_dev)); /* MKDEV in include/linux/kdev_t.h */
	}
}

static bool enter(void *context, enum paths_state state)
{
	const struct walk *w = context;

	if (state == PATHS_REMOVED)
		return !unlinkat(w->upper, w->lower, AT_REMOVEDIR);
	return !fchdir(w->fds[state]);
}

static int walk(void *arg)
{
	struct peeker *p = arg;
	struct walk w;
	const struct layout_memory memory = {.read = peeker_read, .context = p};

	p->paths.task = peeker_begin(p, p->walker_comm);
	p->paths.enter = enter;
	p->paths.context = &w;
	if (!p->error && build(&w, &p->paths)) {
		note_inodes(&w, &p->paths);
		p->found = p->layout;
		paths_learn(&p->found, &memory, &p->paths, &p->paths_workspace);
		__atomic_store_n(&p->is_found, 1, __ATOMIC_RELEASE);
	}
	p->paths.context = NULL;
	return 0;
}

/* Names that other runs, and other tries, had not. */
static void choose_name(char text[PATHS_NAME], uint64_t name, char letter, unsigned int try)
{
	memset(text, letter, PATHS_NAME - 1);
	memcpy(text, &name, sizeof(name));
	text[sizeof(name)] = (char)('a' + try);
	text[PATHS_NAME - 1] = '\0';
}

#define TRIES 4

static int count_missing(const struct layout *layout)
{
	int count = 0;

	for (int part = LAYOUT_PATHS; part <= LAYOUT_INODE; part++)
		count += layout->missing[part] != NULL;
	return count;
}

/* Whether another walk may find more: what is beside the structs changes meanwhile. */
static bool may_find_more(const struct layout *layout)
{
	for (int part = LAYOUT_PATHS; part <= LAYOUT_INODE; part++) {
		const char *why = layout->missing[part];

		if (why && (!strcmp(why, NOT_UNIQUE) || !strcmp(why, NOT_FOUND)))
			return true;
	}
	return false;
}

#define WAITS 4000 /* of a millisecond: a small machine is slow */

/* Not for good: what is mounted there may not answer. It is reaped when this process ends, then. */
static void wait_for(pid_t pid)
{
	for (int tries = 0; pid > 0 && tries < WAITS; tries++) {
		pid_t ended = waitpid(pid, NULL, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return;
		usleep(tries < 20 ? 200 : 1000);
	}
	if (pid > 0)
		kill(pid, SIGKILL);
}

void walker_learn(struct peeker *p, uint64_t name, int proc)
{
	static const char letters[3] = {'m', 'u', 'l'};
	char *names[3] = {p->paths.mountpoint, p->paths.upper, p->paths.lower}, exe[4096];
	ssize_t length = proc < 0 ? -1 : readlinkat(proc, "self/exe", exe, sizeof(exe));
	const char *slash = length > 0 ? memrchr(exe, '/', (size_t)length) : NULL;
	bool failed = false;
	pid_t pid;

	make_name(p->walker_comm, name, LAYOUT_TASKS + MODELS);
	length = slash ? exe + length - slash - 1 : 0;
	if (slash && length > 10 && !memcmp(slash + 1 + length - 10, " (deleted)", 10))
		length -= 10;
	if (slash && length < (ssize_t)sizeof(p->paths.exe))
		memcpy(p->paths.exe, slash + 1, (size_t)length);
	p->layout.missing[LAYOUT_PATHS] = p->layout.missing[LAYOUT_EXE] = p->layout.missing[LAYOUT_INODE] =
		"this process may not mount (CAP_SYS_ADMIN), or a directory does not answer";
	for (unsigned int try = 0; try < TRIES && (!try || failed || may_find_more(&p->layout)); try++) {
		for (int i = 0; i < 3; i++)
			choose_name(names[i], name, letters[i], try);
		p->is_found = 0;
		pid = clone(walk, p->model_stacks[0] + sizeof(p->model_stacks[0]), SIGCHLD, p);
		wait_for(pid);
		if (__atomic_load_n(&p->is_found, __ATOMIC_ACQUIRE) && count_missing(&p->found) <= count_missing(&p->layout))
			p->layout = p->found;
		failed = p->error; /* another user of BPF has kept the program from running */
		p->error = 0; /* without it only a little less is known */
	}
}
