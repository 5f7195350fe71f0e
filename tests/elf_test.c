/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: a little-endian BPF object, and a big-endian one of the same program. Malformed ones
 * are copies of the first with one thing wrong. A copy has exactly its size from calloc, so that
 * AddressSanitizer sees every byte that is read outside. The host is little-endian. */
#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "elf.h"

#define R_BPF_64_64 1
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

struct copy {
	uint8_t *bytes;
	size_t size;
	/* Into a copy of the good object, void when it grows: */
	Elf64_Ehdr *elf;
	Elf64_Shdr *sections, *names, *exec, *maps, *license, *symtab, *rel, *addrsig;
	Elf64_Sym *symbols, *symbols_end, *rings;
	Elf64_Rel *rels;	/* those of "exec"; the first is one with a setting, */
	Elf64_Sym *setting;	/* which is this, */
	struct bpf_insn *insns; /* and for the first of these */
};

struct suite {
	struct copy good, big;
	struct object_setting settings[128]; /* a value for every setting of the good object */
	int fds[OBJECT_MAPS];
	struct object_link link; /* with these */
	unsigned int refused;	 /* malformed objects so far */
};

/* The first bytes of another copy, or all and zeros behind them. */
static struct copy bytes_of(const struct copy *from, size_t size)
{
	struct copy c = {.bytes = calloc(size, 1), .size = size};

	assert(c.bytes);
	memcpy(c.bytes, from->bytes, size < from->size ? size : from->size);
	return c;
}

static struct copy read_file(const char *path)
{
	struct copy c = {.bytes = malloc(1 << 20)};
	FILE *f = fopen(path, "r");

	assert(c.bytes && f);
	c.size = fread(c.bytes, 1, 1 << 20, f);
	fclose(f);
	return c;
}

static Elf64_Shdr *section(const struct copy *c, const char *name)
{
	Elf64_Shdr *s = c->sections;

	for (; strcmp((char *)c->bytes + c->names->sh_offset + s->sh_name, name); s++)
		assert(s + 1 < c->sections + c->elf->e_shnum);
	return s;
}

static const char *symbol_name(const struct copy *c, const Elf64_Sym *s)
{
	return (char *)c->bytes + c->names->sh_offset + s->st_name;
}

static Elf64_Sym *symbol(const struct copy *c, const char *name)
{
	Elf64_Sym *s = c->symbols;

	for (; strcmp(symbol_name(c, s), name); s++)
		assert(s + 1 < c->symbols_end);
	return s;
}

static void locate(struct copy *c)
{
	c->elf = (Elf64_Ehdr *)c->bytes;
	c->sections = (Elf64_Shdr *)(c->bytes + c->elf->e_shoff);
	c->names = c->sections + c->elf->e_shstrndx;
	c->exec = section(c, "exec");
	c->maps = section(c, "maps");
	c->license = section(c, "license");
	c->symtab = section(c, ".symtab");
	c->rel = section(c, ".relexec");
	c->addrsig = section(c, ".llvm_addrsig");
	c->symbols = (Elf64_Sym *)(c->bytes + c->symtab->sh_offset);
	c->symbols_end = c->symbols + c->symtab->sh_size / sizeof(Elf64_Sym);
	c->rings = symbol(c, "rings");
	c->rels = (Elf64_Rel *)(c->bytes + c->rel->sh_offset);
	c->setting = c->symbols + ELF64_R_SYM(c->rels->r_info);
	c->insns = (struct bpf_insn *)(c->bytes + c->exec->sh_offset + c->rels->r_offset);
	assert(c->setting->st_shndx == SHN_UNDEF && c->sections + c->symtab->sh_link == c->names);
}

static struct copy copy_of(const struct copy *from)
{
	struct copy c = bytes_of(from, from->size);

	locate(&c);
	return c;
}

/* Appends that many zeros, a multiple of 8. */
static void grow(struct copy *c, size_t size)
{
	struct copy old = *c;

	*c = bytes_of(&old, old.size + size);
	locate(c);
	free(old.bytes);
}

