/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters that a kernel without BPF cannot apply: by an exec's fields, and by what /proc says. */
#ifndef PASSES_H
#define PASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "reader/exec.h"
#include "source/request.h"

/* Inode numbers, which are ids. */
struct filter_ids {
	uint64_t *ids;
	size_t count;
};

struct passes {
	const struct request *request;
	int proc;
	struct filter_ids mntns;   /* --mntns */
	struct filter_ids cgroups; /* --cgroup */
	int cgroup_root; /* the cgroup v2 file system, or -1 */
};

/* 0 or -errno with err filled. */
int passes_open(struct passes *passes, const struct request *request, int proc, struct error *err);

/* Fills mount namespace and cgroup of the exec's process, if they are wanted and can be read. */
void passes_ask(const struct passes *passes, struct exec *exec);

/* Whether the exec passes all filters but those by descent. A field that is not known passes. */
bool passes_exec(const struct passes *passes, const struct exec *exec);

/* The same of the end of a process, where a field that is not known does not pass. */
bool passes_end(const struct passes *passes, const struct exec *end);

#endif
