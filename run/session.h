/* SPDX-License-Identifier: GPL-2.0-only */
/* One run: from the first exec that is seen to the last line. */
#ifndef SESSION_H
#define SESSION_H

#include "run/command.h"
#include "run/options.h"
#include "show/output.h"
#include "show/timeline.h"
#include "source/source.h"

/* Runs the command, if there is one, and prints execs until there is a reason to end. The source has been started, and the files
 * are open. *status gets the command's exit status. 0 or -errno with err filled. */
int session_run(const struct options *options, struct source *source, struct output *out, struct timeline *timeline,
		const struct inherited *inherited, int *status, struct error *err);

#endif
