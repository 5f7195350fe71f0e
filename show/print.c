#include <stdlib.h>
#include <string.h>

#include "show/print.h"
#include "lib/timestamp.h"
#include "reader/caller.h"
#include "show/json.h"
#include "show/text.h"

void print_init(struct printer *printer, const struct options *options, struct output *out, int64_t ahead)
{
	*printer = (struct printer){
		.options = options,
		.out = out,
		.ahead = ahead,
		.start = monotonic_ns() - (uint64_t)ahead,
		.wall = wall_clock_look(),
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
	printer->now = monotonic_ns() - (uint64_t)printer->ahead;
	wall_clock_update(&printer->wall, wall_clock_look());
}

int64_t print_wall_time(const struct printer *printer, uint64_t time)
{
	return (int64_t)(time + (uint64_t)printer->ahead + (uint64_t)printer->wall.offset);
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

/* Puts the whole line together, as the program got it: also what --max-args does not show, and before anything is escaped.
 * false: a part of it is missing. */
static bool make_line(struct printer *printer, const struct event *e)
{
	struct args args = event_args(e);
	unsigned int skip = event_skip(e);
	bool whole = e->name && !e->name_cut && !e->cut && !e->unreadable;
	size_t used = 0;

	if (!add_to_line(printer, &used, e->name ? e->name : "", e->name ? strlen(e->name) : 0))
		return false;
	while (args_next(&args)) {
		if (skip) {
			skip--;
			continue;
		}
		whole &= args.bytes && !args.cut;
		if (args.bytes && !add_to_line(printer, &used, args.bytes, args.len))
			return false;
	}
	return whole;
}

/* Whether it matches, or regexec(3) cannot tell: it has no memory. */
static bool may_match(const regex_t *regex, const char *text)
{
	return regexec(regex, text, 0, NULL, 0) != REG_NOMATCH;
}

/* A longer one is not kept. */
#define LINE_KEPT (256U << 10)

/* Whether the regular expressions want it, or nobody can tell: what is missing in the line might match. */
static bool is_wanted(struct printer *printer, const struct event *e)
{
	const struct options *o = printer->options;
	char comm[COMM_LEN + 1];
	bool wanted;

	if (o->has_name) {
		memcpy(comm, e->exec.comm, COMM_LEN);
		comm[COMM_LEN] = '\0';
		if (!may_match(&o->name, comm))
			return false;
	}
	if (!o->has_line)
		return true;
	wanted = !make_line(printer, e) || may_match(&o->line, printer->line);
	if (printer->line_size > LINE_KEPT) {
		free(printer->line);
		printer->line = NULL;
		printer->line_size = 0;
	}
	return wanted;
}

/* Bytes of a name, and of arguments, in a line that is cut because others wait. */
#define CROWDED_BYTES 256
#define SCARCE_BYTES 64

/* Of a failed call there is a mark before each string, which does not count. */
static size_t limit_marked(const struct event *event, uint64_t bytes)
{
	struct args args = event_args(event);
	uint64_t used = 0;

	while (args_next(&args)) {
		if (args.bytes && used + args.len > bytes)
			return (size_t)(args.bytes - event->args) + (size_t)(bytes - used);
		used += args.len + 1;
		if (used >= bytes && args.at < args.end)
			return (size_t)(args.at - event->args);
	}
	return event->args_len;
}

/* Cuts the arguments to so many bytes, 0: any number. false: they are no more. */
static bool limit(struct event *event, uint64_t bytes)
{
	size_t length = event->args_len;

	if (!bytes || length <= bytes)
		return false;
	event->args_len = event->exec.head.type == RECORD_FAIL ? limit_marked(event, bytes) : (size_t)bytes;
	event->cut |= event->args_len < length;
	return event->args_len < length;
}

/* Cuts name and arguments. false: they are no longer. */
static bool make_short(struct printer *printer, struct event *event, size_t bytes)
{
	bool cut = limit(event, bytes);

	if (!event->name || strlen(event->name) <= bytes)
		return cut;
	memcpy(printer->name, event->name, bytes);
	printer->name[bytes] = '\0';
	event->name = printer->name;
	return event->name_cut = true;
}

static void lose(struct printer *printer, const struct event *event)
{
	printer->lost++;
	if (!printer->loss.count++)
		printer->loss = (struct loss){.count = 1, .cpu = -1, .from = event->exec.time};
	printer->loss.to = event->exec.time;
}

void print_event(struct printer *printer, struct event *event)
{
	enum output_state state = output_state(printer->out);

	if (!is_wanted(printer, event)) {
		printer->unwanted++;
		return;
	}
	if (state == OUTPUT_FULL || (state == OUTPUT_SCARCE && event->exec.head.type == RECORD_FAIL)) {
		lose(printer, event);
		return;
	}
	limit(event, printer->options->max_bytes);
	if (state != OUTPUT_FREE)
		printer->cut += make_short(printer, event, state == OUTPUT_CROWDED ? CROWDED_BYTES : SCARCE_BYTES);
	if (!event->exec.ppid)
		event->exec.ppid = parents_of(&printer->parents, event->exec.pid);
	printer->printed++;
	printer->failed += event->exec.head.type == RECORD_FAIL;
	if (printer->options->json)
		json_event(printer, event);
	else
		text_event(printer, event);
}

void print_lost(struct printer *printer, const struct loss *loss)
{
	if (printer->options->json)
		json_lost(printer, loss);
}

bool print_take_loss(struct printer *printer, struct loss *loss)
{
	*loss = printer->loss;
	printer->loss.count = 0;
	return loss->count;
}
