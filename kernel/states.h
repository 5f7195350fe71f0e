/* SPDX-License-Identifier: GPL-2.0-only */
/* Learns more of the layout from processes that have been put into known states: with ids of their own, stopped, ended. The rules
 * are those of layout.h: a place is the answer if it has the right value in each state, and is the only one. */
#ifndef STATES_H
#define STATES_H

#include "kernel/layout.h"

#define ENDED 2
#define CRED_BYTES 256   /* searched of a struct cred: the ids are its first members in every tree from 4.4 to 6.19 */
#define SIGNAL_BYTES 1536 /* and of a struct signal_struct */

/* Processes that are made only if they are wanted: without them LAYOUT_PIDS, LAYOUT_TTY are missing. */
struct models_wanted {
	bool pids; /* in pid namespaces of their own */
	bool ttys; /* with terminals of their own */
};

/* Each process by the address of its task_struct: its leader's. */
struct states {
	/* Two zombies. Each had a thread, and called exit_group(2) with another status; its leader had effective ids that
	 * nothing else has. */
	struct {
		uint64_t task;
		uint32_t status; /* as wait(2) has it */
		bool has_ids;
		uint32_t euid, egid;
		uint64_t made_after, made_before; /* CLOCK_BOOTTIME of the initial time namespace, ns */
	} ended[ENDED];
	/* Two more zombies, each of which was the first process of a pid namespace right below this process's; its id in the initial one. */
	struct {
		uint64_t task; /* 0: there is none */
		uint32_t pid;
	} inner[ENDED];
	uint64_t stopped; /* by SIGSTOP */
	uint64_t halved;  /* its leader has ended, another thread lives */
	uint32_t self_pid, self_inner; /* this process's id in the initial pid namespace, and in its own */
	char ttys[2][16]; /* names of the controlling terminals of the stopped and the halved one, as the kernel has them; "": none */
	bool has_login;   /* this process has a login uid or an audit session, which init has not */
	uint32_t loginuid, session; /* of this process, and all above */
};

/* Copies of what is searched. */
struct states_workspace {
	char tasks[ENDED + 4][TASK_SEARCH]; /* the zombies, the stopped one, the halved one, this process, init */
	char targets[ENDED + 3][SIGNAL_BYTES];
};

/* Fills the parts from LAYOUT_START to LAYOUT_TTY of *layout, whose LAYOUT_PARENT helps with the last. self: this
 * process's task_struct. */
void states_learn(struct layout *layout, const struct layout_memory *memory, uint64_t self, const struct states *states,
		  struct states_workspace *workspace);

/* Whether one of these was found at more than one place. */
bool states_are_ambiguous(const struct layout *layout);

#endif
