#include <string.h>

#include "show/json.h"
#include "lib/timestamp.h"
#include "show/escape.h"
#include "show/fields.h"

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

static void add_filename(struct output *out, const struct exec *exec)
{
	char name[EXEC_DIRECTORY + EXEC_NAME_MOST];
	size_t n = strlen(exec->directory);

	add(out, ",\"filename\":");
	if (exec->name.state == TEXT_UNREADABLE) {
		add(out, "null");
		return;
	}
	memcpy(name, exec->directory, n);
	memcpy(name + n, exec->name.bytes, exec->name.length);
	n += exec->name.length;
	if (escape_json(out, name, n))
		return;
	add(out, ",\"filename_base64\":");
	escape_base64(out, name, n);
}

/* Properties of argv, found while it is printed. */
struct found {
	bool unreadable, invalid, cut;
};

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

static void add_argv(struct printer *printer, const struct exec *exec)
{
	const struct arguments *args = &exec->args;
	uint64_t most = printer->form->max_args;
	struct output *out = printer->out;
	bool no_name = exec->name.state == TEXT_UNREADABLE;
	struct found found;

	add(out, ",\"argv\":");
	found = add_list(out, args, most, false);
	if (found.invalid) {
		add(out, ",\"argv_base64\":");
		add_list(out, args, most, true);
	}
	/* The kernel puts the interpreter in front (load_script in fs/binfmt_script.c). */
	if (exec->script == SCRIPT_YES && args->count && args->list[0].state != TEXT_UNREADABLE) {
		add(out, ",\"interp\":");
		escape_json(out, args->list[0].bytes, args->list[0].length);
	}
	if (exec->name.state == TEXT_CUT || found.cut)
		add(out, ",\"truncated\":true");
	if (no_name || found.unreadable)
		add(out, !no_name ? ",\"unreadable\":[\"argv\"]" : !found.unreadable ? ",\"unreadable\":[\"filename\"]"
									       : ",\"unreadable\":[\"filename\",\"argv\"]");
}

void json_exec(struct printer *printer, const struct exec *exec)
{
	struct output *out = printer->out;

	fields_json(printer, exec);
	if (exec->checks)
		add(out, ",\"check\":true");
	add_filename(out, exec);
	add_argv(printer, exec);
	add(out, ",\"source\":\"");
	add(out, printer->source);
	add(out, "\"}");
	output_end_line(out);
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
