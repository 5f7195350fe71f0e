/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/end.h"
#include "show/signame.h"

/* A status of wait(2): the signal that ended the process, a flag, the number that it gave to exit(3). */
#define SIGNAL(status) ((status) & 0x7f)
#define CORE 0x80
#define NUMBER(status) ((status) >> 8 & 0xff)

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

int64_t end_since_exec(const struct exec *end)
{
	return end->executed && end->executed <= end->time ? (int64_t)(end->time - end->executed) : -1;
}

int64_t end_since_start(const struct printer *printer, const struct exec *end)
{
	uint64_t time = end->time + printer->asleep;

	return exec_knows(end, EXEC_START) && end->start <= time ? (int64_t)(time - end->start) : -1;
}

void end_add_text(struct printer *printer, const struct exec *end)
{
	struct output *out = printer->out;
	int64_t ns = end_since_exec(end);

	add(out, "EXIT ");
	if (!exec_knows(end, EXEC_STATUS))
		add(out, "?");
	else if (SIGNAL(end->status))
		add(out, signal_name((int)SIGNAL(end->status)));
	else
		output_number(out, NUMBER(end->status), 0);
	if (exec_knows(end, EXEC_STATUS) && end->status & CORE)
		add(out, " (core dumped)");
	if (ns < 0)
		ns = end_since_start(printer, end);
	if (ns >= 0) {
		unsigned long long ms = ((unsigned long long)ns + 500000) / 1000000;

		output_format(out, " %llu.%03llus", ms / 1000, ms % 1000);
	}
}

void end_add_json(struct output *out, const struct exec *end)
{
	if (!exec_knows(end, EXEC_STATUS)) {
		add(out, "null");
		return;
	}
	if (!SIGNAL(end->status)) {
		output_number(out, NUMBER(end->status), 0);
		return;
	}
	add(out, "null,\"signal\":\"");
	add(out, signal_name((int)SIGNAL(end->status)));
	add(out, end->status & CORE ? "\",\"core\":true" : "\"");
}
