/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/said.h"
#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

/* format: of the number, and of what makes a word a plural. */
static void say_count(uint64_t now, uint64_t *said, const char *format)
{
	if (now <= *said) /* less: something came that had been given up */
		return;
	say(format, (unsigned long long)(now - *said), plural(now - *said));
	*said = now;
}

static const char *events_of(const struct source *source, uint64_t n)
{
	if (source->request->exits)
		return n == 1 ? "exec or exit" : "execs and exits";
	return n == 1 ? "exec" : "execs";
}

/* A loss of execs is a record of the output, too. */
static void say_loss(const struct source *source, struct printer *printer, const struct loss *loss)
{
	char from[TIME_ISO], to[TIME_ISO];

	print_lost(printer, loss);
	time_iso(wall_time(printer, loss->from), from);
	time_iso(wall_time(printer, loss->to), to);
	if (loss->cpu >= 0)
		say("lost %llu %s on CPU %d between %s and %s: its ring was full (see --ring-size) or not there yet",
		    (unsigned long long)loss->count, events_of(source, loss->count), loss->cpu, from, to);
	else
		say("lost %llu %s between %s and %s: the output did not take their lines", (unsigned long long)loss->count,
		    events_of(source, loss->count), from, to);
}

void say_losses(struct source *source, struct printer *printer, struct said *said)
{
	struct loss loss;

	while (merge_take_loss(source->merge, &loss))
		say_loss(source, printer, &loss);
	if (print_take_loss(printer, &loss))
		say_loss(source, printer, &loss);
	say_count(printer->lives.forgotten, &said->unknown,
		 "forgot %llu exec%s: there was no room for more living processes; at their ends the time since the exec is not known");
	say_count(printer->cut, &said->short_lines, "cut %llu line%s: the output did not take lines as fast as they came");
	say_count(source->merge->cut, &said->cut,
		 feature_is_here(&source->features, FEATURE_MAP_BUFFERS)
			 ? "cut the arguments of %llu exec%s: a CPU's ring was full (see --ring-size)"
			 : "cut the arguments of %llu exec%s: a CPU's ring was full (see --ring-size), or they are longer than "
			   "135 KB, and below Linux 4.11 the rest is asked of the program, which had ended");
}

void say_source_losses(const struct source *source, const struct losses *c, struct said *said)
{
	if (c->skipped > said->skipped) {
		say("lost up to %llu exec%s: %s", (unsigned long long)(c->skipped - said->skipped), plural(c->skipped - said->skipped),
		    source->loses);
		said->skipped = c->skipped;
	}
	say_count(c->unseen_forks, &said->unseen_forks,
		 "lost sight of up to %llu new thread%s, or their processes: the kernel did not show them, being at work for "
		 "another BPF user");
	say_count(c->unseen_exits, &said->unseen_exits,
		 "lost up to %llu exit%s: the kernel did not show them, being at work for another BPF user");
	say_count(c->unseen_ends, &said->unseen_ends,
		 "did not see %llu thread%s end, except in /proc: the kernel did not show it");
	say_count(c->unnoted, &said->unnoted,
		 "could not note %llu more call%s: too many threads are in execve(2) or execveat(2) at once; if they fail, their "
		 "arguments are not known");
	say_count(c->forgotten, &said->forgotten,
		 "could not follow %llu more thread%s: too many live at once; what they execute is not shown");
}

void say_summary(const struct source *source, const struct printer *p, const struct said *said, uint64_t filtered, bool summary)
{
	unsigned long long tenths = (monotonic_ns() - (uint64_t)p->ahead - p->start) / 100000000;
	uint64_t unwritten = output_unwritten(p->out), lost = source->merge->lost + p->lost + unwritten + said->skipped + said->unseen_exits, shown;
	char failed[48] = "", ended[48] = "";

	if (lost)
		say("%llu %s %s lost in all", (unsigned long long)lost, events_of(source, lost), lost == 1 ? "was" : "were");
	if (said->cut + said->short_lines)
		say("%llu command line%s cut in all", (unsigned long long)(said->cut + said->short_lines),
		    said->cut + said->short_lines == 1 ? " was" : "s were");
	if (!summary)
		return;
	if (source->request->fails)
		format_text(failed, sizeof(failed), " (%llu of them failed)", (unsigned long long)p->failed);
	if (p->form->exits)
		format_text(ended, sizeof(ended), ", %llu exit%s", (unsigned long long)p->ended, plural(p->ended));
	shown = p->printed > unwritten ? p->printed - unwritten : 0;
	say("%llu exec%s shown%s%s, %llu filtered out, %llu lost, in %llu.%llu s", (unsigned long long)shown, plural(shown), failed, ended,
	    (unsigned long long)filtered, (unsigned long long)lost, tenths / 10, tenths % 10);
}
