#include <stdbool.h>
#include <stdlib.h>

#include "show/tree.h"

#define DEPTH_MOST 99

/* More processes than this are not kept: all are forgotten then. */
#define CAPACITY_MOST (1U << 18)

struct tree_node {
	uint32_t pid; /* 0: none */
	int depth;
};

/* The process's node, or the free one where it would be. */
static struct tree_node *find(const struct tree *tree, uint32_t pid)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4). */
	uint32_t i = pid * 2654435769U & (tree->capacity - 1);

	while (tree->nodes[i].pid && tree->nodes[i].pid != pid)
		i = (i + 1) & (tree->capacity - 1);
	return &tree->nodes[i];
}

/* Makes room for one more: half of the nodes are free. */
static bool grow(struct tree *tree)
{
	struct tree larger = {.capacity = tree->capacity ? tree->capacity * 2 : 256};

	if (tree->count < tree->capacity / 2)
		return true;
	if (larger.capacity > CAPACITY_MOST)
		tree_free(tree);
	if (larger.capacity > CAPACITY_MOST)
		larger.capacity = 256;
	larger.nodes = calloc(larger.capacity, sizeof(*larger.nodes));
	if (!larger.nodes)
		return false;
	for (uint32_t i = 0; i < tree->capacity; i++)
		if (tree->nodes[i].pid)
			*find(&larger, tree->nodes[i].pid) = tree->nodes[i];
	larger.count = tree->count;
	free(tree->nodes);
	*tree = larger;
	return true;
}

int tree_depth(struct tree *tree, const struct parents *parents, const struct exec *exec)
{
	uint32_t ancestor = exec->ppid;
	struct tree_node *node;
	int depth = -1;

	if (!grow(tree))
		return 0;
	for (int i = 0; depth < 0 && ancestor && i < DEPTH_MOST; i++) {
		node = find(tree, ancestor);
		if (node->pid)
			depth = node->depth + (node->depth < DEPTH_MOST);
		else if (i < EXEC_ANCESTORS)
			ancestor = exec->ancestors[i];
		else
			ancestor = parents_of(parents, ancestor);
	}
	node = find(tree, exec->pid);
	if (depth < 0) /* it may have lost its parent since its last exec */
		depth = node->pid ? node->depth : 0;
	tree->count += !node->pid;
	*node = (struct tree_node){exec->pid, depth};
	return depth;
}

void tree_free(struct tree *tree)
{
	free(tree->nodes);
	*tree = (struct tree){0};
}
