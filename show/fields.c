#include <stddef.h>
#include <string.h>
#include <time.h>

#include "show/fields.h"
#include "lib/format.h"
#include "show/chain.h"
#include "show/end.h"
#include "show/errname.h"
#include "show/escape.h"
#include "show/strings.h"

enum kind {
	KIND_TIME,  /* wall time */
	KIND_SINCE, /* seconds since the start */
	KIND_NUMBER,
	KIND_NAME, /* a command's */
	KIND_RESULT,
	KIND_EVENT, /* of ends alone: that it is one; how it came; ns since the exec, since the start */
	KIND_END,
	KIND_DURATION,
	KIND_AGE,
	KIND_USER,   /* a user's name, by the id */
	KIND_CGROUP, /* a cgroup's path, by the id */
	KIND_CONTAINER, /* the container that it names */
	KIND_PATH,
	KIND_CHAIN,
	KIND_VARIABLES,
	KIND_FILENAME,
	KIND_ARGV,
	KIND_SOURCE,
};

/* A column is there if a member of struct form says so, or always. */
#define ALWAYS SIZE_MAX
#define IF(member) offsetof(struct form, member)
#define VALUE(member) offsetof(struct exec, member), sizeof(((struct exec *)0)->member)
#define KEY(key) ",\"" key "\":"

#define ELSEWHERE 0, 0, 0 /* the value is in no one member */

