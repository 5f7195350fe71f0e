/* SPDX-License-Identifier: GPL-2.0-only */
/* A path out of its names. */
#ifndef PATH_H
#define PATH_H

#include "bpf/record.h"
#include "reader/exec.h"

#define PATH_ROOM (CHUNK_SIZE + 64)

/* Puts the names of a RECORD_PATH, which begin with the last one, together to a path. flags: of the record. room: PATH_ROOM bytes,
 * in which the path then stands. */
struct text path_join(const char *names, size_t length, uint16_t flags, char *room);

#endif
