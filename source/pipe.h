/* SPDX-License-Identifier: GPL-2.0-only */
/* The pipe through which a collector hands execs to the reader. */
#ifndef PIPE_H
#define PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"
#include "reader/merge.h"
#include "source/source.h"

/* Memory of all processes; the collector writes it but for `stopping`. */
struct collected {
	struct losses losses;
	uint32_t followed; /* processes that live */
	uint32_t stopping; /* set by the others: the tracing has ended */
};

/* In front of each exec's strings: the file's name, then the arguments, each with a NUL; then the paths, the variables,
 * the ancestors. */
struct pipe_head {
	uint32_t size; /* of all, this included */
	uint32_t name_length, args_length, exe_length, cwd_length, variables_length, chain_count;
	struct exec exec; /* but for pointers */
};

/* No exec is longer. */
#define PIPE_MOST (8U << 20)

struct pipe_lane {
	struct lane lane; /* first: a struct lane * is one of these */
	int fd;		  /* -1: closed, all has been read */
	const struct collected *shared;
	struct source *source; /* `ended` is set when the pipe does */
	char *buffer;
	size_t begin, end, size; /* of what has been read and not been handed out */
	struct argument_room room;
	struct exec_ancestor chain[EXEC_CHAIN_MOST]; /* of the one that is handed out */
};

/* The source's `pipe` must be open, and not wait. */
void pipe_lane_init(struct pipe_lane *lane, struct source *source, const struct collected *shared);

/* Whether the bytes are a whole exec that holds together. */
bool pipe_is_sound(const struct pipe_head *head, const char *bytes, size_t length);

#endif
