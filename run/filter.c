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

/* Whether it matches, or regexec(3) cannot tell: it has no memory. */
static bool may_match(const regex_t *regex, const char *text)
{
	return regexec(regex, text, 0, NULL, 0) != REG_NOMATCH;
}

/* A longer one is not kept. */
#define LINE_KEPT (256U << 10)

bool filter_wants(struct filter *filter, const struct exec *exec)
{
	char comm[EXEC_COMM + 1];
	bool wanted;

	if (filter->name->given) {
		memcpy(comm, exec->comm, EXEC_COMM);
		comm[EXEC_COMM] = '\0';
		if (!may_match(&filter->name->regex, comm))
			return false;
	}
	if (!filter->pattern->given)
		return true;
	wanted = !make_line(filter, exec, NULL) || may_match(&filter->pattern->regex, filter->line);
	if (!wanted && text_shows_argv0(filter->form, exec))
		wanted = !make_line(filter, exec, exec_argv0(exec)) || may_match(&filter->pattern->regex, filter->line);
	if (filter->line_size > LINE_KEPT) {
		free(filter->line);
		filter->line = NULL;
		filter->line_size = 0;
	}
	return wanted;
}

void filter_free(struct filter *filter)
{
	free(filter->line);
}
