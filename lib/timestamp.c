/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/timestamp.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t boottime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static struct wall_clock look(clockid_t clock)
{
	struct wall_clock best = {.error = INT64_MAX};

	/* We may be interrupted between the two. */
	for (int i = 0; i < 8 && best.error > 1000; i++) {
		int64_t before = (int64_t)monotonic_ns(), other = (int64_t)clock_ns(clock), after = (int64_t)monotonic_ns();
		struct wall_clock seen = {other - before - (after - before) / 2, (after - before) / 2 + 1};

		if (seen.error < best.error)
			best = seen;
	}
	return best;
}

struct wall_clock wall_clock_look(void)
{
	return look(CLOCK_REALTIME);
}

struct wall_clock boot_clock_look(void)
{
	return look(CLOCK_BOOTTIME);
}

void wall_clock_update(struct wall_clock *clock, struct wall_clock seen)
{
	int64_t difference = seen.offset - clock->offset;

	if (difference > clock->error + seen.error || -difference > clock->error + seen.error)
		*clock = seen;
}

#define SECONDS_MOST 9000000000 /* of which there are as many ns as an int64_t holds */

/* The offset of that clock in the text. false: it has none. */
static bool find_offset(const char *timens_offsets, const char *clock, int64_t *offset)
{
	const char *line = strstr(timens_offsets, clock);
	int64_t seconds, ns;
	char *end;

	if (!line)
		return false;
	seconds = strtoll(line + strlen(clock), &end, 10);
	ns = strtoll(end, NULL, 10);
	if (seconds <= -SECONDS_MOST || seconds >= SECONDS_MOST || ns < 0 || ns >= 1000000000)
		return false;
	*offset = seconds * 1000000000 + ns;
	return true;
}

int64_t clock_offset(const char *timens_offsets, int64_t least, int64_t most)
{
	int64_t offset;

	if (least <= 0 && most >= 0)
		return 0;
	if (find_offset(timens_offsets, "monotonic", &offset) && least <= offset && most >= offset)
		return offset;
	return least + (most - least) / 2;
}

int64_t boot_offset(const char *timens_offsets)
{
	int64_t offset;

	return find_offset(timens_offsets, "boottime", &offset) ? offset : 0;
}

static char *add_digits(char *at, unsigned int value, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		at[i] = (char)('0' + value % 10);
	at[digits] = behind;
	return at + digits + 1;
}

void time_iso(int64_t ns, char text[TIME_ISO])
{
	time_t seconds = ns / 1000000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	text = add_digits(text, (unsigned int)tm.tm_year + 1900, 4, '-');
	text = add_digits(text, (unsigned int)tm.tm_mon + 1, 2, '-');
	text = add_digits(text, (unsigned int)tm.tm_mday, 2, 'T');
	text = add_digits(text, (unsigned int)tm.tm_hour, 2, ':');
	text = add_digits(text, (unsigned int)tm.tm_min, 2, ':');
	text = add_digits(text, (unsigned int)tm.tm_sec, 2, '.');
	text = add_digits(text, (unsigned int)(ns % 1000000000), 9, 'Z');
	*text = '\0';
}
