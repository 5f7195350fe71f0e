/* SPDX-License-Identifier: GPL-2.0-only */
/* Instruction set: Documentation/bpf/instruction-set.rst in the kernel, as far as -mcpu=v1 goes. */
#include <stdlib.h>

#include "run/disasm.h"
#include "lib/format.h"

#define TEXT_SIZE 96

static const char *const alu_operators[] = {"+=", "-=", "*=", "/=", "|=", "&=",	 "<<=",
					    ">>=", NULL, "%=", "^=", "=", "s>>="};
static const char *const jump_operators[] = {NULL,  "==", ">",	">=",  "&",  "!=", "s>",
					     "s>=", NULL, NULL, "<", "<=", "s<", "s<="};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A signed number as llvm-objdump writes it. */
struct number {
	char text[24];
};

static struct number hex(int64_t value, const char *plus)
{
	struct number n;

	format_text(n.text, sizeof(n.text), "%s0x%llx", value < 0 ? "-" : plus,
		 (unsigned long long)(value < 0 ? -value : value));
	return n;
}

static struct number address(const struct bpf_insn *insn, int reg)
{
	struct number n;

	format_text(n.text, sizeof(n.text), "(r%d %c 0x%x)", reg, insn->off < 0 ? '-' : '+',
		 (unsigned int)abs(insn->off));
	return n;
}

static const char *width(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	default:
		return "u64";
	}
}

static void alu(const struct bpf_insn *i, char *text)
{
	unsigned int op = BPF_OP(i->code) >> 4;
	char reg = BPF_CLASS(i->code) == BPF_ALU64 ? 'r' : 'w';

	if (BPF_OP(i->code) == BPF_NEG)
		format_text(text, TEXT_SIZE, "%c%d = -%c%d", reg, i->dst_reg, reg, i->dst_reg);
	else if (BPF_OP(i->code) == BPF_END)
		format_text(text, TEXT_SIZE, "r%d = %s%d r%d", i->dst_reg,
			 BPF_SRC(i->code) == BPF_TO_BE ? "be" : "le", i->imm, i->dst_reg);
	else if (op >= COUNT(alu_operators) || !alu_operators[op])
		return;
	else if (BPF_SRC(i->code) == BPF_X)
		format_text(text, TEXT_SIZE, "%c%d %s %c%d", reg, i->dst_reg, alu_operators[op], reg,
			 i->src_reg);
	else
		format_text(text, TEXT_SIZE, "%c%d %s %s", reg, i->dst_reg, alu_operators[op],
			 hex(i->imm, "").text);
}

static void jump(const struct bpf_insn *i, char *text)
{
	unsigned int op = BPF_OP(i->code) >> 4;
	struct number to = hex(i->off, "+");

	if (BPF_OP(i->code) == BPF_CALL)
		format_text(text, TEXT_SIZE, "call %s", hex(i->imm, "").text);
	else if (BPF_OP(i->code) == BPF_EXIT)
		format_text(text, TEXT_SIZE, "exit");
	else if (BPF_OP(i->code) == BPF_JA)
		format_text(text, TEXT_SIZE, "goto %s", to.text);
	else if (op >= COUNT(jump_operators) || !jump_operators[op])
		return;
	else if (BPF_SRC(i->code) == BPF_X)
		format_text(text, TEXT_SIZE, "if r%d %s r%d goto %s", i->dst_reg, jump_operators[op],
			 i->src_reg, to.text);
	else
		format_text(text, TEXT_SIZE, "if r%d %s %s goto %s", i->dst_reg, jump_operators[op],
			 hex(i->imm, "").text, to.text);
}

/* The instruction as text; "<unknown>" for one that this table does not have. */
static void disasm(const struct bpf_insn *i, char *text)
{
	format_text(text, TEXT_SIZE, "<unknown>");
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(i, text);
		break;
	case BPF_JMP:
		jump(i, text);
		break;
	case BPF_LD:
		if (i->code == (BPF_LD | BPF_IMM | BPF_DW))
			format_text(text, TEXT_SIZE, "r%d = 0x%llx ll", i->dst_reg,
				 (unsigned long long)((uint64_t)(uint32_t)i[1].imm << 32 |
						      (uint32_t)i->imm));
		break;
	case BPF_LDX:
		if (BPF_MODE(i->code) == BPF_MEM)
			format_text(text, TEXT_SIZE, "r%d = *(%s *)%s", i->dst_reg, width(i),
				 address(i, i->src_reg).text);
		break;
	case BPF_ST:
		if (BPF_MODE(i->code) == BPF_MEM)
			format_text(text, TEXT_SIZE, "*(%s *)%s = %s", width(i),
				 address(i, i->dst_reg).text, hex(i->imm, "").text);
		break;
	case BPF_STX:
		if (BPF_MODE(i->code) == BPF_MEM)
			format_text(text, TEXT_SIZE, "*(%s *)%s = r%d", width(i),
				 address(i, i->dst_reg).text, i->src_reg);
		else if (BPF_MODE(i->code) == BPF_XADD)
			format_text(text, TEXT_SIZE, "lock *(%s *)%s += r%d", width(i),
				 address(i, i->dst_reg).text, i->src_reg);
		break;
	default:
		break;
	}
}

static void print_bytes(const struct object *object, const struct bpf_insn *i, struct output *out)
{
	unsigned int high = i->dst_reg, low = i->src_reg;
	uint16_t off = (uint16_t)i->off;
	uint32_t imm = (uint32_t)i->imm;

	if (object->big_endian) {
		output_format(out, "%02x %x%x %02x %02x %02x %02x %02x %02x", i->code, high, low, off >> 8,
			      off & 0xff, imm >> 24, imm >> 16 & 0xff, imm >> 8 & 0xff, imm & 0xff);
		return;
	}
	output_format(out, "%02x %x%x %02x %02x %02x %02x %02x %02x", i->code, low, high, off & 0xff, off >> 8,
		      imm & 0xff, imm >> 8 & 0xff, imm >> 16 & 0xff, imm >> 24);
}

static const char *relocated(const struct object *object, const struct object_program *program,
			     uint32_t insn, const char **what)
{
	for (uint32_t i = 0; i < program->relocation_count; i++) {
		struct object_relocation r = object_relocation(object, program, i);

		if (r.insn != insn)
			continue;
		*what = r.map < 0 ? "" : "map ";
		return r.map < 0 ? r.setting : object->maps[r.map].name;
	}
	return NULL;
}

void disasm_print(const struct object *object, const struct object_program *program, const struct bpf_insn *insns,
		  struct output *out)
{
	char text[TEXT_SIZE];

	output_format(out, "%s:", program->name);
	output_end_line(out);
	for (uint32_t i = 0; i < program->insn_count; i++) {
		bool wide = insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) &&
			    i + 1 < program->insn_count;
		const char *what, *name = relocated(object, program, i, &what);

		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && !wide)
			format_text(text, sizeof(text), "<unknown>");
		else
			disasm(&insns[i], text);
		output_format(out, "%8u:\t", i);
		print_bytes(object, &insns[i], out);
		if (wide) {
			output_add(out, " ", 1);
			print_bytes(object, &insns[++i], out);
		}
		output_format(out, "\t%s", text);
		if (name)
			output_format(out, "\t# %s%s", what, name);
		output_end_line(out);
	}
}
