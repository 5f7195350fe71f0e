#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "json.h"
#include "print.h"
#include "text.h"
#include "timestamp.h"

void print_init(struct printer *printer, const struct options *options, struct output *out, int proc)
{
	*printer = (struct printer){
		.options = options,
		.out = out,
		.proc = proc,
		.start = monotonic_ns(),
		.second = -1,
	};
	print_begin(printer);
	if (!options->json)
		text_heading(options, printer->heading, sizeof(printer->heading));
}

void print_free(struct printer *printer)
{
	free(printer->line);
	tree_free(&printer->tree);
}

void print_begin(struct printer *printer)
{
	printer->now = monotonic_ns();
	printer->wall_offset = (int64_t)(realtime_ns() - printer->now);
}

int64_t print_wall_time(const struct printer *printer, uint64_t time)
{
	return (int64_t)time + printer->wall_offset;
}

static bool add_to_line(struct printer *printer, size_t *used, const char *bytes, size_t len)
{
	if (*used + len + 2 > printer->line_size) {
		size_t size = 2 * (*used + len + 2);
		char *line = realloc(printer->line, size);

		if (!line)
			return false;
		printer->line = line;
		printer->line_size = size;
	}
	if (*used)
		printer->line[(*used)++] = ' ';
	memcpy(printer->line + *used, bytes, len);
	*used += len;
	printer->line[*used] = '\0';
	return true;
}

/* Whether the regular expressions want it. The whole line is matched, as the program got it: also
 * what --max-args does not show, and before anything is escaped. What finds no memory for that is
 * shown. */
static bool is_wanted(struct printer *printer, const struct event *e)
{
	const struct options *o = printer->options;
	struct args args = event_args(e);
	unsigned int skip = event_skip(e);
	char comm[COMM_LEN + 1];
	size_t used = 0;

	if (o->has_name) {
		memcpy(comm, e->exec.comm, COMM_LEN);
		comm[COMM_LEN] = '\0';
		if (regexec(&o->name, comm, 0, NULL, 0))
			return false;
	}
	if (!o->has_line)
		return true;
	if (!add_to_line(printer, &used, e->name ? e->name : "", e->name ? strlen(e->name) : 0))
		return true;
	while (args_next(&args))
		if (skip)
			skip--;
		else if (args.bytes && !add_to_line(printer, &used, args.bytes, args.len))
			return true;
	return !regexec(&o->line, printer->line, 0, NULL, 0);
}

void print_event(struct printer *printer, struct event *event)
{
	if (!is_wanted(printer, event)) {
		printer->unwanted++;
		return;
	}
	if (!event->exec.ppid)
		event->exec.ppid = caller_parent(printer->proc, event->exec.pid);
	printer->printed++;
	printer->failed += event->exec.head.type == RECORD_FAIL;
	if (printer->options->json)
		json_event(printer, event);
	else
		text_event(printer, event);
}

void print_lost(struct printer *printer, uint64_t count)
{
	if (printer->options->json)
		json_lost(printer, count);
}
