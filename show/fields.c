#include <stddef.h>
#include <string.h>
#include <time.h>

#include "show/fields.h"
#include "lib/format.h"
#include "show/errname.h"
#include "show/escape.h"

enum kind {
	KIND_TIME,  /* wall time */
	KIND_SINCE, /* seconds since the start */
	KIND_NUMBER,
	KIND_NAME, /* a command's */
	KIND_RESULT,
};

/* A column is there if a member of struct form says so, or always. */
#define ALWAYS SIZE_MAX
#define IF(member) offsetof(struct form, member)
#define VALUE(member) offsetof(struct exec, member), sizeof(((struct exec *)0)->member)
#define KEY(key) ",\"" key "\":"

enum { TIME, SINCE, PID, PPID, UID, GID, COMM, PCOMM, CPU, MNTNS, CGROUP, RESULT, FIELDS };

/* In the order of JSON's keys. */
static const struct field {
	enum kind kind;
	size_t offset, size; /* of the value, in struct exec */
	unsigned int known;  /* enum exec_field, 0: always */
	const char *key;     /* NULL: not in JSON */
	const char *other;   /* key of the base64 of a name that is no UTF-8, of the digits of a number above 2^53 */
	const char *heading; /* of the column, NULL: none */
	int width;
	size_t option;
	const char *empty; /* in the place of an empty name */
} fields[FIELDS] = {
	[TIME] = {KIND_TIME, VALUE(time), 0, "{\"time\":", NULL, "TIME", 8, IF(time), NULL},
	[SINCE] = {KIND_SINCE, VALUE(time), 0, NULL, NULL, "TIME(s)", 7, IF(timestamp), NULL},
	[PID] = {KIND_NUMBER, VALUE(pid), 0, KEY("pid"), NULL, "PID", 6, ALWAYS, NULL},
	[PPID] = {KIND_NUMBER, VALUE(ppid), EXEC_PPID, KEY("ppid"), NULL, "PPID", 6, ALWAYS, NULL},
	[UID] = {KIND_NUMBER, VALUE(uid), EXEC_IDS, KEY("uid"), NULL, "UID", 5, IF(print_uid), NULL},
	[GID] = {KIND_NUMBER, VALUE(gid), EXEC_IDS, KEY("gid"), NULL, NULL, 0, ALWAYS, NULL},
	[COMM] = {KIND_NAME, VALUE(comm), EXEC_NAMED, KEY("comm"), KEY("comm_base64"), "PCOMM", 16, ALWAYS, "\"\""},
	[PCOMM] = {KIND_NAME, VALUE(pcomm), EXEC_PCOMM, KEY("pcomm"), KEY("pcomm_base64"), "PCOMM", 16, IF(print_pcomm), "?"},
	[CPU] = {KIND_NUMBER, VALUE(cpu), EXEC_CPU, KEY("cpu"), NULL, "CPU", 4, IF(print_cpu), NULL},
	[MNTNS] = {KIND_NUMBER, VALUE(mntns), EXEC_MNTNS, KEY("mntns"), NULL, "MNTNS", 10, IF(print_mntns), NULL},
	[CGROUP] = {KIND_NUMBER, VALUE(cgroup), EXEC_CGROUP, KEY("cgroup"), KEY("cgroup_string"), "CGROUP", 10, IF(print_cgroup), NULL},
	[RESULT] = {KIND_RESULT, VALUE(result), EXEC_RESULT, KEY("ret"), KEY("error"), "RET", 3, ALWAYS, NULL},
};

/* From left to right. */
static const unsigned char columns[] = {TIME, SINCE, UID, COMM, PID, PCOMM, PPID, CPU, MNTNS, CGROUP, RESULT};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static bool has_column(const struct form *form, const struct field *field)
{
	return field->option == ALWAYS || *(const bool *)((const char *)form + field->option);
}

static const void *value_of(const struct exec *exec, const struct field *field)
{
	return (const char *)exec + field->offset;
}

