/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/text.h"
#include "show/columns.h"
#include "show/end.h"
#include "show/escape.h"
#include "show/tree.h"

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

bool text_shows_argv0(const struct form *form, const struct exec *exec)
{
	return form->argv0 == ARGV0_IF_OTHER ? exec_argv0_differs(exec) : form->argv0 == ARGV0_ALWAYS && exec_argv0(exec);
}

/* In front of the file's name, which they cannot imitate. */
static void add_variables(struct printer *printer, const struct exec_variables *variables)
{
	const char *at = variables->bytes, *end = variables->length ? at + variables->length : at;

	for (uint32_t length; at < end; at += length + 1) {
		length = (uint32_t)strnlen(at, (size_t)(end - at));
		if (printer->form->quote)
			add_word(printer->out, "", &(struct text){at, length, TEXT_WHOLE}, true);
		else
			escape_text(printer->out, at, length, ESCAPE_COLUMN);
		output_add(printer->out, " ", 1);
	}
	if (variables->more)
		output_add(printer->out, "... ", 4);
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
	add_variables(printer, &exec->variables);
	add_word(printer->out, exec->directory, &exec->name, form->quote);
	if (text_shows_argv0(form, exec)) {
		output_add(printer->out, " [", 2);
		add_word(printer->out, "", exec_argv0(exec), form->quote);
		output_add(printer->out, "]", 1);
	}
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

void text_exec(struct printer *printer, const struct exec *exec)
{
	columns_add(printer, exec);
	if (printer->form->tree)
		output_format(printer->out, "%*s", 2 * tree_depth(&printer->lives, &printer->parents, exec), "");
	if (exec->kind == EXEC_ENDED)
		end_add_text(printer, exec);
	else
		add_args(printer, exec);
	output_end_line(printer->out);
}
