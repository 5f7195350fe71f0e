/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "show/container.h"

#define DIGITS_MOST 64

/* The names that runtimes give to the cgroup of a container, under systemd and without it. A monitor, as "libpod-conmon-ID.scope",
 * is none: its name does not go on with digits. */
static const struct naming {
	const char *before, *after; /* the id, in the cgroup's name */
	const char *above;	    /* a name above it, NULL: any */
	uint32_t digits;	    /* at least */
} namings[] = {
	{"docker-", ".scope", NULL, 64},
	{"cri-containerd-", ".scope", NULL, 64},
	{"nerdctl-", ".scope", NULL, 64},
	{"crio-", ".scope", NULL, 32},
	{"libpod-", ".scope", NULL, 32},
	{"libpod-", "", "libpod_parent", 32},
	{"crio-", "", "kubepods", 32},
	{"", "", "docker", 64},
	{"", "", "kubepods", 64},
	{"", "", "k8s.io", 64},
	{"", "", "ecs", 64},
};

static bool begins(const char *text, uint32_t length, const char *with)
{
	size_t n = strlen(with);

	return length >= n && !memcmp(text, with, n);
}

/* Whether it is one of the names in the path, which ends with a slash. */
static bool is_below(const char *path, uint32_t length, const char *name)
{
	for (uint32_t i = 0; name && i + 1 < length; i++) {
		const char *rest = path + i + 1;

		if (path[i] == '/' && begins(rest, length - i - 1, name) && rest[strlen(name)] == '/')
			return true;
	}
	return !name;
}

static uint32_t count_digits(const char *text, uint32_t length)
{
	uint32_t n = 0;

	while (n < length && ((text[n] >= '0' && text[n] <= '9') || (text[n] >= 'a' && text[n] <= 'f')))
		n++;
	return n;
}

/* The id in the name from `at` to `end`. */
static struct part id_in(const char *path, uint32_t at, uint32_t end)
{
	for (size_t i = 0; i < sizeof(namings) / sizeof(namings[0]); i++) {
		const struct naming *f = &namings[i];
		uint32_t from = at + (uint32_t)strlen(f->before), n;

		if (!begins(path + at, end - at, f->before))
			continue;
		n = count_digits(path + from, end - from);
		if (n >= f->digits && n <= DIGITS_MOST && end - from - n == strlen(f->after) &&
		    begins(path + from + n, end - from - n, f->after) && is_below(path, at, f->above))
			return (struct part){from, n};
	}
	return (struct part){0};
}

struct part container_in(const char *path, uint32_t length)
{
	struct part id = {0};

	for (uint32_t end = length, at = length; at > 0 && !id.length; at--) {
		if (path[at - 1] != '/')
			continue;
		id = id_in(path, at, end);
		end = at - 1;
	}
	return id;
}
