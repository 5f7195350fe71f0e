/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "show/chain.h"
#include "show/escape.h"

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

/* A name cannot look like two: what stands between names is escaped in them. */
static void add_name(struct output *out, const struct exec_ancestor *a)
{
	const char *at = a->comm, *end = a->comm + strnlen(a->comm, sizeof(a->comm));

	if (at == end)
		add(out, "?");
	while (at < end) {
		size_t length = 0;

		while (at + length < end && at[length] != '(' && at[length] != '<')
			length++;
		escape_text(out, at, length, ESCAPE_COLUMN);
		at += length;
		if (at < end)
			add(out, *at++ == '(' ? "\\x28" : "\\x3c");
	}
}

void chain_add_text(struct output *out, const struct exec_chain *chain, int width)
{
	uint64_t start = out->total;

	for (size_t i = 0; i < chain->count; i++) {
		const struct exec_ancestor *a = &chain->list[i];

		if (i)
			add(out, "<");
		add_name(out, a);
		add(out, "(");
		output_number(out, a->pid, 0);
		add(out, ")");
	}
	if (!chain->count)
		add(out, "-");
	while (out->total - start < (uint64_t)width)
		add(out, " ");
	add(out, " ");
}

void chain_add_json(struct output *out, const struct exec_chain *chain)
{
	add(out, "[");
	for (size_t i = 0; i < chain->count; i++) {
		const struct exec_ancestor *a = &chain->list[i];
		size_t length = strnlen(a->comm, sizeof(a->comm));

		add(out, i ? ",{\"pid\":" : "{\"pid\":");
		output_number(out, a->pid, 0);
		add(out, ",\"comm\":");
		if (!length) {
			add(out, "null");
		} else if (!escape_json(out, a->comm, length)) {
			add(out, ",\"comm_base64\":");
			escape_base64(out, a->comm, length);
		}
		add(out, "}");
	}
	add(out, "]");
}