/* Appends a section like that one, contents and all; sections get another place for it. */
static Elf64_Shdr *add_section(struct copy *c, const char *like)
{
	uint32_t count = c->elf->e_shnum++;
	size_t table = c->size;

	grow(c, (count + 1) * sizeof(Elf64_Shdr));
	memcpy(c->bytes + table, c->sections, count * sizeof(Elf64_Shdr));
	c->elf->e_shoff = table;
	locate(c);
	c->sections[count] = *section(c, like);
	return &c->sections[count];
}

/* Appends that many programs, each with a name of its own. */
static void add_programs(struct copy *c, uint32_t count)
{
	uint32_t name = c->setting->st_name;

	while (count--)
		add_section(c, "exec")->sh_name = name + count;
}

static struct object opened(const struct copy *c)
{
	struct error err = {.text = ""};
	struct object o;

	CHECK_TEXT(object_open(&o, c->bytes, c->size, &err) ? err.text : "", "");
	return o;
}

/* Program i, for free(), linked as far as it goes. */
static struct bpf_insn *linked(const struct object *o, uint32_t i, const struct object_link *link)
{
	struct bpf_insn *insns = calloc(o->programs[i].insn_count, sizeof(*insns));
	struct error err;

	object_link(o, &o->programs[i], link, insns, &err);
	return insns;
}

static bool same_code(const struct object *a, const struct object *b, uint32_t i,
		      const struct object_link *link)
{
	struct bpf_insn *x = linked(a, i, link), *y = linked(b, i, link);
	uint32_t count = a->programs[i].insn_count;
	bool same = count == b->programs[i].insn_count && !memcmp(x, y, count * sizeof(*x));

	free(x);
	free(y);
	return same;
}

static bool same_maps(const struct object *a, const struct object *b)
{
	bool same = a->map_count == b->map_count;

	for (uint32_t i = 0; same && i < a->map_count; i++)
		same = !strcmp(a->maps[i].name, b->maps[i].name) &&
		       !memcmp(&a->maps[i].type, &b->maps[i].type, 4 * sizeof(uint32_t));
	return same;
}

/* ---- what is right ---- */

