/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/abi.h"

/* The order of the registers is that of struct pt_regs in arch/.../include/asm/ptrace.h. */
#ifdef __x86_64__
/* rdi, rsi, rdx, r10, r8; the result in rax, the number in orig_ax. 32-bit programs: ebx, ecx, edx, esi, edi. A function gets its
 * first argument in rdi. cs is __USER_CS or __USER32_CS. */
enum { R15, R14, R13, R12, BP, BX, R11, R10, R9, R8, AX, CX, DX, SI, DI, ORIG_AX, IP, CS };
#define AT(register) (8 * (register))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "__x64_sys_execve",
	.execveat = "__x64_sys_execveat",
	.caller = AT(DI),
	.args = {AT(DI), AT(SI), AT(DX), AT(R8)},
	.result = AT(AX),
	.old_execve = "sys_execve",
	.old_execveat = "sys_execveat",
	.old_args = {AT(DI), AT(SI), AT(DX), AT(R8)},
	.execve_number = 59,
	.execveat_number = 322,
	.number = AT(ORIG_AX),
	.mode = AT(CS),
	.mode_mask = 0xffff,
	.mode_value = 0x33,
};
const struct abi compat_abi = {
	.slot_size = 4,
	.execve = "__ia32_compat_sys_execve",
	.execveat = "__ia32_compat_sys_execveat",
	.caller = AT(DI),
	.args = {AT(BX), AT(CX), AT(DX), AT(DI)},
	.result = AT(AX),
	.old_execve = "compat_sys_execve",
	.old_execveat = "compat_sys_execveat",
	.old_args = {AT(DI), AT(SI), AT(DX), AT(R8)},
	.execve_number = 11,
	.execveat_number = 358,
	.number = AT(ORIG_AX),
	.mode = AT(CS),
	.mode_mask = 0xffff,
	.mode_value = 0x23,
};
#elif defined(__i386__)
/* ebx, ecx, edx, esi, edi; the result in eax. A function gets its first argument in eax. Before 5.7 the functions have other
 * names. */
enum { BX, CX, DX, SI, DI, BP, AX };
#define AT(register) (4 * (register))

const struct abi native_abi = {
	.slot_size = 4,
	.execve = "__ia32_sys_execve",
	.execveat = "__ia32_sys_execveat",
	.caller = AT(AX),
	.args = {AT(BX), AT(CX), AT(DX), AT(DI)},
	.result = AT(AX),
};
const struct abi compat_abi = {0};
#elif defined(__aarch64__)
/* x0 to x5, the result in x0, the number in syscallno behind sp, pc, pstate and orig_x0. 32-bit programs: r0 to r5, which are the
 * same. A function gets its first argument in x0. pstate has PSR_MODE32_BIT or not. */
enum { X0, X1, X2, X3, X4, SP = 31, PC, PSTATE, ORIG_X0, SYSCALLNO };
#define AT(register) (8 * (register))
#define MODE32_BIT 0x10

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "__arm64_sys_execve",
	.execveat = "__arm64_sys_execveat",
	.caller = AT(X0),
	.args = {AT(X0), AT(X1), AT(X2), AT(X4)},
	.result = AT(X0),
	.old_execve = "sys_execve",
	.old_execveat = "sys_execveat",
	.old_args = {AT(X0), AT(X1), AT(X2), AT(X4)},
	.execve_number = 221,
	.execveat_number = 281,
	.number = AT(SYSCALLNO),
	.mode = AT(PSTATE),
	.mode_mask = MODE32_BIT,
};
const struct abi compat_abi = {
	.slot_size = 4,
	.execve = "__arm64_compat_sys_execve",
	.execveat = "__arm64_compat_sys_execveat",
	.caller = AT(X0),
	.args = {AT(X0), AT(X1), AT(X2), AT(X4)},
	.result = AT(X0),
	.old_execve = "compat_sys_execve",
	.old_execveat = "compat_sys_execveat",
	.old_args = {AT(X0), AT(X1), AT(X2), AT(X4)},
	.execve_number = 11,
	.execveat_number = 387,
	.number = AT(SYSCALLNO),
	.mode = AT(PSTATE),
	.mode_mask = MODE32_BIT,
	.mode_value = MODE32_BIT,
};
#elif defined(__arm__)
/* r0 to r3, the fifth argument on the stack; the result in r0. The functions get the caller's arguments. */
enum { R0, R1, R2 };
#define AT(register) (4 * (register))

