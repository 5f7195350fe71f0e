/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/peek.h"
#include "bpf/record.h"
#include "kernel/models.h"
#include "kernel/peeker.h"
#include "kernel/walker.h"
#include "lib/timestamp.h"
#include "loader.h"

/* By which names the execs are made that are looked at, of eight bytes each, or so far: of this program, with /proc as the
 * working directory, and of a script that has no other name. */
#define PROGRAM "self/exe"
#define SCRIPT "/dev/fd/"

/* MFD_EXEC, include/uapi/linux/memfd.h: whatever vm.memfd_noexec says. */
#define MEMFD_EXEC 0x10U

uint64_t peek_name(void)
{
	/* 16 random bytes, other ones at each exec: getauxval(3). */
	const unsigned char *random = (const unsigned char *)(uintptr_t)getauxval(AT_RANDOM);
	unsigned char text[8];
	uint64_t name = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)('a' + (random[i] ^ random[i + 8]) % 26);
	memcpy(&name, text, sizeof(name));
	return name;
}

static int cannot_learn(int ret, struct error *err)
{
	return error_set(err, -ret, "cannot learn the kernel's layout: %s; %s",
			 ret == -ENODATA ? "the tracepoint task:task_rename did not run the BPF program"
					 : strerror(-ret),
			 ret == -EAGAIN ? "it needs a few more processes"
			 : ret == -EMFILE ? "raise the limit of open files (ulimit -n)"
			 : ret == -ENODATA
				 ? "another user of BPF may keep it from running; try again"
				 : "look at the kernel's log (dmesg)");
}

