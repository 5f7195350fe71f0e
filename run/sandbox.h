/* SPDX-License-Identifier: GPL-2.0-only */
/* When all is set up, all processes (helper.h, opener.h) give up what they do not need. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* The helper's tasks that need more power than the others. */
struct sandbox_needs {
	bool collects; /* collects execs without BPF */
	bool cgroup_paths; /* finds cgroups by their ids */
	bool any_user; /* sends signals to a process that may be another user's by now */
};

/* Drops the helper's capabilities but those that it needs, and forbids the system calls that it does not. Why it could not, or
 * NULL. */
const char *sandbox_helper(const struct sandbox_needs *needs);

/* For the process that begins new files (opener.h): leaves the power to open, make and rename files, and to hand them on. Why it
 * could not, or NULL. */
const char *sandbox_opener(void);

/* For a process that collects execs, and each thread of it, once it has begun: drops the capabilities and forbids the system calls
 * that it does not need. traces: by ptrace(2). Why it could not, or NULL. */
const char *sandbox_collector(bool traces);

/* All that the reader has to do with, but rings, which it can only map and wait for. */
struct sandbox_descriptors {
	int output;   /* is written to */
	int timeline; /* the same; it may be the same one */
	int messages; /* the same */
	int socket;   /* to the helper */
	int opener;   /* to the process that begins new files, or -1 */
	int pipe;     /* from what collects execs, or -1 */
};

/* Drops all capabilities, becomes a user that nothing belongs to where it may, and forbids all system calls but reading and
 * writing these, waiting, and mapping memory, which it may not execute. Why it could not, or NULL. */
const char *sandbox_reader(const struct sandbox_descriptors *descriptors);

#endif
