/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/sandbox.h"
#include "kernel/audit_arch.h"
#include "kernel/cgroups.h"
#include "loader.h"

/* Some calls are other calls, or have other names, on older architectures and those with 32-bit longs. */

#define CALLS_OF_BOTH \
	SYS_close, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, \
		SYS_wait4, SYS_exit, SYS_exit_group, SYS_restart_syscall, CALLS_OF_CLOCK CALLS_OF_POLL CALLS_OF_SIGRETURN CALLS_OF_SANITIZER
#ifdef SYS_clock_gettime
#define CALLS_OF_OLD_CLOCK SYS_clock_gettime,
#else
#define CALLS_OF_OLD_CLOCK
#endif
#ifdef SYS_clock_gettime32
#define CALLS_OF_CLOCK32 SYS_clock_gettime32,
#else
#define CALLS_OF_CLOCK32
#endif
#ifdef SYS_clock_gettime64
#define CALLS_OF_CLOCK CALLS_OF_OLD_CLOCK CALLS_OF_CLOCK32 SYS_clock_gettime64,
#else
#define CALLS_OF_CLOCK CALLS_OF_OLD_CLOCK CALLS_OF_CLOCK32
#endif
#ifdef SYS_ppoll
#define CALLS_OF_PPOLL SYS_ppoll,
#else
#define CALLS_OF_PPOLL
#endif
#ifdef SYS_ppoll_time64
#define CALLS_OF_PPOLL64 SYS_ppoll_time64,
#else
#define CALLS_OF_PPOLL64
#endif
#ifdef SYS_poll
#define CALLS_OF_POLL CALLS_OF_PPOLL CALLS_OF_PPOLL64 SYS_poll,
#else
#define CALLS_OF_POLL CALLS_OF_PPOLL CALLS_OF_PPOLL64
#endif
#ifdef SYS_sigreturn
#define CALLS_OF_SIGRETURN SYS_sigreturn,
#else
#define CALLS_OF_SIGRETURN
#endif

/* AddressSanitizer calls it before a function that does not return. */
#ifndef __has_feature /* gcc */
#define __has_feature(name) 0
#endif
#if __has_feature(address_sanitizer) || defined(__SANITIZE_ADDRESS__)
#define CALLS_OF_SANITIZER SYS_sigaltstack,
#else
#define CALLS_OF_SANITIZER
#endif

static const uint16_t reader_calls[] = {CALLS_OF_BOTH};

/* Of the argument `prot`. */
static const uint16_t mapping[] = {
#ifdef SYS_mmap2 /* where there is this, the other takes a structure, which nobody can look into */
	SYS_mmap2,
#else
	SYS_mmap,
#endif
	SYS_mprotect,
};

static const uint16_t writing[] = {
	SYS_write,
	SYS_writev,
	SYS_sendmsg,
	SYS_sendto,
#ifdef SYS_send
	SYS_send,
#endif
};

static const uint16_t receiving[] = {
	SYS_recvmsg,
	SYS_recvfrom,
#ifdef SYS_recv
	SYS_recv,
#endif
};

static const uint16_t reading[] = {SYS_read};

/* Of a line that could not be written whole. */
static const uint16_t shortening[] = {
#ifdef SYS_lseek
	SYS_lseek,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_ftruncate
	SYS_ftruncate,
#endif
#ifdef SYS_ftruncate64
	SYS_ftruncate64,
#endif
};

/* The old file by a new one. */
static const uint16_t replacing[] = {SYS_dup3};

static const uint16_t renaming[] = {
	SYS_unlinkat,
	SYS_renameat2,
#ifdef SYS_renameat
	SYS_renameat,
#endif
};

/* For files in /proc, and for locks. */
static const uint16_t file_calls[] = {
	SYS_read, SYS_getdents64, SYS_readlinkat, SYS_fstatfs,
#ifdef SYS_lseek
	SYS_lseek,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_pread64
	SYS_pread64,
#endif
#ifdef SYS_fcntl
	SYS_fcntl,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS_fstat
	SYS_fstat,
#endif
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64,
#endif
#ifdef SYS_statx
	SYS_statx,
#endif
#ifdef SYS_futex
	SYS_futex,
#endif
};

/* Of the helper and of what collects. fork(2), pipes and what goes with them are for the child that reads other processes' memory
 * (remote.c); perf_event_open(2) is for a CPU that comes online. No exec, no socket, no mount(2). */