int peek_self(int map, uint64_t name, struct peek_self *self, struct error *err)
{
	char comm[16], old_name[16] = "";
	struct peek *peek = mmap(NULL, sizeof(*peek), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int64_t before, least, most;
	int ret = -ENODATA;

	if (peek == MAP_FAILED)
		return error_set(err, errno, "cannot get memory to learn the kernel's layout: %s", strerror(errno));
	self->ahead_least = INT64_MIN;
	self->ahead_most = INT64_MAX;
	make_name(comm, name, LAYOUT_SELF);
	prctl(PR_GET_NAME, old_name);
	prctl(PR_SET_NAME, comm);
	/* Any address: only the task's own is wanted. A few times, for the clock. */
	for (int tries = 0, answers = 0; answers < 4 && tries < PEEK_TRIES && (!ret || ret == -ENODATA); tries++) {
		before = (int64_t)monotonic_ns();
		ret = peeker_ask(map, comm, peek, 1, 1);
		if (ret) {
			usleep(1000);
			continue;
		}
		answers++;
		least = before - (int64_t)peek->time;
		most = (int64_t)monotonic_ns() - (int64_t)peek->time;
		self->ahead_least = least > self->ahead_least ? least : self->ahead_least;
		self->ahead_most = most < self->ahead_most ? most : self->ahead_most;
	}
	if (!ret) {
		self->long_size = kernel_long_size(peek->task);
		self->task = as_in_memory(self->long_size, peek->task);
		self->pid = (uint32_t)peek->pid_tgid;
	}
	prctl(PR_SET_NAME, old_name);
	munmap(peek, sizeof(*peek));
	return ret ? cannot_learn(ret, err) : 0;
}

/* Makes a child, which runs on a stack of its own, and waits for its end. 0 or -errno. */
static int run(struct peeker *p, enum layout_who who, int (*function)(void *), int flags)
{
	pid_t pid = clone(function, p->stacks[who] + sizeof(p->stacks[who]), CLONE_VFORK | flags, p);

	if (pid < 0)
		return -errno;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* The calling task is that one from now on. */
static int become(struct peeker *p, enum layout_who who)
{
	p->facts.tasks[who].task = peeker_begin(p, p->facts.tasks[who].comm);
	p->facts.tasks[who].pid = (uint32_t)(p->peek.pid_tgid >> 32);
	p->facts.tasks[who].tid = (uint32_t)p->peek.pid_tgid;
	return p->error;
}

/* It is released when the thread ends. */
static bool trace_child(void *context)
{
	return !ptrace(PTRACE_SEIZE, ((struct peeker *)context)->child, 0, 0);
}

static void *in_thread(void *arg)
{
	struct peeker *p = arg;
	struct layout_memory memory = {peeker_read, trace_child, p};

	if (!become(p, LAYOUT_THREAD))
		layout_learn(&p->layout, &memory, &p->facts, &p->workspace);
	return NULL;
}

/* Has another nsproxy, if it may. */
static int in_grandchild(void *arg)
{
	struct peeker *p = arg;
	pthread_t thread;
	int ret;

	if (become(p, LAYOUT_GRANDCHILD))
		return 0;
	p->facts.other_nsproxy = !unshare(CLONE_NEWUTS) || !unshare(CLONE_NEWIPC);
	ret = pthread_create(&thread, NULL, in_thread, p); /* newer libraries' clone(3) makes no threads */
	if (!ret)
		ret = pthread_join(thread, NULL);
	peeker_note(p, -ret);
	return 0;
}

static int in_child(void *arg)
{
	struct peeker *p = arg;

	p->child = getpid();
	if (!become(p, LAYOUT_CHILD))
		peeker_note(p, run(p, LAYOUT_GRANDCHILD, in_grandchild, SIGCHLD));
	return 0;
}

/* In three new tasks and our own. */
static void learn(struct peeker *p)
{
	if (!become(p, LAYOUT_SELF))
		peeker_note(p, run(p, LAYOUT_CHILD, in_child, CLONE_VM | SIGCHLD));
}

/* Executes this program for the sake of the exec: it prints its version to nobody and ends. "peek_exec"
 * finds in the map whose exec it is. */
static int execute(struct peeker *p, const char *script)
{
	static char program[] = PROGRAM, option[] = "-V";
	char *argv[] = {program, option, NULL}, *envp[] = {NULL};
	const uint32_t zero = 0;
	int fd = -1;

	if (become(p, LAYOUT_CHILD))
		return 0;
	if (script) {
		fd = (int)syscall(SYS_memfd_create, "execsnoop", MEMFD_EXEC);
		if (fd < 0) /* below Linux 6.3 */
			fd = (int)syscall(SYS_memfd_create, "execsnoop", 0);
		if (fd < 0 || write(fd, script, strlen(script)) < 0)
			return 0;
	}
	p->peek.answered = 0;
	p->peek.address = 0; /* words that "peek_exec" has followed */
	p->peek.length = 1;
	if (map_update(p->map, &zero, &p->peek) || fchdir(p->proc))
		return 0;
	/* The descriptors and the directory are this child's own. */
	for (int i = 0; i < 3; i++)
		if (i != fd)
			close(i);
	if (script)
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	else
		execve(program, argv, envp);
	return 0;
}

static int execute_program(void *arg)
{
	return execute(arg, NULL);
}

static int execute_script(void *arg)
{
	return execute(arg, "#!" PROGRAM " -V\n");
}

/* Runs one of these and takes what "peek_exec" saw. false: nothing. */
static bool look_at_exec(struct peeker *p, int (*function)(void *), struct layout_bprm *bprm)
{
	const uint32_t zero = 0;

	peeker_note(p, run(p, LAYOUT_CHILD, function, CLONE_VM | SIGCHLD));
	if (p->error || map_lookup(p->map, &zero, &p->peek) || !p->peek.answered || p->peek.status)
		return false;
	memcpy(bprm, p->peek.data, sizeof(*bprm));
	return true;
}

static void learn_bprm(struct peeker *p)
{
	struct layout_bprm direct, by_script;
	uint64_t program, script;
	bool has_script;

	memcpy(&program, PROGRAM, sizeof(program));
	memcpy(&script, SCRIPT, sizeof(script));
	if (!look_at_exec(p, execute_program, &direct))
		return;
	has_script = look_at_exec(p, execute_script, &by_script);
	layout_learn_bprm(&p->layout, &direct, has_script ? &by_script : NULL, program, script);
}

/* How many children wait for us when we give up. */
#define ZOMBIES_MOST 20

static int end_at_once(void *unused)
{
	(void)unused;
	return 0;
}

int peek_layout(const struct peek_facts *facts, const struct peek_self *self, struct layout *layout, struct error *err)
{
	pid_t pids[ZOMBIES_MOST];
	char old_name[16] = "";
	sigset_t all, old;
	struct peeker *p;
	int ret, zombies = 0;

	/* Shared, because the grandchild has memory of its own. */
	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "cannot get memory to learn the kernel's layout: %s",
				 strerror(errno));
	p->map = facts->map;
	p->proc = facts->exec_proc;
	p->chunk = facts->chunk;
	p->facts = (struct layout_facts){
		.arg_start = facts->arg_start,
		.arg_end = facts->arg_end,
		.env_end = facts->env_end,
		.mntns = facts->mntns,
		.long_size = self->long_size,
	};
	for (int who = 0; who < LAYOUT_TASKS; who++)
		make_name(p->facts.tasks[who].comm, facts->name, who);
	prctl(PR_GET_NAME, old_name);
	/* No handler may run in a child: it has our memory. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	learn(p);
	while (!p->error && layout_is_ambiguous(&p->layout) && zombies < ZOMBIES_MOST) {
		/* Their task_structs are in the way, so others are taken. */
		for (int i = 0; i < ZOMBIES_MOST / 4; i++)
			pids[zombies++] = clone(end_at_once, p->stacks[LAYOUT_CHILD] + sizeof(p->stacks[LAYOUT_CHILD]),
						CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		learn(p);
	}
	while (zombies--)
		if (pids[zombies] > 0)
			waitpid(pids[zombies], NULL, 0);
	if (!p->error && facts->exec_proc >= 0)
		learn_bprm(p);
	if (!p->error && facts->states)
		models_learn(p, facts->name, facts->proc, facts->boot_ahead, facts->wanted);
	if (!p->error && facts->paths)
		walker_learn(p, facts->name, facts->proc);
	sigprocmask(SIG_SETMASK, &old, NULL);
	prctl(PR_SET_NAME, old_name);
	*layout = p->layout;
	ret = p->error;
	munmap(p, sizeof(*p));
	return ret ? cannot_learn(ret, err) : 0;
}
