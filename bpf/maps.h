/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of the BPF programs: one list, from which common.bpf.h defines them and plan.h numbers them, in the object's order. */
#ifndef MAPS_H
#define MAPS_H

/* X(name, type, size of the key, size of the value, entries). Entries that depend on the machine or the options are given when
 * the map is made. */
#define MAPS_LIST(X) \
	/* Rings of first records, by lane. */ \
	X(rings, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0) \
	/* Rings of the records that follow an exec's first one, by lane. */ \
	X(bulk_rings, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0) \
	/* One for each lane. User space maps it to read the counts. A per-CPU array cannot be mapped, and a bpf(2) call would keep \
	 * the programs of perf events from running on its CPU. */ \
	X(scratches, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct scratch), 1) \
	/* Programs that are tail-called. All programs in one map have one type. */ \
	X(args_program, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 5) /* "args", "count", "path", "chain", "environment" */ \
	X(pieces_program, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1) \
	X(end_programs, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2) /* for "thread_exit": "exit", "end" */ \
	X(peek_program, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1) /* "peek_exec" itself */ \
	/* Linux 7.0 and later: by task_struct, the mark of an exec that a copy of "exec" has seen (exec_mark). Under the key 0: \
	 * the copy behind a perf event runs first. And processes whose end has been told (end_mark). */ \
	X(handled, BPF_MAP_TYPE_LRU_HASH, 8, 8, 4096) \
	/* Calls that have not returned, by task_struct. */ \
	X(calls, BPF_MAP_TYPE_HASH, 8, sizeof(struct call), 4096) \
	/* Filters. The user's own, pinned, are the first two. */ \
	X(mntnsmap, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	X(cgroupmap, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	X(mntns_set, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	X(cgroups, BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 1) \
	/* Threads of -p and of a command: by task_struct, which an exec does not change, with their ids; and by id, those whose \
	 * task_struct is not known yet. */ \
	X(members, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	X(newcomers, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	/* Processes of -p, while user space looks for their descendants in /proc. */ \
	X(roots, BPF_MAP_TYPE_HASH, 8, 8, 1) \
	/* Environment variables that are wanted. */ \
	X(variables, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct variable_key), 8, 1) \
	/* Room for one that is looked at, for each lane: unlike the scratches, nobody maps it. */ \
	X(rooms, BPF_MAP_TYPE_ARRAY, 4, VARIABLE_MOST, 1) \
	/* One entry: user space asks for kernel memory in it, and gets it. */ \
	X(peeks, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct peek), 1)

#endif
