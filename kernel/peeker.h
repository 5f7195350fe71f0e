/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks for kernel memory: the tracepoint task:task_rename runs a BPF program that copies it for the task that renames itself. And
 * the state of the learning, which its processes share. For peek.c and models.c. */
#ifndef PEEKER_H
#define PEEKER_H

#include <sys/types.h>

#include "bpf/record.h"
#include "kernel/layout.h"
#include "kernel/paths.h"
#include "kernel/states.h"

#define MODELS 6

struct peeker {
	int map, proc;
	size_t chunk;
	int error; /* the first failure to ask, -errno */
	struct peek peek;
	const char *comm; /* of the task that asks now: the others wait for it */
	pid_t child; /* its id here */
	struct layout_facts facts;
	struct layout layout;
	struct layout_workspace workspace;
	struct states states;
	struct models_wanted wanted;
	struct states_workspace states_workspace;
	struct paths_facts paths;
	struct paths_workspace paths_workspace;
	char model_comms[MODELS][16], walker_comm[16];
	int model; /* the number of the one that is being made */
	pid_t leader; /* of the halved one, 0: it has ended */
	pid_t parent; /* of all models */
	struct layout found; /* with what was learned from them, once that is whole: */
	uint32_t is_found;
	_Alignas(16) char stacks[LAYOUT_TASKS][32768];
	_Alignas(16) char model_stacks[MODELS][32768];
};

/* From now on the calling task asks, by that name. The address of its task_struct, or 0 with the error noted. */
uint64_t peeker_begin(struct peeker *peeker, const char *comm);

/* For struct layout_memory; context: the peeker. */
int peeker_read(void *context, uint64_t address, void *buffer, size_t length);

/* Notes a failure, -errno; the first stays. */
void peeker_note(struct peeker *peeker, int ret);

/* A task's whole name: the bytes that the program goes by, and others for each task. Its task_struct may be the next in the
 * slab. All 15 bytes are used: the longer the pattern, the fewer chance finds. */
void make_name(char comm[16], uint64_t name, int which);

/* How often to ask if the program does not run (-ENODATA): another task at work in bpf(2) on this CPU keeps that of a perf event
 * from running (bpf_prog_active). */
#define PEEK_TRIES 50

/* Asks for `length` bytes at `address`, through the map "peeks": renaming fires the tracepoint before the name changes, so while
 * the thread still bears the name that the program waits for. 0 or -errno. */
int peeker_ask(int map, const char *comm, struct peek *peek, uint64_t address, size_t length);

/* Size of a long of the kernel, by the address of a task_struct that bpf_get_current_task() tells: it extends the sign of an
 * address of 4 bytes. A 32-bit binary may run on a 64-bit kernel. */
uint32_t kernel_long_size(uint64_t task);
uint64_t as_in_memory(uint32_t size, uint64_t task);

#endif
