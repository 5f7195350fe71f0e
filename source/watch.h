/* SPDX-License-Identifier: GPL-2.0-only */
/* The source by looking at /proc, which works for any user on any kernel, and misses what ends between two looks. */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

#include "source/source.h"

/* NULL: no memory, with err filled. */
struct source *watch_open(const struct request *request, struct error *err);

/* The last process id that was given out, by the text of /proc/loadavg. 0: it does not tell. */
uint32_t watch_last_pid(const char *loadavg);

#endif
