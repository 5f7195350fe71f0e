/* SPDX-License-Identifier: GPL-2.0-only */
/* A request to a source: which execs, and which of their fields. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/ids.h"

/* The arguments of an option that can be given more than once. */
struct strings {
	const char **items;
	size_t count;
};

struct request {
	bool fails; /* failed calls, too */
	bool exits; /* ends of processes, too */
	bool command; /* only a command's execs and its descendants'; the command is made later */
	struct strings pids; /* only these processes' and their descendants'; each is a number */
	struct id_filters ids;
	const char *mntnsmap, *cgroupmap; /* paths of pinned maps, NULL: any */
	struct strings mntns, cgroups;
	struct strings variables; /* names of environment variables that are shown */
	uint64_t ancestors; /* that are shown at most */
	bool want_ancestors, want_cgroup, want_mntns, want_pcomm, want_start, want_eids, want_login, want_exe, want_cwd, want_tty, want_ns_pid,
	     want_chain, want_inode;
	bool print_cgroup, print_mntns, print_euid; /* they have a column, so their lack is said */
	uint64_t max_bytes; /* of an exec's arguments that are read, 0: all */
	uint64_t max_args;  /* file name included, 0: all */
	uint64_t ring_size; /* bytes a CPU, 0: by the machine's memory */
	bool check; /* --check: count memory, leave warnings to the table */
};

#endif
