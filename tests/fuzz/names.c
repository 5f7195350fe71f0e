/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of users, and the path of a cgroup. */
#include <stdlib.h>
#include <string.h>

#include "show/container.h"
#include "show/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *path = malloc(size + 1);
	struct users users;
	struct part id;

	memcpy(text, data, size);
	users_parse(&users, text, size);
	for (size_t i = 0; i < users.count; i++) {
		struct user_name name = users_name(&users, users.list[i].uid);

		if (!name.length || memchr(name.bytes, '\n', name.length) || memchr(name.bytes, ':', name.length) ||
		    (i && users.list[i].uid <= users.list[i - 1].uid))
			abort();
	}
	users_free(&users);
	if (size)
		memcpy(path, data, size);
	path = realloc(path, size ? size : 1); /* not a byte more */
	id = container_in(path, (uint32_t)size);
	if (id.length && (id.length < 32 || id.length > 64 || id.at + id.length > size || memchr(path + id.at, '/', id.length)))
		abort();
	free(path);
	return 0;
}
