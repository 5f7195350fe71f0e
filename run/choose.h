/* SPDX-License-Identifier: GPL-2.0-only */
/* Which source of execs is used. */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "run/options.h"
#include "source/sources.h"

/* Opens a source and starts it. NULL, with err filled: it does not work here; *refused (or NULL) gets whether no other would, for
 * what was asked for. argv: as main() got it. */
struct source *source_try(const struct source_row *row, const struct options *options, char **argv, bool *refused,
			  struct error *err);

/* Starts the best source that works here, or the one that is asked for, and says which, unless it is bpf. NULL: none, with err
 * filled. */
struct source *source_choose(const struct options *options, char **argv, struct error *err);

#endif
