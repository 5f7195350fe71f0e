/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF instructions as text, in the notation of llvm-objdump 19. */
#ifndef DISASM_H
#define DISASM_H

#include "elf.h"
#include "show/output.h"

/* Prints the linked instructions of a program, one a line: index, bytes in the object's own order, meaning, and for what
 * the linker filled in, its name. */
void disasm_print(const struct object *object, const struct object_program *program, const struct bpf_insn *insns,
		  struct output *out);

#endif