static const uint16_t shared_calls[] = {
	CALLS_OF_BOTH SYS_write, SYS_ioctl, SYS_kill, SYS_tkill, SYS_gettid, SYS_getpid, SYS_getppid, SYS_clone, SYS_prctl,
	SYS_pipe2, SYS_dup3, SYS_process_vm_readv, SYS_perf_event_open, SYS_prlimit64, SYS_close_range, SYS_set_tid_address,
#ifdef SYS_fork
	SYS_fork,
#endif
#ifdef SYS_dup2
	SYS_dup2,
#endif
};

/* recv(2), of requests. */
static const uint16_t request_calls[] = {
	SYS_recvfrom,
#ifdef SYS_recv
	SYS_recv,
#endif
};

static const uint16_t opener_calls[] = {
	CALLS_OF_BOTH SYS_openat, SYS_geteuid, SYS_sendmsg,
#ifdef SYS_geteuid32
	SYS_geteuid32,
#endif
};

static const uint16_t helper_calls[] = {SYS_writev, SYS_readv, SYS_dup, SYS_sysinfo, SYS_sendmsg, SYS_capget, SYS_capset};

static const uint16_t collector_calls[] = {
	SYS_sendto, SYS_name_to_handle_at,
#ifdef SYS_send
	SYS_send,
#endif
#ifdef SYS_nanosleep
	SYS_nanosleep,
#endif
#ifdef SYS_clock_nanosleep
	SYS_clock_nanosleep,
#endif
#ifdef SYS_clock_nanosleep_time64
	SYS_clock_nanosleep_time64,
#endif
#ifdef SYS_futex_time64
	SYS_futex_time64,
#endif
};

/* capabilities(7). What the process does not have is not kept. */
static uint64_t needed_capabilities(const struct sandbox_needs *needs)
{
	uint64_t keep = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_IPC_LOCK | 1ULL << CAP_PERFMON | 1ULL << CAP_BPF;

	/* Another user's /proc/PID/mem; and to end the events of the proc connector, below Linux 6.6. */
	if (needs->collects)
		keep |= 1ULL << CAP_DAC_READ_SEARCH | 1ULL << CAP_NET_ADMIN;
	if (needs->cgroup_paths)
		keep |= 1ULL << CAP_DAC_READ_SEARCH;
	if (needs->any_user)
		keep |= 1ULL << CAP_KILL;
	return keep;
}

/* Makes those effective that are in the mask, and permits these or more. */
static int set_capabilities(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets))
		return -errno;
	for (int i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(permitted >> 32 * i);
		sets[i].effective = sets[i].permitted & (uint32_t)(effective >> 32 * i);
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}

static bool is_permitted(unsigned int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	return !syscall(SYS_capget, &header, sets) && sets[capability / 32].permitted & 1U << capability % 32;
}

/* A CPU that comes online needs a new ring, for which kernels below 5.8 want CAP_SYS_ADMIN, and so do those of
 * distributions that forbid more by perf_event_paranoid than Linux does; and those below 5.8 want it for bpf(2) where
 * kernel.unprivileged_bpf_disabled is set: so both are tried. No map has this descriptor: EBADF, if that is looked at. */
static int drop_capabilities(const struct sandbox_needs *needs)
{
	uint64_t keep = needed_capabilities(needs), admin = 1ULL << CAP_SYS_ADMIN, key = 0;

	if (!set_capabilities(keep, keep | admin) &&
	    (!ring_events_allowed() || map_next_key(-1, &key, &key) == -EPERM))
		keep |= admin;
	return set_capabilities(keep, keep);
}

/* ---- seccomp(2): what is not in a list fails with EPERM ---- */

enum check {
	ALWAYS,
	ARG_IS,	   /* the argument is one of the values */
	ARG_LACKS, /* the argument has none of the bits of the first value */
};

#define VALUES 6
struct rule {
	uint32_t number; /* of the call */
	enum check check;
	uint32_t argument, values[VALUES], count;
};

#define CODE_MOST 512
struct filter {
	struct sock_filter code[CODE_MOST];
	unsigned short length;
};

static void add(struct filter *f, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (f->length < CODE_MOST)
		f->code[f->length++] = (struct sock_filter){code, jt, jf, k};
}

