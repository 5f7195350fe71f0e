/* The command of `execsnoop -- COMMAND`. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"
#include "options.h"

struct command {
	pid_t pid; /* 0: none runs (any more) */
	int status; /* how it ended: its exit status, 128 + the signal's number if one killed it */
};

/* Runs options->command along the PATH, as the user that --user names. 0; or -errno with err filled if it
 * could not be executed. */
int command_start(struct command *command, const struct options *options, struct error *err);

/* Whether the command has ended (which fills status), or there is none. */
bool command_ended(struct command *command);

/* Hands a signal on. */
void command_signal(const struct command *command, int signal);

#endif
