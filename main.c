/* execsnoop: shows every program that a Linux machine executes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"
#include "run/helper.h"
#include "run/sandbox.h"
#include "show/print.h"
#include "show/tz.h"
#include "source/tracer.h"

/* How long an exec may lie in a ring before it is looked at: with HOLD_NS this bounds the time
 * until its line is out. A ring that fills up wakes us earlier; what is there is not looked at for each exec that
 * becomes old enough, but for all that do in a while. */
#define POLL_MS 40
#define POLL_LEAST_MS 20

/* How often we look for CPUs that have come online. */
#define LOOK_NS 1000000000ULL

/* Signals that ask us to end: how many, the last one, and whether it came from a process and not from
 * the terminal, which sends it to the command as well. */
static volatile sig_atomic_t stop, stop_signal, stop_sent;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	stop_signal = number;
	stop_sent = info->si_code <= 0;
	/* What the terminal sends twice is still the command's affair; the third ends us where we stand, which may be
	 * a write that nobody reads. */
	if (++stop == 2) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
	}
}

/* So that the end of the command is seen at once: poll(2) comes back. */
static void on_child(int signal)
{
	(void)signal;
}

/* The output, the helper, and two of each lane. */
enum { FD_OUTPUT, FD_HELPER, FD_RINGS };
static nfds_t fd_count(const struct tracer *t)
{
	return FD_RINGS + 2 * t->collector.count;
}

/* Waits until it is worth looking again: a ring a quarter full, an exec old enough to be shown,
 * time. */
static void wait_for_execs(const struct tracer *t, struct pollfd *fds, uint64_t end)
{
	uint64_t ns = collector_wait(&t->collector), now = monotonic_ns(); /* ours, as `end` */

	if (ns > POLL_MS * 1000000ULL)
		ns = POLL_MS * 1000000ULL;
	if (ns < POLL_LEAST_MS * 1000000ULL)
		ns = POLL_LEAST_MS * 1000000ULL;
	if (end && now + ns > end)
		ns = end > now ? end - now : 0;
	poll(fds, fd_count(t), (int)((ns + 999999) / 1000000));
}

/* What has been said of what is missing in the output. */
struct said {
	uint64_t cut, short_lines, skipped, unseen_forks, unseen_ends, forgotten, unnoted;
};

static void say_count(uint64_t now, uint64_t *said, const char *format)
{
	if (now <= *said) /* less: something came that had been given up */
		return;
	say(format, (unsigned long long)(now - *said));
	*said = now;
}

/* A loss of execs is a record of the output, too. */
static void say_loss(struct printer *printer, const struct loss *loss)
{
	char from[TIME_ISO], to[TIME_ISO];

	print_lost(printer, loss);
	time_iso(print_wall_time(printer, loss->from), from);
	time_iso(print_wall_time(printer, loss->to), to);
	if (loss->cpu >= 0)
		say("lost %llu execs on CPU %d between %s and %s: its ring was full (see --ring-size) or not there yet",
		    (unsigned long long)loss->count, loss->cpu, from, to);
	else
		say("lost %llu execs between %s and %s: the output did not take their lines", (unsigned long long)loss->count,
		    from, to);
}

/* Says what was lost since it was last said. */
static void say_losses(struct tracer *t, struct printer *printer, struct said *said)
{
	struct loss loss;

	while (collector_take_loss(&t->collector, &loss))
		say_loss(printer, &loss);
	if (print_take_loss(printer, &loss))
		say_loss(printer, &loss);
	say_count(printer->cut, &said->short_lines, "%llu lines are cut: the output did not take them as fast as they came");
	say_count(t->collector.cut, &said->cut,
		 feature_is_here(&t->features, FEATURE_MAP_BUFFERS)
			 ? "the command lines of %llu execs are cut: a CPU's ring was full (see --ring-size)"
			 : "the command lines of %llu execs are cut: a CPU's ring was full (see --ring-size), or they are "
			   "longer than 135 KB, and below Linux 4.11 the rest is asked of the program, which had ended");
}