static void test_open(const struct suite *t, const struct object *o)
{
	const struct copy *good = &t->good;
	const char *const known[] = {"exec", "args", "enter", "exit", "pieces"};
	const uint8_t *maps = good->bytes + good->maps->sh_offset;
	uint32_t programs = 0;
	struct object got;
	struct copy c;

	CASE("reads the programs of what clang wrote, and its license") {
		for (Elf64_Shdr *s = good->sections; s < good->sections + good->elf->e_shnum; s++)
			if (s->sh_flags & SHF_EXECINSTR && s->sh_size) {
				const struct object_program *program = &o->programs[programs++];

				CHECK(section(good, program->name) == s);
				CHECK(program->bytes == good->bytes + s->sh_offset);
				CHECK(program->insn_count == s->sh_size / 8);
			}
		CHECK(o->program_count == programs && !o->big_endian);
		for (uint32_t i = 0; i < LENGTH(known); i++)
			CHECK(object_program(o, known[i]) && !object_program(o, known[i] + 1));
		CHECK_TEXT(o->license, "GPL");
	}
	CASE("reads the maps of what clang wrote") {
		for (Elf64_Sym *s = good->symbols; s < good->symbols_end; s++)
			if (s->st_shndx == good->rings->st_shndx) {
				const struct object_map *map = &o->maps[s->st_value / 16];

				CHECK_TEXT(map->name, symbol_name(good, s));
				CHECK(!memcmp(&map->type, maps + s->st_value, 16));
			}
		CHECK(o->map_count == good->maps->sh_size / 16);
	}
	CASE("reads an object at an odd address") {
		c = bytes_of(good, good->size + 1);
		memmove(c.bytes + 1, c.bytes, good->size);
		got = opened(&(struct copy){.bytes = c.bytes + 1, .size = good->size});
		CHECK(same_maps(o, &got));
		for (uint32_t i = 0; i < o->program_count; i++)
			CHECK(same_code(o, &got, i, &t->link));
		free(c.bytes);
	}
	CASE("reads 24 programs of up to 4096 instructions, symbols at the end") {
		c = copy_of(good);
		grow(&c, 4096 * 8);
		add_programs(&c, OBJECT_PROGRAMS - o->program_count);
		c.exec->sh_size = 4096 * 8;
		c.rel->sh_type = SHT_NULL;
		grow(&c, c.symtab->sh_size);
		c.symtab->sh_offset = c.size - c.symtab->sh_size;
		memcpy(c.bytes + c.symtab->sh_offset, good->symbols, c.symtab->sh_size);
		got = opened(&c);
		CHECK(got.program_count == OBJECT_PROGRAMS && got.programs[0].insn_count == 4096);
		free(c.bytes);
	}
	CASE("reads an object without maps") {
		c = copy_of(good);
		for (uint32_t i = 1; i < c.elf->e_shnum; i++)
			if (c.sections[i].sh_type == SHT_REL)
				c.sections[i].sh_type = SHT_NULL;
		c.maps->sh_flags = 0;
		c.maps->sh_name++;
		got = opened(&c);
		CHECK(got.map_count == 0 && got.program_count == o->program_count);
		free(c.bytes);
	}
	CASE("passes over relocations of what is not loaded, as clang -g writes them") {
		c = copy_of(good);
		c.rel->sh_info = c.addrsig - c.sections;
		c.addrsig->sh_offset = -16UL;
		CHECK(opened(&c).programs[0].relocation_count == 0);
		free(c.bytes);
	}
}

/* The linked form of a program, by the relocation sections as the test reads them. */
static void relocate(const struct suite *t, const char *program, struct bpf_insn *insns)
{
	const Elf64_Shdr *code = section(&t->good, program), *s;
	const Elf64_Rel *r;
	char name[64];

	memcpy(insns, t->good.bytes + code->sh_offset, code->sh_size);
	snprintf(name, sizeof(name), ".rel%s", program);
	s = section(&t->good, name);
	r = (Elf64_Rel *)(t->good.bytes + s->sh_offset);
	for (const Elf64_Rel *end = r + s->sh_size / sizeof(*r); r < end; r++) {
		const Elf64_Sym *sym = t->good.symbols + ELF64_R_SYM(r->r_info);
		struct bpf_insn *low = insns + r->r_offset / 8;
		uint64_t value = 0;

		for (size_t i = 0; i < t->link.setting_count; i++)
			if (!strcmp(t->settings[i].name, symbol_name(&t->good, sym)))
				value = t->settings[i].value;
		if (sym->st_shndx) {
			value = (uint64_t)t->fds[sym->st_value / 16];
			low->src_reg = BPF_PSEUDO_MAP_FD;
		}
		low[0].imm = (int32_t)(uint32_t)value;
		low[1].imm = (int32_t)(value >> 32);
	}
}

