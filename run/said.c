#include "run/said.h"
#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"

static void say_count(uint64_t now, uint64_t *said, const char *format)
{
	if (now <= *said) /* less: something came that had been given up */
		return;
	say(format, (unsigned long long)(now - *said));
	*said = now;
}

static const char *events_of(const struct source *source)
{
	return source->request->exits ? "execs and exits" : "execs";
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
		    (unsigned long long)loss->count, events_of(source), loss->cpu, from, to);
	else
		say("lost %llu %s between %s and %s: the output did not take their lines", (unsigned long long)loss->count,
		    events_of(source), from, to);
}

void say_losses(struct source *source, struct printer *printer, struct said *said)
{
	struct loss loss;

	while (merge_take_loss(source->merge, &loss))
		say_loss(source, printer, &loss);
	if (print_take_loss(printer, &loss))
		say_loss(source, printer, &loss);
	say_count(printer->lives.forgotten, &said->unknown,
		 "forgot %llu processes, for which there was no room: how long ago they executed is not known when they end");
	say_count(printer->cut, &said->short_lines, "%llu lines are cut: the output did not take them as fast as they came");
	say_count(source->merge->cut, &said->cut,
		 feature_is_here(&source->features, FEATURE_MAP_BUFFERS)
			 ? "the command lines of %llu execs are cut: a CPU's ring was full (see --ring-size)"
			 : "the command lines of %llu execs are cut: a CPU's ring was full (see --ring-size), or they are "
			   "longer than 135 KB, and below Linux 4.11 the rest is asked of the program, which had ended");
}

void say_source_losses(const struct source *source, const struct losses *c, struct said *said)
{
	if (c->skipped > said->skipped) {
		say("lost up to %llu execs: %s", (unsigned long long)(c->skipped - said->skipped), source->loses);
		said->skipped = c->skipped;
	}
	say_count(c->unseen_forks, &said->unseen_forks,
		 "lost sight of up to %llu new threads and processes: the kernel did not show them, being at work for "
		 "another BPF user");
	say_count(c->unseen_exits, &said->unseen_exits,
		 "lost up to %llu exits: the kernel did not show them, being at work for another BPF user");
	say_count(c->unseen_ends, &said->unseen_ends,
		 "did not see %llu threads end, but in /proc: the kernel did not show them");
	say_count(c->unnoted, &said->unnoted,
		 "could not note %llu more calls: too many threads are in execve(2) or execveat(2) at once; if they fail, their "
		 "arguments are not known");
	say_count(c->forgotten, &said->forgotten,
		 "could not follow %llu more threads: too many live at once; what they execute is not shown");
}

void say_summary(const struct source *source, const struct printer *p, const struct said *said, uint64_t filtered, bool summary)
{
	unsigned long long tenths = (monotonic_ns() - (uint64_t)p->ahead - p->start) / 100000000;
	uint64_t unwritten = output_unwritten(p->out), lost = source->merge->lost + p->lost + unwritten + said->skipped + said->unseen_exits;
	char failed[48] = "", ended[48] = "";

	if (lost)
		say("%llu %s were lost in all", (unsigned long long)lost, events_of(source));
	if (said->cut + said->short_lines)
		say("%llu command lines were cut in all", (unsigned long long)(said->cut + said->short_lines));
	if (!summary)
		return;
	if (source->request->fails)
		format_text(failed, sizeof(failed), " (%llu of them failed)", (unsigned long long)p->failed);
	if (p->form->exits)
		format_text(ended, sizeof(ended), ", %llu exits", (unsigned long long)p->ended);
	say("%llu execs shown%s%s, %llu filtered out, %llu lost, in %llu.%llu s",
	    (unsigned long long)(p->printed > unwritten ? p->printed - unwritten : 0), failed, ended,
	    (unsigned long long)filtered, (unsigned long long)lost, tenths / 10, tenths % 10);
}
