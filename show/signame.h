/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of signals. */
#ifndef SIGNAME_H
#define SIGNAME_H

/* "SIGKILL", or "SIG40" for one without a name. Valid until the next call. */
const char *signal_name(int signal);

#endif
