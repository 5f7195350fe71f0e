#include <string.h>
#include <time.h>

#include "show/text.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "show/escape.h"

#define HMS_WIDTH 9
#define ISO_WIDTH TIME_ISO

/* Adds a command's name, and spaces up to the column's width, one at least. empty: stands in the place of an empty name. */
static void add_comm(struct output *out, const char comm[EXEC_COMM], size_t width, const char *empty)
{
	static const char spaces[] = "                ";
	uint64_t start = out->total, used;

	if (*comm)
		escape_text(out, comm, strnlen(comm, EXEC_COMM), ESCAPE_COLUMN);
	else
		output_add(out, empty, strlen(empty));
	used = out->total - start;
	output_add(out, spaces, used < width ? (size_t)(width - used) : 0);
	output_add(out, " ", 1);
}

/* Adds the number as a column of that width, "?" if it is not known. */
static void add_number(struct output *out, bool known, uint64_t number, int width)
{
	if (known)
		output_number(out, (int64_t)number, -width);
	else
		output_format(out, "%-*s", width, "?");
	output_add(out, " ", 1);
}

void text_heading(const struct form *form, char *heading, size_t size)
{
	size_t used = 0;
#define ADD(...) (used += format_text(heading + used, size - used, __VA_ARGS__))

	if (form->time)
		ADD("%-*s", form->iso_time ? ISO_WIDTH : HMS_WIDTH, "TIME");
	if (form->timestamp)
		ADD("%-8s", "TIME(s)");
	if (form->print_uid)
		ADD("%-6s", "UID");
	ADD("%-16s %-6s ", form->print_pcomm ? "COMM" : "PCOMM", "PID");
	if (form->print_pcomm)
		ADD("%-16s ", "PCOMM");
	ADD("%-6s ", "PPID");
	if (form->print_cpu)
		ADD("%-4s ", "CPU");
	if (form->print_mntns)
		ADD("%-10s ", "MNTNS");
	if (form->print_cgroup)
		ADD("%-10s ", "CGROUP");
	ADD("%3s %s\n", "RET", "ARGS");
#undef ADD
}

static void add_time(struct printer *printer, uint64_t time)
{
	int64_t ns = wall_time(printer, time);
	time_t t = ns / 1000000000;
	struct tm tm;

	if (printer->form->iso_time) {
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

/* Adds the strings as one word, in quotation marks if `quote`. */
static void add_word(struct output *out, const char *before, const struct text *text, bool quote)
{
	if (text->state == TEXT_UNREADABLE) {
		output_add(out, UNREADABLE, strlen(UNREADABLE));
		return;
	}
	if (quote)
		output_add(out, "\"", 1);
	output_add(out, before, strlen(before));
	escape_text(out, text->bytes, text->length, quote ? ESCAPE_QUOTED : ESCAPE_PLAIN);
	if (quote)
		output_add(out, "\"", 1);
	if (text->state == TEXT_CUT)
		output_add(out, "...", 3);
}

static void add_args(struct printer *printer, const struct exec *exec)
{
	const struct form *form = printer->form;
	const struct arguments *args = &exec->args;
	size_t end = args->count;
	bool more = args->more;

	/* The file's name is the first. */
	if (form->max_args && args->skip < end && form->max_args - 1 < end - args->skip) {
		end = args->skip + (size_t)form->max_args - 1;
		more = true;
	} else if (args->skip < end && args->list[end - 1].state == TEXT_CUT) {
		more = false; /* it says so itself */
	}
	add_word(printer->out, exec->directory, &exec->name, form->quote);
	for (size_t i = args->skip; i < end; i++) {
		output_add(printer->out, " ", 1);
		add_word(printer->out, "", &args->list[i], form->quote);
	}
	if (more)
		output_add(printer->out, " ...", 4);
	if (args->unreadable)
		output_add(printer->out, " " UNREADABLE, 1 + strlen(UNREADABLE));
	if (exec->checks)
		output_add(printer->out, " " CHECKED, 1 + strlen(CHECKED));
}

/* The columns of the time. */
static void add_times(struct printer *printer, uint64_t time)
{
	uint64_t ms = time > printer->start ? (time - printer->start + 500000) / 1000000 : 0;
	char seconds[24];

	if (printer->form->time)
		add_time(printer, time);
	if (!printer->form->timestamp)
		return;
	format_text(seconds, sizeof(seconds), "%llu.%03llu", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000);
	output_format(printer->out, "%-7s ", seconds);
}

void text_exec(struct printer *printer, const struct exec *exec)
{
	const struct form *form = printer->form;
	struct output *out = printer->out;

	if (form->tree)
		output_format(out, "%*s", 2 * tree_depth(&printer->tree, &printer->parents, exec), "");
	add_times(printer, exec->time);
	if (form->print_uid)
		output_format(out, "%-5u ", exec->uid);
	add_comm(out, exec->comm, 16, "\"\"");
	output_number(out, exec->pid, -6);
	output_add(out, " ", 1);
	if (form->print_pcomm)
		add_comm(out, exec->pcomm, 16, "?");
	add_number(out, exec_knows(exec, EXEC_PPID), exec->ppid, 6);
	if (form->print_cpu)
		output_format(out, "%-4d ", exec->cpu);
	if (form->print_mntns)
		add_number(out, exec_knows(exec, EXEC_MNTNS), exec->mntns, 10);
	if (form->print_cgroup)
		add_number(out, exec_knows(exec, EXEC_CGROUP), exec->cgroup, 10);
	if (exec_knows(exec, EXEC_RESULT))
		output_number(out, exec->result, 3);
	else
		output_add(out, "  ?", 3);
	output_add(out, " ", 1);
	add_args(printer, exec);
	output_end_line(out);
}
