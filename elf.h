/* SPDX-License-Identifier: GPL-2.0-only */
/* A BPF object file: its maps, its programs, and their linking. Knows bytes, makes no syscall.
 * Objects of either byte order are read on any host. */
#ifndef ELF_H_
#define ELF_H_

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define OBJECT_MAPS 24
#define OBJECT_PROGRAMS 24

struct object_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries; /* as in union bpf_attr */
};

/* An ld_imm64 whose value is known only at link time. */
struct object_relocation {
	uint32_t insn; /* index of its first half */
	int map;       /* index in object.maps, or -1 */
	const char *setting; /* the undefined symbol's name if map is -1 */
};

struct object_program {
	const char *name; /* the section's */
	uint32_t section; /* its index */
	const uint8_t *bytes;
	uint32_t insn_count;
	const uint8_t *relocations; /* for object_relocation() */
	uint32_t relocation_count;
};

struct object {
	const uint8_t *data;
	size_t size;
	bool big_endian;
	const char *license;
	/* The symbol table and its strings, for relocations. */
	const uint8_t *symbols;
	uint64_t symbol_count;
	const char *strings;
	uint64_t strings_size;
	uint32_t maps_section;
	uint32_t map_count, program_count;
	struct object_map maps[OBJECT_MAPS];
	struct object_program programs[OBJECT_PROGRAMS];
};

struct object_setting {
	const char *name;
	uint64_t value;
};

/* Calls of `from` become calls of `to`: for a helper that the running kernel lacks. */
struct helper_swap {
	int32_t from, to; /* enum bpf_func_id */
};

/* Values and descriptors for the linking of programs. */
struct object_link {
	const int *map_fds; /* one for each of object.maps */
	const struct object_setting *settings;
	size_t setting_count;
	const struct helper_swap *swaps;
	size_t swap_count;
	bool by_mov; /* settings by mov: before Linux 4.11 the verifier takes what ld_imm64 loads for unknown */
};

/* Reads the object of `size` bytes at data, checking every offset, size, index and string in it.
 * Strings and programs point into data, which must outlive the object. 0 or -ENOEXEC. */
int object_open(struct object *object, const void *data, size_t size, struct error *err);

/* The program of that name, or NULL. */
const struct object_program *object_program(const struct object *object, const char *name);

/* Relocation i of a program of an object that object_open() has read. */
struct object_relocation object_relocation(const struct object *object,
					   const struct object_program *program, uint32_t i);

/* Writes program->insn_count linked instructions, in the host's form, to insns. 0, or -ENOENT if a
 * symbol has no value in `link`. */
int object_link(const struct object *object, const struct object_program *program,
		const struct object_link *link, struct bpf_insn *insns, struct error *err);

#endif
