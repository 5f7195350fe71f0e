/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show/users.h"

#define FILE_MOST (4U << 20)
#define USERS_MOST 65536
#define NAME_MOST 255 /* LOGIN_NAME_MAX less the NUL */

/* ---- a line: name, ":", password, ":", id, ":", … ---- */

static bool take_field(const char **at, const char *end, const char **field, size_t *length)
{
	const char *colon = memchr(*at, ':', (size_t)(end - *at));

	if (!colon)
		return false;
	*field = *at;
	*length = (size_t)(colon - *at);
	*at = colon + 1;
	return true;
}

/* (uid_t)-1 is no user. */
static bool to_uid(const char *digits, size_t length, uint32_t *uid)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		if (digits[i] < '0' || digits[i] > '9' || number > UINT32_MAX)
			return false;
		number = number * 10 + (uint64_t)(digits[i] - '0');
	}
	*uid = (uint32_t)number;
	return length && number < UINT32_MAX;
}

static bool take_line(const char *at, const char *end, const char **name, size_t *length, uint32_t *uid)
{
	const char *field;
	size_t n;

	return take_field(&at, end, name, length) && *length && *length <= NAME_MOST && !memchr(*name, '\0', *length) &&
	       take_field(&at, end, &field, &n) && take_field(&at, end, &field, &n) && to_uid(field, n, uid);
}

/* ---- the list ---- */

static int compare(const void *a, const void *b)
{
	const struct user *one = a, *two = b;

	if (one->uid != two->uid)
		return one->uid < two->uid ? -1 : 1;
	return one->at < two->at ? -1 : one->at > two->at;
}

static void drop_doubles(struct users *users)
{
	size_t kept = 0;

	for (size_t i = 0; i < users->count; i++)
		if (!i || users->list[i].uid != users->list[i - 1].uid)
			users->list[kept++] = users->list[i];
	users->count = kept;
}

static bool make_room(struct users *users, size_t *room)
{
	struct user *list;

	if (users->count < *room)
		return true;
	*room = *room ? 2 * *room : 64;
	list = realloc(users->list, *room * sizeof(*list));
	users->list = list ? list : users->list;
	return list;
}

const char *users_parse(struct users *users, char *text, size_t length)
{
	const char *name, *why = NULL, *end = text + length, *behind;
	size_t used = 0, room = 0, n;
	uint32_t uid;

	*users = (struct users){.names = text};
	for (const char *line = text; !why && line < end; line = behind + 1) {
		behind = memchr(line, '\n', (size_t)(end - line));
		behind = behind ? behind : end;
		if (!take_line(line, behind, &name, &n, &uid))
			continue;
		if (users->count == USERS_MOST)
			why = "it has more than 65536 users";
		else if (!make_room(users, &room))
			why = "no memory";
		if (why)
			break;
		memmove(text + used, name, n); /* what is before it has been read */
		users->list[users->count++] = (struct user){uid, (uint32_t)used, (uint32_t)n};
		used += n;
	}
	if (users->count)
		qsort(users->list, users->count, sizeof(*users->list), compare);
	drop_doubles(users);
	text = realloc(text, used ? used : 1);
	users->names = text ? text : users->names;
	return why;
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size && (n = read(fd, text + used, size - used)) > 0)
		used += (size_t)n;
	return used;
}

const char *users_read(struct users *users, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *why = NULL, *less;
	struct stat st;
	size_t size, n;
	char *text;

	if (fd < 0)
		return strerror(errno);
	size = !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
	if (size > FILE_MOST) {
		why = "it has more than 4 MiB";
		size = FILE_MOST;
	}
	text = malloc(size + 1);
	n = text ? read_all(fd, text, size) : 0;
	close(fd);
	if (!text)
		return "no memory";
	/* Of a file that is cut, the last line is. */
	while (why && n && text[n - 1] != '\n')
		n--;
	less = users_parse(users, text, n);
	return why ? why : !size ? "it is empty, or no file" : less;
}

struct user_name users_name(const struct users *users, uint32_t uid)
{
	size_t low = 0, high = users->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct user *user = &users->list[middle];

		if (user->uid == uid)
			return (struct user_name){users->names + user->at, user->length};
		if (user->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct user_name){0};
}

void users_free(struct users *users)
{
	free(users->list);
	free(users->names);
	*users = (struct users){0};
}
