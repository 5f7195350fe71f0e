/* A file of users. */
#include <stdlib.h>
#include <string.h>

#include "show/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct users users;

	memcpy(text, data, size);
	users_parse(&users, text, size);
	for (size_t i = 0; i < users.count; i++) {
		struct user_name name = users_name(&users, users.list[i].uid);

		if (!name.length || memchr(name.bytes, '\n', name.length) || memchr(name.bytes, ':', name.length) ||
		    (i && users.list[i].uid <= users.list[i - 1].uid))
			abort();
	}
	users_free(&users);
	return 0;
}
