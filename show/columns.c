/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <time.h>

#include "show/columns.h"
#include "lib/format.h"
#include "show/chain.h"
#include "show/escape.h"
#include "show/field.h"

static void add(struct output *out, const char *text) { output_add(out, text, strlen(text)); }

/* SGR sequences (console_codes(4)): bold, red, neither. */
#define BOLD "\033[1m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static int width_of(const struct printer *printer, const struct field *field)
{
	if (field->kind == KIND_PID)
		return printer->pid_width;
	return field->kind == KIND_TIME && printer->form->iso_time ? TIME_ISO - 1 : field->width;
}

void columns_heading(const struct printer *printer, char *heading, size_t size)
{
	const struct form *form = printer->form;
	size_t used = 0;

	for (size_t i = 0; i < column_count; i++) {
		const struct field *f = &fields[columns[i]];

		if (!has_column(form, f))
			continue;
		/* The name of the process itself has the original's heading, but beside the parent's. */
		used += format_text(heading + used, size - used, f->kind == KIND_RESULT ? "%*s " : "%-*s ", width_of(printer, f),
				    columns[i] == COMM && form->print_pcomm ? "COMM" : f->heading);
	}
	format_text(heading + used, size - used, "ARGS\n");
}

static void add_time(struct printer *printer, uint64_t time, int width)
{
	int64_t ns = wall_time(printer, time);
	time_t t = ns / 1000000000;
	struct tm tm;

	if (printer->form->iso_time) {
		char text[TIME_ISO];

		time_iso(ns, text);
		output_format(printer->out, "%-*s ", TIME_ISO - 1, text);
		return;
	}
	if (t != printer->second) {
		printer->second = t;
		localtime_r(&t, &tm);
		format_text(printer->clock, sizeof(printer->clock), "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	}
	output_format(printer->out, "%-*s ", width, printer->clock);
}

static void add_since(struct printer *printer, uint64_t time, int width)
{
	unsigned long long ms = time > printer->start ? (time - printer->start + 500000) / 1000000 : 0;
	char seconds[24];

	format_text(seconds, sizeof(seconds), "%llu.%03llu", ms / 1000, ms % 1000);
	output_format(printer->out, "%-*s ", width, seconds);
}

/* Adds the text, or what stands for an empty one, and spaces up to the column's width, one at least. color: "", or its sequence. */
static void add_colored(struct output *out, const char *text, size_t length, const struct field *field, const char *color)
{
	static const char spaces[] = "                                ";
	uint64_t start, used;

	add(out, color);
	start = out->total;
	if (length)
		escape_text(out, text, length, ESCAPE_COLUMN);
	else
		add(out, field->empty ? field->empty : "?");
	used = out->total - start;
	if (*color)
		add(out, PLAIN);
	output_add(out, spaces, used < (uint64_t)field->width ? (size_t)field->width - (size_t)used : 0);
	output_add(out, " ", 1);
}

static void add_text(struct output *out, const char *text, size_t length, const struct field *field)
{
	add_colored(out, text, length, field, "");
}

static void add_number(struct output *out, int64_t number, int width)
{
	output_number(out, number, width);
	output_add(out, " ", 1);
}

/* A user without a name has the number. */
static void add_user(struct printer *printer, const struct exec *exec, const struct field *field)
{
	struct user_name name = users_name(&printer->users, exec->uid);

	if (name.length)
		add_text(printer->out, name.bytes, name.length, field);
	else
		add_number(printer->out, exec->uid, -field->width);
}

static void add_cgroup(struct printer *printer, const struct exec *exec, const struct field *field)
{
	const struct cgroup_path *path = cgroup_paths_find(&printer->cgroups, exec->cgroup, exec->pid);

	add_text(printer->out, path ? path->bytes : "?", path ? path->length : 1, field);
}

static void add_result(struct printer *printer, const struct exec *exec, int width)
{
	bool color = printer->color && exec->kind == EXEC_FAILED;

	if (color)
		add(printer->out, RED);
	if (exec_knows(exec, EXEC_RESULT))
		output_number(printer->out, exec->result, width);
	else
		output_format(printer->out, "%*s", width, "?");
	add(printer->out, color ? PLAIN " " : " ");
}

/* A value that is known. */
static void add_value(struct printer *printer, const struct exec *exec, const struct field *f, size_t field)
{
	const struct text *path = value_of(exec, f);
	struct output *out = printer->out;

	switch (f->kind) {
	case KIND_NAME:
		add_colored(out, value_of(exec, f), strnlen(value_of(exec, f), f->size), f, printer->color && field == COMM ? BOLD : "");
		break;
	case KIND_PATH:
		add_text(out, path->bytes, path->length, f);
		break;
	case KIND_CHAIN:
		chain_add_text(out, &exec->chain, f->width);
		break;
	case KIND_USER:
		add_user(printer, exec, f);
		break;
	case KIND_CGROUP:
		add_cgroup(printer, exec, f);
		break;
	default:
		add_number(out, (int64_t)number_of(exec, f), -width_of(printer, f));
	}
}

void columns_add(struct printer *printer, const struct exec *exec)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct field *f = &fields[columns[i]];

		if (!has_column(printer->form, f))
			continue;
		if (f->kind == KIND_TIME)
			add_time(printer, exec->time, f->width);
		else if (f->kind == KIND_SINCE)
			add_since(printer, exec->time, f->width);
		else if (OF_EXECS & BIT(columns[i]) && exec->kind == EXEC_ENDED)
			output_format(printer->out, f->kind == KIND_RESULT ? "%*s " : "%-*s ", f->width, "-");
		else if (f->kind == KIND_RESULT)
			add_result(printer, exec, f->width);
		else if (!is_known(exec, f))
			output_format(printer->out, "%-*s ", width_of(printer, f), "?");
		else
			add_value(printer, exec, f, columns[i]);
	}
}
