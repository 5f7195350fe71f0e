/* The tracer: programs in the kernel, rings that fill, and what was learned on the way. */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/user.h"
#include "elf.h"
#include "kernel/features.h"
#include "kernel/kprobes.h"
#include "kernel/layout.h"
#include "kernel/peek.h"
#include "lib/error.h"
#include "reader/event.h"
#include "run/command.h"
#include "run/options.h"
#include "source/members.h"

/* A lane is a buffer, counts and a ring; each kind has one for each CPU. A program never interrupts itself on a CPU. Where
 * programs can be preempted (Linux 7.0), they can interrupt one another, so each has a kind of its own; elsewhere LANE_EXEC
 * is for all. The kinds from LANE_FORK on send nothing, so they have no ring. */
enum lane_kind {
	LANE_EXEC,
	LANE_FAIL = LANE_EXEC + EXEC_COPIES,
	LANE_FAIL_COMPAT,
	LANE_END,
	LANE_END_AGAIN,
	LANE_FORK,
	LANE_FORK_AGAIN,
	LANE_ENTER_EXECVE,
	LANE_ENTER_EXECVEAT,
	LANE_ENTER_COMPAT, /* two of them */
	LANE_KINDS = LANE_ENTER_COMPAT + 2
};

/* Failed calls whose return was not seen, by what should have shown it; and those that seem to be such: they began long ago. */
struct missed {
	uint64_t by_tracepoints, by_probes, not_returned;
};

/* State of a lane's rings. */
struct watch {
	uint32_t seq; /* execs that the lane had reported at the last look */
	bool deaf;    /* they are to be opened again: its CPU has been away */
	bool wanted;  /* they are to be opened */
	int fds[2];   /* their events, 0: none */
	bool mapped;  /* and `rings` are the helper's own maps of them */
	struct ring rings[2];
};

/* Everything that set-up makes and the loop needs. Programs and attachments are never closed: they
 * end with the process. */
struct tracer {
	const struct options *options;
	struct object object;
	uint8_t *unpacked; /* its bytes */
	size_t unpacked_size;
	struct features features;
	struct peek_self self;
	struct suspects suspects[2]; /* of the maps newcomers and members */
	uint64_t added, removed; /* members, by us and not by the programs */
	uint64_t unseen_ends;	 /* members that were removed because they had ended unseen */
	uint64_t program_memory; /* bytes in the kernel, counted for --check */
	struct helper_swap swaps[6];
	size_t swap_count;
	int map_fds[OBJECT_MAPS]; /* in the object's order */
	size_t map_places[OBJECT_MAPS]; /* there, of each of our maps (programs.h) */
	int tracefs; /* -1: not needed so far */
	int proc, sysfs; /* -1: not to be had */
	bool proc_is_initial; /* /proc, and we, are in the initial pid namespace, whose ids the kernel side tells */
	int64_t clock_ahead; /* our CLOCK_MONOTONIC is so many ns ahead of the kernel's */
	int cpus; /* possible ones */
	uint64_t ring_size; /* bytes, of each CPU's */
	struct layout layout;
	uint64_t peek_name;
	int peek_events[2]; /* what the learner attached, or -1 */
	int exec_program; /* whose misses are execs that are lost, unless there is a second one; -1 */
	int enters[7], exits[5]; /* programs at calls' entries and returns, whose misses may be failed ones that are lost */
	size_t enters_count, exits_count;
	uint64_t unentered; /* execs whose call's entry was not seen, when all had been attached */
	int fork_programs[2]; /* what both miss are descendants that are not known; -1 */
	bool again;	      /* what is loaded is the second of two such programs */
	bool preempted;	  /* raw tracepoints are: each kind of lanes is used */
	unsigned int exec_copy; /* of "exec", the one that is loaded, from 1 on; 0: there is one */
	bool exec_by_event; /* of "exec", the one that is loaded is behind a perf event though there are raw tracepoints */
	bool for_compat;  /* what is loaded is for the calls of 32-bit programs on a 64-bit kernel */
	struct user_space user;
	uint64_t exec_filename, exec_old_pid, fork_child_pid;
	uint64_t execve_filename, execve_argv, exit_ret;
	uint64_t execveat_fd, execveat_filename, execveat_argv, execveat_flags;
	char no_call_tracepoints[256]; /* why execve(2) and execveat(2) have none here; "": they have */
	bool errnos_are_positive; /* at the tracepoints */
	bool few_pieces; /* an old verifier, with little patience, or little memory */
	bool call_direct, call_has_fd;
	uint64_t call_execve, call_execveat, call_number, call_mode, call_mode_mask, call_mode_value;
	uint64_t slot_size, call_regs, call_fd, call_filename, call_argv, call_flags;
	struct kprobes kprobes;
	int attached[48];
	size_t attached_count;
	struct missed missed_at_end; /* returns of calls, when detaching began: from then on they are not to be seen */
	struct collector collector;
	const char *scratches; /* the map, mapped; NULL: it cannot be */
	struct counts *counts; /* by lane, as tracer_count_unseen() last saw them */
	struct watch *watches; /* by lane */
	bool is_helper; /* its rings are another process's (helper.h) */
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

/* How many lanes are used, and how many of them have a ring: the first ones. */
int tracer_lanes(const struct tracer *tracer);
int tracer_rings(const struct tracer *tracer);
/* The number of one. */
int tracer_lane(const struct tracer *tracer, enum lane_kind kind, int cpu);

/* Forgets members that have ended unseen. */
void tracer_sweep_members(struct tracer *tracer);

/* Whether all members have ended. */
bool tracer_members_gone(const struct tracer *tracer);

/* For --check, when set-up has ended, well or not: asks for what it did not need. */
void tracer_ask_rest(struct tracer *tracer);

/* Puts away what only set-up needed. It can take some 70 ms, so not before the first exec can be
 * seen. */
void tracer_settle(struct tracer *tracer);

/* Finds out for which lanes rings are to be opened, since their CPU has come online; how many. has: by lane, whether it has
 * rings. remove: by lane, gets whether these are to be closed, since the CPU has gone. */
int tracer_look_at_cpus(struct tracer *tracer, const uint8_t *has, uint8_t *remove);

/* Opens the two rings of one of those lanes: its number, or -1. The rings are the caller's; the descriptors are not, and end with
 * the lane. */
int tracer_open_lane(struct tracer *tracer, struct ring rings[2]);

/* Frees what the tracer itself holds. */
void tracer_free(struct tracer *tracer);

/* Ends the tracing; what is in the rings can still be read. */
void tracer_detach(struct tracer *tracer);

/* Looks how many execs each lane has reported. seqs: by lane. */
void tracer_look_at_counts(struct tracer *tracer, uint32_t *seqs);

/* How many execs the kernel did not show at most, because another BPF program or a bpf(2) call was at work on the CPU. With
 * -x some of these may have been execs that are shown all the same. */
uint64_t tracer_skipped(const struct tracer *tracer);

/* The same for the program that sees threads and processes begin: what descends from them may not be followed. */
uint64_t tracer_unseen_forks(const struct tracer *tracer);

/* How many calls the map of calls had no room for: if they fail, their arguments are not known. */
uint64_t tracer_unnoted(const struct tracer *tracer);

/* How many execs the filters in the kernel did not let pass. */
uint64_t tracer_filtered(const struct tracer *tracer);

/* How many threads for which there was no room among the members. */
uint64_t tracer_forgotten(const struct tracer *tracer);

#endif
