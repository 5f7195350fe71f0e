/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kprobes.h"
#include "lib/files.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "loader.h"

/* The name of its event; others of us have other groups. */
static void name_event(char *name, size_t size, const char *function, bool at_return)
{
	format_text(name, size, "execsnoop_%d/%s%s", (int)getpid(), function, at_return ? "_return" : "");
}

/* Whether it can be said how many calls that are under way are seen to return, by tracefs's own help (Linux 4.12 or so).
 * An older kernel has a number by its CPUs, and takes ours for no name. */
static bool takes_maxactive(int tracefs)
{
	char help[16384];

	return read_file(tracefs, "README", help, sizeof(help)) > 0 && strstr(help, "r[maxactive]");
}

int kprobes_attach(struct kprobes *k, int tracefs, const char *function, bool at_return, int program,
		   struct error *err)
{
	const char *kind = !at_return ? "p" : takes_maxactive(tracefs) ? "r512" : "r";
	char event[64], line[160];
	uint64_t id;
	int ret;

	if (k->count == sizeof(k->functions) / sizeof(k->functions[0]))
		return error_set(err, ENOSPC, "cannot probe %s: too many probes", function);
	if (!k->count) {
		k->fd = openat(tracefs, "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
		if (k->fd < 0)
			return error_set(err, errno, "cannot open tracefs:kprobe_events: %s; this needs "
					 "CONFIG_KPROBE_EVENTS=y", strerror(errno));
	}
	name_event(event, sizeof(event), function, at_return);
	/* Documentation/trace/kprobetrace.txt */
	format_text(line, sizeof(line), "%s:%s %s\n", kind, event, function);
	if (write(k->fd, line, strlen(line)) < 0) {
		ret = error_set(err, errno, "cannot probe the kernel's function %s: %s", function, strerror(errno));
		if (!k->count)
			close(k->fd);
		return ret;
	}
	k->functions[k->count] = function;
	k->at_return[k->count++] = at_return;
	ret = tracepoint_id(tracefs, event, &id, err);
	return ret ? ret : tracepoint_attach(id, event, program, err);
}

void kprobes_remove(struct kprobes *k)
{
	char event[64], line[80];

	if (!k->count)
		return;
	while (k->count) {
		k->count--;
		name_event(event, sizeof(event), k->functions[k->count], k->at_return[k->count]);
		format_text(line, sizeof(line), "-:%s\n", event);
		/* EBUSY: a copy of the attachment is still open somewhere. */
		if (write(k->fd, line, strlen(line)) < 0)
			continue;
	}
	close(k->fd);
}
