/* SPDX-License-Identifier: GPL-2.0-only */
/* The source by the proc connector. */
#ifndef PROC_H
#define PROC_H

#include "source/source.h"

/* NULL: no memory, with err filled. */
struct source *proc_open(const struct request *request, struct error *err);

#endif
