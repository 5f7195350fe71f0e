/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "source/path.h"

#define DELETED " (deleted)"
#define CUT_BEGIN "..." /* no path begins so */

struct text path_join(const char *names, size_t length, uint16_t flags, char *room)
{
	char *end = room + PATH_ROOM, *at = end;

	if (flags & RECORD_DELETED) {
		at -= strlen(DELETED);
		memcpy(at, DELETED, strlen(DELETED));
	}
	while (length) {
		size_t n = strnlen(names, length), step = n < length ? n + 1 : n;

		if ((size_t)(at - room) < n + 1 + strlen(CUT_BEGIN))
			break;
		at -= n;
		memcpy(at, names, n);
		*--at = '/';
		names += step;
		length -= step;
	}
	if (at == end)
		*--at = '/';
	if (flags & RECORD_CUT) {
		at -= strlen(CUT_BEGIN);
		memcpy(at, CUT_BEGIN, strlen(CUT_BEGIN));
	}
	return (struct text){at, (uint32_t)(end - at), flags & RECORD_CUT ? TEXT_CUT : TEXT_WHOLE};
}
