/* SPDX-License-Identifier: GPL-2.0-only */
/* A chunk of memory as stack.bpf.h reads it. */
#ifndef CHUNK_H
#define CHUNK_H

#include <stddef.h>

#include "bpf/record.h"

/* Puts together its first `length` bytes: a whole chunk stands as it is; of a shorter one, each half, quarter and so on
 * for which the length has a bit stands where it would if all were there. */
void chunk_join(char *to, const char chunk[STACK_CHUNK_SIZE], size_t length);

#endif
