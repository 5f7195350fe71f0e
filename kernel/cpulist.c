/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpulist.h"

/* No kernel has as many (NR_CPUS). */
#define CPUS_MOST (1UL << 20)

/* The number at the start of the text; -1: there is none, or it is no CPU's. */
static int cpu_at(const char *text)
{
	unsigned long cpu = isdigit((unsigned char)*text) ? strtoul(text, NULL, 10) : CPUS_MOST;

	return cpu < CPUS_MOST ? (int)cpu : -1;
}

/* The last CPU in a list like "0-3,8"; -1: there is none. */
static int last_in_list(const char *list)
{
	const char *last = list + strcspn(list, "\n");

	while (last > list && isdigit((unsigned char)last[-1]))
		last--;
	return cpu_at(last);
}

int cpus_in_list(const char *list, size_t length)
{
	/* The end of a list that is longer is not there: such a machine has more CPUs than any. */
	return length && list[length - 1] == '\n' ? last_in_list(list) + 1 : 0;
}

/* The last of the columns "CPU0 CPU1 …" in the first line of /proc/softirqs, which has all possible ones. */
int cpus_in_softirqs(const char *text)
{
	const char *end = text + strcspn(text, "\n"), *last = end;

	while (last > text && strncmp(last, "CPU", 3))
		last--;
	return *end && last > text ? cpu_at(last + 3) + 1 : 0;
}

enum presence cpu_in_list(const char *list, size_t length, int cpu)
{
	const char *at = list;

	while (isdigit((unsigned char)*at)) {
		char *end;
		long low = strtol(at, &end, 10), high = low;

		if (*end == '-')
			high = strtol(end + 1, &end, 10);
		if (!*end) /* cut, perhaps within this number */
			return CPU_UNKNOWN;
		if (cpu >= low && cpu <= high)
			return CPU_ONLINE;
		if (cpu < low)
			return CPU_OFFLINE;
		at = *end == ',' ? end + 1 : end;
	}
	return length && list[length - 1] == '\n' ? CPU_OFFLINE : CPU_UNKNOWN;
}
