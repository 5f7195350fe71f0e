/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "reader/assembly.h"
#include "reader/exec.h"
#include "reader/remote.h"

/* The most bytes kept of an exec: a name, as many bytes of arguments as the kernel takes, and a mark before each argument of a
 * failed call. */
#define KEPT_MOST (EXEC_NAME_MOST + LIST_BYTES + LIST_STRINGS)

/* The largest buffer that is kept when its exec has gone. */
#define BUFFER_KEPT (256U << 10)

void assembly_reset(struct assembly *a)
{
	a->used = 0;
	a->open = a->cut = false;
}

static bool make_room(struct assembly *a, size_t length)
{
	size_t capacity = a->capacity ? a->capacity : 65536;
	char *bytes;

	if (length <= a->capacity - a->used)
		return true;
	while (capacity - a->used < length)
		capacity *= 2;
	bytes = realloc(a->bytes, capacity);
	if (!bytes)
		return false;
	a->bytes = bytes;
	a->capacity = capacity;
	return true;
}

void assembly_append(struct assembly *a, const void *bytes, size_t length)
{
	if (length > KEPT_MOST - a->used) {
		a->cut = true;
		length = KEPT_MOST - a->used;
	}
	if (!length)
		return;
	if (!make_room(a, length)) {
		a->cut = true;
		return;
	}
	memcpy(a->bytes + a->used, bytes, length);
	a->used += length;
}

void assembly_begin_string(struct assembly *a, char mark)
{
	a->mark = a->used;
	assembly_append(a, &mark, 1);
}

void assembly_set_mark(struct assembly *a, char mark)
{
	if (a->mark < a->used)
		a->bytes[a->mark] = mark;
}

void assembly_close_string(struct assembly *a)
{
	if (!a->open)
		return;
	assembly_set_mark(a, MARK_CUT);
	assembly_append(a, "", 1);
	a->open = false;
}

void assembly_shrink(struct assembly *a)
{
	if (a->capacity > BUFFER_KEPT)
		assembly_free(a);
}

void assembly_free(struct assembly *a)
{
	free(a->bytes);
	a->bytes = NULL;
	a->capacity = a->used = 0;
}
