/* SPDX-License-Identifier: GPL-2.0-only */
#include <asm/perf_regs.h>
#include <string.h>

#include "source/sample.h"

uint64_t stack_register(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return 1ULL << PERF_REG_X86_SP;
#elif defined(__aarch64__)
	return 1ULL << PERF_REG_ARM64_SP;
#elif defined(__arm__)
	return 1ULL << PERF_REG_ARM_SP;
#elif defined(__powerpc__)
	return 1ULL << PERF_REG_POWERPC_R1;
#elif defined(__s390__)
	return 1ULL << PERF_REG_S390_R15;
#elif defined(__riscv)
	return 1ULL << PERF_REG_RISCV_SP;
#elif defined(__mips__)
	return 1ULL << PERF_REG_MIPS_R29;
#elif defined(__loongarch__)
	return 1ULL << PERF_REG_LOONGARCH_R3;
#else
	return 0;
#endif
}

/* Bytes that have not been looked at yet. */
struct rest {
	const char *at;
	size_t left;
};

static bool take(struct rest *rest, void *to, size_t size)
{
	if (rest->left < size)
		return false;
	memcpy(to, rest->at, size);
	rest->at += size;
	rest->left -= size;
	return true;
}

static bool skip(struct rest *rest, const char **at, size_t size)
{
	if (rest->left < size)
		return false;
	*at = rest->at;
	rest->at += size;
	rest->left -= size;
	return true;
}

/* The common fields are the last of a record that is no sample: pid, tid, time, cpu, reserved. */
#define COMMON_SIZE 24

static bool take_common(struct rest *rest, struct perf_record *r)
{
	uint32_t reserved;

	return take(rest, &r->pid, 4) && take(rest, &r->tid, 4) && take(rest, &r->time, 8) && take(rest, &r->cpu, 4) &&
	       take(rest, &reserved, 4);
}

/* The registers that were asked for, and the stack. A thread of the kernel has neither. */
static bool take_stack(struct rest *rest, struct perf_record *r)
{
	uint64_t abi, size, filled;

	if (!take(rest, &abi, 8))
		return false;
	if (abi != PERF_SAMPLE_REGS_ABI_NONE && !take(rest, &r->stack_pointer, 8))
		return false;
	if (!take(rest, &size, 8))
		return false;
	if (!size)
		return true;
	if (size > rest->left || !skip(rest, &r->stack, (size_t)size) || !take(rest, &filled, 8))
		return false;
	r->stack_size = (size_t)(filled < size ? filled : size);
	r->slot_size = abi == PERF_SAMPLE_REGS_ABI_64 ? 8 : abi == PERF_SAMPLE_REGS_ABI_32 ? 4 : 0;
	return true;
}

static bool parse_sample(struct rest *rest, bool stack, struct perf_record *r)
{
	uint32_t size;

	if (!take_common(rest, r) || !take(rest, &size, 4) || !skip(rest, &r->raw, size))
		return false;
	r->raw_size = size;
	return !stack || take_stack(rest, r);
}

/* FORK and EXIT: pid, ppid, tid, ptid, time. */
static bool parse_task(struct rest *rest, struct perf_record *r)
{
	uint32_t ids[4];

	if (!take(rest, ids, sizeof(ids)))
		return false;
	r->pid = ids[0];
	r->other_pid = ids[1];
	r->tid = ids[2];
	return true;
}

static bool parse_text(struct rest *rest, struct perf_record *r)
{
	if (!take(rest, &r->pid, 4) || !take(rest, &r->tid, 4))
		return false;
	r->text = rest->at;
	return memchr(rest->at, '\0', rest->left);
}

bool sample_parse(const void *bytes, size_t size, bool stack, struct perf_record *r)
{
	struct perf_event_header header;
	struct rest rest = {bytes, size}, common;
	struct perf_record last;
	uint64_t id;

	*r = (struct perf_record){0};
	if (!take(&rest, &header, sizeof(header)) || header.size != size)
		return false;
	r->type = header.type;
	r->misc = header.misc;
	if (header.type == PERF_RECORD_SAMPLE)
		return parse_sample(&rest, stack, r);
	if (rest.left < COMMON_SIZE)
		return false;
	common = (struct rest){rest.at + rest.left - COMMON_SIZE, COMMON_SIZE};
	take_common(&common, &last);
	r->time = last.time;
	r->cpu = last.cpu;
	rest.left -= COMMON_SIZE;
	switch (header.type) {
	case PERF_RECORD_COMM:
		return parse_text(&rest, r);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return parse_task(&rest, r);
	case PERF_RECORD_LOST:
		return take(&rest, &id, 8) && take(&rest, &r->lost, 8);
	default:
		return false;
	}
}

/* A __data_loc: where the string is in the record, and above that how long it is, its NUL included. */
size_t sample_filename(const struct perf_record *r, uint64_t offset, const char **name)
{
	uint32_t place, length;

	*name = NULL;
	if (offset + sizeof(place) > r->raw_size)
		return 0;
	memcpy(&place, r->raw + offset, sizeof(place));
	length = place >> 16;
	place &= 0xffff;
	if (!length || place + length > r->raw_size || r->raw[place + length - 1])
		return 0;
	*name = r->raw + place;
	return strlen(*name);
}

/* The kernel takes no more of argv and environment (include/uapi/linux/binfmts.h, fs/exec.c), and their pointers. */
#define STACK_MOST (64U << 20)

/* argc, then the pointers of argv and a NULL, of the environment and a NULL; above them the strings, argv's first, one behind the
 * other (create_elf_tables in fs/binfmt_elf.c). */
bool sample_arguments(const struct perf_record *r, const char **args, size_t *length, struct image *image)
{
	uint64_t slots[2] = {0}, at;
	const char *end, *string;
	uint32_t narrow[2];

	*image = (struct image){0};
	if (!r->slot_size || r->stack_size < 2 * r->slot_size)
		return false;
	if (r->slot_size == 4) {
		memcpy(narrow, r->stack, sizeof(narrow));
		slots[0] = narrow[0];
		slots[1] = narrow[1];
	} else {
		memcpy(slots, r->stack, sizeof(slots));
	}
	/* Without arguments there is no first one; from Linux 5.18 on there always is one. */
	if (!slots[0])
		return false;
	at = slots[1] - r->stack_pointer;
	/* An x32 program's pointers have 4 bytes, though its registers have 8: these two would be one. */
	if (slots[1] < r->stack_pointer || at > STACK_MOST)
		return false;
	*image = (struct image){.start_stack = r->stack_pointer, .arg_start = slots[1]};
	if (at >= r->stack_size)
		return false;
	*args = string = r->stack + at;
	end = r->stack + r->stack_size;
	for (uint64_t i = 0; i < slots[0]; i++) {
		const char *nul = memchr(string, '\0', (size_t)(end - string));

		if (!nul)
			return false;
		string = nul + 1;
	}
	*length = (size_t)(string - *args);
	return true;
}