const struct abi native_abi = {
	.slot_size = 4,
	.execve = "sys_execve",
	.execveat = "sys_execveat",
	.direct = true,
	.args = {AT(R0), AT(R1), AT(R2), 0},
	.result = AT(R0),
	.old_execve = "sys_execve",
	.old_execveat = "sys_execveat",
	.old_args = {AT(R0), AT(R1), AT(R2), 0},
};
const struct abi compat_abi = {0};
#elif defined(__mips64)
/* $4 to $9 (n64), the result in $2. 32-bit programs (o32): the kernel copies the arguments to the same registers for its
 * function. The functions get the caller's arguments. */
enum { R_2 = 2, R_4 = 4, R_5, R_6, R_8 = 8 };
#define AT(register) (8 * (register))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "sys_execve",
	.execveat = "sys_execveat",
	.direct = true,
	.args = {AT(R_4), AT(R_5), AT(R_6), AT(R_8)},
	.result = AT(R_2),
	.old_execve = "sys_execve",
	.old_execveat = "sys_execveat",
	.old_args = {AT(R_4), AT(R_5), AT(R_6), AT(R_8)},
};
const struct abi compat_abi = {
	.slot_size = 4,
	.execve = "compat_sys_execve",
	.execveat = "compat_sys_execveat",
	.direct = true,
	.args = {AT(R_4), AT(R_5), AT(R_6), AT(R_8)},
	.result = AT(R_2),
	.old_execve = "compat_sys_execve",
	.old_execveat = "compat_sys_execveat",
	.old_args = {AT(R_4), AT(R_5), AT(R_6), AT(R_8)},
};
#elif defined(__mips__)
/* o32: $4 to $7, the fifth argument on the stack; the result in $2. Eight words stand before $0. The functions get the caller's
 * arguments. */
enum { R_2 = 2, R_4 = 4, R_5, R_6 };
#define AT(register) (4 * (8 + (register)))

const struct abi native_abi = {
	.slot_size = 4,
	.execve = "sys_execve",
	.execveat = "sys_execveat",
	.direct = true,
	.args = {AT(R_4), AT(R_5), AT(R_6), 0},
	.result = AT(R_2),
	.old_execve = "sys_execve",
	.old_execveat = "sys_execveat",
	.old_args = {AT(R_4), AT(R_5), AT(R_6), 0},
};
const struct abi compat_abi = {0};
#elif defined(__powerpc64__)
/* r3 to r8, the result in r3. A function gets its first argument in r3; below 6.1 (syscall wrappers) it is not known. */
enum { R3 = 3, R4, R5, R6, R7 };
#define AT(register) (8 * (register))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "sys_execve",
	.execveat = "sys_execveat",
	.caller = AT(R3),
	.args = {AT(R3), AT(R4), AT(R5), AT(R7)},
	.result = AT(R3),
	.since = 6 << 16 | 1 << 8,
};
const struct abi compat_abi = {0};
#elif defined(__s390x__)
/* r2 to r7, the first of them in orig_gpr2 behind r15; the result in r2. Before r0 stand args[1] and the psw of two words. A
 * function gets its first argument in r2; below 5.12 it is not known. */
enum { GPR2 = 2, GPR3, GPR4, GPR5, GPR6, ORIG_GPR2 = 16 };
#define AT(register) (8 * (3 + (register)))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "__s390x_sys_execve",
	.execveat = "__s390x_sys_execveat",
	.caller = AT(GPR2),
	.args = {AT(ORIG_GPR2), AT(GPR3), AT(GPR4), AT(GPR6)},
	.result = AT(GPR2),
	.since = 5 << 16 | 12 << 8,
};
const struct abi compat_abi = {0};
#elif defined(__riscv)
/* a0 to a5, the first of them in orig_a0; the result in a0. Before 6.6 the functions have other names. A function gets its
 * first argument in a0. */
enum { A0 = 10, A1, A2, A3, A4, ORIG_A0 = 35 };
#define AT(register) (8 * (register))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "__riscv_sys_execve",
	.execveat = "__riscv_sys_execveat",
	.caller = AT(A0),
	.args = {AT(ORIG_A0), AT(A1), AT(A2), AT(A4)},
	.result = AT(A0),
};
const struct abi compat_abi = {0};
#elif defined(__loongarch__)
/* $r4 to $r9, the result in $r4. The functions get the caller's arguments. */
enum { A0 = 4, A1, A2, A3, A4 };
#define AT(register) (8 * (register))

const struct abi native_abi = {
	.slot_size = 8,
	.execve = "sys_execve",
	.execveat = "sys_execveat",
	.direct = true,
	.args = {AT(A0), AT(A1), AT(A2), AT(A4)},
	.result = AT(A0),
};
const struct abi compat_abi = {0};
#endif
