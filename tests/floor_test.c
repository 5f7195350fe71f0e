/* SPDX-License-Identifier: GPL-2.0-only */
/* Holds prog.o to what Linux 4.11 knows, and the programs of stack.bpf.h to 4.8, instruction by instruction. The versions
 * are from the kernel's history of include/uapi/linux/bpf.h and kernel/bpf/verifier.c. */
#include <stdlib.h>

#include "check.h"
#include "elf.h"

static const struct helper {
	int id;
	const char *since;
} helpers[] = {
	{BPF_FUNC_map_lookup_elem, "3.19"},
	{BPF_FUNC_map_update_elem, "3.19"},
	{BPF_FUNC_map_delete_elem, "3.19"},
	{BPF_FUNC_ktime_get_ns, "4.1"},
	{BPF_FUNC_get_smp_processor_id, "4.1"},
	{BPF_FUNC_tail_call, "4.2"},
	{BPF_FUNC_get_current_pid_tgid, "4.2"},
	{BPF_FUNC_get_current_uid_gid, "4.2"},
	{BPF_FUNC_get_current_comm, "4.2"},
	{BPF_FUNC_perf_event_output, "4.4"},
	{BPF_FUNC_get_current_task, "4.8"},
	{BPF_FUNC_current_task_under_cgroup, "4.9, swapped"},
	{BPF_FUNC_get_current_cgroup_id, "4.18, swapped"}, /* for one that is never run: choose_helpers */
	/* 5.5, but swapped for probe_read (4.1) and probe_read_str (4.11) where they are missing:
	 * choose_helpers in tracer.c. */
	{BPF_FUNC_probe_read_user, "5.5, swapped"},
	{BPF_FUNC_probe_read_kernel, "5.5, swapped"},
	{BPF_FUNC_probe_read_user_str, "5.5, swapped"},
	{BPF_FUNC_probe_read_kernel_str, "5.5, swapped"},
};

static const struct map_type {
	unsigned int type;
	const char *since;
} map_types[] = {
	{BPF_MAP_TYPE_HASH, "3.19"},	     {BPF_MAP_TYPE_ARRAY, "3.19"},
	{BPF_MAP_TYPE_PROG_ARRAY, "4.2"},    {BPF_MAP_TYPE_PERF_EVENT_ARRAY, "4.3"},
	{BPF_MAP_TYPE_CGROUP_ARRAY, "4.8"}, {BPF_MAP_TYPE_LPM_TRIE, "4.11"},
	{BPF_MAP_TYPE_LRU_HASH, "4.10"}, /* for 7.0 and later alone */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *helper_since(int id)
{
	for (size_t i = 0; i < COUNT(helpers); i++)
		if (helpers[i].id == id)
			return helpers[i].since;
	return NULL;
}

/* Why the kernel of the floor would not take the instruction, or NULL. */
static const char *too_new(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		return insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? NULL : "a packet load";
	case BPF_LDX:
	case BPF_ST:
		return BPF_MODE(insn->code) == BPF_MEM ? NULL : "a sign-extending load (6.6)";
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_XADD && insn->imm)
			return "an atomic other than add (5.12)";
		return BPF_MODE(insn->code) == BPF_MEM || BPF_MODE(insn->code) == BPF_XADD
			       ? NULL
			       : "an unknown store";
	case BPF_ALU:
	case BPF_ALU64:
		if (insn->off)
			return "a signed division or sign-extending move (6.6)";
		return BPF_OP(insn->code) <= BPF_END ? NULL : "an unknown operation";
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_CALL && insn->src_reg)
			return "a call of a BPF function (4.16) or of a kernel function (5.13)";
		if (BPF_OP(insn->code) == BPF_CALL)
			return helper_since(insn->imm) ? NULL : "a helper that is not in the list";
		if (BPF_OP(insn->code) >= BPF_JLT)
			return "a jump if less (4.14)";
		return NULL;
	default:
		return "a 32-bit jump (5.1)";
	}
}