static void test_link(const struct suite *t, const struct object *o)
{
	/* The second is not for what the first has made. */
	const struct helper_swap swaps[] = {{113, 4}, {4, 6}};
	struct object_link link = t->link;
	struct bpf_insn *got, *wanted;

	CASE("puts map descriptors and 64-bit settings into ld_imm64s, and changes nothing else")
		for (uint32_t i = 0; i < o->program_count; i++) {
			size_t size = o->programs[i].insn_count * sizeof(*got);

			got = linked(o, i, &link);
			wanted = malloc(size);
			relocate(t, o->programs[i].name, wanted);
			CHECK(!memcmp(got, wanted, size));
			free(got);
			free(wanted);
		}
	CASE("refuses to link a setting that has no value, and names it") {
		struct error err = {.text = ""};
		char text[128];

		snprintf(text, sizeof(text), "the BPF program exec wants a value for %s, which the "
			 "linker does not have", symbol_name(&t->good, t->good.setting));
		got = calloc(o->programs[0].insn_count, sizeof(*got));
		link.setting_count = 0;
		CHECK(object_link(o, &o->programs[0], &link, got, &err) == -ENOENT);
		CHECK_TEXT(err.text, text);
		link.setting_count = t->link.setting_count;
		free(got);
	}
	CASE("swaps helpers in calls of helpers, and in nothing else") {
		const struct bpf_insn code[] = {
			{BPF_JMP | BPF_CALL, 0, 0, 0, swaps[0].from},
			{BPF_JMP | BPF_CALL, 0, 0, 0, swaps[1].from},
			{BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, swaps[0].from},
			{BPF_ALU64 | BPF_MOV, 0, 0, 0, swaps[0].from},
		};
		struct copy c = copy_of(&t->good);
		struct object other;

		c.rel->sh_type = SHT_NULL;
		memcpy(c.bytes + c.exec->sh_offset, code, sizeof(code));
		other = opened(&c);
		link.swaps = swaps;
		link.swap_count = LENGTH(swaps);
		got = linked(&other, 0, &link);
		CHECK(got[0].imm == swaps[0].to && got[1].imm == swaps[1].to);
		CHECK(got[2].imm == swaps[0].from && got[3].imm == swaps[0].from);
		free(got);
		free(c.bytes);
	}
	CASE("reads and links the same from a big-endian object") {
		struct object big = opened(&t->big);
		unsigned int same = 0;

		CHECK(big.big_endian && same_maps(o, &big));
		CHECK(big.program_count == o->program_count);
		for (uint32_t p = 0; p < big.program_count; p++) {
			CHECK_TEXT(big.programs[p].name, o->programs[p].name);
			/* The byte order leads clang to other code in some programs only. */
			same += same_code(o, &big, p, &t->link);
		}
		CHECK(same >= 3);
	}
}

/* ---- what is malformed ---- */

static void refused(struct suite *t, struct copy *c, const char *message, const char *detail)
{
	struct error err = {.text = ""};
	char wanted[256];
	struct object o;

	snprintf(wanted, sizeof(wanted), "the BPF object is malformed: %s", message);
	CASE("refuses an object: %s (%s)", message, detail) {
		CHECK(object_open(&o, c->bytes, c->size, &err) == -ENOEXEC);
		CHECK_TEXT(err.text, wanted);
	}
	free(c->bytes);
	t->refused++;
}

/* Makes a copy `c` of the good object malformed by the statements behind `detail`, which tells what
 * exactly is wrong. It must be refused with that message. */
#define BAD(message, detail, ...)                  \
	do {                                       \
		struct copy c = copy_of(&t->good); \
		__VA_ARGS__;                       \
		refused(t, &c, message, detail);   \
	} while (0)

