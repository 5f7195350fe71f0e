/* SPDX-License-Identifier: GPL-2.0-only */
#include "bpf/user.h"

#define ALL (~0ULL)

/* arch/.../include/asm/processor.h: TASK_SIZE, STACK_TOP. */
const struct user_rule user_rules[USER_RULES] = {
	{"amd64", .mask = ALL},
	{"arm64", .mask = 0x00ffffffffffffff},
	{"armhf", .mask = ALL, .end_64 = 1ULL << 48},
	{"armel", .mask = ALL, .end_64 = 1ULL << 48},
	{"i386", .mask = ALL, .end_64 = 1ULL << 47},
	{"s390x", .mask = ALL, .apart = true},
	{"ppc64el", .mask = ALL},
	{"mipsel", .mask = ALL, .end_64 = 1ULL << 40},
	{"mips64el", .mask = ALL},
	{"riscv64", .mask = ALL},
	{"loong64", .mask = ALL},
};

const struct user_rule *user_rule_here(void)
{
#if defined(__x86_64__)
	return &user_rules[0];
#elif defined(__aarch64__)
	return &user_rules[1];
#elif defined(__ARM_ARCH_7A__)
	return &user_rules[2];
#elif defined(__arm__)
	return &user_rules[3];
#elif defined(__i386__)
	return &user_rules[4];
#elif defined(__s390x__)
	return &user_rules[5];
#elif defined(__powerpc64__)
	return &user_rules[6];
#elif defined(__mips64)
	return &user_rules[8];
#elif defined(__mips__)
	return &user_rules[7];
#elif defined(__riscv)
	return &user_rules[9];
#elif defined(__loongarch__)
	return &user_rules[10];
#endif
}

/* The stack begins, but for some MiB (32 bits) or GiB (64) of chance, where user space ends. That is a power of 2 on a
 * 64-bit kernel; on a 32-bit one any multiple of 16 MiB (VMSPLIT on x86 and ARM, where ARM's modules lie in the 16 MiB
 * below PAGE_OFFSET). */
struct user_space user_space(const struct user_rule *rule, uint32_t long_size, uint64_t stack)
{
	struct user_space user = {.mask = rule->mask, .end = 1};

	if (rule->apart)
		user.end = 0;
	else if (long_size == 4)
		user.end = (stack + (16U << 20) - 1) & ~((16ULL << 20) - 1);
	else if (rule->end_64)
		user.end = rule->end_64;
	else
		while (user.end < stack)
			user.end <<= 1;
	return user;
}
