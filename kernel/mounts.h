/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own file systems, mounted or not. */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "lib/error.h"

/* Each returns an open directory (close-on-exec, the caller closes it) of the file system, or
 * -errno with err filled. Where it is not mounted (an initramfs, a bare container) it is mounted in
 * no namespace, or below Linux 5.2 in one of its own that dies at once: nobody else ever sees the
 * mount, this process's namespace stays what it was, and the directory works as long as it is
 * open. */
int open_tracefs(const char **where, struct error *err); /* *where: in words, where it is */
int open_sysfs(struct error *err);
int open_procfs(struct error *err);

#endif
