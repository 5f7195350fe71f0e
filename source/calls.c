/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/calls.h"
#include "kernel/audit_arch.h"
#include "kernel/process_status.h"
#include "lib/format.h"
#include "reader/remote.h"
#include "source/events.h"

/* Of execveat(2), include/uapi/linux/fcntl.h. */
#define EXECVE_CHECK 0x10000

/* ---- the filter ---- */

/* Calls at which a thread stops. */
#define STOP_AT 1U     /* it is execveat(2) */
#define STOP_NARROW 2U /* its pointers have 4 bytes, though the architecture is one of 64 bits */

struct stop {
	uint32_t arch, number, stop;
};

static const struct stop stops[] = {
#ifdef AUDIT_ARCH_HERE
	{AUDIT_ARCH_HERE, SYS_execve, 0},
	{AUDIT_ARCH_HERE, SYS_execveat, STOP_AT},
#endif
#if defined(__x86_64__)
	{AUDIT_ARCH_HERE, 0x40000000 + 520, STOP_NARROW},
	{AUDIT_ARCH_HERE, 0x40000000 + 545, STOP_NARROW | STOP_AT},
	{AUDIT_ARCH_I386, 11, 0},
	{AUDIT_ARCH_I386, 358, STOP_AT},
#elif defined(__i386__) /* of programs of 64 bits, where the kernel has such */
	{AUDIT_ARCH_X86_64, 59, 0},
	{AUDIT_ARCH_X86_64, 322, STOP_AT},
#elif defined(__arm__)
	{AUDIT_ARCH_AARCH64, 221, 0},
	{AUDIT_ARCH_AARCH64, 281, STOP_AT},
#elif defined(__aarch64__)
	{AUDIT_ARCH_ARM, 11, 0},
	{AUDIT_ARCH_ARM, 387, STOP_AT},
#elif defined(__s390x__)
	{AUDIT_ARCH_S390, 11, 0},
	{AUDIT_ARCH_S390, 354, STOP_AT},
#elif defined(__mips64)
	{AUDIT_ARCH_MIPSEL, 4011, 0},
	{AUDIT_ARCH_MIPSEL, 4356, STOP_AT},
	{AUDIT_ARCH_MIPSEL64N32, 6057, STOP_NARROW},
	{AUDIT_ARCH_MIPSEL64N32, 6320, STOP_NARROW | STOP_AT},
#endif
};
#define STOPS (sizeof(stops) / sizeof(stops[0]))

static const struct stop *find_stop(uint32_t arch, uint64_t number)
{
	for (size_t i = 0; i < STOPS; i++)
		if (stops[i].arch == arch && stops[i].number == number)
			return &stops[i];
	return NULL;
}

int calls_stop_here(void)
{
	struct sock_filter code[5 * STOPS + 1], *at = code;
	struct sock_fprog program = {.filter = code};

	if (!STOPS)
		return -ENOSYS;
	for (size_t i = 0; i < STOPS; i++) {
		*at++ = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch)};
		*at++ = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, 3, stops[i].arch};
		*at++ = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)};
		*at++ = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 0, 1, stops[i].number};
		*at++ = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRACE | stops[i].stop};
	}
	*at++ = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	program.len = (unsigned short)(at - code);
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 0;
	/* Only who does without the setuid bit may without privilege. */
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

/* ---- what a thread calls ---- */

/* 0 or -errno. */
static int get_info(uint32_t tid, struct __ptrace_syscall_info *info)
{
	*info = (struct __ptrace_syscall_info){0};
	return ptrace(PTRACE_GET_SYSCALL_INFO, (pid_t)tid, (void *)sizeof(*info), info) < 0 ? -errno : 0;
}

