/* SPDX-License-Identifier: GPL-2.0-only */
#include "show/tree.h"

#define DEPTH_MOST 99

int tree_depth(struct lives *lives, const struct parents *parents, const struct exec *exec)
{
	uint32_t ancestor = exec->ppid;
	const struct life *known = lives_find(lives, exec->pid);
	struct life *life;
	int depth = -1;

	if (exec->kind == EXEC_ENDED && known && known->level)
		return known->level - 1;
	for (int i = 0; depth < 0 && ancestor && i < DEPTH_MOST; i++) {
		const struct life *above = lives_find(lives, ancestor);

		if (above && above->level)
			depth = above->level <= DEPTH_MOST ? above->level : DEPTH_MOST;
		else if (i < EXEC_ANCESTORS)
			ancestor = exec->ancestors[i];
		else
			ancestor = parents_of(parents, ancestor);
	}
	if (depth < 0) /* it may have lost its parent since its last exec */
		depth = known && known->level ? known->level - 1 : 0;
	life = exec->kind == EXEC_ENDED ? NULL : lives_add(lives, exec->pid);
	if (life)
		life->level = depth + 1;
	return depth;
}