/* The same for what the kernel must be asked for. */
static void say_other_losses(const struct helper_counts *c, struct said *said)
{
	say_count(c->skipped, &said->skipped,
		 "lost up to %llu execs: the kernel did not show them, being at work for another BPF user");
	say_count(c->unseen_forks, &said->unseen_forks,
		 "lost sight of up to %llu new threads and processes: the kernel did not show them, being at work for "
		 "another BPF user");
	say_count(c->unseen_ends, &said->unseen_ends,
		 "did not see %llu threads end, but in /proc: the kernel did not show them");
	say_count(c->unnoted, &said->unnoted,
		 "could not note %llu more calls: too many threads are in execve(2) or execveat(2) at once; if they fail, their "
		 "arguments are not known");
	say_count(c->forgotten, &said->forgotten,
		 "could not follow %llu more threads: too many live at once; what they execute is not shown");
}

/* Prints what is ready. false: that was all that is asked for, or it cannot be written. */
static bool print_execs(struct tracer *t, struct printer *printer, bool all)
{
	uint64_t count = t->options->count ? t->options->count : UINT64_MAX;
	struct event event;

	collector_update(&t->collector);
	print_begin(printer);
	while (!printer->out->closed && printer->printed < count && collector_next(&t->collector, all, &event)) {
		/* At the end nothing is lost by waiting. */
		if (all && output_state(printer->out) != OUTPUT_FREE)
			output_flush(printer->out);
		print_event(printer, &event);
	}
	output_send(printer->out);
	return !printer->out->closed && printer->printed < count;
}

/* Whether there is nothing more to come: the command and its descendants, or the processes of -p, have
 * ended; or a signal says so. The first is the command's affair as long as it lives; a second ends us, with that
 * signal's status. */
static bool is_over(const struct tracer *t, struct command *command, struct helper *helper)
{
	static sig_atomic_t handed_on;
	bool ended = command_ended(command);
	int ret = 0;

	if (stop && !ended && stop == 1) {
		if (!handed_on && stop_sent)
			ret = helper_signal(helper, stop_signal);
		if (ret)
			say("cannot hand the signal on to the command: %s", strerror(-ret));
		handed_on = 1;
		return false;
	}
	if (stop && !ended)
		command->status = 128 + stop_signal;
	if (ended && tracer_has_members(t))
		helper_ask_gone(helper);
	return stop || helper->gone;
}

/* In total, at the end. */
static void say_summary(const struct tracer *t, const struct printer *p, const struct said *said, uint64_t filtered)
{
	unsigned long long tenths = (monotonic_ns() - (uint64_t)p->ahead - p->start) / 100000000;
	uint64_t unwritten = output_unwritten(p->out), lost = t->collector.lost + p->lost + unwritten + said->skipped;
	char failed[48] = "";

	if (lost)
		say("%llu execs were lost in all", (unsigned long long)lost);
	if (said->cut + said->short_lines)
		say("%llu command lines were cut in all", (unsigned long long)(said->cut + said->short_lines));
	if (!stop || t->options->quiet)
		return;
	if (t->options->fails)
		format_text(failed, sizeof(failed), " (%llu of them failed)", (unsigned long long)p->failed);
	say("%llu execs shown%s, %llu filtered out, %llu lost, in %llu.%llu s",
	    (unsigned long long)(p->printed > unwritten ? p->printed - unwritten : 0), failed,
	    (unsigned long long)(p->unwanted + filtered), (unsigned long long)lost, tenths / 10, tenths % 10);
}

/* Splits the work in two processes, and gives up power in both. The command runs already. */
static int split(struct helper *helper, struct tracer *t, struct output *out, struct printer *printer, const struct command *command,
		 struct error *err)
{
	const struct options *o = t->options;
	struct helper_work work = {.tracer = t, .output = out, .command = command, .sandbox = !o->no_sandbox};
	struct error no_helper = {0};
	const char *why;
	int ret = helper_start(helper, &work, &why, &no_helper);

