/* SPDX-License-Identifier: GPL-2.0-only */
/* The source of execs by BPF programs: Linux 4.8 and later, with perf events. */
#ifndef SOURCE_BPF_H
#define SOURCE_BPF_H

#include "elf.h"
#include "source/source.h"

/* Reads the BPF object; needs no privilege. `request` is used as long as the source. NULL with err filled. */
struct source *bpf_open(const struct request *request, struct error *err);

/* The object, and each program as it would be loaded: offsets and descriptors that the running kernel has not been asked for are
 * 0. The caller frees *insns. 0 or -errno with err filled. */
const struct object *bpf_object(const struct source *source);
int bpf_link(const struct source *source, const struct object_program *program, struct bpf_insn **insns, struct error *err);

/* The offsets that were learned. */
const struct layout *bpf_layout(const struct source *source);

#endif
