/* Learns more of the layout from processes that have been put into known states: with ids of their own, stopped, ended. The rules
 * are those of layout.h: a place is the answer if it has the right value in each state, and is the only one. */
#ifndef STATES_H
#define STATES_H

#include "kernel/layout.h"

#define ENDED 2
#define CRED_BYTES 256   /* searched of a struct cred: the ids are its first members in every tree from 4.4 to 6.19 */
#define SIGNAL_BYTES 1536 /* and of a struct signal_struct */

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
	uint64_t stopped; /* by SIGSTOP */
	uint64_t halved;  /* its leader has ended, another thread lives */
	bool has_login;   /* this process has a login uid or an audit session, which init has not */
	uint32_t loginuid, session; /* of this process, and all above */
};

/* Copies of what is searched. */
struct states_workspace {
	char tasks[ENDED + 4][TASK_SEARCH]; /* the zombies, the stopped one, the halved one, this process, init */
	char targets[ENDED + 3][SIGNAL_BYTES];
};

/* Fills LAYOUT_START, LAYOUT_CRED, LAYOUT_END and LAYOUT_LOGIN of *layout, whose LAYOUT_PARENT helps with the last. self: this
 * process's task_struct. */
void states_learn(struct layout *layout, const struct layout_memory *memory, uint64_t self, const struct states *states,
		  struct states_workspace *workspace);

/* Whether one of these was found at more than one place. */
bool states_are_ambiguous(const struct layout *layout);

#endif
