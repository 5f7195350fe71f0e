/* The object's maps and programs: made, linked with all that is known by then, loaded. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <linux/bpf.h>

#include "source/tracer.h"

enum {
	MAP_RINGS,
	MAP_BULK_RINGS,
	MAP_SCRATCHES,
	MAP_ARGS_PROGRAM,
	MAP_PIECES_PROGRAM,
	MAP_HANDLED,
	MAP_CALLS,
	MAP_PEEKS,
	MAP_MNTNSMAP,
	MAP_CGROUPMAP,
	MAP_MNTNS_SET,
	MAP_CGROUPS,
	MAP_MEMBERS,
	MAP_NEWCOMERS,
	MAP_ROOTS,
	MAPS
};

/* Finds the maps in the object, for the functions below. */
void find_maps(struct tracer *tracer);

/* Makes one of the maps, with max_entries instead of the object's number unless that is 0. 0 or -errno. */
int create_map(struct tracer *tracer, int map, uint32_t max_entries, struct error *err);

/* A map's descriptor. */
int map_fd(const struct tracer *tracer, int map);

/* Its value's size. */
uint32_t map_value_size(const struct tracer *tracer, int map);

/* Makes fd one of the maps; -1: it is never looked into, and "members", which has the same shape, will do. */
void use_map(struct tracer *tracer, int map, int fd);

/* Strings of argv that can be seen with --max-args, as far as the programs count them; 0: any number. --line sees all. */
uint32_t wanted_strings(const struct options *options);

/* Calls of the one helper become calls of the other, in programs that are loaded from now on. */
void swap_helper(struct tracer *tracer, int32_t from, int32_t to);

/* Loads a program of the object; its descriptor, for the caller to close, or -errno. */
int load_program(struct tracer *tracer, const char *name, enum bpf_prog_type type,
		 struct error *err);

/* Bytes of kernel memory that a map or a program takes, by its descriptor; 0 below 4.10, where none tells. */
uint64_t object_memory(const struct tracer *tracer, int fd);

#endif