/* The lower half of an argument: descriptors and flags have no other, and no kernel looks at more of them. */
static uint32_t argument_offset(uint32_t argument)
{
	uint32_t upper = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	return (uint32_t)offsetof(struct seccomp_data, args) + 8 * argument + upper;
}

/* The call's number is in the accumulator, before it and behind it. */
static void add_rule(struct filter *f, const struct rule *r)
{
	if (r->check == ALWAYS) {
		add(f, BPF_JMP | BPF_JEQ | BPF_K, r->number, 0, 1);
		add(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	add(f, BPF_JMP | BPF_JEQ | BPF_K, r->number, 0, (uint8_t)(r->count + 3));
	add(f, BPF_LD | BPF_W | BPF_ABS, argument_offset(r->argument), 0, 0);
	for (uint32_t i = 0; i < r->count; i++)
		add(f, BPF_JMP | (r->check == ARG_IS ? BPF_JEQ : BPF_JSET) | BPF_K, r->values[i],
		    (uint8_t)(r->check == ARG_IS ? r->count - i : 0), (uint8_t)(r->check == ARG_IS ? 0 : 1));
	add(f, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	add(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void begin_filter(struct filter *f)
{
	f->length = 0;
#ifdef AUDIT_ARCH_HERE
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
	add(f, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0);
	add(f, BPF_RET | BPF_K, SECCOMP_RET_KILL, 0, 0);
#endif
	add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
}

static const char *enter_filter(struct filter *f)
{
	struct sock_fprog program = {.filter = f->code};

#ifndef AUDIT_ARCH_HERE
	return "system calls are not restricted on this architecture";
#endif
	if (f->length > CODE_MOST - 2)
		return "its filter of system calls is too long";
	add(f, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	program.len = f->length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "it needs Linux 3.5";
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? "it needs CONFIG_SECCOMP_FILTER=y" : NULL;
}

static void add_calls(struct filter *f, const uint16_t *calls, size_t count, enum check check, uint32_t arg, const uint32_t *values,
		      uint32_t value_count)
{
	for (size_t i = 0; i < count; i++) {
		struct rule rule = {.number = calls[i], .check = check, .argument = arg, .count = value_count};

		memcpy(rule.values, values, value_count * sizeof(*values));
		add_rule(f, &rule);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Memory may not be executed. */
static void add_memory(struct filter *f)
{
	add_calls(f, mapping, COUNT(mapping), ARG_LACKS, 2, (uint32_t[]){PROT_EXEC}, 1);
}

/* No socket is made or connected. */
static void add_socketcall(struct filter *f)
{
	static const uint32_t taken[] = {9 /* send */, 10, 11, 12, 16 /* sendmsg */, 17}; /* include/uapi/linux/net.h */

#ifdef SYS_socketcall
	add_calls(f, (uint16_t[]){SYS_socketcall}, 1, ARG_IS, 0, taken, COUNT(taken));
#endif
	(void)f;
	(void)taken;
}

static void add_requests(struct filter *f)
{
	static const uint32_t none[] = {0};

	add_calls(f, request_calls, COUNT(request_calls), ALWAYS, 0, none, 0);
	add_socketcall(f);
}

/* Of open(2). */
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

const char *sandbox_helper(const struct sandbox_needs *needs)
{
	static const uint32_t commands[] = {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
					    BPF_OBJ_GET_INFO_BY_FD};
	static const uint16_t bpf[] = {SYS_bpf}, openat_call[] = {SYS_openat}, naming[] = {SYS_name_to_handle_at},
			      by_handle[] = {SYS_open_by_handle_at};
	struct filter f;
	const char *why = drop_capabilities(needs) ? "the capabilities cannot be dropped (capset(2))" : NULL, *filter;

	begin_filter(&f);
	add_calls(&f, file_calls, COUNT(file_calls), ALWAYS, 0, commands, 0);
	add_calls(&f, shared_calls, COUNT(shared_calls), ALWAYS, 0, commands, 0);
	add_calls(&f, helper_calls, COUNT(helper_calls), ALWAYS, 0, commands, 0);
	add_requests(&f);
	add_memory(&f);
	add_calls(&f, bpf, 1, ARG_IS, 0, commands, COUNT(commands));
	add_calls(&f, openat_call, 1, ARG_LACKS, 2, (uint32_t[]){WRITES}, 1);
	if (needs->cgroup_paths) {
		add_calls(&f, naming, 1, ALWAYS, 0, commands, 0);
		add_calls(&f, by_handle, 1, ARG_IS, 2, (uint32_t[]){CGROUP_OPEN}, 1); /* it cannot be read then */
	}
	filter = enter_filter(&f);
	return why ? why : filter;
}

const char *sandbox_opener(void)
{
	static const uint32_t none[] = {0};
	const uint64_t keep = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER;
	const char *why = set_capabilities(keep, keep) ? "the capabilities cannot be dropped (capset(2))" : NULL, *filter;
	struct filter f;

	begin_filter(&f);
	add_calls(&f, opener_calls, COUNT(opener_calls), ALWAYS, 0, none, 0);
	add_requests(&f);
	add_calls(&f, file_calls, COUNT(file_calls), ALWAYS, 0, none, 0);
	add_calls(&f, renaming, COUNT(renaming), ALWAYS, 0, none, 0);
	filter = enter_filter(&f);
	return why ? why : filter;
}

const char *sandbox_collector(bool traces)
{
	static const uint16_t openat_call[] = {SYS_openat}, tracing[] = {SYS_ptrace};
	static const uint32_t writes[] = {WRITES};
	const struct sandbox_needs needs = {.collects = true};
	struct filter f;
	const char *why = NULL, *filter;

	/* Without it, a process may look into those alone that have no more than it has (cap_ptrace_access_check). */
	if (is_permitted(CAP_SYS_PTRACE) && drop_capabilities(&needs))
		why = "the capabilities cannot be dropped (capset(2))";
	begin_filter(&f);
	add_calls(&f, openat_call, 1, ARG_LACKS, 2, writes, 1);
	add_calls(&f, file_calls, COUNT(file_calls), ALWAYS, 0, writes, 0);
	add_calls(&f, shared_calls, COUNT(shared_calls), ALWAYS, 0, writes, 0);
	add_calls(&f, collector_calls, COUNT(collector_calls), ALWAYS, 0, writes, 0);
	add_requests(&f);
	if (traces)
		add_calls(&f, tracing, 1, ALWAYS, 0, writes, 0);
	add_memory(&f);
	filter = enter_filter(&f);
	return why ? why : filter;
}

/* Becomes a user that nothing else belongs to, if it may. */
static void change_user(void)
{
	/* Far above those of people, services, and other user namespaces (systemd's UIDS-GIDS). */
	uid_t uid = 0x78000000U + (uid_t)(getpid() & 0x3fffff);

	setgroups(0, NULL);
	if (!setresgid(uid, uid, uid))
		setresuid(uid, uid, uid);
}

/* From all sets (capabilities(7)). */
static int drop_all_capabilities(void)
{
	for (unsigned long capability = 0; capability < 64; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	change_user();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* nobody of that user, should there be one, can look into it */
	return set_capabilities(0, 0);
}

const char *sandbox_reader(const struct sandbox_descriptors *d)
{
	const uint32_t out[] = {(uint32_t)d->output}, sockets[] = {(uint32_t)d->socket, (uint32_t)d->opener}, pipe[] = {(uint32_t)d->pipe};
	const uint32_t written[] = {(uint32_t)d->output, (uint32_t)d->timeline, (uint32_t)d->messages, (uint32_t)d->socket,
				    (uint32_t)d->opener};
	struct filter f;
	const char *why = drop_all_capabilities() ? "the capabilities cannot be dropped (capset(2))" : NULL, *filter;

	begin_filter(&f);
	add_calls(&f, reader_calls, COUNT(reader_calls), ALWAYS, 0, out, 0);
	add_memory(&f);
	add_calls(&f, writing, COUNT(writing), ARG_IS, 0, written, COUNT(written));
	add_calls(&f, receiving, COUNT(receiving), ARG_IS, 0, sockets, COUNT(sockets));
	if (d->pipe >= 0)
		add_calls(&f, reading, COUNT(reading), ARG_IS, 0, pipe, 1);
	add_calls(&f, shortening, COUNT(shortening), ARG_IS, 0, out, 1);
	add_calls(&f, replacing, COUNT(replacing), ARG_IS, 1, out, 1);
	add_socketcall(&f);
	filter = enter_filter(&f);
	return why ? why : filter;
}
