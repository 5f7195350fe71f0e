#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"
#include "sandbox.h"

/* include/uapi/linux/audit.h */
#if defined(__x86_64__) && !defined(__ILP32__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_ARM
#elif defined(__i386__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_I386
#elif defined(__s390x__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_PPC64LE
#elif defined(__mips64)
#define AUDIT_ARCH_HERE AUDIT_ARCH_MIPSEL64
#elif defined(__mips__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_MIPSEL
#elif defined(__riscv) && __riscv_xlen == 64
#define AUDIT_ARCH_HERE AUDIT_ARCH_RISCV64
#elif defined(__loongarch64)
#define AUDIT_ARCH_HERE AUDIT_ARCH_LOONGARCH64
#endif

/* The calls that remain; no exec, no socket, no ptrace(2), no mount(2). fork(2), pipes and what goes with them
 * are for the child that reads other processes' memory (caller.c); perf_event_open(2) and bpf(2) for a CPU that
 * comes online, and to look at the counts. */
static const uint16_t allowed[] = {
	SYS_read,	    SYS_write,	      SYS_writev,	SYS_readv,	    SYS_close,
	SYS_openat,	    SYS_ioctl,	      SYS_getdents64,	SYS_readlinkat,	    SYS_munmap,
	SYS_mremap,	    SYS_mprotect,     SYS_madvise,	SYS_brk,	    SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_kill,		SYS_tkill,	    SYS_gettid,
	SYS_getpid,	    SYS_getppid,      SYS_wait4,	SYS_clone,	    SYS_prctl,
	SYS_pipe2,	    SYS_dup3,	      SYS_process_vm_readv, SYS_bpf,	    SYS_perf_event_open,
	SYS_exit,	    SYS_exit_group,   SYS_prlimit64,	SYS_restart_syscall, SYS_sysinfo,
	SYS_close_range,    SYS_set_tid_address, SYS_renameat2, SYS_nanosleep,	    SYS_unlinkat,
/* Where they are other calls, or the same under other names: older architectures, those with 32-bit longs. */
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
#ifdef SYS_lseek
	SYS_lseek,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_fcntl
	SYS_fcntl,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS_ftruncate
	SYS_ftruncate,
#endif
#ifdef SYS_ftruncate64
	SYS_ftruncate64,
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
#ifdef SYS_clock_gettime
	SYS_clock_gettime,
#endif
#ifdef SYS_clock_gettime32
	SYS_clock_gettime32,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
#ifdef SYS_ppoll
	SYS_ppoll,
#endif
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
#ifdef SYS_sendto
	SYS_sendto,
#endif
#ifdef SYS_socketcall
	SYS_socketcall,
#endif
#ifdef SYS_futex
	SYS_futex,
#endif
#ifdef SYS_sigreturn
	SYS_sigreturn,
#endif
#ifdef SYS_open
	SYS_open,
#endif
#ifdef SYS_stat
	SYS_stat,
#endif
#ifdef SYS_stat64
	SYS_stat64,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_fork
	SYS_fork,
#endif
#ifdef SYS_dup2
	SYS_dup2,
#endif
#ifdef SYS_rename
	SYS_rename,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
};
#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

/* capabilities(7). What the process does not have is not kept. */
static uint64_t needed_capabilities(const struct sandbox_needs *needs)
{
	uint64_t keep = 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_IPC_LOCK | 1ULL << CAP_PERFMON | 1ULL << CAP_BPF;

	if (needs->rename)
		keep |= 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER;
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

/* seccomp(2). Other calls fail with EPERM. */
static int forbid_calls(void)
{
#ifdef AUDIT_ARCH_HERE
	struct sock_filter code[ALLOWED + 6];
	struct sock_fprog program = {.filter = code};
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ALLOWED; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
							 (uint8_t)(ALLOWED - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
#else
	return -ENOTSUP;
#endif
}

const char *sandbox_enter(const struct sandbox_needs *needs)
{
	const char *why = drop_capabilities(needs) ? "the capabilities cannot be dropped (capset(2))" : NULL;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "it needs Linux 3.5";
	return forbid_calls() ? "it needs CONFIG_SECCOMP_FILTER=y" : why;
}