enum {
	TIME, SINCE, PID, PPID, UID, USER, GID, EUID, EGID, LOGINUID, SESSION, TTY, NS_PID, START, PARENT_START, COMM, PCOMM, CPU, MNTNS, CGROUP,
	CGROUP_PATH, CONTAINER, RESULT, EXE, EXE_INODE, EXE_DEV, CWD, ANCESTORS, ENV, FILENAME, ARGV, EVENT, EXIT_STATUS, DURATION, AGE, SOURCE, FIELDS,
};

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
	[TIME] = {KIND_TIME, VALUE(time), 0, KEY("time"), NULL, "TIME", 8, IF(time), NULL},
	[SINCE] = {KIND_SINCE, VALUE(time), 0, NULL, NULL, "TIME(s)", 7, IF(timestamp), NULL},
	[PID] = {KIND_NUMBER, VALUE(pid), 0, KEY("pid"), NULL, "PID", 6, ALWAYS, NULL},
	[PPID] = {KIND_NUMBER, VALUE(ppid), EXEC_PPID, KEY("ppid"), NULL, "PPID", 6, ALWAYS, NULL},
	[UID] = {KIND_NUMBER, VALUE(uid), EXEC_IDS, KEY("uid"), NULL, "UID", 5, IF(print_uid), NULL},
	[USER] = {KIND_USER, VALUE(uid), EXEC_IDS, KEY("user"), KEY("user_base64"), "USER", 12, IF(names), NULL},
	[GID] = {KIND_NUMBER, VALUE(gid), EXEC_IDS, KEY("gid"), NULL, NULL, 0, ALWAYS, NULL},
	[EUID] = {KIND_NUMBER, VALUE(euid), EXEC_EIDS, KEY("euid"), NULL, "EUID", 5, IF(print_euid), NULL},
	[EGID] = {KIND_NUMBER, VALUE(egid), EXEC_EIDS, KEY("egid"), NULL, NULL, 0, ALWAYS, NULL},
	[LOGINUID] = {KIND_NUMBER, VALUE(loginuid), EXEC_LOGIN, KEY("loginuid"), NULL, NULL, 0, ALWAYS, NULL},
	[SESSION] = {KIND_NUMBER, VALUE(session), EXEC_LOGIN, KEY("session"), NULL, NULL, 0, ALWAYS, NULL},
	[TTY] = {KIND_NAME, VALUE(tty), EXEC_TTY, KEY("tty"), NULL, "TTY", 8, IF(print_tty), NULL},
	[NS_PID] = {KIND_NUMBER, VALUE(ns_pid), EXEC_NS_PID, KEY("ns_pid"), NULL, NULL, 0, ALWAYS, NULL},
	[START] = {KIND_NUMBER, VALUE(start), EXEC_START, KEY("start"), KEY("start_string"), NULL, 0, ALWAYS, NULL},
	[PARENT_START] = {KIND_NUMBER, VALUE(parent_start), EXEC_PARENT_START, KEY("parent_start"), KEY("parent_start_string"), NULL, 0,
			  ALWAYS, NULL},
	[COMM] = {KIND_NAME, VALUE(comm), EXEC_NAMED, KEY("comm"), KEY("comm_base64"), "PCOMM", 16, ALWAYS, "\"\""},
	[PCOMM] = {KIND_NAME, VALUE(pcomm), EXEC_PCOMM, KEY("pcomm"), KEY("pcomm_base64"), "PCOMM", 16, IF(print_pcomm), "?"},
	[CPU] = {KIND_NUMBER, VALUE(cpu), EXEC_CPU, KEY("cpu"), NULL, "CPU", 4, IF(print_cpu), NULL},
	[MNTNS] = {KIND_NUMBER, VALUE(mntns), EXEC_MNTNS, KEY("mntns"), NULL, "MNTNS", 10, IF(print_mntns), NULL},
	[CGROUP] = {KIND_NUMBER, VALUE(cgroup), EXEC_CGROUP, KEY("cgroup"), KEY("cgroup_string"), "CGROUP", 10, IF(print_cgroup), NULL},
	[CGROUP_PATH] = {KIND_CGROUP, VALUE(cgroup), EXEC_CGROUP, KEY("cgroup_path"), KEY("cgroup_path_base64"), "CGROUP_PATH", 30,
			 IF(print_cgroup_path), NULL},
	[CONTAINER] = {KIND_CONTAINER, VALUE(cgroup), EXEC_CGROUP, KEY("container"), NULL, NULL, 0, ALWAYS, NULL},
	[RESULT] = {KIND_RESULT, VALUE(result), EXEC_RESULT, KEY("ret"), KEY("error"), "RET", 3, ALWAYS, NULL},
	[EXE] = {KIND_PATH, VALUE(exe), EXEC_EXE, KEY("exe"), KEY("exe_base64"), "EXE", 30, IF(print_exe), NULL},
	[EXE_INODE] = {KIND_NUMBER, VALUE(exe_inode), EXEC_INODE, KEY("exe_inode"), KEY("exe_inode_string"), NULL, 0, ALWAYS, NULL},
	[EXE_DEV] = {KIND_NAME, VALUE(exe_dev), EXEC_INODE, KEY("exe_dev"), NULL, NULL, 0, ALWAYS, NULL},
	[CWD] = {KIND_PATH, VALUE(cwd), EXEC_CWD, KEY("cwd"), KEY("cwd_base64"), "CWD", 30, IF(print_cwd), NULL},
	[ANCESTORS] = {KIND_CHAIN, VALUE(chain), EXEC_CHAIN, KEY("ancestors"), NULL, "ANCESTORS", 30, IF(ancestors), NULL},
	[ENV] = {KIND_VARIABLES, VALUE(variables), EXEC_VARIABLES, KEY("env"), KEY("env_base64"), NULL, 0, IF(variables), NULL},
	[FILENAME] = {KIND_FILENAME, ELSEWHERE, KEY("filename"), KEY("filename_base64"), NULL, 0, ALWAYS, NULL},
	[ARGV] = {KIND_ARGV, ELSEWHERE, KEY("argv"), KEY("argv_base64"), NULL, 0, ALWAYS, NULL},
	[EVENT] = {KIND_EVENT, ELSEWHERE, KEY("event"), NULL, NULL, 0, ALWAYS, NULL},
	[EXIT_STATUS] = {KIND_END, ELSEWHERE, KEY("exit_status"), NULL, NULL, 0, ALWAYS, NULL},
	[DURATION] = {KIND_DURATION, ELSEWHERE, KEY("duration_ns"), NULL, NULL, 0, ALWAYS, NULL},
	[AGE] = {KIND_AGE, ELSEWHERE, KEY("age_ns"), NULL, NULL, 0, ALWAYS, NULL},
	[SOURCE] = {KIND_SOURCE, ELSEWHERE, KEY("source"), NULL, NULL, 0, ALWAYS, NULL},
};

#define BIT(field) (1ULL << (field))
_Static_assert(FIELDS <= 64, "a set of fields is a uint64_t");

/* Keys that JSON has only if --fields names them, or the option of their column is given. */
#define SURROUNDING (BIT(EXE) | BIT(EXE_INODE) | BIT(EXE_DEV) | BIT(CWD) | BIT(ANCESTORS) | BIT(ENV))
#define ON_DEMAND (SURROUNDING | BIT(USER) | BIT(CGROUP_PATH) | BIT(CONTAINER) | BIT(TTY) | BIT(NS_PID))

/* Keys that only execs and failed calls have, and those that only ends have. */
#define OF_EXECS (SURROUNDING | BIT(RESULT) | BIT(FILENAME) | BIT(ARGV))
#define OF_ENDS (BIT(EVENT) | BIT(EXIT_STATUS) | BIT(DURATION) | BIT(AGE))

