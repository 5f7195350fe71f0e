/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "show/cgroup_paths.h"
#include "lib/timestamp.h"

/* The most that readlink(2) gives of a path. */
#define PATH_MOST 4096

/* A path that is not known is asked for again after that. */
#define AGAIN_NS 1000000000ULL

/* More than this is not kept: all is forgotten then. Half of the slots are free. */
#define SLOTS 2048
#define BYTES_MOST (1U << 20)

/* The path's slot, or the free one where it would be. */
static struct cgroup_path **find(const struct cgroup_paths *paths, uint64_t id)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4). */
	size_t i = (size_t)(id * 0x9e3779b97f4a7c15U >> 32) & (SLOTS - 1);

	while (paths->slots[i] && paths->slots[i]->id != id)
		i = (i + 1) & (SLOTS - 1);
	return &paths->slots[i];
}

/* Length 0: it is not known. NULL: there is no memory. */
static struct cgroup_path *ask(const struct cgroup_paths *paths, uint64_t id, uint32_t pid)
{
	char bytes[PATH_MOST];
	size_t length = paths->ask(paths->context, id, pid, bytes, sizeof(bytes));
	struct cgroup_path *path;

	length = length <= sizeof(bytes) ? length : 0;
	path = malloc(sizeof(*path) + length);
	if (!path)
		return NULL;
	*path = (struct cgroup_path){.id = id, .asked = monotonic_ns(), .length = (uint32_t)length,
				     .container = container_in(bytes, (uint32_t)length)};
	memcpy(path->bytes, bytes, length);
	return path;
}

static void forget(struct cgroup_paths *paths)
{
	for (size_t i = 0; paths->slots && i < SLOTS; i++) {
		free(paths->slots[i]);
		paths->slots[i] = NULL;
	}
	paths->count = 0;
	paths->bytes = 0;
}

const struct cgroup_path *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id, uint32_t pid)
{
	struct cgroup_path **slot, *path;

	if (!paths->ask)
		return NULL;
	if (!paths->slots)
		paths->slots = calloc(SLOTS, sizeof(struct cgroup_path *));
	if (!paths->slots)
		return NULL;
	slot = find(paths, id);
	if (*slot && ((*slot)->length || (*slot)->asked + AGAIN_NS > monotonic_ns()))
		return (*slot)->length ? *slot : NULL;
	path = ask(paths, id, pid);
	if (!path)
		return NULL;
	if (*slot) {
		free(*slot);
		*slot = NULL;
		paths->count--;
	}
	if (paths->count >= SLOTS / 2 || paths->bytes + path->length > BYTES_MOST) {
		forget(paths);
		slot = find(paths, id);
	}
	*slot = path;
	paths->count++;
	paths->bytes += path->length;
	return path->length ? path : NULL;
}

void cgroup_paths_free(struct cgroup_paths *paths)
{
	forget(paths);
	free(paths->slots);
	paths->slots = NULL;
}
