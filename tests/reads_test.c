/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs every BPF program, instruction by instruction, on what a hostile caller makes it find: that none reads at an address
 * that came from a program without a check that it is a user's. Below Linux 5.5 the helper checks nothing. */
#include <stdlib.h>

#include "bpf/record.h"
#include "bpf/user.h"
#include "check.h"
#include "elf.h"

#define RUNS 3000
#define STEPS_MOST 200000
#define END (1ULL << 47)

/* Addresses that a program hands over, to which the kernel's own are never similar. */
#define HOSTILE 0xffff8bad00000000ULL

static uint64_t state = 0x9e3779b97f4a7c15, end;
static bool enters; /* the program sees a call begin */
static unsigned int user_reads, kernel_reads;
static _Alignas(64) uint8_t scratch[65536], value[8192], context[512], stack[512];

static uint64_t noise(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* Pointers of a hostile program: the kernel's memory, the last bytes of user space, nothing, good ones. */
static uint64_t hostile(void)
{
	switch (noise() % 6) {
	case 0:
		return HOSTILE | (uint32_t)noise();
	case 1:
		return END - noise() % 64;
	case 2:
		return END + noise() % 64;
	case 3:
		return noise() % 8 ? ~0ULL - noise() % 64 : 0;
	default:
		return noise() % END;
	}
}

static void fill(void *to, uint64_t size, bool from_program)
{
	for (uint64_t i = 0, word; i < size; i += sizeof(word)) {
		word = from_program ? hostile() : noise() % 3 ? noise() % END : 0xffff888000000000 | (uint32_t)noise();
		memcpy((uint8_t *)to + i, &word, size - i < sizeof(word) ? size - i : sizeof(word));
	}
}

static void check_user_read(uint64_t size, uint64_t address)
{
	user_reads++;
	CHECK(address < end && size <= end - address);
}

static uint64_t call_helper(int32_t helper, const uint64_t *r)
{
	uint64_t n;

	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
		return noise() % 8 ? r[1] : 0; /* what stands for the map is its value */
	case BPF_FUNC_probe_read_user:
		check_user_read(r[2], r[3]);
		fill((void *)r[1], r[2], true);
		return noise() % 8 ? 0 : (uint64_t)-14;
	case BPF_FUNC_probe_read_user_str:
		check_user_read(r[2], r[3]);
		n = noise() % 3 ? 1 + noise() % r[2] : r[2];
		return noise() % 8 ? n : (uint64_t)-14;
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_kernel_str:
		kernel_reads++;
		CHECK(r[3] >> 32 != HOSTILE >> 32);
		/* A context is read by it, too, and the caller's registers, which have a caller's pointers. */
		fill((void *)r[1], r[2], (r[3] - (uint64_t)context < sizeof(context)) != enters);
		return helper == BPF_FUNC_probe_read_kernel ? 0 : 1 + noise() % r[2];
	case BPF_FUNC_get_current_comm:
		fill((void *)r[1], r[2], false);
		return 0;
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_perf_event_output:
		return noise() % 4 ? 0 : (uint64_t)-2;
	case BPF_FUNC_tail_call:
		return 0;
	default:
		return noise() % END;
	}
}

static uint64_t calculate(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_OR: return a | b;
	case BPF_AND: return a & b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << (b & 63);
	case BPF_RSH: return a >> (b & 63);
	case BPF_ARSH: return (uint64_t)((int64_t)a >> (b & 63));
	case BPF_NEG: return -a;
	case BPF_MOV: return b;
	default: CHECK(!"an operation that is known"); return 0;
	}
}

static bool jumps(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JA: return true;
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JSET: return a & b;
	case BPF_JSGT: return (int64_t)a > (int64_t)b;
	case BPF_JSGE: return (int64_t)a >= (int64_t)b;
	default: CHECK(!"a jump that is known"); return false;
	}
}

