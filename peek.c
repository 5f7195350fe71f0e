#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chunk.h"
#include "loader.h"
#include "peek.h"
#include "record.h"

/* How many arguments and environment strings the exec has that is looked at: numbers that stand
 * nowhere else in its struct linux_binprm. */
#define EXEC_ARGC 11
#define EXEC_ENVC 23

struct peeker {
	int map;
	size_t chunk; /* as much as can be asked for at a time */
	int self; /* what to execute for "peek_exec", or -1 */
	int error; /* the first failure to ask, -errno */
	struct peek peek;
	struct layout_facts facts;
	struct layout *layout;
	struct layout_workspace workspace;
	_Alignas(16) char stack[65536];
};

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

/* The kernel's, who has its task_struct there, as bpf_get_current_task says it: that extends the sign of an address of
 * 4 bytes. A 32-bit binary may run on a 64-bit kernel. */
static uint32_t long_size(uint64_t task)
{
	return sizeof(long) == 8 || (task >> 32 != 0 && task >> 32 != UINT32_MAX) ? 8 : 4;
}

static uint64_t as_in_memory(const struct peeker *p, uint64_t task)
{
	return p->facts.long_size == 4 ? (uint32_t)task : task;
}

/* Asks for `length` bytes at `address`: renaming fires the tracepoint before the name changes, so
 * while the thread still bears the name that the program waits for. */
static int ask(struct peeker *p, uint64_t address, size_t length)
{
	const uint32_t zero = 0;
	int ret;

	p->peek.address = address;
	p->peek.length = length;
	p->peek.answered = 0;
	ret = map_update(p->map, &zero, &p->peek);
	if (!ret)
		prctl(PR_SET_NAME, p->facts.comm);
	if (!ret)
		ret = map_lookup(p->map, &zero, &p->peek);
	if (!ret && !p->peek.answered)
		ret = -ENODATA;
	if (ret && !p->error)
		p->error = ret;
	return ret;
}

static int read_kernel(void *context, uint64_t address, void *buffer, size_t length)
{
	struct peeker *p = context;

	for (size_t done = 0, size; done < length; done += size) {
		size = length - done < p->chunk ? length - done : p->chunk;
		if (p->error || ask(p, address + done, size))
			return -EIO;
		if (p->peek.status)
			return (int)p->peek.status;
		if (p->chunk == STACK_CHUNK_SIZE)
			chunk_join((char *)buffer + done, p->peek.data, size);
		else
			memcpy((char *)buffer + done, p->peek.data, size);
	}
	return 0;
}

/* Executes this program for the sake of the exec: it prints its version to nobody and ends. "peek_exec"
 * finds in the map whose exec it is. */
static void execute_self(struct peeker *p)
{
	static char option[] = "-V", empty[] = "";
	char *argv[EXEC_ARGC + 1] = {NULL}, *envp[EXEC_ENVC + 1] = {NULL};
	const uint32_t zero = 0;

	for (int i = 0; i < EXEC_ARGC; i++)
		argv[i] = option;
	for (int i = 0; i < EXEC_ENVC; i++)
		envp[i] = empty;
	p->peek.answered = 0;
	if (map_update(p->map, &zero, &p->peek))
		return;
	/* The descriptors are this child's own. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	syscall(SYS_execveat, p->self, "", argv, envp, AT_EMPTY_PATH);
}

/* Runs in a child that shares our memory: two tasks, alike but for who they are. */
static int learn(void *arg)
{
	struct peeker *p = arg;
	struct layout_memory memory = {read_kernel, p};

	/* Another name than the parent's, whose task_struct may be the next in the slab. The program
	 * goes by the first eight bytes. */
	memset(p->facts.comm + sizeof(uint64_t), 'c', sizeof(p->facts.comm) - sizeof(uint64_t) - 1);
	prctl(PR_SET_NAME, p->facts.comm);
	if (ask(p, p->facts.parent_task, 1))
		return 0;
	p->facts.task = as_in_memory(p, p->peek.task);
	p->facts.pid = (uint32_t)p->peek.pid_tgid;
	layout_learn(p->layout, &memory, &p->facts, &p->workspace);
	if (p->self >= 0 && !p->error)
		execute_self(p);
	return 0;
}

static int run_child(struct peeker *p)
{
	sigset_t all, old;
	pid_t pid;
	int ret = 0;

	/* No handler may run in the child: it has our memory. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = clone(learn, p->stack + sizeof(p->stack), CLONE_VM | CLONE_VFORK | SIGCHLD, p);
	if (pid < 0)
		ret = -errno;
	else
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int peek_layout(int map, uint64_t name, uint64_t arg_start, uint64_t arg_end, uint32_t mntns, int self,
		size_t chunk, struct layout *layout, struct peek_self *who, struct error *err)
{
	const uint32_t zero = 0;
	char old_name[16] = "";
	struct peeker *p;
	int ret;

	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "cannot get memory to learn the kernel's layout: %s",
				 strerror(errno));
	p->map = map;
	p->self = self;
	p->chunk = chunk;
	p->layout = layout;
	p->facts = (struct layout_facts){
		.arg_start = arg_start,
		.arg_end = arg_end,
		.mntns = mntns,
	};
	/* All 15 bytes of the name are used: the longer the pattern, the fewer chance finds. */
	memcpy(p->facts.comm, &name, sizeof(name));
	memcpy(p->facts.comm + sizeof(name), &name, sizeof(name) - 1);

	prctl(PR_GET_NAME, old_name);
	prctl(PR_SET_NAME, p->facts.comm);
	ret = ask(p, 1, 1); /* any address: only the task's own is wanted */
	if (!ret) {
		p->facts.long_size = long_size(p->peek.task);
		p->facts.parent_task = as_in_memory(p, p->peek.task);
		p->facts.parent_pid = (uint32_t)p->peek.pid_tgid;
		*who = (struct peek_self){p->facts.parent_pid, p->facts.parent_task};
		ret = run_child(p);
	}
	if (!ret)
		ret = p->error;
	if (!ret && self >= 0 && !map_lookup(map, &zero, &p->peek) && p->peek.answered &&
	    !p->peek.status)
		layout_learn_bprm(layout, p->peek.data, BPRM_SEARCH, EXEC_ARGC, EXEC_ENVC);
	prctl(PR_SET_NAME, old_name);
	munmap(p, sizeof(*p));
	if (!ret)
		return 0;
	return error_set(err, -ret, "cannot learn the kernel's layout: %s; %s",
			 ret == -ENODATA ? "the tracepoint task:task_rename did not run the BPF program"
					 : strerror(-ret),
			 ret == -EAGAIN ? "it needs one more process"
			 : ret == -ENODATA
				 ? "is the kernel locked down (cat /sys/kernel/security/lockdown)?"
				 : "look at the kernel's log (dmesg)");
}
