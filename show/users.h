/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of this machine's users by their ids, from /etc/passwd as it was at the start. */
#ifndef USERS_H
#define USERS_H

#include <stddef.h>
#include <stdint.h>

struct user {
	uint32_t uid;
	uint32_t at, length; /* of the name, in the names */
};

struct users {
	struct user *list; /* by id */
	size_t count;
	char *names;
};

/* Reads the file, 4 MiB of it and 65536 users at most. Returns NULL, or why not all of it was read. */
const char *users_read(struct users *users, const char *path);

/* Takes the users out of the text, which is from malloc(3) and becomes theirs. It skips lines that are none of passwd(5); of
 * two with one id the first counts. Returns NULL, or why not all were taken. */
const char *users_parse(struct users *users, char *text, size_t length);

/* Of length 0: there is no such user. */
struct user_name {
	const char *bytes;
	size_t length;
};
struct user_name users_name(const struct users *users, uint32_t uid);

void users_free(struct users *users);

#endif
