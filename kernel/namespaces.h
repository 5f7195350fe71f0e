/* SPDX-License-Identifier: GPL-2.0-only */
/* Mount namespaces by their inode numbers. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdint.h>

#include "lib/error.h"

/* The number of the mount namespace that the text of --mntns names: a process by its id, or a file. proc: /proc, or -1. 0 or
 * -errno with err filled. */
int mount_namespace_number(const char *text, int proc, uint64_t *number, struct error *err);

#endif