static void test_sections(struct suite *t)
{
	static const char *const outside[][2] = {
		{"exec", "a program lies outside the file"},
		{"maps", "its maps lie outside the file"},
		{"license", "its license lies outside the file"},
		{".symtab", "its symbol table lies outside the file"},
		{".relexec", "relocations lie outside the file"},
	};
	const char *names = "its section names are not a string table that ends with a NUL";

	BAD("it is shorter than an ELF header", "63 bytes", c.size = 63);
	BAD("it does not begin with the ELF magic", "ELG", c.bytes[EI_MAG3] = 'G');
	BAD("it is not a 64-bit ELF file", "32 bits", c.bytes[EI_CLASS] = ELFCLASS32);
	BAD("its byte order is neither little nor big", "3", c.bytes[EI_DATA] = 3);
	BAD("its ELF version is not 1", "0", c.bytes[EI_VERSION] = 0);
	BAD("it is not a relocatable file", "an executable", c.elf->e_type = ET_EXEC);
	BAD("it is not a relocatable file", "the other order", c.bytes[EI_DATA] = ELFDATA2MSB);
	BAD("its machine is not BPF", "x86", c.elf->e_machine = EM_X86_64);
	BAD("its section headers have a wrong size", "40", c.elf->e_shentsize = 40);
	BAD("it has no sections", "but number 0", c.elf->e_shnum = 1);
	BAD("its section headers lie outside the file", "64 bytes", c.size = 64);
	BAD("its section headers lie outside the file", "by a byte", c.elf->e_shoff++);
	BAD("its section headers lie outside the file", "wrapping", c.elf->e_shoff = -64UL);
	BAD("the index of its section names is too large", "+ 1",
		c.elf->e_shstrndx = c.elf->e_shnum);
	BAD(names, "another type", c.names->sh_type = SHT_PROGBITS);
	BAD(names, "0 bytes", c.names->sh_size = 0);
	BAD(names, "the last byte is none", c.names->sh_size--);
	BAD(names, "outside by a byte", c.names->sh_offset = c.size - c.names->sh_size + 1);
	BAD("a section's name lies outside the section names", "+ 1",
		c.addrsig->sh_name = c.names->sh_size);
	for (size_t i = 0; i < LENGTH(outside); i++) {
		BAD(outside[i][1], "behind it", section(&c, outside[i][0])->sh_offset = c.size);
		BAD(outside[i][1], "wrapping", section(&c, outside[i][0])->sh_offset = -16UL);
		BAD(outside[i][1], "size -240", section(&c, outside[i][0])->sh_size = -240UL);
	}
	BAD(outside[1][1], "SHT_NOBITS", c.maps->sh_type = SHT_NOBITS);
	BAD(outside[2][1], "SHT_NOBITS", c.license->sh_type = SHT_NOBITS);
	BAD(outside[2][1], "0 bytes", c.license->sh_size = 0);
	BAD("a program has no bytes in the file", "SHT_NOBITS", c.exec->sh_type = SHT_NOBITS);
	BAD("a program's size is not a multiple of an instruction's", "4", c.exec->sh_size = 4);
	BAD("a program has more than 4096 instructions", "4097",
		grow(&c, 4097 * 8), c.exec->sh_size = 4097 * 8);
	BAD("two programs have the same name", "exec", add_section(&c, "exec"));
	BAD("it has more programs than this reader holds", "17 or more", add_programs(&c, 10));
	BAD("it has no program", "no more than its names", c.elf->e_shnum = 2);
	BAD("the size of its maps is not a multiple of a definition's", "0", c.maps->sh_size = 0);
	BAD("the size of its maps is not a multiple of a definition's", "8", c.maps->sh_size = 8);
	BAD("it has more maps than this reader holds", "one more",
	    c.maps->sh_size = (OBJECT_MAPS + 1) * 16);
	BAD("it has two sections of maps", "of one name", add_section(&c, "maps"));
	BAD("its license does not end with a NUL", "GPL", c.license->sh_size--);
	BAD("it has two licenses", "of one name", add_section(&c, "license"));
	BAD("it has no license", "but icense", c.license->sh_flags = 0, c.license->sh_name++);
	BAD("it has global data, which kernels below 5.2 do not know", "4 bytes",
		add_section(&c, "license")->sh_name++);
}