/* Whether the program is for Linux 4.8 to 4.10. */
static bool is_for_the_stack(const char *name)
{
	size_t length = strlen(name);

	return length > 6 && !strcmp(name + length - 6, "_stack");
}

/* Whether the instruction after `from` may be the one at `to`. */
static bool may_follow(const struct bpf_insn *insns, unsigned int from, unsigned int to)
{
	unsigned int operation = BPF_OP(insns[from].code);
	bool jumps = BPF_CLASS(insns[from].code) == BPF_JMP && operation != BPF_CALL && operation != BPF_EXIT;

	if (jumps && from + 1 + (unsigned int)insns[from].off == to)
		return true;
	return from + 1 == to && operation != BPF_EXIT && !(jumps && operation == BPF_JA);
}

/* Whether the register that a call at i takes a size from is a constant on each way to it (check_func_arg of 4.8:
 * ARG_CONST_STACK_SIZE). */
static bool has_constant_size(const struct bpf_insn *insns, unsigned int count, unsigned int i, unsigned int reg)
{
	static bool seen[BPF_MAXINSNS];
	static unsigned int ways[BPF_MAXINSNS];
	unsigned int left = 0;

	memset(seen, 0, sizeof(seen));
	for (ways[left++] = i; left;) {
		unsigned int to = ways[--left];

		if (!to)
			return false;
		for (unsigned int from = 0; from < count; from++) {
			unsigned int class = BPF_CLASS(insns[from].code);

			if (seen[from] || !may_follow(insns, from, to))
				continue;
			seen[from] = true;
			if (insns[from].code == (BPF_JMP | BPF_CALL))
				return false;
			if ((class != BPF_ALU && class != BPF_ALU64 && class != BPF_LDX) || insns[from].dst_reg != reg)
				ways[left++] = from;
			else if (insns[from].code != (BPF_ALU64 | BPF_MOV | BPF_K))
				return false;
		}
	}
	return true;
}

/* Why Linux 4.8 would not take the call at i, or NULL. */
static const char *too_new_for_the_stack(const struct bpf_insn *insns, unsigned int count, unsigned int i)
{
	switch (insns[i].imm) {
	case BPF_FUNC_probe_read_user_str:
	case BPF_FUNC_probe_read_kernel_str:
		return "bpf_probe_read_str (4.11)";
	case BPF_FUNC_probe_read_user:
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_get_current_comm:
		return has_constant_size(insns, count, i, BPF_REG_2) ? NULL : "a size that is no constant (4.11)";
	case BPF_FUNC_perf_event_output:
		return has_constant_size(insns, count, i, BPF_REG_5) ? NULL : "a size that is no constant (4.11)";
	default:
		return NULL;
	}
}

enum colour { UNSEEN, ON_THE_WAY, DONE };

/* Whether a way from instruction i leads back to itself: a loop (5.3), by depth-first search as in
 * the kernel's check_cfg. A jump backwards alone is none. */
static bool loops(const struct bpf_insn *insns, unsigned int count, unsigned int i, char *colour)
{
	const struct bpf_insn *insn = &insns[i];
	bool jump = BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_CALL;
	bool found = false;

	if (i >= count || colour[i] == DONE)
		return false;
	if (colour[i] == ON_THE_WAY)
		return true;
	colour[i] = ON_THE_WAY;
	if (jump && BPF_OP(insn->code) != BPF_EXIT)
		found = loops(insns, count, i + 1 + (unsigned int)insn->off, colour);
	if (!jump || (BPF_OP(insn->code) != BPF_JA && BPF_OP(insn->code) != BPF_EXIT))
		found |= loops(insns, count, i + 1, colour);
	colour[i] = DONE;
	return found;
}

