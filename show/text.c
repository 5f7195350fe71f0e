#include <string.h>
#include <time.h>

#include "show/text.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "show/escape.h"

#define HMS_WIDTH 9
#define ISO_WIDTH TIME_ISO

/* Adds a command's name, and spaces up to the column's width, one at least. empty: stands in the place of an empty name. */
static void add_comm(struct output *out, const char comm[COMM_LEN], size_t width, const char *empty)
{
	static const char spaces[] = "                ";
	uint64_t start = out->total, used;

	if (*comm)
		escape_text(out, comm, strnlen(comm, COMM_LEN), ESCAPE_COLUMN);
	else
		output_add(out, empty, strlen(empty));
	used = out->total - start;
	output_add(out, spaces, used < width ? (size_t)(width - used) : 0);
	output_add(out, " ", 1);
}

/* Adds the number as a column of that width, "?" if it is 0: not known. */
static void add_number(struct output *out, uint64_t number, int width)
{
	if (number)
		output_number(out, (int64_t)number, -width);
	else
		output_format(out, "%-*s", width, "?");
	output_add(out, " ", 1);
}

void text_heading(const struct options *o, char *heading, size_t size)
{
	size_t used = 0;
#define ADD(...) (used += format_text(heading + used, size - used, __VA_ARGS__))

	if (o->time)
		ADD("%-*s", o->iso_time ? ISO_WIDTH : HMS_WIDTH, "TIME");
	if (o->timestamp)
		ADD("%-8s", "TIME(s)");
	if (o->print_uid)
		ADD("%-6s", "UID");
	ADD("%-16s %-6s ", o->print_pcomm ? "COMM" : "PCOMM", "PID");
	if (o->print_pcomm)
		ADD("%-16s ", "PCOMM");
	ADD("%-6s ", "PPID");
	if (o->print_cpu)
		ADD("%-4s ", "CPU");
	if (o->print_mntns)
		ADD("%-10s ", "MNTNS");
	if (o->print_cgroup)
		ADD("%-10s ", "CGROUP");
	ADD("%3s %s\n", "RET", "ARGS");
#undef ADD
}

static void add_time(struct printer *printer, uint64_t time)
{
	int64_t ns = print_wall_time(printer, time);
	time_t t = ns / 1000000000;
	struct tm tm;

	if (printer->options->iso_time) {
		char text[TIME_ISO];

		time_iso(ns, text);
		output_format(printer->out, "%-*s", ISO_WIDTH, text);
		return;
	}
	if (t != printer->second) {
		printer->second = t;
		localtime_r(&t, &tm);
		format_text(printer->clock, sizeof(printer->clock), "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	}
	output_format(printer->out, "%-*s", HMS_WIDTH, printer->clock);
}

#define UNREADABLE "<unreadable>"
#define CHECKED "<AT_EXECVE_CHECK>"

static void add_argument(struct output *out, const struct args *arg, bool quote)
{
	if (!arg->bytes) {
		output_add(out, UNREADABLE, strlen(UNREADABLE));
		return;
	}
	if (quote)
		output_add(out, "\"", 1);
	escape_text(out, arg->bytes, arg->len, quote ? ESCAPE_QUOTED : ESCAPE_PLAIN);
	if (quote)
		output_add(out, "\"", 1);
	if (arg->cut)
		output_add(out, "...", 3);
}

static void add_name(struct output *out, const struct event *e, bool quote)
{
	char prefix[EVENT_PREFIX];

	if (!e->name) {
		output_add(out, UNREADABLE, strlen(UNREADABLE));
		return;
	}
	if (quote)
		output_add(out, "\"", 1);
	output_add(out, prefix, event_prefix(e, prefix));
	escape_text(out, e->name, strlen(e->name), quote ? ESCAPE_QUOTED : ESCAPE_PLAIN);
	if (quote)
		output_add(out, "\"", 1);
	if (e->name_cut)
		output_add(out, "...", 3);
}

static void add_args(struct printer *printer, const struct event *e)
{
	const struct options *o = printer->options;
	struct args args = event_args(e);
	unsigned int skip = event_skip(e);
	uint64_t shown = 1;
	bool cut = e->cut, within = false; /* it is cut within the last argument */

	add_name(printer->out, e, o->quote);
	while (skip && args_next(&args))
		skip--;
	while (args_next(&args)) {
		if (o->max_args && shown >= o->max_args) {
			cut = true;
			within = false;
			break;
		}
		output_add(printer->out, " ", 1);
		add_argument(printer->out, &args, o->quote);
		within = args.cut;
		shown++;
	}
	if (cut && !within)
		output_add(printer->out, " ...", 4);
	if (e->unreadable)
		output_add(printer->out, " " UNREADABLE, 1 + strlen(UNREADABLE));
	if (e->exec.head.flags & RECORD_CHECK)
		output_add(printer->out, " " CHECKED, 1 + strlen(CHECKED));
}

void text_event(struct printer *printer, const struct event *event)
{
	const struct options *o = printer->options;
	const struct exec_record *e = &event->exec;
	struct output *out = printer->out;
	unsigned long long ms = e->time > printer->start ? (e->time - printer->start + 500000) / 1000000 : 0;
	char seconds[24];

	if (o->tree)
		output_format(out, "%*s", 2 * tree_depth(&printer->tree, &printer->parents, e), "");
	if (o->time)
		add_time(printer, e->time);
	if (o->timestamp) {
		format_text(seconds, sizeof(seconds), "%llu.%03llu", ms / 1000, ms % 1000);
		output_format(out, "%-7s ", seconds);
	}
	if (o->print_uid)
		output_format(out, "%-5u ", e->uid);
	add_comm(out, e->comm, 16, "\"\"");
	output_number(out, e->pid, -6);
	output_add(out, " ", 1);
	if (o->print_pcomm)
		add_comm(out, e->pcomm, 16, "?");
	add_number(out, e->ppid, 6);
	if (o->print_cpu)
		output_format(out, "%-4d ", event->cpu);
	if (o->print_mntns)
		add_number(out, e->mntns, 10);
	if (o->print_cgroup)
		add_number(out, e->cgroup, 10);
	if (e->head.flags & RECORD_NO_RESULT)
		output_add(out, "  ?", 3);
	else
		output_number(out, e->ret, 3);
	output_add(out, " ", 1);
	add_args(printer, event);
	output_end_line(out);
}
