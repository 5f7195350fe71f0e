/* SPDX-License-Identifier: GPL-2.0-only */
/* Two processes from set-up on. The reader takes execs out of the rings and prints them: it touches what strangers wrote, so
 * it gives up all power (sandbox.h). The helper keeps what still needs power, and answers a few fixed questions; it touches
 * nothing that strangers wrote but paths of cgroups, which it hands on; a child of its copies some for the reader (remote.h).
 * The reader is the process that was started; the helper is its child, and ends with it. */
#ifndef HELPER_H
#define HELPER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "run/server.h"

struct helper {
	int socket; /* to the helper, -1: it has not been started */
	pid_t pid;
	bool ended; /* it has, so nothing is traced any more */
	uint32_t sent; /* number of the last question */
	bool looking;  /* HELPER_LOOK has been asked and not answered */
	bool asking_gone;
	uint64_t next_gone; /* when that may be asked again, CLOCK_MONOTONIC */
	bool gone; /* all members have ended */
	bool looked; /* an answer to HELPER_LOOK has come that has not been taken */
	bool lanes_changed; /* so what poll_fds() gave is no longer so */
	int rings_wanted;
	uint32_t moved; /* an answer of the last look, and the file that it was asked of */
	struct opened_file looked_at;
	struct losses losses;
	uint32_t *seqs; /* by lane, as of the look before */
	size_t touched; /* bytes of the answer, at most */
	struct helper_shared shared;
	struct source *source;
};

/* Starts the helper. From then on the source is its own: the reader asks it. *why gets what the helper could not give
 * up, or NULL. 0 or -errno with err filled. */
int helper_start(struct helper *helper, const struct helper_work *work, const char **why, struct error *err);

/* Closes what only the helper needs. Behind it, the reader has its rings, the socket, the standard error and these `count`. */
void helper_drop_descriptors(const struct helper *helper, const int *others, size_t count);

/* Readable when something has come from the helper. */
void helper_poll_fd(const struct helper *helper, struct pollfd *fd);
/* Takes what has come. */
void helper_receive(struct helper *helper);

/* Asks for a look at CPUs, members, counts, and the output's file. The answer comes later: helper_take_look(). finally: waits for it. */
void helper_look(struct helper *helper, const struct opened_file *file, bool finally);
/* Whether the answer has come since: counts are new, and what each lane had reported at the look before is expected. */
bool helper_take_look(struct helper *helper, bool finally);

/* Asks whether all members have ended; `gone` gets the answer later. */
void helper_ask_gone(struct helper *helper);

/* Ends the tracing, and waits until it has ended. */
void helper_detach(struct helper *helper);

/* As asker_ask(). The bytes are valid until the next question. */
struct answer helper_ask(void *helper, const struct ask *ask);
/* As asker_rest(). */
void helper_rest(void *helper);
/* As caller_parent(). */
uint32_t helper_parent(void *helper, uint32_t pid);
/* As cgroup_paths' ask(). */
size_t helper_cgroup_path(void *helper, uint64_t id, uint32_t pid, char *path, size_t size);
/* Hands a signal on to the command. 0 or -errno. */
int helper_signal(struct helper *helper, int signal);
/* As rotate_look(): what the last look found, if it was one at this file. */
const char *helper_moved(void *helper, const struct opened_file *file);

/* Lets it end, and waits for that. */
void helper_stop(struct helper *helper);

#endif