	if (ret && work.sandbox) {
		say("warning: it keeps all its power: %s", no_helper.text);
		work.sandbox = false;
		ret = helper_start(helper, &work, &why, &no_helper);
	}
	if (ret)
		return error_set(err, -ret, "%s", no_helper.text);
	t->collector.ask = helper_ask;
	t->collector.rest = helper_rest;
	t->collector.context = helper;
	printer->parents = (struct parents){helper_parent, helper};
	out->begin_file = helper_rotate;
	out->look = helper_moved;
	out->context = helper;
	if (!work.sandbox)
		return 0;
	/* The attachments are the helper's from now on. */
	t->attached_count = 0;
	t->kprobes.count = 0;
	if (why)
		say("warning: the helper keeps more power than it needs: %s", why);
	helper_drop_descriptors(helper, out);
	why = sandbox_reader(&(struct sandbox_descriptors){out->fd, say_descriptor(), helper->socket});
	if (why)
		say("warning: it keeps more power than it needs: %s", why);
	return 0;
}

/* Says what has been lost, and covers CPUs that have come online. */
static void look(struct tracer *t, struct printer *printer, struct helper *helper, struct said *said, struct pollfd *fds)
{
	if (!helper_take_look(helper, false))
		return;
	say_losses(t, printer, said);
	say_other_losses(&helper->counts, said);
	output_look(printer->out);
	if (!helper->lanes_changed)
		return;
	helper->lanes_changed = false;
	collector_poll_fds(&t->collector, fds + FD_RINGS);
	helper_look(helper, false); /* it can open now what was closed */
}

/* Ends the tracing, and prints all that was seen. */
static void finish(struct tracer *t, struct printer *printer, struct helper *helper, struct said *said, bool more)
{
	struct output *out = printer->out;

	helper_detach(helper);
	if (more)
		more = print_execs(t, printer, true);
	if (out->closed)
		return;
	helper_look(helper, true);
	if (more)
		helper_take_look(helper, true);
	say_losses(t, printer, said);
	say_other_losses(&helper->counts, said);
	output_flush(out);
	say_summary(t, printer, said, helper->counts.filtered);
}

static int trace(struct tracer *t, struct output *out, struct command *command, const struct inherited *inherited,
		 struct error *err)
{
	const struct options *o = t->options;
	struct pollfd *fds = calloc(fd_count(t), sizeof(*fds));
	struct helper helper = {.socket = -1};
	struct said said = {0};
	struct printer printer;
	const char *why;
	uint64_t end, next_look;
	bool more = true;
	int ret = 0;

	if (!fds)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	print_init(&printer, o, out, t->clock_ahead);
	next_look = printer.start + LOOK_NS;
	end = o->duration ? monotonic_ns() + o->duration : 0;
	collector_poll_fds(&t->collector, fds + FD_RINGS);
	t->collector.most = options_bytes_read(o);
	out->enough = &stop;
	output_begin(out, o->append, o->max_size, o->keep, o->json ? NULL : printer.heading);
	tracer_settle(t);
	if (o->command)
		ret = tracer_start_command(t, command, inherited, err);
	why = o->time && !o->iso_time ? tz_set() : NULL;
	if (why)
		say("warning: times are UTC: the file of the time zone (TZ, /etc/localtime): %s", why);
	if (!ret)
		ret = split(&helper, t, out, &printer, command, err);
	if (ret) {
		tracer_detach(t);
		goto end;
	}
	while (more && !is_over(t, command, &helper) && !(end && monotonic_ns() >= end) && !helper.ended) {
		output_poll_fd(out, &fds[FD_OUTPUT]);
		helper_poll_fd(&helper, &fds[FD_HELPER]);
		wait_for_execs(t, fds, end);
		if (fds[FD_OUTPUT].fd >= 0 && fds[FD_OUTPUT].revents & (POLLERR | POLLHUP))
			out->closed = true;
		helper_receive(&helper);
		more = print_execs(t, &printer, false);
		if (t->collector.now > next_look) {
			next_look = t->collector.now + LOOK_NS;
			helper_look(&helper, false);
		}
		look(t, &printer, &helper, &said, fds);
	}
	if (helper.ended)
		ret = error_set(err, EPIPE, "the helper process has ended (was it killed?), and with it the tracing");
	finish(t, &printer, &helper, &said, more);
	helper_stop(&helper);
end:
	print_free(&printer);
	free(fds);
	return ret;
}

