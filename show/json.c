/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/json.h"
#include "lib/timestamp.h"
#include "show/keys.h"

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

static void add_time(struct printer *printer, const char *key, uint64_t time)
{
	char text[TIME_ISO];

	time_iso(wall_time(printer, time), text);
	add(printer->out, key);
	add(printer->out, text);
	add(printer->out, "\"");
}

void json_exec(struct printer *printer, const struct exec *exec)
{
	if (keys_add(printer, exec))
		output_end_line(printer->out);
}

void json_lost(struct printer *printer, const struct loss *loss)
{
	add_time(printer, "{\"time\":\"", printer->now);
	add(printer->out, ",\"lost\":");
	output_number(printer->out, (int64_t)loss->count, 0);
	if (loss->cpu >= 0) {
		add(printer->out, ",\"cpu\":");
		output_number(printer->out, loss->cpu, 0);
	}
	add_time(printer, ",\"from\":\"", loss->from);
	add_time(printer, ",\"to\":\"", loss->to);
	add(printer->out, "}");
	output_end_line(printer->out);
}
