/* SPDX-License-Identifier: GPL-2.0-only */
/* Does one of: help, a check, the programs, a trace. */
#ifndef RUN_H
#define RUN_H

#include "lib/error.h"
#include "run/command.h"
#include "run/options.h"

/* argv: as main() got it. *status gets the exit status. 0 or -errno with err filled. */
int run(const struct options *options, char **argv, const struct inherited *inherited, int *status, struct error *err);

#endif