static void test_symbols(struct suite *t)
{
	const char *names = "its symbols' names are not a string table that ends with a NUL";
	const char *target = "relocations are for a section that is no program";
	const char *behind = "a relocation points behind its program";
	const char *nowhere = "a relocation's symbol does not point to a map";
	const char *order = "relocations are not in order, or two for one instruction";
	const Elf64_Sym maps = {.st_info = STT_SECTION, .st_shndx = t->good.rings->st_shndx};

	BAD("it has no symbol table", "SHT_PROGBITS", c.symtab->sh_type = SHT_PROGBITS);
	BAD("it has two symbol tables", "of one name", add_section(&c, ".symtab"));
	BAD("its symbols have a wrong size", "16", c.symtab->sh_entsize = 16);
	BAD("its symbols have a wrong size", "half of one", c.symtab->sh_size -= 12);
	BAD("the index of its symbols' names is too large", "+ 1",
		c.symtab->sh_link = c.elf->e_shnum);
	BAD(names, "a program", c.symtab->sh_link = c.exec - c.sections);
	BAD(names, "the last byte is none",
		add_section(&c, ".strtab")->sh_size--, c.symtab->sh_link = c.elf->e_shnum - 1U);
	BAD("a map's name lies outside the symbols' names", "+ 1",
		c.rings->st_name = c.names->sh_size);
	BAD("a map's name lies outside the symbols' names", "empty", c.rings->st_name = 0);
	BAD("a map's symbol does not point to a map", "within one", c.rings->st_value += 8);
	BAD("a map's symbol does not point to a map", "behind",
		c.rings->st_value = c.maps->sh_size);
	BAD("a map's definition has a wrong size", "20", c.rings->st_size = 20);
	BAD("a map has two names", "rings, scratches", c.rings->st_value += 16);
	BAD("a map has no name", "an absolute symbol", c.rings->st_shndx = SHN_ABS);
	BAD("a map has no name", "the last", c.maps->sh_size = OBJECT_MAPS * 16);
	BAD("relocations are for a section that does not exist", "+ 1",
		c.rel->sh_info = c.elf->e_shnum);
	BAD(target, "maps", c.rel->sh_info = c.maps - c.sections);
	BAD(target, ".text", c.rel->sh_info = section(&c, ".text") - c.sections);
	BAD("it has relocations with addends", "SHT_RELA", c.rel->sh_type = SHT_RELA);
	BAD("it has relocations with addends", "not flagged",
		c.rel->sh_type = SHT_RELA, c.rel->sh_flags = 0);
	BAD("relocations use another symbol table", "the names", c.rel->sh_link = 1);
	BAD("relocations have a wrong size", "24", c.rel->sh_entsize = 24);
	BAD("relocations have a wrong size", "half of one", c.rel->sh_size -= 8);
	BAD("a program has two sections of relocations", "exec", add_section(&c, ".relexec"));
	BAD("a relocation's type is not R_BPF_64_64", "R_BPF_64_32", c.rels->r_info += 9);
	BAD("a relocation points between two instructions", "4", c.rels->r_offset += 4);
	BAD(behind, "by a byte", c.rels->r_offset = c.exec->sh_size);
	BAD(behind, "its end", c.rels->r_offset = c.exec->sh_size - 8);
	BAD(behind, "far", c.rels->r_offset = -16UL);
	BAD("a relocation points to an instruction that is no ld_imm64", "a mov",
		c.insns->code = BPF_ALU64 | BPF_MOV);
	BAD("an ld_imm64 has no second half", "a mov", c.insns[1].code = BPF_ALU64 | BPF_MOV);
	BAD("a relocation has an addend", "in the low half", c.insns->imm = 16);
	BAD("a relocation has an addend", "in the high half", c.insns[1].imm = 1);
	BAD("a relocation's symbol is not in the symbol table", "+ 1",
		c.rels->r_info = ELF64_R_INFO(c.symbols_end - c.symbols, R_BPF_64_64));
	BAD(order, "two for one", c.rels[1] = c.rels[0]);
	BAD(order, "the third as the first", c.rels[2] = c.rels[0]);
	BAD("a relocation's symbol has no name", "0", c.rels->r_info = R_BPF_64_64);
	BAD("a relocation's symbol has no name", "+ 1", c.setting->st_name = c.names->sh_size);
	BAD("a relocation's symbol is neither a map nor undefined", "absolute",
		c.setting->st_shndx = SHN_ABS);
	BAD(nowhere, "within one", *c.setting = maps, c.setting->st_value = 8);
	BAD(nowhere, "behind the last", *c.setting = maps, c.setting->st_value = c.maps->sh_size);
}