int calls_ask(struct error *err)
{
	struct __ptrace_syscall_info info;
	pid_t parent = getpid(), child = fork();
	int ret, status;

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	if (child < 0)
		return error_set(err, errno, "cannot make a process: %s; it needs one more (ulimit -u)", strerror(errno));
	ret = ptrace(PTRACE_SEIZE, child, NULL, NULL) || ptrace(PTRACE_INTERRUPT, child, NULL, NULL) ? -errno : 0;
	if (!ret && waitpid(child, &status, __WALL) == child)
		ret = get_info((uint32_t)child, &info);
	kill(child, SIGKILL);
	while (waitpid(child, &status, __WALL) == child && !WIFSIGNALED(status))
		;
	return ret ? error_set(err, -ret, "-x: cannot ask what a traced process calls (PTRACE_GET_SYSCALL_INFO): %s; %s",
			       strerror(-ret), ret == -EPERM ? "may this process trace (seccomp(2), CAP_SYS_PTRACE)?" :
			       "this needs Linux 5.3") : 0;
}

/* ---- strings ---- */

struct call {
	struct call *next;
	uint32_t tid;
	bool checks;
	char directory[EXEC_DIRECTORY];
	struct image_strings strings; /* the arguments with their marks */
};

/* Bytes that grow. */
struct bytes {
	char *at;
	size_t used, size;
};

static bool append(struct bytes *b, const char *bytes, size_t length)
{
	size_t size = b->size ? b->size : 4096;
	char *at;

	while (size < b->used + length)
		size *= 2;
	if (size > b->size) {
		at = realloc(b->at, size);
		if (!at)
			return false;
		b->at = at;
		b->size = size;
	}
	memcpy(b->at + b->used, bytes, length);
	b->used += length;
	return true;
}

#define PAGE 4096U

/* Appends a string, without its NUL: `most` bytes of it at most. */
static enum text_state read_string(int mem, uint64_t address, size_t most, struct bytes *to)
{
	char page[PAGE];

	for (size_t done = 0; address;) {
		size_t step = PAGE - address % PAGE, length;
		ssize_t n = pread(mem, page, step, (off_t)address);

		if (n <= 0)
			return done ? TEXT_CUT : TEXT_UNREADABLE;
		length = strnlen(page, (size_t)n);
		if (length > most - done) {
			append(to, page, most - done);
			return TEXT_CUT;
		}
		if (!append(to, page, length))
			return TEXT_CUT;
		if (length < (size_t)n)
			return TEXT_WHOLE;
		address += (size_t)n;
		done += (size_t)n;
	}
	return TEXT_UNREADABLE;
}

/* Appends a string with its mark and NUL. */
static void read_marked(int mem, uint64_t address, size_t most, struct bytes *to)
{
	size_t begin = to->used;
	enum text_state state;

	if (!append(to, "", 1))
		return;
	state = read_string(mem, address, most, to);
	to->at[begin] = state == TEXT_WHOLE ? MARK_READ : state == TEXT_CUT ? MARK_CUT : MARK_UNREADABLE;
	if (!append(to, "", 1))
		to->used = begin;
}

/* Appends all strings of an argv. */
static enum text_state read_list(int mem, uint64_t address, size_t slot_size, size_t most, struct bytes *to)
{
	size_t begin = to->used;

	for (size_t i = 0; address; i++, address += slot_size) {
		uint64_t string = 0;
		uint32_t narrow = 0;

		if (pread(mem, slot_size == 4 ? (void *)&narrow : &string, slot_size, (off_t)address) != (ssize_t)slot_size)
			return TEXT_UNREADABLE;
		string += narrow;
		if (!string)
			return TEXT_WHOLE;
		if (i == LIST_STRINGS || to->used - begin >= most)
			return TEXT_CUT;
		read_marked(mem, string, most - (to->used - begin), to);
	}
	return TEXT_WHOLE; /* without an argv there are no arguments */
}

