/* The tracer: programs in the kernel, rings that fill, and what was learned on the way. */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "elf.h"
#include "error.h"
#include "event.h"
#include "features.h"
#include "kprobes.h"
#include "layout.h"
#include "members.h"
#include "options.h"
#include "peek.h"

/* Everything that set-up makes and the loop needs. Programs and attachments are never closed: they
 * end with the process. */
struct tracer {
	const struct options *options;
	struct object object;
	uint8_t *unpacked; /* its bytes */
	struct features features;
	struct peek_self self;
	struct suspects suspects;
	uint64_t added, removed; /* members, by us and not by the programs */
	uint64_t program_memory; /* bytes in the kernel, counted for --check */
	struct helper_swap swaps[6];
	size_t swap_count;
	int map_fds[OBJECT_MAPS]; /* in the object's order */
	int tracefs; /* -1: not needed so far */
	int proc, sysfs;
	int cpus; /* possible ones */
	uint64_t ring_size; /* bytes, of each CPU's */
	struct layout layout;
	uint64_t peek_name;
	int peek_events[2]; /* what the learner attached, or -1 */
	int counted[8]; /* programs whose misses are execs that are lost */
	size_t counted_count;
	int fork_program; /* whose misses are descendants that are not known; -1 */
	uint64_t exec_filename, exec_old_pid, fork_child_pid;
	uint64_t execve_filename, execve_argv, exit_ret;
	uint64_t execveat_fd, execveat_filename, execveat_argv;
	bool no_call_tracepoints; /* execve(2) and execveat(2) have none here */
	bool few_pieces; /* an old verifier, with little patience */
	bool call_direct, call_has_fd;
	uint64_t call_execve, call_execveat, call_number, call_mode, call_mode_mask, call_mode_value;
	bool pieces_alone; /* "pieces" is not followed by "again" */
	uint64_t slot_size, call_regs, call_fd, call_filename, call_argv;
	struct kprobes kprobes;
	int attached[48];
	size_t attached_count;
	struct collector collector;
	const char *scratches; /* the map, mapped; NULL: it cannot be */
	struct counts *counts; /* by CPU, as tracer_count_unseen() last saw them */
};

/* Reads the BPF object; needs no privilege. 0 or -errno with err filled, as all here. `options` is
 * used as long as the tracer. */
int tracer_open(struct tracer *tracer, const struct options *options, struct error *err);

/* --ebpf: prints the programs as they would be loaded. What the running kernel has not been asked
 * for (offsets, map descriptors) is 0 and named beside it. */
int tracer_print_programs(const struct tracer *tracer, struct output *out, struct error *err);

/* Learns the running kernel's layout, loads and attaches. argv: the vector that main() got, whose
 * strings the kernel laid down. When it returns 0, every exec is recorded. */
int tracer_set_up(struct tracer *tracer, char **argv, struct error *err);

/* Whether only some processes are traced, and their descendants (-p, -- COMMAND). */
bool tracer_has_members(const struct tracer *tracer);

/* Runs the command, as a member from its first moment. 0 or -errno with err filled. */
int tracer_start_command(struct tracer *tracer, struct command *command, const struct inherited *inherited,
			 struct error *err);

/* Forgets members that have ended unseen. */
void tracer_sweep_members(struct tracer *tracer);

/* Whether all members have ended. */
bool tracer_members_gone(const struct tracer *tracer);

/* For --check, when set-up has ended, well or not: asks for what it did not need. */
void tracer_ask_rest(struct tracer *tracer);

/* Puts away what only set-up needed. It can take some 70 ms, so not before the first exec can be
 * seen. */
void tracer_settle(struct tracer *tracer);

/* Opens rings for CPUs that have come online since, closes those of CPUs that have gone. true: there
 * were some, so what collector_poll_fds() gave is no longer so. */
bool tracer_cover_cpus(struct tracer *tracer);

/* Frees what the tracer itself holds. */
void tracer_free(struct tracer *tracer);

/* Ends the tracing; what is in the rings can still be read. */
void tracer_detach(struct tracer *tracer);

/* Counts what was lost behind the last exec that came from each CPU, as it was at the call before this one, at
 * least some milliseconds ago; finally, with the programs detached and the rings empty, as it is now. */
void tracer_count_unseen(struct tracer *tracer, bool finally);

/* How often the kernel did not run a program that shows execs, because another BPF program or a bpf(2)
 * call was at work on the CPU. With -x some of these may have been execs that are shown all the same. */
uint64_t tracer_skipped(const struct tracer *tracer);

/* The same for the program that sees threads and processes begin: what descends from them may not be followed. */
uint64_t tracer_unseen_forks(const struct tracer *tracer);

/* How many execs the filters in the kernel did not let pass. */
uint64_t tracer_filtered(const struct tracer *tracer);

/* How many threads for which there was no room among the members. */
uint64_t tracer_forgotten(const struct tracer *tracer);

#endif
