/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/models.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"

#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#define SETRESGID SYS_setresgid32
#define SETFSUID SYS_setfsuid32
#define SETFSGID SYS_setfsgid32
#else
#define SETRESUID SYS_setresuid
#define SETRESGID SYS_setresgid
#define SETFSUID SYS_setfsuid
#define SETFSGID SYS_setfsgid
#endif

enum { STOPPED = ENDED, HALVED, INNER };

static void *sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* Effective ids that nothing else has, of this thread alone. */
static void change_ids(struct peeker *p)
{
	uint32_t uid = p->states.ended[p->model].euid, gid = p->states.ended[p->model].egid;

	/* The file system's ids follow the effective ones, unless they are changed themselves. */
	p->states.ended[p->model].has_ids = !syscall(SETRESGID, gid + 1, gid, gid + 2) &&
					    syscall(SETFSGID, gid + 1) >= 0 &&
					    !syscall(SETRESUID, uid + 1, uid, uid + 2) &&
					    syscall(SETFSUID, uid + 1) >= 0;
}

static int be_ended(void *arg)
{
	struct peeker *p = arg;
	pthread_t thread;

	p->states.ended[p->model].made_before = boottime_ns();
	p->states.ended[p->model].task = peeker_begin(p, p->model_comms[p->model]);
	peeker_note(p, -pthread_create(&thread, NULL, sleep_on, NULL));
	change_ids(p);
	syscall(SYS_exit_group, (int)p->states.ended[p->model].status >> 8); /* _exit(3) upsets AddressSanitizer on this stack */
	return 0;
}

static int be_inner(void *arg)
{
	struct peeker *p = arg;
	int i = p->model - INNER;

	p->states.inner[i].task = peeker_begin(p, p->model_comms[p->model]);
	p->states.inner[i].pid = (uint32_t)(p->peek.pid_tgid >> 32);
	syscall(SYS_exit_group, 0);
	return 0;
}

static void end_with_parent(const struct peeker *p)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->parent) /* it has ended already */
		syscall(SYS_exit_group, 0);
}

/* Gets a terminal of its own to control it, which ends with it. name: gets its name as the kernel has it. */
static void take_terminal(char name[16])
{
	int unlocked = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	unsigned int number;
	char path[32];

	*name = '\0';
	if (master < 0 || setsid() < 0 || ioctl(master, (int)TIOCSPTLCK, &unlocked) || ioctl(master, (int)TIOCGPTN, &number))
		return;
	format_text(path, sizeof(path), "/dev/pts/%u", number);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* Linux 4.13 */
	if (slave < 0)
		slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0 && !ioctl(slave, TIOCSCTTY, 0))
		format_text(name, 16, "pts%u", number);
}

static int be_stopped(void *arg)
{
	struct peeker *p = arg;

	end_with_parent(p); /* or it would stay */
	if (p->wanted.ttys)
		take_terminal(p->states.ttys[0]);
	p->states.stopped = peeker_begin(p, p->model_comms[STOPPED]);
	kill(getpid(), SIGSTOP);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* In the thread that lives on. */
static void *learn(void *arg)
{
	struct peeker *p = arg;
	struct layout_memory memory = {.read = peeker_read, .context = p};

	while (__atomic_load_n(&p->leader, __ATOMIC_ACQUIRE))
		usleep(100);
	if (peeker_begin(p, p->model_comms[HALVED])) {
		p->found = p->layout;
		states_learn(&p->found, &memory, p->facts.tasks[LAYOUT_SELF].task, &p->states, &p->states_workspace);
		__atomic_store_n(&p->is_found, 1, __ATOMIC_RELEASE);
	}
	syscall(SYS_exit_group, 0);
	return 0;
}

static int be_halved(void *arg)
{
	struct peeker *p = arg;
	pthread_t thread;
	int ret;

	end_with_parent(p);
	if (p->wanted.ttys)
		take_terminal(p->states.ttys[1]);
	p->states.halved = peeker_begin(p, p->model_comms[HALVED]);
	ret = p->error ? p->error : -pthread_create(&thread, NULL, learn, p);
	peeker_note(p, ret);
	if (ret)
		syscall(SYS_exit_group, 0);
	/* The kernel clears it when the thread has ended. */
	syscall(SYS_set_tid_address, &p->leader);
	syscall(SYS_exit, 0);
	return 0;
}

#define WAITS 2000 /* of a millisecond */

/* Makes one, with these flags for clone(2), and waits until it is as it is to be: `state` for waitid(2). Its id, or 0 with the error noted. */
static pid_t make(struct peeker *p, int model, int (*function)(void *), int state, int flags)
{
	siginfo_t info;
	pid_t pid;

	p->model = model;
	if (p->error)
		return 0;
	pid = clone(function, p->model_stacks[model] + sizeof(p->model_stacks[model]), flags | SIGCHLD, p);
	if (pid < 0) {
		peeker_note(p, flags ? 0 : -errno); /* it may not */
		return 0;
	}
	/* Not for good: whoever traces it by ptrace(2) may keep it from that state. Then something will not be found. */
	for (int tries = 0; tries < WAITS; tries++) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, state | WEXITED | WNOWAIT | WNOHANG) < 0 || info.si_pid)
			break;
		usleep(tries < 10 ? 50 : 1000);
	}
	return pid;
}

