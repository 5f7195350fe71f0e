/* SPDX-License-Identifier: GPL-2.0-only */
#include <signal.h>
#include <stddef.h>

#include "show/signame.h"
#include "lib/format.h"

#define NAME(name) [name] = #name
static const char *const names[] = {
	NAME(SIGHUP),	 NAME(SIGINT),	NAME(SIGQUIT), NAME(SIGILL),  NAME(SIGTRAP), NAME(SIGABRT),   NAME(SIGBUS),  NAME(SIGFPE),
	NAME(SIGKILL),	 NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2), NAME(SIGPIPE), NAME(SIGALRM),   NAME(SIGTERM), NAME(SIGCHLD),
	NAME(SIGCONT),	 NAME(SIGSTOP), NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU), NAME(SIGURG),    NAME(SIGXCPU), NAME(SIGXFSZ),
	NAME(SIGVTALRM), NAME(SIGPROF), NAME(SIGWINCH), NAME(SIGIO),  NAME(SIGPWR),  NAME(SIGSYS),
#ifdef SIGSTKFLT
	NAME(SIGSTKFLT),
#endif
#ifdef SIGEMT
	NAME(SIGEMT),
#endif
};

const char *signal_name(int signal)
{
	static char number[16];

	if (signal > 0 && (size_t)signal < sizeof(names) / sizeof(names[0]) && names[signal])
		return names[signal];
	format_text(number, sizeof(number), "SIG%d", signal);
	return number;
}