/* ---- what nobody thought of ---- */

/* Opens what may be malformed and uses all of it. 0 or object_open's error. */
static int use(const struct suite *t, const struct copy *c)
{
	struct error err;
	struct object o;
	int ret = object_open(&o, c->bytes, c->size, &err);

	if (ret)
		return ret;
	CHECK(strlen(o.license) < c->size);
	for (uint32_t i = 0; i < o.map_count; i++)
		CHECK(strlen(o.maps[i].name) < c->size);
	for (uint32_t i = 0; i < o.program_count; i++) {
		CHECK(strlen(o.programs[i].name) < c->size);
		free(linked(&o, i, &t->link));
	}
	return 0;
}

static uint64_t xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One to four bits or words changed, half of them where headers, symbols and relocations are. */
static struct copy mutated(const struct copy *from, uint64_t *random)
{
	struct copy c = bytes_of(from, from->size);
	const uint64_t words[] = {0, 1, 8, c.size, c.size - 8, 1UL << 31, 1UL << 63, -1UL, -16UL};

	for (uint64_t n = xorshift(random) % 4 + 1; n; n--) {
		uint64_t what = xorshift(random), word = words[xorshift(random) % LENGTH(words)];
		size_t at = c.size - 1 - xorshift(random) % (what & 1 ? c.size : c.size / 6);

		if (what & 2)
			memcpy(c.bytes + (at & ~7UL), &word, what & 4 ? 4 : 8);
		else
			c.bytes[at] ^= 1U << (what >> 3 & 7);
	}
	return c;
}

static void test_unforeseen(const struct suite *t)
{
	unsigned int good = 0, rounds = 20000;
	uint64_t random = 88172645463325252;

	CASE("refuses an object that is cut off, wherever it is")
		for (size_t size = 0; size < t->good.size; size++) {
			struct copy c = bytes_of(&t->good, size);

			CHECK(use(t, &c) == -ENOEXEC);
			free(c.bytes);
		}
	CASE("survives 20000 objects with random changes, some of them still good") {
		for (unsigned int i = 0; i < rounds; i++) {
			struct copy c = mutated(i % 2 ? &t->big : &t->good, &random);
			int ret = use(t, &c);

			CHECK(!ret || ret == -ENOEXEC);
			good += !ret;
			free(c.bytes);
		}
		CHECK(good > rounds / 20 && good < rounds - rounds / 20);
	}
}

int main(int argc, char **argv)
{
	struct suite t = {.fds = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115},
			  .link = {.settings = t.settings, .map_fds = t.fds}};
	struct object good;

	setvbuf(stdout, NULL, _IOLBF, 0); /* a sanitizer that ends the program flushes nothing */
	assert(argc == 3);
	t.good = read_file(argv[1]);
	t.big = read_file(argv[2]);
	locate(&t.good);
	/* The padding, if there is any. */
	if (t.good.names->sh_offset + t.good.names->sh_size < t.good.elf->e_shoff)
		t.good.bytes[t.good.names->sh_offset + t.good.names->sh_size] = 'x';
	for (Elf64_Sym *s = t.good.symbols + 1; s < t.good.symbols_end; s++)
		if (s->st_shndx == SHN_UNDEF && t.link.setting_count < LENGTH(t.settings))
			t.settings[t.link.setting_count++] = (struct object_setting){
				symbol_name(&t.good, s), (s - t.good.symbols) * 0x89abcdef01234567};
	CASE("opens what clang wrote")
		good = opened(&t.good);
	assert(!check_failures);
	test_open(&t, &good);
	test_link(&t, &good);
	test_sections(&t);
	test_symbols(&t);
	CASE("refuses %u malformed objects", t.refused)
		CHECK(t.refused >= 40);
	test_unforeseen(&t);
	free(t.good.bytes);
	free(t.big.bytes);
	return 0;
}