static uint32_t number_of(int proc, const char *path)
{
	char text[16];

	return proc >= 0 && read_file(proc, path, text, sizeof(text)) > 0 ? (uint32_t)strtoul(text, NULL, 10) : UINT32_MAX;
}

/* Values of the zombies that other runs, and other tries, had not: what is left of those may stand behind ours. */
static void choose_values(struct peeker *p, uint64_t name, unsigned int try)
{
	/* 48 random bits: the name's bytes are letters. */
	uint64_t random = name * 0x9e3779b97f4a7c15 >> 16;

	for (unsigned int i = 0; i < ENDED; i++) {
		uint32_t id = (uint32_t)(random >> (12 * i)) & 0xffffff, status = (uint32_t)(random >> (8 * i)) + 2 * try + i;

		p->states.ended[i].status = (status % 126 * 2 + i + 1) << 8; /* odd, and even, and not 0 */
		p->states.ended[i].euid = 0x40000000 + 4 * (id + try) + 0x20000000 * i;
		p->states.ended[i].egid = 0x44000000 + 4 * (id + try) + 0x20000000 * i;
	}
}

/* Makes them all, and ends them. */
static void make_all(struct peeker *p, int64_t boot_ahead)
{
	pid_t pids[MODELS] = {0};

	p->parent = getpid();
	p->states.self_pid = p->facts.tasks[LAYOUT_SELF].pid;
	p->states.self_inner = (uint32_t)p->parent;
	for (int i = 0; i < ENDED; i++) {
		p->states.ended[i].made_after = boottime_ns() - (uint64_t)boot_ahead;
		pids[i] = make(p, i, be_ended, WEXITED, 0);
		p->states.ended[i].made_before -= (uint64_t)boot_ahead;
	}
	for (int i = 0; i < ENDED; i++) {
		p->states.inner[i].task = 0;
		pids[INNER + i] = p->wanted.pids ? make(p, INNER + i, be_inner, WEXITED, CLONE_NEWPID) : 0;
	}
	p->is_found = 0;
	pids[STOPPED] = make(p, STOPPED, be_stopped, WSTOPPED, 0);
	p->leader = 1;
	pids[HALVED] = make(p, HALVED, be_halved, WEXITED, 0);
	for (int i = 0; i < MODELS; i++) {
		if (!pids[i])
			continue;
		kill(pids[i], SIGKILL);
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
}

#define TRIES 4

void models_learn(struct peeker *p, uint64_t name, int proc, int64_t boot_ahead, struct models_wanted wanted)
{
	p->wanted = wanted;
	p->states.loginuid = number_of(proc, "self/loginuid");
	p->states.session = number_of(proc, "self/sessionid");
	p->states.has_login = p->states.loginuid != UINT32_MAX && p->states.session != UINT32_MAX;
	for (int i = 0; i < MODELS; i++)
		make_name(p->model_comms[i], name, LAYOUT_TASKS + i);
	for (unsigned int try = 0; try < TRIES && (!try || !p->is_found || states_are_ambiguous(&p->layout)); try++) {
		choose_values(p, name, try);
		make_all(p, boot_ahead);
		if (__atomic_load_n(&p->is_found, __ATOMIC_ACQUIRE))
			p->layout = p->found;
		/* Without them only a little less is known: no process could be made, or asked. */
		p->error = 0;
	}
}
