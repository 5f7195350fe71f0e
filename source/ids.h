/* SPDX-License-Identifier: GPL-2.0-only */
/* --uid, --not-uid and --ppid: numbers that an exec may have, or must not. */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"

#define IDS_MOST 64

/* Numbers of an option that can be given more than once. */
struct ids {
	uint32_t items[IDS_MOST];
	size_t count;
};

struct id_filters {
	struct ids uids, not_uids, ppids; /* none: any */
};

/* false: there are too many. */
bool ids_add(struct ids *ids, uint32_t id);

/* Whether the exec's real user and parent are wanted. What is not known may be wanted. */
bool ids_pass(const struct id_filters *filters, const struct exec *exec);

/* Whether the exec tells all that is asked for: else nobody knows whether it passes. */
bool ids_are_known(const struct id_filters *filters, const struct exec *exec);

#endif