/* --check: in a child, what the helper could not give up. */
static void check_helper(struct tracer *t)
{
	struct sandbox_needs needs = {0};
	char why[256] = "";
	int ends[2];
	ssize_t n = -1;

	if (!pipe2(ends, O_CLOEXEC)) {
		pid_t child = fork();

		if (!child) {
			const char *text = sandbox_helper(&needs);

			_exit(text && write(ends[1], text, strlen(text)) < 0);
		}
		close(ends[1]);
		n = child < 0 ? -1 : read(ends[0], why, sizeof(why) - 1);
		close(ends[0]);
	}
	feature_note(&t->features, FEATURE_HELPER, !n, n < 0 ? "cannot make a process" : why);
}

/* --check: does all that tracing would need, and says how it went. Status 1: tracing would not work. */
static int check(struct tracer *t, char **argv, int *status, struct error *err)
{
	struct output out;
	const char *why;

	if (output_init(&out, STDOUT_FILENO))
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	*status = tracer_set_up(t, argv, err) != 0;
	feature_note(&t->features, FEATURE_TRACING, !*status, *status ? err->text : NULL);
	if (*status)
		say("%s", err->text);
	tracer_ask_rest(t);
	check_helper(t);
	why = sandbox_reader(&(struct sandbox_descriptors){out.fd, say_descriptor(), -1});
	feature_note(&t->features, FEATURE_SANDBOX, !why, why);
	features_print(&t->features, &out, t->options->json);
	output_free(&out);
	return out.error ? output_error(&out, err) : 0;
}

/* --help, --version, --ebpf: what is written once and needs no tracing. */
static int print(const struct options *options, const struct tracer *tracer, struct error *err)
{
	struct output out;
	int ret = output_init(&out, STDOUT_FILENO);

	if (ret)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (options->help)
		options_help(&out);
	else if (options->version)
		output_add(&out, "execsnoop " VERSION "\n", strlen("execsnoop " VERSION "\n"));
	else
		ret = tracer_print_programs(tracer, &out, err);
	output_flush(&out);
	output_free(&out);
	return !ret && out.error ? output_error(&out, err) : ret;
}

/* *status gets the command's exit status. */
static int run(const struct options *options, char **argv, const struct inherited *inherited, int *status,
	       struct error *err)
{
	struct command command = {0};
	struct output out = {0};
	struct tracer tracer;
	int ret;

	if (options->help || options->version)
		return print(options, NULL, err);
	ret = tracer_open(&tracer, options, err);
	if (ret)
		return ret;
	if (options->ebpf)
		return print(options, &tracer, err);
	if (options->check) {
		ret = check(&tracer, argv, status, err);
		tracer_detach(&tracer);
		return ret;
	}
	if (options->output)
		ret = output_open(&out, options->output, err);
	else if (output_init(&out, STDOUT_FILENO))
		ret = error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (!ret)
		ret = tracer_set_up(&tracer, argv, err);
	if (!ret)
		ret = trace(&tracer, &out, &command, inherited, err);
	tracer_detach(&tracer); /* set-up may have failed half-way */
	*status = command.status;
	output_free(&out);
	if (out.closed && !out.error)
		out.error = EPIPE;
	if (!ret && out.error)
		ret = output_error(&out, err);
	tracer_free(&tracer);
	return ret;
}

static void handle_signals(const struct options *options, const struct inherited *inherited)
{
	const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, and said so */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, on_child);
	if (options->help || options->version || options->ebpf)
		return; /* nothing is to be ended in order */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* nohup(1) ignores the one. */
	if (inherited->actions[0].sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
}

int main(int argc, char **argv)
{
	struct inherited inherited;
	struct options options;
	struct error err = {0};
	int ret, fd;

	/* Or a map would get the number of a standard stream that is closed, and the lines. What is
	 * written here fails. */
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
	if (getuid() != geteuid() || getgid() != getegid()) {
		say("it is installed setuid, which would give every user what root sees and writes; use sudo(8) or "
		    "chmod u-s");
		return 1;
	}
	say_open();
	ret = options_parse(&options, argc, argv);
	if (!ret) {
		inherited_note(&inherited);
		handle_signals(&options, &inherited);
		if (run(&options, argv, &inherited, &ret, &err)) {
			if (err.log)
				say_as_it_is(err.log);
			say("%s", err.text);
			ret = 1;
		}
		free(err.log);
	}
	options_free(&options);
	return ret;
}
