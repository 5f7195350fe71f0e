/* SPDX-License-Identifier: GPL-2.0-only */
/* How deep a process stands among those that have been shown. */
#ifndef TREE_H
#define TREE_H

#include "reader/exec.h"
#include "reader/lives.h"
#include "reader/parents.h"

/* Notes the process that has executed, and returns its depth: one more than that of its nearest ancestor that has been noted, 0
 * without one. Ancestors that are not known are asked for. At most 99. Of a process that ends: what was noted. */
int tree_depth(struct lives *lives, const struct parents *parents, const struct exec *exec);

#endif
