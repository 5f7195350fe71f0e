/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "kernel/ttys.h"
#include "lib/files.h"
#include "lib/format.h"

/* The next word of the line. NULL: there is none. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " "), *end = word + strcspn(word, " ");

	if (end == word)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* Whether a name goes on with a number does not stand there: it does where there are several, and of the one serial line of a board. */
static void parse_line(struct ttys *ttys, char *line)
{
	struct tty_driver *d = &ttys->drivers[ttys->count];
	char *words[5], *dash, *name;

	for (size_t i = 0; i < 5; i++) {
		words[i] = next_word(&line);
		if (!words[i])
			return;
	}
	name = words[1];
	if (!strncmp(name, "/dev/", 5))
		name += 5;
	dash = strchr(words[3], '-');
	if (strlen(name) + 2 > TTY_NAME || !strcmp(name, "ttyp")) /* BSD's pseudoterminals have letters */
		return;
	d->major = (uint32_t)strtoul(words[2], NULL, 10);
	d->first = (uint32_t)strtoul(words[3], NULL, 10);
	d->last = dash ? (uint32_t)strtoul(dash + 1, NULL, 10) : d->first;
	d->numbered = dash || !strncmp(words[4], "serial", 6);
	/* Virtual consoles begin with tty1. */
	d->base = !strcmp(name, "tty") ? d->first : 0;
	format_text(d->name, sizeof(d->name), "%s%s", name, strcmp(name, "pts") ? "" : "/");
	ttys->count++;
}

void ttys_parse(struct ttys *ttys, const char *text)
{
	char line[256];
	size_t length;

	ttys->count = 0;
	for (; *text && ttys->count < TTY_DRIVERS; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (length >= sizeof(line))
			continue;
		memcpy(line, text, length);
		line[length] = '\0';
		parse_line(ttys, line);
	}
}

void ttys_read(struct ttys *ttys, int proc)
{
	char text[8192];

	ttys->count = 0;
	if (read_file(proc, "tty/drivers", text, sizeof(text)) > 0)
		ttys_parse(ttys, text);
}

bool ttys_name(const struct ttys *ttys, uint32_t number, char name[TTY_NAME])
{
	/* new_encode_dev in include/linux/kdev_t.h */
	uint32_t major = number >> 8 & 0xfff, minor = (number & 0xff) | (number >> 12 & 0xfff00);

	for (size_t i = 0; number && i < ttys->count; i++) {
		const struct tty_driver *d = &ttys->drivers[i];

		if (d->major != major || minor < d->first || minor > d->last)
			continue;
		if (d->numbered)
			format_text(name, TTY_NAME, "%s%u", d->name, minor - d->first + d->base);
		else
			format_text(name, TTY_NAME, "%s", d->name);
		return true;
	}
	return false;
}

void ttys_from_kernel(const char *kernel, size_t size, char name[TTY_NAME])
{
	size_t length = strnlen(kernel, size);

	if (length > 3 && !strncmp(kernel, "pts", 3))
		format_text(name, TTY_NAME, "pts/%.*s", (int)length - 3, kernel + 3);
	else
		format_text(name, TTY_NAME, "%.*s", (int)length, kernel);
}
