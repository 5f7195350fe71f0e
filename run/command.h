/* SPDX-License-Identifier: GPL-2.0-only */
/* The command of `execsnoop -- COMMAND`. */
#ifndef COMMAND_H
#define COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "lib/error.h"
#include "run/options.h"

/* SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD: those that main() changes. */
#define INHERITED_SIGNALS 7
extern const int inherited_signals[INHERITED_SIGNALS];

struct command {
	pid_t pid; /* 0: none runs (any more) */
	int go, failed; /* until it executes: it begins when a byte comes from the one, and writes to the other what failed */
	pid_t tracer; /* that may trace it, though it is not its parent; 0: none */
	int status; /* how it ended: its exit status, 128 + the signal's number if one killed it */
	bool refused; /* it could not be executed: the status is env(1)'s, 127 if it is not there, else 126 */
};

/* State that the command gets as this process got it: the signals that are blocked or ignored, and the limits of
 * locked memory and open files. */
struct inherited {
	sigset_t blocked;
	struct sigaction actions[INHERITED_SIGNALS];
	struct rlimit memlock, files;
};

/* Notes it, before this process changes any of it. */
void inherited_note(struct inherited *inherited);

/* Makes the process that command_execute() makes the command of. 0; or -errno with err filled. */
int command_start(struct command *command, const struct options *options, const struct inherited *inherited,
		  struct error *err);

/* Runs options->command in it, looked for along the PATH, as the user that --user names. 0; or -errno with err filled if it
 * could not be executed. */
int command_execute(struct command *command, const struct options *options, struct error *err);

/* Whether the command has ended (which fills status), or there is none. */
bool command_ended(struct command *command);

/* Hands a signal on. 0 or -errno. */
int command_signal(const struct command *command, int signal);

#endif
