/* Cgroups of the v2 hierarchy by their ids. */
#ifndef CGROUPS_H
#define CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* The root of the hierarchy, as far as this process sees it, or -1: it is mounted nowhere. The caller closes it. proc: /proc. */
int cgroup_root(int proc);

/* The id of the directory, as bpf_get_current_cgroup_id() tells it. 0: it is none. path: below dir, "" for dir itself. */
uint64_t cgroup_id(int dir, const char *path);

/* The cgroup of a process: its path in the hierarchy, "" for the root. false: not known. */
bool cgroup_of(int proc, uint32_t pid, char *path, unsigned int size);

/* The id of the directory that --cgroup names. 0 or -errno with err filled. */
int cgroup_number(const char *path, uint64_t *id, struct error *err);

#endif
