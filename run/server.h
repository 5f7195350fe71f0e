/* SPDX-License-Identifier: GPL-2.0-only */
/* The helper's side: answers the reader's questions, of which it believes nothing. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/cgroups.h"
#include "reader/remote.h"
#include "run/command.h"
#include "show/output.h"
#include "source/source.h"

enum question_kind { LOOK, RING, GONE, ASK, PARENT, SIGNAL, DETACH, CGROUP };

struct question {
	uint32_t kind;
	uint32_t id;
	uint32_t number; /* PARENT, CGROUP: the process; SIGNAL: the signal; LOOK: 1 if it is the last */
	uint32_t padding;
	uint64_t cgroup; /* CGROUP: its id */
	struct opened_file file; /* LOOK: the output's */
	struct ask ask;
};

enum moved { NOT_MOVED, REMOVED, REPLACED };

struct reply {
	uint32_t kind;
	uint32_t id;
	int32_t result; /* RING: the lane, or -1; LOOK: how many lanes want rings; else 0 or -errno, or a truth */
	uint32_t moved; /* LOOK: enum moved */
	uint32_t complete, cut; /* ASK */
	uint64_t length; /* ASK, CGROUP: bytes of the answer */
	struct losses losses;
	uint64_t size; /* RING: bytes of each */
};

/* The most bytes of an answer. */
#define HELPER_ANSWER (LIST_BYTES + STRING_MOST + 4096)

/* Memory that both can write. The helper believes none of it. Arrays are by lane. */
struct helper_shared {
	char *answer;	 /* HELPER_ANSWER bytes */
	char *path;	 /* CGROUP_PATH_SIZE bytes, or NULL: nobody wants paths of cgroups */
	uint32_t *seqs;	 /* execs reported, from the helper */
	uint8_t *remove; /* rings that are to be closed, from the helper */
	uint8_t *has;	 /* whether the reader has rings */
};

/* The source, and all else that the helper works on. */
struct helper_work {
	struct source *source;
	const struct output *output;
	const struct output *timeline; /* or NULL; it is closed */
	const struct command *command;
	int cgroup_root; /* for paths of cgroups, or -1 */
	int opener; /* the reader's socket to the process that begins files anew, or -1 */
	bool sandbox; /* false: --no-sandbox */
};

struct server {
	struct helper_work work;
	struct helper_shared shared;
	uint64_t command_start;
	struct asker asker;
};

void server_init(struct server *server, const struct helper_work *work, const struct helper_shared *shared);

/* Answers a question. Descriptors that go with the reply stand in fds. How many. */
int server_handle(struct server *server, const struct question *question, struct reply *reply, int fds[2]);

/* In the child. Gives up power, tells through the pipe what it could not, and serves until the reader ends. */
_Noreturn void server_run(struct server *server, int socket, int told, pid_t reader);

#endif
