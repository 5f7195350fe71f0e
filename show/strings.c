/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/strings.h"
#include "show/escape.h"

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

/* Properties of what is shown. */
struct found {
	bool unreadable, invalid, cut;
};

static void add_marks(struct output *out, bool no_name, const struct found *found)
{
	if (found->cut)
		add(out, ",\"truncated\":true");
	if (no_name || found->unreadable)
		add(out, !no_name ? ",\"unreadable\":[\"argv\"]" : !found->unreadable ? ",\"unreadable\":[\"filename\"]"
										: ",\"unreadable\":[\"filename\",\"argv\"]");
}

static void add_filename(struct output *out, const struct exec *exec, const char *other)
{
	char name[EXEC_DIRECTORY + EXEC_NAME_MOST];
	size_t n = strlen(exec->directory);

	if (exec->name.state == TEXT_UNREADABLE) {
		add(out, "null");
		return;
	}
	memcpy(name, exec->directory, n);
	memcpy(name + n, exec->name.bytes, exec->name.length);
	n += exec->name.length;
	if (escape_json(out, name, n))
		return;
	add(out, other);
	escape_base64(out, name, n);
}

void strings_filename(struct output *out, const struct exec *exec, const char *other, bool alone)
{
	struct found found = {.cut = exec->name.state == TEXT_CUT};

	add_filename(out, exec, other);
	if (alone)
		add_marks(out, exec->name.state == TEXT_UNREADABLE, &found);
}

/* Adds the strings of argv, as far as --max-args goes, as one list: text or base64. */
static struct found add_list(struct output *out, const struct arguments *args, uint64_t most, bool base64)
{
	struct found found = {.unreadable = args->unreadable, .cut = args->more || (most && args->count > most)};
	size_t count = most && args->count > most ? (size_t)most : args->count;

	add(out, "[");
	for (size_t i = 0; i < count; i++) {
		const struct text *text = &args->list[i];

		if (i)
			add(out, ",");
		if (text->state == TEXT_UNREADABLE)
			add(out, "null");
		else if (base64)
			escape_base64(out, text->bytes, text->length);
		else
			found.invalid |= !escape_json(out, text->bytes, text->length);
		found.unreadable |= text->state == TEXT_UNREADABLE;
		found.cut |= text->state == TEXT_CUT;
	}
	add(out, "]");
	return found;
}

void strings_argv(struct output *out, const struct exec *exec, uint64_t most, const char *other, bool named)
{
	const struct arguments *args = &exec->args;
	struct found found = add_list(out, args, most, false);

	if (found.invalid) {
		add(out, other);
		add_list(out, args, most, true);
	}
	/* The kernel puts the interpreter in front (load_script in fs/binfmt_script.c). */
	if (exec->script == SCRIPT_YES && args->count && args->list[0].state != TEXT_UNREADABLE) {
		add(out, ",\"interp\":");
		escape_json(out, args->list[0].bytes, args->list[0].length);
	}
	found.cut |= named && exec->name.state == TEXT_CUT;
	add_marks(out, named && exec->name.state == TEXT_UNREADABLE, &found);
}

/* As text or base64. false: as text, it is no UTF-8. */
static bool add_variables(struct output *out, const struct exec_variables *variables, bool base64)
{
	const char *at = variables->bytes, *end = at + variables->length;
	bool valid = true;

	add(out, "[");
	for (size_t length; at < end; at += length + 1) {
		length = strnlen(at, (size_t)(end - at));
		if (at > variables->bytes)
			add(out, ",");
		if (base64)
			escape_base64(out, at, length);
		else
			valid &= escape_json(out, at, length);
	}
	add(out, "]");
	return valid;
}

void strings_variables(struct output *out, const struct exec_variables *variables, const char *other)
{
	if (!add_variables(out, variables, false)) {
		add(out, other);
		add_variables(out, variables, true);
	}
	if (variables->more)
		add(out, ",\"env_truncated\":true");
}
