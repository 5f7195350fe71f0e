/* SPDX-License-Identifier: GPL-2.0-only */
/* How a kernel takes execve(2) and execveat(2): the functions that serve them, and where their arguments are. */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stdint.h>

/* The first three arguments, and the fifth, which is execveat(2)'s flags; 0: on the stack. Offsets in struct pt_regs. */
struct abi_arguments {
	uint64_t first, second, third, fifth;
};

/* One ABI. Offsets are in struct pt_regs, in bytes. */
struct abi {
	uint64_t slot_size; /* of the caller's pointers; 0: there is no such ABI, or it is not known */
	/* From Linux 4.17 on, or `since`. */
	const char *execve, *execveat; /* kernel functions */
	bool direct;		       /* they get the caller's arguments; else one argument, a pointer to the caller's registers: */
	uint64_t caller;	       /* the register that has it */
	struct abi_arguments args;     /* of the caller */
	uint64_t result;	       /* of the function */
	uint32_t since;		       /* kernel_version() */
	/* Below Linux 4.17, where functions get the caller's arguments; NULL: not known. */
	const char *old_execve, *old_execveat;
	struct abi_arguments old_args;
	/* At the raw tracepoints of all system calls, whose argument is the caller's registers; 0: not known. */
	uint64_t execve_number, execveat_number; /* arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h */
	uint64_t number; /* the register that has the call's number */
	uint64_t mode, mode_mask, mode_value; /* the register that tells the ABI, and its value */
};

/* Of the programs that this one is like. */
extern const struct abi native_abi;
/* Of 32-bit programs on a 64-bit kernel: their calls fire no tracepoint there. */
extern const struct abi compat_abi;

/* There are no such programs on this architecture. */
#if defined(__loongarch__) || defined(__powerpc64__)
#define NO_COMPAT true
#else
#define NO_COMPAT false
#endif

/* A failed call's result at its tracepoint is the errno itself (syscall_get_return_value in asm/syscall.h). */
#if defined(__mips__) || defined(__powerpc__)
#define POSITIVE_ERRNOS true
#else
#define POSITIVE_ERRNOS false
#endif

#endif