/* One run. The host is little-endian, and its addresses are the program's. */
static void run(const struct bpf_insn *insns)
{
	uint64_t r[11] = {0};

	r[1] = (uint64_t)context;
	r[10] = (uint64_t)(stack + sizeof(stack));
	for (unsigned int pc = 0, steps = 0; steps < STEPS_MOST; pc++, steps++) {
		const struct bpf_insn *i = &insns[pc];
		uint64_t source = i->code & BPF_X ? r[i->src_reg] : (uint64_t)(int64_t)i->imm;
		static const uint64_t sizes[] = {[BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8};
		uint64_t size = sizes[BPF_SIZE(i->code) >> 3], loaded;

		switch (BPF_CLASS(i->code)) {
		case BPF_ALU64:
			r[i->dst_reg] = calculate(BPF_OP(i->code), r[i->dst_reg], source);
			break;
		case BPF_ALU:
			r[i->dst_reg] = (uint32_t)calculate(BPF_OP(i->code), (uint32_t)r[i->dst_reg], (uint32_t)source);
			break;
		case BPF_LD:
			r[i->dst_reg] = (uint32_t)i->imm | (uint64_t)(uint32_t)insns[pc + 1].imm << 32;
			if (i->src_reg) /* a map: what is looked up in it */
				r[i->dst_reg] = (uint64_t)(i->imm == 1 ? scratch : value);
			pc++;
			break;
		case BPF_LDX:
			loaded = 0;
			memcpy(&loaded, (void *)(r[i->src_reg] + (uint64_t)(int64_t)i->off), size);
			r[i->dst_reg] = loaded;
			break;
		case BPF_STX:
			memcpy((void *)(r[i->dst_reg] + (uint64_t)(int64_t)i->off), &r[i->src_reg], size);
			break;
		case BPF_ST:
			source = (uint64_t)(int64_t)i->imm;
			memcpy((void *)(r[i->dst_reg] + (uint64_t)(int64_t)i->off), &source, size);
			break;
		default:
			if (BPF_OP(i->code) == BPF_EXIT)
				return;
			if (BPF_OP(i->code) == BPF_CALL)
				r[0] = call_helper(i->imm, r);
			else if (jumps(BPF_OP(i->code), r[i->dst_reg], source))
				pc += (unsigned int)i->off;
		}
	}
	CHECK(!"a program that ends");
}

static uint64_t setting_value(const char *name)
{
	/* Offsets that lie within what is there; switches are on or off by chance. */
	static const struct object_setting known[] = {
		{"user_mask_setting", ~0ULL}, {"long_size_setting", 8}, {"slot_size_setting", 8}, {"region_shift_setting", 48},
		{"first_lane_setting", 0}, {"execve_number_setting", 0}, {"cgroup_filter_setting", 0}, {"uid_filter_setting", 0},
		{"ppid_filter_setting", 0}, {"mntnsmap_filter_setting", 0}, {"mntns_filter_setting", 0},
		{"cgroupmap_filter_setting", 0}, {"member_filter_setting", 0}, {"exec_copy_setting", 0}, {"map_buffers_setting", 1},
		{"want_fails_setting", 1},
	};

	if (!strcmp(name, "user_end_setting"))
		return end;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return known[i].value;
	if (strstr(name, "exec_filename"))
		return noise() % 2 * 16; /* 0: a kprobe */
	if (strstr(name, "max_"))
		return noise() % 2 * 40;
	return strstr(name, "_row_") || strstr(name, "want_") || strstr(name, "is_raw") || strstr(name, "direct") ? noise() % 2 : 16;
}

/* Links the program anew, with other settings, and runs it. */
static void run_linked(const struct object *o, const struct object_program *p)
{
	static struct bpf_insn insns[BPF_MAXINSNS];
	struct object_setting settings[96];
	int fds[OBJECT_MAPS];
	struct object_link link = {.map_fds = fds, .settings = settings};
	struct error err;

	for (unsigned int i = 0; i < OBJECT_MAPS; i++)
		fds[i] = i < o->map_count && !strcmp(o->maps[i].name, "scratches") ? 1 : 2;
	for (unsigned int r = 0; r < p->relocation_count; r++) {
		const char *name = object_relocation(o, p, r).setting;
		size_t at = 0;

		while (name && at < link.setting_count && strcmp(settings[at].name, name))
			at++;
		if (name && at == link.setting_count)
			settings[link.setting_count++] = (struct object_setting){name, setting_value(name)};
	}
	CHECK(!object_link(o, p, &link, insns, &err));
	for (int i = 0; i < RUNS / 30; i++) {
		memset(scratch, 0, sizeof(scratch));
		fill(scratch + sizeof(struct counts), 64, true); /* how far it has come */
		if (strcmp(p->name, "count")) /* but how much waits to be sent is the program's own affair */
			memset(scratch + sizeof(struct counts), 0, 24);
		fill(value, sizeof(value), true);
		fill(context, sizeof(context), false);
		run(insns);
	}
}

int main(int argc, char **argv)
{
	static char data[1 << 20];
	struct object o;
	struct error err;
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t size = file ? fread(data, 1, sizeof(data), file) : 0;
	unsigned int all = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (object_open(&o, data, size, &err)) {
		printf("not ok opens prog.o: %s\n", err.text);
		return 0;
	}
	for (unsigned int i = 0; i < o.program_count; i++) {
		const struct object_program *p = &o.programs[i];

		end = END;
		enters = !strncmp(p->name, "enter", 5);
		user_reads = 0;
		CASE("the program \"%s\" reads no kernel memory for a caller", p->name)
			for (int n = 0; n < 30; n++)
				run_linked(&o, p);
		all += user_reads;
		end = 0;
		user_reads = 0;
		CASE("\"%s\" reads nothing for a caller where no address is a user's", p->name) {
			for (int n = 0; n < 10; n++)
				run_linked(&o, p);
			CHECK(user_reads == 0);
		}
	}
	CASE("they do read what is the user's")
		CHECK(all > 10000 && kernel_reads > 10000);
	return 0;
}
