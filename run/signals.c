/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "run/signals.h"

struct stops stops;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	stops.signal = number;
	stops.sent = info->si_code <= 0;
	/* The command gets the terminal's first two signals; the third ends this process at once, even in
	 * a write that nobody reads. */
	if (++stops.count == 2) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
	}
}

static void on_hangup(int number, siginfo_t *info, void *context)
{
	struct pollfd p = {.fd = STDERR_FILENO};
	int errnum = errno;

	if (stops.terminal && poll(&p, 1, 0) == 1)
		on_signal(number, info, context);
	else
		stops.hangups++;
	errno = errnum;
}

void signals_end(int signal)
{
	stops.signal = signal;
	stops.sent = 1;
	stops.count++;
}

/* So that the end of the command is seen at once: poll(2) comes back. */
static void on_child(int signal)
{
	(void)signal;
}

void signals_handle(bool ends, enum hangup hangup)
{
	const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO},
			       reopen = {.sa_sigaction = on_hangup, .sa_flags = SA_SIGINFO};

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, and said so */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, on_child);
	if (!ends)
		return;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	stops.terminal = hangup == HANGUP_REOPENS && isatty(STDERR_FILENO);
	if (hangup != HANGUP_IGNORED)
		sigaction(SIGHUP, hangup == HANGUP_ENDS ? &action : &reopen, NULL);
	sigaction(SIGQUIT, &action, NULL);
}