static void read_strings(struct call *call, int mem, const uint64_t *args, size_t slot_size, uint64_t most)
{
	struct image_strings *s = &call->strings;
	struct bytes bytes = {0};

	s->name = read_string(mem, args[0], EXEC_NAME_MOST - 1, &bytes);
	s->name_length = (uint32_t)bytes.used;
	if (!append(&bytes, "", 1)) {
		free(bytes.at);
		*s = (struct image_strings){.name = TEXT_UNREADABLE, .args = TEXT_UNREADABLE};
		return;
	}
	s->args = read_list(mem, args[1], slot_size, most && most < LIST_BYTES ? (size_t)most : LIST_BYTES, &bytes);
	s->args_length = (uint32_t)(bytes.used - s->name_length - 1);
	s->bytes = bytes.at;
}

/* The fifth argument. On 32-bit MIPS it is on the caller's stack, and some kernels look for it on ours. */
static uint32_t get_flags(int mem, const struct __ptrace_syscall_info *info)
{
	uint32_t flags = (uint32_t)info->seccomp.args[4];

#if defined(__mips__) && !defined(__mips64)
	if (pread(mem, &flags, sizeof(flags), (off_t)info->stack_pointer + 16) != sizeof(flags))
		flags = 0;
#endif
	(void)mem;
	return flags;
}

/* As alloc_bprm in fs/exec.c. */
static void set_directory(struct call *call, int32_t fd)
{
	const struct image_strings *s = &call->strings;

	if (fd >= 0 && s->name != TEXT_UNREADABLE && *s->bytes != '/')
		format_text(call->directory, sizeof(call->directory), *s->bytes ? "/dev/fd/%d/" : "/dev/fd/%d", fd);
}

/* ---- calls ---- */

static struct call *take(struct calls *calls, uint32_t tid)
{
	struct call **at = &calls->first, *call;

	while (*at && (*at)->tid != tid)
		at = &(*at)->next;
	call = *at;
	if (call)
		*at = call->next;
	return call;
}

void calls_forget(struct calls *calls, uint32_t tid)
{
	struct call *call = take(calls, tid);

	if (!call)
		return;
	free(call->strings.bytes);
	free(call);
}

void calls_enter(struct calls *calls, const struct collector *c, uint32_t tid)
{
	struct __ptrace_syscall_info info;
	const struct stop *stop;
	uint64_t args[6];
	struct call *call;
	char path[32];
	bool at, wide;
	int mem;

	calls_forget(calls, tid);
	if (get_info(tid, &info) || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return;
	stop = find_stop(info.arch, info.seccomp.nr);
	if (!stop) /* by a filter of the program's own */
		return;
	call = calloc(1, sizeof(*call));
	if (!call)
		return;
	at = stop->stop & STOP_AT;
	wide = info.arch & __AUDIT_ARCH_64BIT && !(stop->stop & STOP_NARROW);
	for (int i = 0; i < 6; i++)
		args[i] = wide ? info.seccomp.args[i] : (uint32_t)info.seccomp.args[i];
	*call = (struct call){.next = calls->first, .tid = tid};
	calls->first = call;
	format_text(path, sizeof(path), "%u/mem", tid);
	mem = openat(c->base.proc, path, O_RDONLY | O_CLOEXEC);
	read_strings(call, mem, args + at, wide ? 8 : 4, c->base.request->max_bytes);
	call->checks = at && get_flags(mem, &info) & EXECVE_CHECK;
	if (mem >= 0)
		close(mem);
	if (at)
		set_directory(call, (int32_t)args[0]);
}

/* From this one on an error is for the kernel alone: the call begins again (include/linux/errno.h, ERESTARTSYS and others). */
#define ERRNO_RESTART 512

void calls_leave(struct calls *calls, struct collector *c, uint32_t tid)
{
	struct __ptrace_syscall_info info;
	struct call *call = take(calls, tid);

	if (!call)
		return;
	if (!get_info(tid, &info) && info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.is_error &&
	    info.exit.rval > -ERRNO_RESTART) {
		struct failed_call failed = {.pid = process_of(c->base.proc, tid), .tid = tid, .time = collector_now(c),
					     .result = (int32_t)info.exit.rval, .checks = call->checks,
					     .directory = call->directory, .strings = &call->strings};

		collector_failed(c, &failed);
	}
	free(call->strings.bytes);
	free(call);
}