static void check_program(const struct object *o, const struct object_program *p,
			  const struct object_link *link)
{
	static struct bpf_insn insns[BPF_MAXINSNS];
	struct error err;

	CHECK(p->insn_count <= 4096); /* more: 5.2 */
	CHECK(!object_link(o, p, link, insns, &err));
	CHECK(!loops(insns, p->insn_count, 0, (char[BPF_MAXINSNS]){0}));
	for (unsigned int i = 0; i < p->insn_count; i++) {
		const char *why = too_new(&insns[i]);

		if (!why && is_for_the_stack(p->name) && insns[i].code == (BPF_JMP | BPF_CALL))
			why = too_new_for_the_stack(insns, p->insn_count, i);
		if (why) {
			printf("# %s, instruction %u: %s\n", p->name, i, why);
			check_failures++;
		}
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW)) {
			/* BPF_PSEUDO_MAP_VALUE and later: 5.2. */
			CHECK(insns[i].src_reg <= BPF_PSEUDO_MAP_FD);
			i++;
		}
	}
}

/* That the check itself can fail. */
static void check_the_check(void)
{
	static const struct bpf_insn newer[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
		{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL},
		{.code = BPF_JMP32 | BPF_JEQ | BPF_K},
		{.code = BPF_JMP | BPF_JLT | BPF_K},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW, .imm = BPF_XCHG},
		{.code = BPF_LDX | 0x80 /* MEMSX */ | BPF_W},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8},
	};

	static const struct bpf_insn loop[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .off = -2},
		{.code = BPF_JMP | BPF_EXIT},
	};

	static const struct bpf_insn variable[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_6},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_user},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_user_str},
	};

	static const struct bpf_insn ways[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .off = 2},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 16},
		{.code = BPF_JMP | BPF_JA},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_user},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_insn other_ways[COUNT(ways)];

	for (unsigned int i = 1; i < COUNT(variable); i++)
		CHECK(too_new_for_the_stack(variable, COUNT(variable), i));
	CHECK(!too_new_for_the_stack(ways, COUNT(ways), 4));
	for (unsigned int i = 0; i <= 2; i += 2) { /* a variable on one of the two ways */
		memcpy(other_ways, ways, sizeof(ways));
		other_ways[i].code = BPF_ALU64 | BPF_MOV | BPF_X;
		CHECK(too_new_for_the_stack(other_ways, COUNT(ways), 4));
	}
	for (size_t i = 0; i < COUNT(newer); i++)
		CHECK(too_new(&newer[i]));
	CHECK(loops(loop, COUNT(loop), 0, (char[3]){0}));
}

int main(int argc, char **argv)
{
	static char data[1 << 20];
	static int fds[OBJECT_MAPS];
	struct object_setting settings[128];
	struct object_link link = {.map_fds = fds, .settings = settings};
	struct object o;
	struct error err;
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t size = file ? fread(data, 1, sizeof(data), file) : 0;

	if (object_open(&o, data, size, &err)) {
		printf("not ok opens prog.o: %s\n", err.text);
		return 0;
	}
	CASE("the check of the floor refuses what is newer")
		check_the_check();
	CASE("the maps are of types that Linux 4.11 has, no larger than it allows")
		for (unsigned int i = 0; i < o.map_count; i++) {
			bool known = false;

			for (size_t t = 0; t < COUNT(map_types); t++)
				known |= map_types[t].type == o.maps[i].type;
			CHECK(known);
			/* PCPU_MIN_UNIT_SIZE */
			CHECK(o.maps[i].type != BPF_MAP_TYPE_PERCPU_ARRAY ||
			      o.maps[i].value_size <= 32768);
		}
	for (unsigned int i = 0; i < o.program_count; i++) {
		const struct object_program *p = &o.programs[i];

		link.setting_count = 0;
		for (unsigned int r = 0; r < p->relocation_count; r++) {
			const char *name = object_relocation(&o, p, r).setting;
			bool have = false;

			if (!name)
				continue;
			for (size_t s = 0; s < link.setting_count; s++)
				have |= !strcmp(settings[s].name, name);
			if (!have)
				settings[link.setting_count++] = (struct object_setting){name, 8};
		}
		link.by_mov = is_for_the_stack(p->name);
		CASE("Linux %s knows every instruction and helper of the program \"%s\" (%u instructions)",
		     link.by_mov ? "4.8" : "4.11", p->name, p->insn_count)
			check_program(&o, p, &link);
	}
	return 0;
}