static uint64_t number_of(const struct exec *exec, const struct field *field)
{
	const void *value = value_of(exec, field);

	return field->size == sizeof(uint32_t) ? *(const uint32_t *)value : *(const uint64_t *)value;
}

static bool is_known(const struct exec *exec, const struct field *field)
{
	return !field->known || exec->known & field->known;
}

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

/* ---- columns ---- */

void fields_heading(const struct form *form, char *heading, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		const struct field *f = &fields[columns[i]];
		int width = f->kind == KIND_TIME && form->iso_time ? TIME_ISO - 1 : f->width;

		if (!has_column(form, f))
			continue;
		/* The name of the process itself has the original's heading, but beside the parent's. */
		used += format_text(heading + used, size - used, f->kind == KIND_RESULT ? "%*s " : "%-*s ", width,
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

/* Adds the name, and spaces up to the column's width, one at least. */
static void add_name(struct output *out, const char *name, const struct field *field)
{
	static const char spaces[EXEC_COMM + 1] = "                ";
	uint64_t start = out->total, used;

	if (*name)
		escape_text(out, name, strnlen(name, field->size), ESCAPE_COLUMN);
	else
		add(out, field->empty);
	used = out->total - start;
	output_add(out, spaces, used < (uint64_t)field->width ? (size_t)field->width - (size_t)used : 0);
	output_add(out, " ", 1);
}

void fields_columns(struct printer *printer, const struct exec *exec)
{
	struct output *out = printer->out;

	for (size_t i = 0; i < COLUMNS; i++) {
		const struct field *f = &fields[columns[i]];

		if (!has_column(printer->form, f))
			continue;
		if (f->kind == KIND_TIME) {
			add_time(printer, exec->time, f->width);
		} else if (f->kind == KIND_SINCE) {
			add_since(printer, exec->time, f->width);
		} else if (!is_known(exec, f)) {
			output_format(out, f->kind == KIND_RESULT ? "%*s " : "%-*s ", f->width, "?");
		} else if (f->kind == KIND_NAME) {
			add_name(out, value_of(exec, f), f);
		} else {
			output_number(out, f->kind == KIND_RESULT ? exec->result : (int64_t)number_of(exec, f),
				      f->kind == KIND_RESULT ? f->width : -f->width);
			output_add(out, " ", 1);
		}
	}
}

/* ---- JSON ---- */

#define EXACT_IN_A_DOUBLE (1ULL << 53)

static void add_json_time(struct printer *printer, uint64_t time)
{
	char text[TIME_ISO];

	time_iso(wall_time(printer, time), text);
	add(printer->out, "\"");
	add(printer->out, text);
	add(printer->out, "\"");
}

/* Many a reader of JSON has doubles. */
static void add_json_number(struct output *out, uint64_t number, const struct field *field)
{
	output_number(out, (int64_t)number, 0);
	if (number <= EXACT_IN_A_DOUBLE)
		return;
	add(out, field->other);
	add(out, "\"");
	output_number(out, (int64_t)number, 0);
	add(out, "\"");
}

static void add_json_name(struct output *out, const char *name, const struct field *field)
{
	size_t length = strnlen(name, field->size);

	if (escape_json(out, name, length))
		return;
	add(out, field->other);
	escape_base64(out, name, length);
}

static void add_json_result(struct output *out, int32_t result, const struct field *field)
{
	output_number(out, result, 0);
	if (result >= 0)
		return;
	add(out, field->other);
	add(out, "\"");
	add(out, error_name(result > INT32_MIN ? -result : 0));
	add(out, "\"");
}

void fields_json(struct printer *printer, const struct exec *exec)
{
	struct output *out = printer->out;

	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if (!f->key)
			continue;
		add(out, f->key);
		if (!is_known(exec, f))
			add(out, "null");
		else if (f->kind == KIND_TIME)
			add_json_time(printer, exec->time);
		else if (f->kind == KIND_NUMBER)
			add_json_number(out, number_of(exec, f), f);
		else if (f->kind == KIND_NAME)
			add_json_name(out, value_of(exec, f), f);
		else
			add_json_result(out, exec->result, f);
	}
}
