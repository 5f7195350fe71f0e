#include <time.h>

#include "timestamp.h"

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

uint64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
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
