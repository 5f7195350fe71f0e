/* SPDX-License-Identifier: GPL-2.0-only */
/* All that linking and loading a program needs, and nothing else. Copy it freely, and change the copy. */
#ifndef PLAN_H
#define PLAN_H

#include <linux/bpf.h>

#include "bpf/maps.h"
#include "bpf/settings.h"
#include "elf.h"
#include "kernel/layout.h"
#include "source/request.h"

#define SETTING_ENUM(name) SETTING_##name,
enum setting { SETTINGS_LIST(SETTING_ENUM) SETTINGS };

#define MAP_ENUM(name, type, key, value, entries) MAP_##name,
enum map { MAPS_LIST(MAP_ENUM) MAPS };

enum program {
	PROGRAM_THREAD_EXIT,
	PROGRAM_FORK,
	PROGRAM_EXEC,
	PROGRAM_ARGS,	/* tail-called by "exec" */
	PROGRAM_COUNT,
	PROGRAM_CHAIN,	/* the same, before "args", as these: */
	PROGRAM_PATH,
	PROGRAM_VARIABLES,
	PROGRAM_EXIT,
	PROGRAM_PIECES, /* tail-called by "exit" */
	PROGRAM_KILLED, /* "exit" again, tail-called by "thread_exit" */
	PROGRAM_END,
	PROGRAM_ENTER,
	PROGRAM_PEEK,
	PROGRAM_PEEK_EXEC,
	PROGRAM_PEEK_EXEC_AGAIN, /* tail-called by itself */
};

struct link {
	struct object_setting settings[SETTINGS];
	int maps[MAPS]; /* descriptors */
	struct helper_swap swaps[6];
	size_t swap_count;
	uint64_t *memory; /* gets bytes of kernel memory that programs take, for --check; NULL: not counted */
	int proc;	  /* /proc, which tells them */
	bool on_stack; /* below Linux 4.11: helpers write to the stack alone, so a program's twin is loaded */
};

/* All settings 0, no map. */
void link_init(struct link *link);

void link_set(struct link *link, enum setting setting, uint64_t value);

/* Sets what a request asks for. cgroup_ids: the kernel has bpf_get_current_cgroup_id. */
void link_request(struct link *link, const struct request *request, bool cgroup_ids);

/* Sets the offsets. task: the address of a task_struct. */
void link_layout(struct link *link, const struct layout *layout, uint64_t task);

/* Calls of one helper become calls of another. */
void link_swap_helper(struct link *link, int32_t from, int32_t to);

/* Makes a map, with `entries` instead of the object's number unless that is 0. 0 or -errno with err filled, as all here. */
int link_create_map(struct link *link, const struct object *object, enum map map, uint32_t entries, struct error *err);

/* Lets fd be the map. -1: no program looks into it, and "members", which has the same shape, will do. */
void link_use_map(struct link *link, enum map map, int fd);

/* Number of strings of argv that --max-args can show, as far as the programs count them; 0: any number. */
uint32_t wanted_strings(const struct request *request);

/* Loads a program; its descriptor, for the caller to close, or -errno. */
int link_load(const struct link *link, const struct object *object, enum program program, enum bpf_prog_type type,
	      struct error *err);

/* Loads a program that others tail-call, and puts it into its place in its map. */
int link_load_tail(const struct link *link, const struct object *object, enum program program, enum bpf_prog_type type,
		   struct error *err);

/* Links a program as link_load() does. The caller frees *insns. */
int link_program(const struct link *link, const struct object *object, const struct object_program *program,
		 struct bpf_insn **insns, struct error *err);

/* Bytes of kernel memory that a map or a program takes, by its descriptor; 0 below 4.10, where none tells. proc: /proc, or -1. */
uint64_t kernel_memory(int proc, int fd);

/* Whether the object's maps are those of the list, in its order. */
bool link_fits(const struct object *object);

#endif