/* From left to right. */
static const unsigned char columns[] = {TIME, SINCE, UID, USER, EUID, TTY, COMM, PID, PCOMM, PPID, CPU, MNTNS, CGROUP, CGROUP_PATH, ANCESTORS, CWD, EXE, RESULT};
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

static void add(struct output *out, const char *text) { output_add(out, text, strlen(text)); }

/* ---- which fields ---- */

/* A key is its name between ,\" and \": */
static bool is_key(const struct field *field, const char *name, size_t length)
{
	return field->key && strlen(field->key) == length + 4 && !memcmp(field->key + 2, name, length);
}

uint64_t fields_key(const char *name, size_t length)
{
	bool all = length == 3 && !memcmp(name, "all", 3);
	uint64_t keys = 0;

	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].key && (all || is_key(&fields[i], name, length)))
			keys |= BIT(i);
	return keys;
}

void fields_names(char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < FIELDS && used < size; i++)
		if (fields[i].key)
			used += format_text(text + used, size - used, used ? ", %.*s" : "%.*s", (int)strlen(fields[i].key) - 4,
					    fields[i].key + 2);
}

uint64_t fields_keys(const struct form *form)
{
	uint64_t keys = form->keys;

	for (size_t i = 0; !form->keys && i < FIELDS; i++)
		if (fields[i].key && (!(ON_DEMAND & BIT(i)) || (fields[i].option != ALWAYS && has_column(form, &fields[i]))))
			keys |= BIT(i);
	return keys;
}

struct fields_wanted fields_wanted(const struct form *form)
{
	uint64_t shown = form->json ? fields_keys(form) : 0;
	struct fields_wanted wanted = {0};

