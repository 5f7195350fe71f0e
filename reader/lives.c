/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "reader/lives.h"

/* More processes than half of this are not kept: all are forgotten then. */
#define CAPACITY_MOST (1U << 18)
#define CAPACITY_LEAST 256

static uint32_t place_of(const struct lives *lives, uint32_t pid)
{
	/* Fibonacci hashing (Knuth, TAOCP 6.4). */
	return pid * 2654435769U & (lives->capacity - 1);
}

/* The process's life, or the free one where it would be. */
static struct life *look(const struct lives *lives, uint32_t pid)
{
	uint32_t i = place_of(lives, pid);

	while (lives->table[i].pid && lives->table[i].pid != pid)
		i = (i + 1) & (lives->capacity - 1);
	return &lives->table[i];
}

/* Makes room for one more: half of the table is free. */
static bool grow(struct lives *lives)
{
	struct lives larger = {.capacity = lives->capacity ? lives->capacity * 2 : CAPACITY_LEAST};

	if (lives->count < lives->capacity / 2)
		return true;
	if (larger.capacity > CAPACITY_MOST) {
		larger.forgotten = lives->forgotten + lives->count;
		lives_free(lives);
		lives->forgotten = larger.forgotten;
		larger.capacity = CAPACITY_LEAST;
	}
	larger.table = calloc(larger.capacity, sizeof(*larger.table));
	if (!larger.table)
		return false;
	for (uint32_t i = 0; i < lives->capacity; i++)
		if (lives->table[i].pid)
			*look(&larger, lives->table[i].pid) = lives->table[i];
	larger.count = lives->count;
	larger.forgotten = lives->forgotten;
	free(lives->table);
	*lives = larger;
	return true;
}

struct life *lives_find(const struct lives *lives, uint32_t pid)
{
	struct life *life = lives->capacity ? look(lives, pid) : NULL;

	return life && life->pid ? life : NULL;
}

struct life *lives_add(struct lives *lives, uint32_t pid)
{
	struct life *life;

	if (!grow(lives))
		return NULL;
	life = look(lives, pid);
	lives->count += !life->pid;
	life->pid = pid;
	return life;
}

/* Those behind it, up to the next free place, may have been put there because it was in their way (Knuth, TAOCP 6.4, R). */
void lives_remove(struct lives *lives, uint32_t pid)
{
	struct life *life = lives_find(lives, pid);
	uint32_t mask = lives->capacity - 1, hole;

	if (!life)
		return;
	hole = (uint32_t)(life - lives->table);
	for (uint32_t i = (hole + 1) & mask; lives->table[i].pid; i = (i + 1) & mask) {
		uint32_t wanted = place_of(lives, lives->table[i].pid);

		if (((i - wanted) & mask) < ((i - hole) & mask))
			continue;
		lives->table[hole] = lives->table[i];
		hole = i;
	}
	lives->table[hole] = (struct life){0};
	lives->count--;
}

void lives_free(struct lives *lives)
{
	free(lives->table);
	*lives = (struct lives){0};
}
