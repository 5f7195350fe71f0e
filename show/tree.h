/* How deep a process stands among those that have been shown. */
#ifndef TREE_H
#define TREE_H

#include <stdint.h>

#include "reader/exec.h"
#include "reader/parents.h"

struct tree {
	struct tree_node *nodes; /* by hash of the process id */
	uint32_t count, capacity;
};

/* Notes the process that has executed, and returns its depth: one more than that of its nearest ancestor that
 * has been noted, 0 without one. Ancestors that are not known are asked for. At most 99. */
int tree_depth(struct tree *tree, const struct parents *parents, const struct exec *exec);

void tree_free(struct tree *tree);

#endif
