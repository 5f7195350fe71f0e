/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers, as the paths of their cgroups name them. */
#ifndef CONTAINER_H
#define CONTAINER_H

#include <stdint.h>

/* A part of a text; of length 0: none. */
struct part {
	uint32_t at, length;
};

/* The id of the innermost container that the path names. A path is made by whoever may make cgroups there. */
struct part container_in(const char *path, uint32_t length);

#endif
