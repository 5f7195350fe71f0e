#include <stdlib.h>
#include <string.h>

#include "show/print.h"
#include "lib/timestamp.h"
#include "show/json.h"
#include "show/text.h"

void print_init(struct printer *printer, const struct options *options, struct output *out, int64_t ahead)
{
	*printer = (struct printer){
		.options = options,
		.out = out,
		.ahead = ahead,
		.start = monotonic_ns() - (uint64_t)ahead,
		.wall = wall_clock_look(),
		.second = -1,
	};
	print_begin(printer);
	if (!options->json)
		text_heading(options, printer->heading, sizeof(printer->heading));
}

void print_free(struct printer *printer)
{
	free(printer->line);
	tree_free(&printer->tree);
}

void print_begin(struct printer *printer)
{
	printer->now = monotonic_ns() - (uint64_t)printer->ahead;
	wall_clock_update(&printer->wall, wall_clock_look());
}

int64_t print_wall_time(const struct printer *printer, uint64_t time)
{
	return (int64_t)(time + (uint64_t)printer->ahead + (uint64_t)printer->wall.offset);
}

static bool add_to_line(struct printer *printer, size_t *used, const char *bytes, size_t len)
{
	if (*used + len + 2 > printer->line_size) {
		size_t size = 2 * (*used + len + 2);
		char *line = realloc(printer->line, size);

		if (!line)
			return false;
		printer->line = line;
		printer->line_size = size;
	}
	if (*used)
		printer->line[(*used)++] = ' ';
	memcpy(printer->line + *used, bytes, len);
	*used += len;
	printer->line[*used] = '\0';
	return true;
}

/* Puts the whole line together, as the program got it: also what --max-args does not show, and before anything is escaped.
 * false: a part of it is missing. */
static bool make_line(struct printer *printer, const struct exec *exec)
{
	const struct arguments *args = &exec->args;
	bool whole = exec->name.state == TEXT_WHOLE && !args->more && !args->unreadable;
	size_t used = 0;

	if (!add_to_line(printer, &used, exec->name.bytes, exec->name.length))
		return false;
	for (size_t i = args->skip; i < args->count; i++) {
		const struct text *text = &args->list[i];

		whole &= text->state == TEXT_WHOLE;
		if (text->state != TEXT_UNREADABLE && !add_to_line(printer, &used, text->bytes, text->length))
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

/* Whether the regular expressions want it, or nobody can tell: what is missing in the line might match. */
static bool is_wanted(struct printer *printer, const struct exec *exec)
{
	const struct options *o = printer->options;
	char comm[EXEC_COMM + 1];
	bool wanted;

	if (o->name.given) {
		memcpy(comm, exec->comm, EXEC_COMM);
		comm[EXEC_COMM] = '\0';
		if (!may_match(&o->name.regex, comm))
			return false;
	}
	if (!o->line.given)
		return true;
	wanted = !make_line(printer, exec) || may_match(&o->line.regex, printer->line);
	if (printer->line_size > LINE_KEPT) {
		free(printer->line);
		printer->line = NULL;
		printer->line_size = 0;
	}
	return wanted;
}

/* Bytes of a name, and of arguments, in a line that is cut because others wait. */
#define CROWDED_BYTES 256
#define SCARCE_BYTES 64

/* Cuts name and arguments. false: they are no longer. */
static bool make_short(struct exec *exec, size_t bytes)
{
	bool cut = exec_limit(exec, bytes);

	if (exec->name.length <= bytes)
		return cut;
	exec->name.length = (uint32_t)bytes;
	exec->name.state = TEXT_CUT;
	return true;
}

static void lose(struct printer *printer, const struct exec *exec)
{
	printer->lost++;
	if (!printer->loss.count++)
		printer->loss = (struct loss){.count = 1, .cpu = -1, .from = exec->time};
	printer->loss.to = exec->time;
}

static void ask_parent(const struct printer *printer, struct exec *exec)
{
	if (exec_knows(exec, EXEC_PPID))
		return;
	exec->ppid = parents_of(&printer->parents, exec->pid);
	exec->known |= exec->ppid ? EXEC_PPID : 0U;
}

void print_exec(struct printer *printer, struct exec *exec)
{
	enum output_state state = output_state(printer->out);

	if (!is_wanted(printer, exec)) {
		printer->unwanted++;
		return;
	}
	if (state == OUTPUT_FULL || (state == OUTPUT_SCARCE && exec->kind == EXEC_FAILED)) {
		lose(printer, exec);
		return;
	}
	exec_limit(exec, printer->options->max_bytes);
	if (state != OUTPUT_FREE)
		printer->cut += make_short(exec, state == OUTPUT_CROWDED ? CROWDED_BYTES : SCARCE_BYTES);
	ask_parent(printer, exec);
	printer->printed++;
	printer->failed += exec->kind == EXEC_FAILED;
	if (printer->options->json)
		json_exec(printer, exec);
	else
		text_exec(printer, exec);
}

void print_lost(struct printer *printer, const struct loss *loss)
{
	if (printer->options->json)
		json_lost(printer, loss);
}

bool print_take_loss(struct printer *printer, struct loss *loss)
{
	*loss = printer->loss;
	printer->loss.count = 0;
	return loss->count;
}
