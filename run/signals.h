/* Signals that ask this process to end. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* How many have come, the last one, and whether that came from a process and not from the terminal, which sends it to the command
 * as well. */
struct stops {
	volatile sig_atomic_t count, signal, sent;
};
extern struct stops stops;

/* Handles them, and ignores those that a failed write raises. ends: false where nothing is to be ended in order. hangup:
 * false where nohup(1) ignores SIGHUP. */
void signals_handle(bool ends, bool hangup);

#endif
