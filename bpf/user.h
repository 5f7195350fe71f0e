/* SPDX-License-Identifier: GPL-2.0-only */
/* Which addresses are a program's own. Included by the BPF programs and by user space, which works the numbers out.
 *
 * bpf_probe_read(), all that there is below Linux 5.5, reads any address that it is given (set_fs(KERNEL_DS)). So an address
 * that came from a program must be checked, or the program reads the kernel's memory, or a device's registers. */
#ifndef USER_H
#define USER_H

#include <linux/types.h>

#ifndef __bpf__
#include <stdbool.h>
#include <stdint.h>

struct user_space;

/* Where user space lies on an architecture. */
struct user_rule {
	const char *name; /* Debian's */
	uint64_t mask;
	uint64_t end_64; /* of a 32-bit binary: where user space ends if the kernel is a 64-bit one */
	bool apart; /* user and kernel have addresses of their own, so what bpf_probe_read() reads is never the user's */
};

#define USER_RULES 11
extern const struct user_rule user_rules[USER_RULES];

/* That of the architecture that this is built for. */
const struct user_rule *user_rule_here(void);

/* User space on a kernel with longs of that size, where a process of this binary's kind has something of its stack at that
 * address: near its top, as its arguments are. */
struct user_space user_space(const struct user_rule *rule, uint32_t long_size, uint64_t stack);
#endif

/* User space is [0, end), once the bits that are not in the mask are taken off: on arm64 the processor ignores the
 * uppermost byte of an address, and bit 55 says whose it is (TBI, "Virtual address tagging"). */
struct user_space {
	__u64 mask, end;
};

/* For kernels that check by themselves (bpf_probe_read_user, 5.5): anything. */
#define USER_UNCHECKED ((struct user_space){~0ULL, ~0ULL})

/* The bytes from the address to the end of user space; 0: it is no user address. */
static inline __attribute__((always_inline)) __u64 user_room(__u64 address, __u64 mask, __u64 end)
{
	address &= mask;
	return address < end ? end - address : 0;
}

#endif
