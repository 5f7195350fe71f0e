/* SPDX-License-Identifier: GPL-2.0-only */
/* A way to ask for the parent of a process that still lives. */
#ifndef PARENTS_H
#define PARENTS_H

#include <stdint.h>

struct parents {
	uint32_t (*ask)(void *context, uint32_t pid); /* NULL: nobody can be asked */
	void *context;
};

/* 0: not known. */
static inline uint32_t parents_of(const struct parents *parents, uint32_t pid)
{
	return parents->ask ? parents->ask(parents->context, pid) : 0;
}

#endif
