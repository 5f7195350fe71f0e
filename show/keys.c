/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/keys.h"
#include "show/chain.h"
#include "show/end.h"
#include "show/errname.h"
#include "show/escape.h"
#include "show/field.h"
#include "show/strings.h"

static void add(struct output *out, const char *text) { output_add(out, text, strlen(text)); }

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
	case KIND_PID:
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

bool keys_add(struct printer *printer, const struct exec *exec)
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
