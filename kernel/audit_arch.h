/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of this architecture for seccomp(2) and ptrace(2), include/uapi/linux/audit.h; not defined: neither knows it. */
#ifndef AUDIT_ARCH_H
#define AUDIT_ARCH_H

#include <linux/audit.h>

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

#endif
