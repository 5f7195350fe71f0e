/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that ask this process to end. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* How many have come, the last one, and whether that came from a process and not from the terminal, which sends it to the command
 * as well. */
struct stops {
	volatile sig_atomic_t count, signal, sent;
	volatile sig_atomic_t hangups; /* SIGHUPs that ask for the output's file to be opened again */
	bool terminal; /* the standard error is one, whose end is to end this process */
};
extern struct stops stops;

enum hangup {
	HANGUP_ENDS,
	HANGUP_IGNORED, /* by nohup(1) */
	HANGUP_REOPENS, /* but it ends if the terminal is gone that the standard error is */
	HANGUP_ONLY_REOPENS, /* nohup(1) */
};

/* As if the signal had come from a process, and asked to end. */
void signals_end(int signal);

/* Handles them, and ignores those that a failed write raises. ends: false where nothing is to be ended in order. */
void signals_handle(bool ends, enum hangup hangup);

#endif
