/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "source/sources.h"
#include "source/bpf.h"
#include "source/perf.h"
#include "source/proc.h"
#include "source/trace.h"
#include "source/watch.h"

/* Of the kernel's events. */
#define CAME_FAST "the kernel's messages came faster than they were taken, or there was no memory"

const struct source_row sources[SOURCES] = {
	{.name = "bpf", .open = bpf_open,
	 .loses = "the kernel did not show them, being at work for another BPF user", .fails = true},
	{.name = "perf", .open = perf_open,
	 .lacks = "failed calls, how programs end, and the user and mount namespace of some that end at once",
	 .loses = CAME_FAST},
	{.name = "proc", .open = proc_open, .lacks = "the arguments of programs that end at once, and failed calls",
	 .loses = CAME_FAST},
	{.name = "sideband", .open = sideband_open, .lacks = "the arguments of many programs that end at once, how programs end, and failed calls",
	 .loses = CAME_FAST},
	{.name = "trace", .open = trace_open,
	 .lacks = "programs with the setuid bit as they are, for they run without its power, unless root traces",
	 .loses = "there was no memory", .fails = true, .alone = true},
	{.name = "watch", .open = watch_open, .lacks = "programs that end within some milliseconds, how programs end, and failed calls",
	 .loses = "there was no memory"},
};

const struct source_row *source_find(const char *name)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (!strcmp(sources[i].name, name))
			return &sources[i];
	return NULL;
}
