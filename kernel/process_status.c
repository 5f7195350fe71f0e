/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/process_status.h"
#include "lib/files.h"
#include "lib/format.h"

/* The second number of a line; its name ends with a tab, and a tab is between the two. */
static uint32_t second_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	at = at ? strchr(at + strlen(name), '\t') : NULL;
	return at ? (uint32_t)strtoul(at + 1, NULL, 10) : 0;
}

/* The last number of a line, likewise. */
static uint32_t last_of(const char *text, const char *name)
{
	const char *at = strstr(text, name), *tab;
	size_t length = at ? strcspn(at + 1, "\n") + 1 : 0;

	tab = at && at[length] == '\n' ? memrchr(at, '\t', length) : NULL;
	return tab ? (uint32_t)strtoul(tab + 1, NULL, 10) : 0;
}

int process_status(int proc, uint32_t tid, struct process_status *status)
{
	const struct {
		const char *name;
		uint32_t *value;
	} fields[] = {
		{"\nTgid:\t", &status->process},
		{"\nTracerPid:\t", &status->tracer},
		{"\nUid:\t", &status->uid},
		{"\nGid:\t", &status->gid},
	};
	char path[32], text[16384]; /* a line of it has all groups */
	const char *at;
	int ret;

	format_text(path, sizeof(path), "%u/status", tid);
	ret = read_file(proc, path, text, sizeof(text));
	if (ret < 0)
		return ret;
	/* The kernel writes a newline of the name, in the first line, as \n. */
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		at = strstr(text, fields[i].name);
		if (!at)
			return -EINVAL;
		*fields[i].value = (uint32_t)strtoul(at + strlen(fields[i].name), NULL, 10);
	}
	status->euid = second_of(text, "\nUid:\t");
	status->egid = second_of(text, "\nGid:\t");
	status->inner = last_of(text, "\nNSpid:\t");
	at = strstr(text, "\nCapEff:\t");
	status->capabilities = at ? strtoull(at + 9, NULL, 16) : 0;
	return 0;
}

uint32_t process_of(int proc, uint32_t tid)
{
	struct process_status status;

	return process_status(proc, tid, &status) ? 0 : status.process;
}
