/* SPDX-License-Identifier: GPL-2.0-only */
/* The ancestors of a process. */
#ifndef CHAIN_H
#define CHAIN_H

#include "reader/exec.h"
#include "show/output.h"

/* Adds them as a column of that width: "sh(12)<init(1)", the parent first. */
void chain_add_text(struct output *out, const struct exec_chain *chain, int width);

/* Adds them as a list of objects. */
void chain_add_json(struct output *out, const struct exec_chain *chain);

#endif
