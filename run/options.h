#ifndef OPTIONS_H
#define OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "show/output.h"

#define VERSION "0.1"

/* How often --cgroup can be given: so often the BPF programs ask (cgroup_is_filtered in prog.bpf.c). */
#define FILTER_CGROUPS 16

/* The arguments of an option that can be given more than once. */
struct strings {
	const char **items;
	size_t count;
};

struct options {
	bool help, version, ebpf;
	bool time, timestamp, fails, quote, print_uid, print_cpu, print_pcomm, print_mntns, print_cgroup;
	bool json, tree, iso_time, append, quiet, check, no_sandbox;
	uint64_t duration; /* ns, 0: until a signal */
	bool has_name, has_line, has_uid;
	regex_t name, line;
	uint32_t uid;
	uint32_t ppid; /* 0: any */
	uint64_t max_args; /* 0: all */
	uint64_t max_bytes; /* of an exec's arguments, 0: all */
	uint64_t count; /* execs to print, 0: any number */
	const char *output; /* a path, NULL: the standard output */
	uint64_t max_size; /* bytes of that file, 0: any number */
	unsigned int keep; /* old files, from 1 on */
	uint64_t ring_size; /* bytes a CPU, 0: by the machine's memory */
	const char *mntnsmap, *cgroupmap; /* paths, NULL: any */
	struct strings mntns, cgroups;
	struct strings pids; /* each a number */
	char **command;	     /* NULL-terminated, or NULL */
	char *user;    /* whose the command is to be, or NULL */
	uint32_t user_uid, user_gid;
};

/* Reads the command line, whose strings must stay. 0; or 2, a usage error that has been printed on standard error. The
 * caller ends with options_free(). */
int options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/* How many bytes of an exec's arguments are read, 0: all. --line looks at more than are shown. */
uint64_t options_bytes_read(const struct options *options);

/* Prints the help. */
void options_help(struct output *out);

#endif
