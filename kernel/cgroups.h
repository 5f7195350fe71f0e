/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups of the v2 hierarchy by their ids. */
#ifndef CGROUPS_H
#define CGROUPS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* The root of the hierarchy, as far as this process sees it, or -1: it is mounted nowhere. The caller closes it. proc: /proc. */
int cgroup_root(int proc);

/* The id of the directory, as bpf_get_current_cgroup_id() tells it. 0: it is none. path: below dir, "" for dir itself. */
uint64_t cgroup_id(int dir, const char *path);

/* The cgroup of a process: its path in the hierarchy, "" for the root. false: not known. */
bool cgroup_of(int proc, uint32_t pid, char *path, unsigned int size);

#define CGROUP_PATH_SIZE 4096

/* How it opens a cgroup, and nothing else. */
#define CGROUP_OPEN (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* As cgroup_root(), for cgroup_path(). -1: no path can be found here, and *why not. */
int cgroup_path_root(int proc, const char **why);

/* The path in the hierarchy of the cgroup with that id, "/" for the root. It is found by the id; where that is not allowed, it is
 * that of process `pid` (0: of none). The directory by that name has the id. kernfs gives an id of 64 bits once, on 32-bit
 * machines, too (before Linux 4.20 until it has given 2^31), so the path is no other cgroup's, then or later. Its length; 0: not
 * known, for example because the cgroup is no more. */
size_t cgroup_path(int root, int proc, uint64_t id, uint32_t pid, char path[CGROUP_PATH_SIZE]);

/* Says why the directory that --cgroup names is refused, and where others are. errnum: it cannot be opened; 0: it is no cgroup of
 * the v2 hierarchy. -errno with err filled. */
int cgroup_refuse(const char *path, int errnum, int proc, struct error *err);

/* The id of the directory that --cgroup names. 0 or -errno with err filled. */
int cgroup_number(const char *path, int proc, uint64_t *id, struct error *err);

#endif
