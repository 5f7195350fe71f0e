/* SPDX-License-Identifier: GPL-2.0-only */
/* The reader and linker of the BPF object. */
#include <stdlib.h>
#include <string.h>

#include "elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bpf_insn insns[BPF_MAXINSNS];
	static const int map_fds[OBJECT_MAPS];
	static const struct object_setting settings[] = {{"uid_filter_setting", 7}, {"long_size_setting", 8}};
	struct object_link link = {.map_fds = map_fds, .settings = settings, .setting_count = 2};
	struct error err = {0};
	struct object o;

	if (object_open(&o, data, size, &err))
		return 0;
	for (uint32_t i = 0; i < o.program_count; i++)
		for (link.by_mov = 0;; link.by_mov = 1) {
			if (o.programs[i].insn_count <= BPF_MAXINSNS)
				object_link(&o, &o.programs[i], &link, insns, &err);
			if (link.by_mov)
				break;
		}
	return 0;
}
