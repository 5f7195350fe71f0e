/* SPDX-License-Identifier: GPL-2.0-only */
/* Abilities of the running kernel. Each row is asked once, remembered, and is what the tracer decides by; --check
 * prints them. */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>

enum feature {
	FEATURE_BPF,
	FEATURE_PERF,
	FEATURE_JIT,
	FEATURE_RAW_TRACEPOINTS,
	FEATURE_UNPREEMPTED,
	FEATURE_TRACEFS,
	FEATURE_PROC,
	FEATURE_RENAME, /* tracepoints; those from here on are found by their names */
	FEATURE_EXEC,
	FEATURE_FORK,
	FEATURE_EXIT,
	FEATURE_ENTER_EXECVE,
	FEATURE_ENTER_EXECVEAT,
	FEATURE_EXIT_EXECVE,
	FEATURE_EXIT_EXECVEAT,
	FEATURE_SPLIT_READS, /* helpers */
	FEATURE_MAP_BUFFERS,
	FEATURE_CGROUP_IDS,
	FEATURE_UNDER_CGROUP,
	FEATURE_OTHER_HELPERS,
	FEATURE_PARENT, /* offsets, in the order of enum layout_part */
	FEATURE_LEADER,
	FEATURE_COMM,
	FEATURE_ARGS,
	FEATURE_MNTNS,
	FEATURE_BPRM,
	FEATURE_START,
	FEATURE_CRED,
	FEATURE_LOGIN,
	FEATURE_END,
	FEATURE_PIDS,
	FEATURE_TTY,
	FEATURE_PATHS,
	FEATURE_EXE,
	FEATURE_INODE,
	FEATURE_LONG_NAMES,
	FEATURE_FAILS,
	FEATURE_COMPAT_FAILS,
	FEATURE_SANDBOX,
	FEATURE_HELPER,
	FEATURE_MEMORY,
	FEATURE_SOURCE, /* the sources, in the order of their table: all that each needs */
	FEATURES = FEATURE_SOURCE + 6
};

struct features {
	struct {
		bool asked, here;
		bool limited; /* it is here, but `why` says what is not */
		char why[512]; /* what was found, or what was said when it was tried */
	} rows[FEATURES];
};

/* Notes the answer; why: NULL for none. The first stays. */
void feature_note(struct features *features, enum feature feature, bool here, const char *why);

/* The same for a tracepoint "category/name"; others than those in the table are passed over. */
void feature_note_tracepoint(struct features *features, const char *event, bool here, const char *why);

/* Notes that it is here, but not wholly: `why` says what is missing. */
void feature_limit(struct features *features, enum feature feature);

/* Whether it is here. */
bool feature_is_here(const struct features *features, enum feature feature);

/* Whether it was asked for, and is not. */
bool feature_is_missing(const struct features *features, enum feature feature);

const char *feature_name(enum feature feature);

/* The substitute where it is missing, or NULL. */
const char *feature_instead(enum feature feature);

/* The loss without it, in words, or NULL. */
const char *feature_without(enum feature feature);

#endif
