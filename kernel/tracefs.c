/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/tracefs.h"
#include "lib/files.h"
#include "lib/format.h"

static int read_event_file(int tracefs, const char *event, const char *name, char *text,
			   unsigned int size, struct error *err)
{
	const char *advice;
	char path[128];
	int ret;

	format_text(path, sizeof(path), "events/%s/%s", event, name);
	ret = read_file(tracefs, path, text, size);
	if (ret >= 0)
		return 0;
	if (ret == -EPERM || (ret == -ENOENT && faccessat(tracefs, "events", F_OK, 0)))
		advice = "either the kernel lacks CONFIG_EVENT_TRACING=y, or it is locked down "
			 "(cat /sys/kernel/security/lockdown): boot it with lockdown=integrity or less";
	else if (ret == -ENOENT && !strncmp(event, "syscalls/", 9))
		advice = "this needs Linux 4.14 with CONFIG_FTRACE_SYSCALLS=y";
	else if (ret == -ENOENT)
		advice = "the kernel needs CONFIG_EVENT_TRACING=y";
	else if (ret == -EMFILE)
		advice = "raise the limit of open files (ulimit -n)";
	else
		advice = "run it as root";
	return error_set(err, -ret, "cannot read tracefs:%s: %s; %s", path, strerror(-ret), advice);
}

int tracepoint_id(int tracefs, const char *event, uint64_t *id, struct error *err)
{
	char text[32], *end;
	int ret = read_event_file(tracefs, event, "id", text, sizeof(text), err);

	if (ret)
		return ret;
	*id = strtoull(text, &end, 10);
	if (end == text)
		return error_set(err, EINVAL, "tracefs:events/%s/id does not hold a number", event);
	return 0;
}

/* A line is "\tfield:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;" */
int format_field(const char *format, const char *field, unsigned int size, uint64_t *offset)
{
	size_t length = strlen(field);

	for (const char *line = strstr(format, "\tfield:"); line; line = strstr(line, "\tfield:")) {
		const char *end = strchr(++line, ';'), *name, *at;

		if (!end)
			break;
		for (name = end; name > line && (isalnum((unsigned char)name[-1]) || name[-1] == '_'); )
			name--;
		if ((size_t)(end - name) != length || strncmp(name, field, length))
			continue;
		at = strstr(end, "offset:");
		if (!at)
			break;
		*offset = strtoull(at + 7, NULL, 10);
		at = strstr(at, "size:");
		return at && strtoul(at + 5, NULL, 10) == size ? 0 : -EINVAL;
	}
	return -ENOENT;
}

int tracepoint_fields(int tracefs, const char *event, struct field *fields, size_t count, struct error *err)
{
	char format[4096];
	int ret = read_event_file(tracefs, event, "format", format, sizeof(format), err);

	for (size_t i = 0; !ret && i < count; i++) {
		ret = format_field(format, fields[i].name, fields[i].size, &fields[i].offset);
		if (ret)
			return error_set(err, -ret,
					 "the tracepoint %s has no field \"%s\" of %u bytes on this kernel, "
					 "so what it carries cannot be read",
					 event, fields[i].name, fields[i].size);
	}
	return ret;
}

int tracepoint_field(int tracefs, const char *event, const char *field, unsigned int size,
		     uint64_t *offset, struct error *err)
{
	struct field f = {field, size, 0};
	int ret = tracepoint_fields(tracefs, event, &f, 1, err);

	*offset = f.offset;
	return ret;
}
