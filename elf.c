/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what clang -target bpf writes: ELF64, relocatable, REL sections whose only relocation type
 * is R_BPF_64_64. The format: System V ABI, chapters 4 and 5; the machine's part:
 * Documentation/bpf/llvm_reloc.rst in the kernel. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "elf.h"

#define R_BPF_64_64 1 /* into an ld_imm64; in llvm_reloc.rst, not in <elf.h> */
#define MAP_DEFINITION_SIZE 16
#define LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)

/* The parts of the file that the rest of it refers to. */
struct sections {
	uint64_t table; /* offset of the section headers */
	uint32_t count;
	Elf64_Shdr names, symbols;
	uint32_t symbols_index;
};

static int bad(struct error *err, const char *what)
{
	return error_set(err, ENOEXEC, "the BPF object is malformed: %s", what);
}

static uint16_t get16(const struct object *o, const uint8_t *p)
{
	return (uint16_t)(o->big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static uint32_t get32(const struct object *o, const uint8_t *p)
{
	uint32_t a = get16(o, p), b = get16(o, p + 2);

	return o->big_endian ? a << 16 | b : b << 16 | a;
}

static uint64_t get64(const struct object *o, const uint8_t *p)
{
	uint64_t a = get32(o, p), b = get32(o, p + 4);

	return o->big_endian ? a << 32 | b : b << 32 | a;
}

static bool inside(const struct object *o, uint64_t offset, uint64_t size)
{
	return offset <= o->size && size <= o->size - offset;
}

#define FIELD(o, base, type, field) \
	(sizeof(((type *)0)->field) == 8   ? get64(o, (base) + offsetof(type, field)) \
	 : sizeof(((type *)0)->field) == 4 ? get32(o, (base) + offsetof(type, field)) \
					   : get16(o, (base) + offsetof(type, field)))

/* Header i of the section table, which open_sections has seen to lie in the file. */
static Elf64_Shdr section(const struct object *o, const struct sections *s, uint32_t i)
{
	const uint8_t *p = o->data + s->table + i * sizeof(Elf64_Shdr);

	return (Elf64_Shdr){
		.sh_name = (uint32_t)FIELD(o, p, Elf64_Shdr, sh_name),
		.sh_type = (uint32_t)FIELD(o, p, Elf64_Shdr, sh_type),
		.sh_flags = FIELD(o, p, Elf64_Shdr, sh_flags),
		.sh_offset = FIELD(o, p, Elf64_Shdr, sh_offset),
		.sh_size = FIELD(o, p, Elf64_Shdr, sh_size),
		.sh_link = (uint32_t)FIELD(o, p, Elf64_Shdr, sh_link),
		.sh_info = (uint32_t)FIELD(o, p, Elf64_Shdr, sh_info),
		.sh_entsize = FIELD(o, p, Elf64_Shdr, sh_entsize),
	};
}

/* The string at `offset` of a string table that lies in the file and ends with a NUL, or NULL. */
static const char *string(const struct object *o, const Elf64_Shdr *table, uint64_t offset)
{
	return offset < table->sh_size ? (const char *)o->data + table->sh_offset + offset : NULL;
}

/* 0 if the section is a string table fit for string(). */
static int check_strings(const struct object *o, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_STRTAB && s->sh_size && inside(o, s->sh_offset, s->sh_size) &&
		       !o->data[s->sh_offset + s->sh_size - 1]
		       ? 0
		       : -1;
}

static int check_header(struct object *o, struct sections *s, struct error *err)
{
	const uint8_t *p = o->data;
	uint32_t names;

	if (o->size < sizeof(Elf64_Ehdr))
		return bad(err, "it is shorter than an ELF header");
	if (memcmp(p, ELFMAG, SELFMAG))
		return bad(err, "it does not begin with the ELF magic");
	if (p[EI_CLASS] != ELFCLASS64)
		return bad(err, "it is not a 64-bit ELF file");
	if (p[EI_DATA] != ELFDATA2LSB && p[EI_DATA] != ELFDATA2MSB)
		return bad(err, "its byte order is neither little nor big");
	if (p[EI_VERSION] != EV_CURRENT)
		return bad(err, "its ELF version is not 1");
	o->big_endian = p[EI_DATA] == ELFDATA2MSB;
	if (FIELD(o, p, Elf64_Ehdr, e_type) != ET_REL)
		return bad(err, "it is not a relocatable file");
	if (FIELD(o, p, Elf64_Ehdr, e_machine) != EM_BPF)
		return bad(err, "its machine is not BPF");
	if (FIELD(o, p, Elf64_Ehdr, e_shentsize) != sizeof(Elf64_Shdr))
		return bad(err, "its section headers have a wrong size");
	s->table = FIELD(o, p, Elf64_Ehdr, e_shoff);
	s->count = (uint32_t)FIELD(o, p, Elf64_Ehdr, e_shnum);
	if (s->count < 2)
		return bad(err, "it has no sections");
	if (!inside(o, s->table, s->count * sizeof(Elf64_Shdr)))
		return bad(err, "its section headers lie outside the file");
	names = (uint32_t)FIELD(o, p, Elf64_Ehdr, e_shstrndx);
	if (names >= s->count)
		return bad(err, "the index of its section names is too large");
	s->names = section(o, s, names);
	if (check_strings(o, &s->names))
		return bad(err, "its section names are not a string table that ends with a NUL");
	return 0;
}

static int add_program(struct object *o, const Elf64_Shdr *s, uint32_t index, const char *name,
		       struct error *err)
{
	struct object_program *program;

	if (!inside(o, s->sh_offset, s->sh_size))
		return bad(err, "a program lies outside the file");
	if (s->sh_size % sizeof(struct bpf_insn))
		return bad(err, "a program's size is not a multiple of an instruction's");
	if (s->sh_size / sizeof(struct bpf_insn) > BPF_MAXINSNS)
		return bad(err, "a program has more than 4096 instructions");
	if (object_program(o, name))
		return bad(err, "two programs have the same name");
	if (o->program_count == OBJECT_PROGRAMS)
		return bad(err, "it has more programs than this reader holds");
	program = &o->programs[o->program_count++];
	program->name = name;
	program->section = index;
	program->bytes = o->data + s->sh_offset;
	program->insn_count = (uint32_t)(s->sh_size / sizeof(struct bpf_insn));
	return 0;
}

static int add_maps(struct object *o, const Elf64_Shdr *s, struct error *err)
{
	const uint8_t *p;

	if (s->sh_type != SHT_PROGBITS || !inside(o, s->sh_offset, s->sh_size))
		return bad(err, "its maps lie outside the file");
	if (!s->sh_size || s->sh_size % MAP_DEFINITION_SIZE)
		return bad(err, "the size of its maps is not a multiple of a definition's");
	if (s->sh_size / MAP_DEFINITION_SIZE > OBJECT_MAPS)
		return bad(err, "it has more maps than this reader holds");
	o->map_count = (uint32_t)(s->sh_size / MAP_DEFINITION_SIZE);
	p = o->data + s->sh_offset;
	for (uint32_t i = 0; i < o->map_count; i++, p += MAP_DEFINITION_SIZE) {
		o->maps[i].type = get32(o, p);
		o->maps[i].key_size = get32(o, p + 4);
		o->maps[i].value_size = get32(o, p + 8);
		o->maps[i].max_entries = get32(o, p + 12);
	}
	return 0;
}

static int add_license(struct object *o, const Elf64_Shdr *s, struct error *err)
{
	if (s->sh_type != SHT_PROGBITS || !s->sh_size || !inside(o, s->sh_offset, s->sh_size))
		return bad(err, "its license lies outside the file");
	if (o->data[s->sh_offset + s->sh_size - 1])
		return bad(err, "its license does not end with a NUL");
	o->license = (const char *)o->data + s->sh_offset;
	return 0;
}

/* Notes where everything is. Sections that only people read (.BTF, .debug_*, .llvm_addrsig) are
 * passed over; one that holds data a program could use is refused, not left out. */
static int read_sections(struct object *o, struct sections *s, struct error *err)
{
	for (uint32_t i = 1; i < s->count; i++) {
		Elf64_Shdr sh = section(o, s, i);
		const char *name = string(o, &s->names, sh.sh_name);
		int ret = 0;

		if (!name)
			return bad(err, "a section's name lies outside the section names");
		if (sh.sh_type == SHT_SYMTAB) {
			if (s->symbols_index)
				return bad(err, "it has two symbol tables");
			s->symbols = sh;
			s->symbols_index = i;
		} else if (sh.sh_flags & SHF_EXECINSTR && sh.sh_size) {
			if (sh.sh_type != SHT_PROGBITS)
				return bad(err, "a program has no bytes in the file");
			ret = add_program(o, &sh, i, name, err);
		} else if (!strcmp(name, "maps")) {
			if (o->maps_section)
				return bad(err, "it has two sections of maps");
			o->maps_section = i;
			ret = add_maps(o, &sh, err);
		} else if (!strcmp(name, "license")) {
			if (o->license)
				return bad(err, "it has two licenses");
			ret = add_license(o, &sh, err);
		} else if (sh.sh_flags & SHF_ALLOC && sh.sh_size) {
			return bad(err, "it has global data, which kernels below 5.2 do not know");
		}
		if (ret)
			return ret;
	}
	if (!o->program_count)
		return bad(err, "it has no program");
	if (!o->license)
		return bad(err, "it has no license");
	if (!s->symbols_index)
		return bad(err, "it has no symbol table");
	return 0;
}

static int read_symbol_table(struct object *o, const struct sections *s, struct error *err)
{
	Elf64_Shdr strings;

	if (!inside(o, s->symbols.sh_offset, s->symbols.sh_size))
		return bad(err, "its symbol table lies outside the file");
	if (s->symbols.sh_entsize != sizeof(Elf64_Sym) || s->symbols.sh_size % sizeof(Elf64_Sym))
		return bad(err, "its symbols have a wrong size");
	if (s->symbols.sh_link >= s->count)
		return bad(err, "the index of its symbols' names is too large");
	strings = section(o, s, s->symbols.sh_link);
	if (check_strings(o, &strings))
		return bad(err, "its symbols' names are not a string table that ends with a NUL");
	o->symbols = o->data + s->symbols.sh_offset;
	o->symbol_count = s->symbols.sh_size / sizeof(Elf64_Sym);
	o->strings = (const char *)o->data + strings.sh_offset;
	o->strings_size = strings.sh_size;
	return 0;
}

/* A symbol's name, or NULL if it lies outside the strings. */
static const char *symbol_name(const struct object *o, const uint8_t *symbol)
{
	uint64_t offset = FIELD(o, symbol, Elf64_Sym, st_name);

	return offset < o->strings_size ? o->strings + offset : NULL;
}

/* Gives the maps their names: the symbols that are defined in their section. */
static int name_maps(struct object *o, struct error *err)
{
	for (uint64_t i = 1; i < o->symbol_count; i++) {
		const uint8_t *symbol = o->symbols + i * sizeof(Elf64_Sym);
		uint64_t value = FIELD(o, symbol, Elf64_Sym, st_value);
		const char *name;

		if (!o->maps_section || FIELD(o, symbol, Elf64_Sym, st_shndx) != o->maps_section ||
		    ELF64_ST_TYPE(symbol[offsetof(Elf64_Sym, st_info)]) == STT_SECTION)
			continue;
		name = symbol_name(o, symbol);
		if (!name || !*name)
			return bad(err, "a map's name lies outside the symbols' names");
		if (value % MAP_DEFINITION_SIZE || value / MAP_DEFINITION_SIZE >= o->map_count)
			return bad(err, "a map's symbol does not point to a map");
		if (FIELD(o, symbol, Elf64_Sym, st_size) != MAP_DEFINITION_SIZE)
			return bad(err, "a map's definition has a wrong size");
		if (o->maps[value / MAP_DEFINITION_SIZE].name)
			return bad(err, "a map has two names");
		o->maps[value / MAP_DEFINITION_SIZE].name = name;
	}
	for (uint32_t i = 0; i < o->map_count; i++)
		if (!o->maps[i].name)
			return bad(err, "a map has no name");
	return 0;
}

struct object_relocation object_relocation(const struct object *object,
					   const struct object_program *program, uint32_t i)
{
	const uint8_t *rel = program->relocations + i * sizeof(Elf64_Rel);
	uint64_t offset = FIELD(object, rel, Elf64_Rel, r_offset);
	uint64_t info = FIELD(object, rel, Elf64_Rel, r_info);
	const uint8_t *symbol = object->symbols + ELF64_R_SYM(info) * sizeof(Elf64_Sym);
	struct object_relocation r = {.insn = (uint32_t)(offset / sizeof(struct bpf_insn)), .map = -1};

	if (FIELD(object, symbol, Elf64_Sym, st_shndx) == SHN_UNDEF)
		r.setting = symbol_name(object, symbol);
	else
		r.map = (int)(FIELD(object, symbol, Elf64_Sym, st_value) / MAP_DEFINITION_SIZE);
	return r;
}

static int check_relocation(const struct object *o, const struct object_program *program,
			    uint32_t i, struct error *err)
{
	const uint8_t *rel = program->relocations + i * sizeof(Elf64_Rel), *symbol;
	uint64_t offset = FIELD(o, rel, Elf64_Rel, r_offset);
	uint64_t info = FIELD(o, rel, Elf64_Rel, r_info), index, value;
	const char *name;

	switch (ELF64_R_TYPE(info)) {
	case R_BPF_64_64:
		break;
	default:
		return bad(err, "a relocation's type is not R_BPF_64_64");
	}
	index = offset / sizeof(struct bpf_insn);
	if (offset % sizeof(struct bpf_insn))
		return bad(err, "a relocation points between two instructions");
	if (index >= program->insn_count || program->insn_count - index < 2)
		return bad(err, "a relocation points behind its program");
	if (program->bytes[offset] != LD_IMM64)
		return bad(err, "a relocation points to an instruction that is no ld_imm64");
	if (program->bytes[offset + 8])
		return bad(err, "an ld_imm64 has no second half");
	if (get32(o, program->bytes + offset + 4) || get32(o, program->bytes + offset + 12))
		return bad(err, "a relocation has an addend");
	if (ELF64_R_SYM(info) >= o->symbol_count)
		return bad(err, "a relocation's symbol is not in the symbol table");
	/* clang writes them in order, so the one before tells of a second for the same place. */
	if (i && offset <= FIELD(o, rel - sizeof(Elf64_Rel), Elf64_Rel, r_offset))
		return bad(err, "relocations are not in order, or two for one instruction");
	symbol = o->symbols + ELF64_R_SYM(info) * sizeof(Elf64_Sym);
	if (FIELD(o, symbol, Elf64_Sym, st_shndx) == SHN_UNDEF) {
		name = symbol_name(o, symbol);
		if (!name || !*name)
			return bad(err, "a relocation's symbol has no name");
		return 0;
	}
	if (!o->maps_section || FIELD(o, symbol, Elf64_Sym, st_shndx) != o->maps_section)
		return bad(err, "a relocation's symbol is neither a map nor undefined");
	/* name_maps has checked the maps' symbols, but not the value of a section's. */
	value = FIELD(o, symbol, Elf64_Sym, st_value);
	if (value % MAP_DEFINITION_SIZE || value / MAP_DEFINITION_SIZE >= o->map_count)
		return bad(err, "a relocation's symbol does not point to a map");
	return 0;
}

static int read_relocations(struct object *o, const struct sections *s, struct error *err)
{
	for (uint32_t i = 1; i < s->count; i++) {
		Elf64_Shdr sh = section(o, s, i), target;
		struct object_program *program = NULL;

		if (sh.sh_type != SHT_REL && sh.sh_type != SHT_RELA)
			continue;
		if (sh.sh_info >= s->count)
			return bad(err, "relocations are for a section that does not exist");
		target = section(o, s, sh.sh_info);
		for (uint32_t p = 0; p < o->program_count; p++)
			if (o->programs[p].section == sh.sh_info)
				program = &o->programs[p];
		if (!program && target.sh_flags & SHF_ALLOC)
			return bad(err, "relocations are for a section that is no program");
		if (!program) /* .rel.BTF, .rel.debug_*: nothing that is loaded */
			continue;
		if (sh.sh_type == SHT_RELA)
			return bad(err, "it has relocations with addends");
		if (sh.sh_link != s->symbols_index)
			return bad(err, "relocations use another symbol table");
		if (sh.sh_entsize != sizeof(Elf64_Rel) || sh.sh_size % sizeof(Elf64_Rel))
			return bad(err, "relocations have a wrong size");
		if (!inside(o, sh.sh_offset, sh.sh_size))
			return bad(err, "relocations lie outside the file");
		if (program->relocations)
			return bad(err, "a program has two sections of relocations");
		program->relocations = o->data + sh.sh_offset;
		program->relocation_count = (uint32_t)(sh.sh_size / sizeof(Elf64_Rel));
		for (uint32_t r = 0; r < program->relocation_count; r++) {
			int ret = check_relocation(o, program, r, err);

			if (ret)
				return ret;
		}
	}
	return 0;
}

int object_open(struct object *object, const void *data, size_t size, struct error *err)
{
	struct sections s = {0};
	int ret;

	*object = (struct object){.data = data, .size = size};
	ret = check_header(object, &s, err);
	if (!ret)
		ret = read_sections(object, &s, err);
	if (!ret)
		ret = read_symbol_table(object, &s, err);
	if (!ret)
		ret = name_maps(object, err);
	if (!ret)
		ret = read_relocations(object, &s, err);
	return ret;
}

const struct object_program *object_program(const struct object *object, const char *name)
{
	for (uint32_t i = 0; i < object->program_count; i++)
		if (!strcmp(object->programs[i].name, name))
			return &object->programs[i];
	return NULL;
}

static struct bpf_insn decode(const struct object *o, const uint8_t *p)
{
	return (struct bpf_insn){
		.code = p[0],
		.dst_reg = o->big_endian ? p[1] >> 4 : p[1] & 0xf,
		.src_reg = o->big_endian ? p[1] & 0xf : p[1] >> 4,
		.off = (int16_t)get16(o, p + 2),
		.imm = (int32_t)get32(o, p + 4),
	};
}

static const struct object_setting *find_setting(const struct object_link *link, const char *name)
{
	for (size_t i = 0; i < link->setting_count; i++)
		if (!strcmp(link->settings[i].name, name))
			return &link->settings[i];
	return NULL;
}

int object_link(const struct object *object, const struct object_program *program,
		const struct object_link *link, struct bpf_insn *insns, struct error *err)
{
	for (uint32_t i = 0; i < program->insn_count; i++) {
		insns[i] = decode(object, program->bytes + i * sizeof(struct bpf_insn));
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg)
			continue;
		for (size_t s = 0; s < link->swap_count; s++)
			if (insns[i].imm == link->swaps[s].from) {
				insns[i].imm = link->swaps[s].to;
				break;
			}
	}
	for (uint32_t i = 0; i < program->relocation_count; i++) {
		struct object_relocation r = object_relocation(object, program, i);
		struct bpf_insn *low = &insns[r.insn], *high = low + 1;
		const struct object_setting *setting;

		if (r.map >= 0) {
			low->src_reg = BPF_PSEUDO_MAP_FD;
			low->imm = link->map_fds[r.map];
			high->imm = 0;
			continue;
		}
		setting = find_setting(link, r.setting);
		if (!setting)
			return error_set(err, ENOENT, "the BPF program %s wants a value for %s, "
					 "which the linker does not have",
					 program->name, r.setting);
		low->imm = (int32_t)(uint32_t)setting->value;
		if (link->by_mov && setting->value <= INT32_MAX) {
			/* It has the room of two, so twice. */
			low->code = BPF_ALU64 | BPF_MOV | BPF_K;
			*high = *low;
			continue;
		}
		high->imm = (int32_t)(uint32_t)(setting->value >> 32);
	}
	return 0;
}
