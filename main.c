/* execsnoop: shows every program that a Linux machine executes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "print.h"
#include "tracer.h"

/* How long an exec may lie in a ring before it is looked at: with HOLD_NS this bounds the time
 * until its line is out. A ring that fills up wakes us earlier. */
#define POLL_MS 40

/* How often we look for CPUs that have come online. */
#define LOOK_NS 1000000000ULL

/* Signals that ask us to end: how many, the last one, and whether it came from a process and not from
 * the terminal, which sends it to the command as well. */
static volatile sig_atomic_t stop, stop_signal, stop_sent;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (++stop == 2)
		signal(number, SIG_DFL); /* the third ends us where we stand */
	stop_signal = number;
	stop_sent = info->si_code <= 0;
}

/* So that the end of the command is seen at once: poll(2) comes back. */
static void on_child(int signal)
{
	(void)signal;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Waits until it is worth looking again: a ring a quarter full, an exec old enough to be shown,
 * time. */
static void wait_for_execs(const struct tracer *t, struct pollfd *fds, uint64_t end)
{
	uint64_t ns = collector_wait(&t->collector), now = monotonic_ns();

	if (ns > POLL_MS * 1000000ULL)
		ns = POLL_MS * 1000000ULL;
	if (end && now + ns > end)
		ns = end > now ? end - now : 0;
	poll(fds, t->collector.capacity + 1, (int)((ns + 999999) / 1000000));
}

/* What has been said of what is missing in the output. */
struct said {
	uint64_t lost, skipped, forgotten;
};

static void say_loss(uint64_t now, uint64_t *said, const char *format)
{
	if (now == *said)
		return;
	fputs("execsnoop: ", stderr);
	fprintf(stderr, format, (unsigned long long)(now - *said));
	*said = now;
}

/* Says what was lost since it was last said. */
static void say_ring_losses(const struct tracer *t, struct said *said)
{
	say_loss(t->collector.lost, &said->lost,
		 "lost %llu execs: a CPU's ring was full (see --ring-size) or not there yet\n");
}

/* The same for what the kernel must be asked for. */
static void say_other_losses(const struct tracer *t, struct said *said)
{
	say_loss(tracer_skipped(t), &said->skipped,
		 "lost up to %llu execs: the kernel did not show them, being at work for another BPF user\n");
	say_loss(tracer_forgotten(t), &said->forgotten,
		 "could not follow %llu more threads: too many live at once; what they execute is not shown\n");
}

static void print_execs(struct tracer *t, struct printer *printer, bool all)
{
	struct event event;

	collector_update(&t->collector);
	while (!printer->out->error && collector_next(&t->collector, all, &event))
		print_event(printer, &event);
	output_flush(printer->out);
}

/* Whether there is nothing more to come: the command or its descendants, or the processes of -p, have
 * ended; or a signal says so, which is the command's affair as long as it lives. */
static bool is_over(const struct tracer *t, struct command *command)
{
	static sig_atomic_t handed_on;
	bool ended = command_ended(command);

	if (stop && !ended && stop == 1) {
		if (!handed_on && stop_sent)
			command_signal(command, stop_signal);
		handed_on = 1;
		return false;
	}
	return stop || (ended && tracer_has_members(t) && tracer_members_gone(t));
}

static int trace(struct tracer *t, struct command *command, struct error *err)
{
	struct output out = {.fd = STDOUT_FILENO};
	struct printer printer = {
		.options = t->options, .out = &out, .proc = t->proc, .start = monotonic_ns(), .second = -1};
	uint64_t end = t->options->duration > 0
			       ? printer.start + (uint64_t)(t->options->duration * 1e9)
			       : 0;
	struct pollfd *fds = calloc(t->collector.capacity + 1, sizeof(*fds));
	uint64_t look = printer.start;
	struct said said = {0};
	int ret = 0;

	if (!fds)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	collector_poll_fds(&t->collector, fds + 1);
	fds[0].fd = STDOUT_FILENO; /* for POLLERR: nobody reads any more */
	print_header(&printer);
	tracer_settle(t);
	if (t->options->command)
		ret = tracer_start_command(t, command, err);
	while (!ret && !is_over(t, command) && !out.error && !(end && monotonic_ns() >= end)) {
		wait_for_execs(t, fds, end);
		if (fds[0].revents & POLLERR)
			out.error = EPIPE;
		print_execs(t, &printer, false);
		say_ring_losses(t, &said);
		if (t->collector.now > look + LOOK_NS) {
			look = t->collector.now;
			say_other_losses(t, &said);
			if (tracer_cover_cpus(t))
				collector_poll_fds(&t->collector, fds + 1);
		}
	}
	tracer_detach(t);
	print_execs(t, &printer, true); /* everything seen gets printed */
	if (!out.error) {
		tracer_count_unseen(t);
		say_ring_losses(t, &said);
		say_other_losses(t, &said);
		if (said.lost + said.skipped)
			fprintf(stderr, "execsnoop: %llu execs were lost in all\n",
				(unsigned long long)(said.lost + said.skipped));
	}
	print_free(&printer);
	free(fds);
	if (!out.error)
		return ret;
	return error_set(err, out.error, "cannot write to the standard output: %s",
			 strerror(out.error));
}

/* *status gets the command's exit status. */
static int run(const struct options *options, char **argv, int *status, struct error *err)
{
	struct command command = {0};
	struct tracer tracer;
	int ret = tracer_open(&tracer, options, err);

	if (ret)
		return ret;
	if (options->ebpf)
		return tracer_print_programs(&tracer, err);
	ret = tracer_set_up(&tracer, argv, err);
	if (!ret)
		ret = trace(&tracer, &command, err);
	*status = command.status;
	collector_free(&tracer.collector);
	return ret;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	struct options options;
	struct error err = {0};
	int ret, fd;

	/* Or a map would get the number of a standard stream that is closed, and the lines. What is
	 * written here fails. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
	ret = options_parse(&options, argc, argv);
	if (!ret && (options.help || options.version)) {
		if (options.help)
			options_help();
		else
			puts("execsnoop " VERSION);
		if (fflush(stdout) || ferror(stdout)) {
			perror("execsnoop: cannot write to the standard output");
			ret = 1;
		}
	} else if (!ret) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, and said so */
		signal(SIGXFSZ, SIG_IGN);
		signal(SIGCHLD, on_child);
		if (run(&options, argv, &ret, &err)) {
			if (err.log)
				fprintf(stderr, "%s", err.log);
			fprintf(stderr, "execsnoop: %s\n", err.text);
			ret = 1;
		}
		free(err.log);
	}
	options_free(&options);
	return ret;
}
