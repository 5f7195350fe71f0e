/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "show/tz.h"
#include "lib/format.h"

#define NAME_LEAST 3
#define NAME_MOST 6 /* musl's TZNAME_MAX */
#define RULE_SIZE 128

/* ---- the grammar: each function steps over its part, or returns false ---- */

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_number(const char **at, int least, int most)
{
	int number = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at) && number <= most; (*at)++)
		number = number * 10 + (**at - '0');
	return number >= least && number <= most;
}

static bool take_name(const char **at)
{
	bool quoted = take(at, '<');
	size_t length = 0;

	while (quoted ? isalnum((unsigned char)**at) || **at == '+' || **at == '-' : isalpha((unsigned char)**at)) {
		(*at)++;
		length++;
	}
	return length >= NAME_LEAST && length <= NAME_MOST && (!quoted || take(at, '>'));
}

static bool take_time(const char **at, int hours)
{
	if (**at == '+' || **at == '-')
		(*at)++;
	if (!take_number(at, 0, hours))
		return false;
	for (int i = 0; i < 2 && take(at, ':'); i++)
		if (!take_number(at, 0, 59))
			return false;
	return true;
}

static bool take_date(const char **at)
{
	bool sound;

	if (take(at, 'M'))
		sound = take_number(at, 1, 12) && take(at, '.') && take_number(at, 1, 5) && take(at, '.') && take_number(at, 0, 6);
	else if (take(at, 'J'))
		sound = take_number(at, 1, 365);
	else
		sound = take_number(at, 0, 365);
	return sound && (!take(at, '/') || take_time(at, 167));
}

bool tz_is_rule(const char *text)
{
	if (!take_name(&text) || !take_time(&text, 24))
		return false;
	if (!*text)
		return true;
	if (!take_name(&text))
		return false;
	if (*text && *text != ',' && !take_time(&text, 24))
		return false;
	return !*text || (take(&text, ',') && take_date(&text) && take(&text, ',') && take_date(&text) && !*text);
}

/* ---- the file ---- */

/* Opens the file that musl would: a path, or a name below one of its directories. */
static int open_zone(const char *zone)
{
	static const char *const directories[] = {"/usr/share/zoneinfo/", "/share/zoneinfo/", "/etc/zoneinfo/"};
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char path[320];
	int fd = -1;

	if (*zone == '/' || *zone == '.')
		return open(zone, flags);
	if (strlen(zone) > 255 || strchr(zone, '.'))
		return -1;
	for (size_t i = 0; fd < 0 && i < sizeof(directories) / sizeof(directories[0]); i++) {
		format_text(path, sizeof(path), "%s%s", directories[i], zone);
		fd = open(path, flags);
	}
	return fd;
}

/* Copies the last line, which stands between two newlines behind the tables. Why not, or NULL. */
static const char *read_rule(int fd, char rule[RULE_SIZE])
{
	char magic[5], tail[RULE_SIZE], *newline;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || memcmp(magic, "TZif", 4))
		return "it is no time zone file";
	if (magic[4] < '2')
		return "its format is that of before 2005";
	n = pread(fd, tail, sizeof(tail) - 1, st.st_size > (off_t)sizeof(tail) - 1 ? st.st_size - (off_t)sizeof(tail) + 1 : 0);
	if (n < 2 || tail[n - 1] != '\n')
		return "it does not end with a rule";
	tail[n - 1] = '\0';
	newline = memrchr(tail, '\n', (size_t)n - 1);
	if (!newline || strlen(newline + 1) != (size_t)(tail + n - 1 - (newline + 1)) || !tz_is_rule(newline + 1))
		return "it does not end with a rule";
	memcpy(rule, newline + 1, (size_t)(tail + n - newline) - 1);
	return NULL;
}

const char *tz_set(void)
{
	const char *zone = getenv("TZ"), *why = NULL;
	char rule[RULE_SIZE] = "UTC0";
	int fd;

	if (!zone)
		zone = "/etc/localtime";
	if (tz_is_rule(zone))
		return NULL;
	if (*zone == ':')
		zone++;
	fd = *zone ? open_zone(zone) : -1;
	if (fd >= 0) {
		why = read_rule(fd, rule);
		close(fd);
	}
	setenv("TZ", why ? "UTC0" : rule, 1);
	tzset();
	return why;
}
