/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of what is missing in the output: each loss is said once. */
#ifndef SAID_H
#define SAID_H

#include "show/print.h"
#include "source/source.h"

/* Counts that have been said. */
struct said {
	uint64_t cut, short_lines, skipped, unseen_forks, unseen_exits, unseen_ends, forgotten, unnoted, unknown;
};

/* Says what was lost on the way since it was last said. */
void say_losses(struct source *source, struct printer *printer, struct said *said);

/* The same for what the kernel must be asked for. */
void say_source_losses(const struct source *source, const struct losses *losses, struct said *said);

/* At the end, in total. summary: also when nothing was lost. */
void say_summary(const struct source *source, const struct printer *printer, const struct said *said, uint64_t filtered, bool summary);

#endif
