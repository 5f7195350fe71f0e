/* SPDX-License-Identifier: GPL-2.0-only */
/* --check: does all that tracing would need, and says how it went. */
#ifndef RUN_CHECK_H
#define RUN_CHECK_H

#include "run/options.h"
#include "lib/error.h"

/* argv: as main() got it. *status gets 1 if the source that was asked for, else bpf, would not work. 0 or -errno with err filled:
 * the table could not be written. */
int check(const struct options *options, char **argv, int *status, struct error *err);

#endif
