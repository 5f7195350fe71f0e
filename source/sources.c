#include <string.h>

#include "source/sources.h"
#include "source/bpf.h"
#include "source/perf.h"
#include "source/proc.h"
#include "source/trace.h"
#include "source/watch.h"

const struct source_row sources[SOURCES] = {
	{.name = "bpf", .open = bpf_open, .fails = true},
	{.name = "perf", .open = perf_open, .lacks = "failed calls"},
	{.name = "proc", .open = proc_open, .lacks = "the arguments of programs that end at once, and failed calls"},
	{.name = "sideband", .open = sideband_open, .lacks = "the arguments of many programs that end at once, and failed calls"},
	{.name = "trace", .open = trace_open, .lacks = "programs with the setuid bit as they are, for they run without its power, unless "
		"root traces", .fails = true, .alone = true},
	{.name = "watch", .open = watch_open, .lacks = "programs that end within some milliseconds, and failed calls"},
};

const struct source_row *source_find(const char *name)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (!strcmp(sources[i].name, name))
			return &sources[i];
	return NULL;
}
