/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "show/print.h"
#include "lib/format.h"
#include "lib/timestamp.h"
#include "show/columns.h"
#include "show/fields.h"
#include "show/json.h"
#include "show/text.h"

#define PID_WIDTH 6 /* as the original */

static int pid_width(uint64_t pid_max)
{
	int width = 1;

	for (uint64_t most = pid_max ? pid_max - 1 : 0; most >= 10; most /= 10)
		width++;
	return width < PID_WIDTH ? PID_WIDTH : width;
}

/* auto: where a terminal is that knows colours, and nobody objects (no-color.org). */
static bool wants_color(const struct form *form, const struct output *out)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (form->json || form->color == COLOR_NEVER)
		return false;
	return form->color == COLOR_ALWAYS || (!(no && *no) && terminal && strcmp(terminal, "dumb") && isatty(out->fd));
}

void print_init(struct printer *printer, const struct form *form, struct output *out, const struct print_setup *setup)
{
	*printer = (struct printer){
		.form = form,
		.out = out,
		.keys = fields_keys(form),
		.pid_width = pid_width(setup->pid_max),
		.color = wants_color(form, out),
		.ahead = setup->ahead,
		.boot_ahead = setup->boot_ahead,
		.start = monotonic_ns() - (uint64_t)setup->ahead,
		.wall = wall_clock_look(),
		.boot = boot_clock_look(),
		.second = -1,
	};
	format_text(printer->source, sizeof(printer->source), "\"%s\"", setup->source);
	print_begin(printer);
	if (!form->json)
		columns_heading(printer, printer->heading, sizeof(printer->heading));
}

void print_free(struct printer *printer)
{
	lives_free(&printer->lives);
	users_free(&printer->users);
	cgroup_paths_free(&printer->cgroups);
}

void print_begin(struct printer *printer)
{
	printer->now = monotonic_ns() - (uint64_t)printer->ahead;
	wall_clock_update(&printer->boot, boot_clock_look());
	printer->asleep = (uint64_t)(printer->boot.offset - printer->boot_ahead + printer->ahead);
	wall_clock_update(&printer->wall, wall_clock_look());
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

	if (state == OUTPUT_FULL || (state == OUTPUT_SCARCE && exec->kind == EXEC_FAILED)) {
		lose(printer, exec);
		return;
	}
	exec_limit(exec, printer->form->max_bytes);
	if (state != OUTPUT_FREE)
		printer->cut += make_short(exec, state == OUTPUT_CROWDED ? CROWDED_BYTES : SCARCE_BYTES);
	ask_parent(printer, exec);
	if (exec->kind == EXEC_ENDED)
		printer->ended++;
	else
		printer->printed++;
	printer->failed += exec->kind == EXEC_FAILED;
	if (printer->form->json)
		json_exec(printer, exec);
	else
		text_exec(printer, exec);
}

void print_lost(struct printer *printer, const struct loss *loss)
{
	if (printer->form->json)
		json_lost(printer, loss);
}

bool print_take_loss(struct printer *printer, struct loss *loss)
{
	*loss = printer->loss;
	printer->loss.count = 0;
	return loss->count;
}