	for (size_t i = 0; !form->json && i < COLUMNS; i++)
		if (has_column(form, &fields[columns[i]]))
			shown |= BIT(columns[i]);
	for (size_t i = 0; i < FIELDS; i++)
		if (shown & BIT(i))
			wanted.known |= fields[i].known;
	wanted.users = shown & BIT(USER);
	wanted.cgroup_paths = shown & (BIT(CGROUP_PATH) | BIT(CONTAINER));
	return wanted;
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

/* Adds the text, or what stands for an empty one, and spaces up to the column's width, one at least. */
static void add_text(struct output *out, const char *text, size_t length, const struct field *field)
{
	static const char spaces[] = "                                ";
	uint64_t start = out->total, used;

	if (length)
		escape_text(out, text, length, ESCAPE_COLUMN);
	else
		add(out, field->empty ? field->empty : "?");
	used = out->total - start;
	output_add(out, spaces, used < (uint64_t)field->width ? (size_t)field->width - (size_t)used : 0);
	output_add(out, " ", 1);
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

void fields_columns(struct printer *printer, const struct exec *exec)
{
	struct output *out = printer->out;

	for (size_t i = 0; i < COLUMNS; i++) {
		const struct field *f = &fields[columns[i]];

		if (!has_column(printer->form, f))
			continue;
		if (f->kind == KIND_TIME)
			add_time(printer, exec->time, f->width);
		else if (f->kind == KIND_SINCE)
			add_since(printer, exec->time, f->width);
		else if (OF_EXECS & BIT(columns[i]) && exec->kind == EXEC_ENDED)
			output_format(out, f->kind == KIND_RESULT ? "%*s " : "%-*s ", f->width, "-");
		else if (!is_known(exec, f))
			output_format(out, f->kind == KIND_RESULT ? "%*s " : "%-*s ", f->width, "?");
		else if (f->kind == KIND_NAME)
			add_text(out, value_of(exec, f), strnlen(value_of(exec, f), f->size), f);
		else if (f->kind == KIND_PATH)
			add_text(out, ((const struct text *)value_of(exec, f))->bytes, ((const struct text *)value_of(exec, f))->length, f);
		else if (f->kind == KIND_CHAIN)
			chain_add_text(out, &exec->chain, f->width);
		else if (f->kind == KIND_USER)
			add_user(printer, exec, f);
		else if (f->kind == KIND_CGROUP)
			add_cgroup(printer, exec, f);
		else if (f->kind == KIND_RESULT)
			add_number(out, exec->result, f->width);
		else
			add_number(out, (int64_t)number_of(exec, f), -f->width);
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

/* Bytes that are no UTF-8 stand beside it. */
static void add_json_text(struct output *out, const char *text, size_t length, const struct field *field)
{
	if (escape_json(out, text, length))
		return;
	add(out, field->other);
	escape_base64(out, text, length);
}

static void add_json_result(struct output *out, const struct exec *exec, const struct field *field)
{
	int32_t result = exec->result;

	if (is_known(exec, field))
		output_number(out, result, 0);
	else
		add(out, "null");
	if (is_known(exec, field) && result < 0) {
		add(out, field->other);
		add(out, "\"");
		add(out, error_name(result > INT32_MIN ? -result : 0));
		add(out, "\"");
	}
	if (exec->checks)
		add(out, ",\"check\":true");
}

static void add_json_user(struct printer *printer, const struct exec *exec, const struct field *field)
{
	struct user_name name = users_name(&printer->users, exec->uid);

	if (name.length)
		add_json_text(printer->out, name.bytes, name.length, field);
	else
		add(printer->out, "null");
}

static void add_json_cgroup(struct printer *printer, const struct exec *exec, const struct field *field)
{
	const struct cgroup_path *path = cgroup_paths_find(&printer->cgroups, exec->cgroup, exec->pid);

	if (!path)
		add(printer->out, "null");
	else if (field->kind == KIND_CGROUP)
		add_json_text(printer->out, path->bytes, path->length, field);
	else if (path->container.length)
		escape_json(printer->out, path->bytes + path->container.at, path->container.length);
	else
		add(printer->out, "null");
}

static void add_json_path(struct output *out, const struct exec *exec, const struct field *field)
{
	const struct text *path = value_of(exec, field);

	add_json_text(out, path->bytes, path->length, field);
}

static void add_json_ns(struct output *out, int64_t ns)
{
	if (ns < 0)
		add(out, "null");
	else
		output_number(out, ns, 0);
}

static void add_json_value(struct printer *printer, const struct exec *exec, const struct field *field)
{
	struct output *out = printer->out;

	if (!is_known(exec, field) && field->kind != KIND_RESULT) {
		add(out, "null");
		return;
	}
	switch (field->kind) {
	case KIND_TIME:
	case KIND_SINCE:
		add_json_time(printer, exec->time);
		break;
	case KIND_NUMBER:
		add_json_number(out, number_of(exec, field), field);
		break;
	case KIND_NAME:
		add_json_text(out, value_of(exec, field), strnlen(value_of(exec, field), field->size), field);
		break;
	case KIND_RESULT:
		add_json_result(out, exec, field);
		break;
	case KIND_USER:
		add_json_user(printer, exec, field);
		break;
	case KIND_CGROUP:
	case KIND_CONTAINER:
		add_json_cgroup(printer, exec, field);
		break;
	case KIND_PATH:
		add_json_path(out, exec, field);
		break;
	case KIND_CHAIN:
		chain_add_json(out, &exec->chain);
		break;
	case KIND_VARIABLES:
		strings_variables(out, &exec->variables, field->other);
		break;
	case KIND_FILENAME:
		strings_filename(out, exec, field->other, !(printer->keys & BIT(ARGV)));
		break;
	case KIND_ARGV:
		strings_argv(out, exec, printer->form->max_args, field->other, printer->keys & BIT(FILENAME));
		break;
	case KIND_EVENT:
		add(out, "\"exit\"");
		break;
	case KIND_END:
		end_add_json(out, exec);
		break;
	case KIND_DURATION:
		add_json_ns(out, end_since_exec(exec));
		break;
	case KIND_AGE:
		add_json_ns(out, end_since_start(printer, exec));
		break;
	case KIND_SOURCE:
		add(out, printer->source);
		break;
	}
}

/* The first one's comma is the object's brace. */
static void add_key(struct output *out, const char *key, bool first)
{
	size_t length = strlen(key);
	char *to = output_room(out, length);

	if (!to)
		return;
	memcpy(to, key, length);
	if (first)
		*to = '{';
	output_added(out, to + length);
}

bool fields_json(struct printer *printer, const struct exec *exec)
{
	/* An end is known by its event, whatever is chosen. */
	uint64_t all = exec->kind == EXEC_ENDED ? (printer->keys & ~OF_EXECS) | BIT(EVENT) : printer->keys & ~OF_ENDS;

	for (uint64_t keys = all; keys; keys &= keys - 1) {
		const struct field *f = &fields[__builtin_ctzll(keys)];

		add_key(printer->out, f->key, keys == all);
		add_json_value(printer, exec, f);
	}
	if (!all)
		return false;
	add(printer->out, "}");
	return true;
}
