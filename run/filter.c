/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "run/filter.h"
#include "show/text.h"

static bool add_to_line(struct filter *filter, size_t *used, const char *bytes, size_t len)
{
	if (*used + len + 2 > filter->line_size) {
		size_t size = 2 * (*used + len + 2);
		char *line = realloc(filter->line, size);

		if (!line)
			return false;
		filter->line = line;
		filter->line_size = size;
	}
	if (*used)
		filter->line[(*used)++] = ' ';
	memcpy(filter->line + *used, bytes, len);
	*used += len;
	filter->line[*used] = '\0';
	return true;
}

/* Puts the whole line together, with argv[0] if that is given, as the program got it: also what --max-args does not show, and
 * before anything is escaped. false: a part of it is missing. */
static bool make_line(struct filter *filter, const struct exec *exec, const struct text *argv0)
{
	const struct arguments *args = &exec->args;
	bool whole = exec->name.state == TEXT_WHOLE && !args->more && !args->unreadable;
	size_t used = 0;

	if (!add_to_line(filter, &used, exec->name.bytes, exec->name.length))
		return false;
	if (argv0 && !add_to_line(filter, &used, argv0->bytes, argv0->length))
		return false;
	for (size_t i = args->skip; i < args->count; i++) {
		const struct text *text = &args->list[i];

		whole &= text->state == TEXT_WHOLE;
		if (text->state != TEXT_UNREADABLE && !add_to_line(filter, &used, text->bytes, text->length))
			return false;
	}
	return whole;
}

enum verdict { NO, UNKNOWN, YES };

/* The verdict of any of the expressions on the text. regexec(3) may have no memory; a text that is not whole may match by what it lacks. */
static enum verdict match(const struct patterns *patterns, const char *text, bool whole)
{
	enum verdict verdict = NO;

	for (size_t i = 0; i < patterns->count && verdict != YES; i++) {
		int ret = whole ? regexec(patterns->items[i], text, 0, NULL, 0) : REG_ESPACE;

		if (ret != REG_NOMATCH)
			verdict = ret ? UNKNOWN : YES;
	}
	return verdict;
}

static bool wants_name(const struct options *o, const struct exec *exec)
{
	bool named = exec_knows(exec, EXEC_NAMED);
	char comm[EXEC_COMM + 1];

	memcpy(comm, exec->comm, EXEC_COMM);
	comm[EXEC_COMM] = '\0';
	return (!o->names.count || match(&o->names, comm, named) != NO) && match(&o->not_names, comm, named) != YES;
}

/* A longer one is not kept. */
#define LINE_KEPT (256U << 10)

/* The line is what is shown, with argv[0] or without. */
static bool wants_line(struct filter *filter, const struct exec *exec)
{
	const struct options *o = filter->options;
	bool wanted = !o->lines.count, again = text_shows_argv0(&o->form, exec), unwanted = false, whole;

	for (int i = 0; i <= again && !unwanted; i++) {
		whole = make_line(filter, exec, i ? exec_argv0(exec) : NULL);
		wanted |= match(&o->lines, filter->line, whole) != NO;
		unwanted = match(&o->not_lines, filter->line, whole) == YES;
	}
	if (filter->line_size > LINE_KEPT) {
		free(filter->line);
		filter->line = NULL;
		filter->line_size = 0;
	}
	return wanted && !unwanted;
}

bool filter_wants(struct filter *filter, const struct exec *exec)
{
	const struct options *o = filter->options;

	return ids_pass(&o->request.ids, exec) && wants_name(o, exec) &&
	       ((!o->lines.count && !o->not_lines.count) || wants_line(filter, exec));
}

void filter_free(struct filter *filter)
{
	free(filter->line);
}
