/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that begins the files of --output anew: for --max-size, and after SIGHUP. The power to write files is its alone
 * once the tracing has begun. It reads nothing but one byte a request. It is a child of the reader, and ends with it. */
#ifndef OPENER_H
#define OPENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "reader/merge.h"
#include "show/output.h"

struct opener {
	int socket; /* to it, -1: there is none, and files are begun anew in this process */
	pid_t pid;
	bool waiting; /* a request has not been answered in time */
	struct merge *merge; /* whose rings are emptied while an answer is waited for */
};

/* Starts it for an output to a regular file, and has the output ask it. *why gets what it could not give up, or NULL. 0 or -errno
 * with err filled. */
int opener_start(struct opener *opener, struct output *out, struct merge *merge, const char **why, struct error *err);

/* Lets it end, and waits for that, unless its file system does not answer. */
void opener_stop(struct opener *opener);

#endif
