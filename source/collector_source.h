/* SPDX-License-Identifier: GPL-2.0-only */
/* A source whose execs come from a collector. */
#ifndef COLLECTOR_SOURCE_H
#define COLLECTOR_SOURCE_H

#include "source/collector.h"

/* The source by the collector; own: freed with it. NULL: no memory, with err filled. */
struct source *collector_new(const struct collector_ops *ops, const struct request *request, void *own, struct error *err);

#endif
