/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths of cgroups by their ids. An id is no other cgroup's as long as the machine is up, so a path that was found stays so. One
 * that was not is asked for once a second at most. */
#ifndef CGROUP_PATHS_H
#define CGROUP_PATHS_H

#include <stddef.h>
#include <stdint.h>

#include "show/container.h"

struct cgroup_path {
	uint64_t id;
	uint64_t asked; /* CLOCK_MONOTONIC, ns */
	uint32_t length; /* 0: it is not known */
	struct part container; /* its id, in the path */
	char bytes[];
};

struct cgroup_paths {
	/* Who is asked: fills the path, of `size` bytes at most. pid: a process that was in it. Its length, 0: not known. NULL:
	 * nobody can be asked. */
	size_t (*ask)(void *context, uint64_t id, uint32_t pid, char *path, size_t size);
	void *context;
	struct cgroup_path **slots;
	size_t count, bytes; /* of those kept */
};

/* NULL: not known. It is valid until the next call. */
const struct cgroup_path *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id, uint32_t pid);

void cgroup_paths_free(struct cgroup_paths *paths);

#endif
