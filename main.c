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

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
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

/* Says at once what was lost since it was last said. */
static void report_loss(const struct tracer *t, uint64_t *reported)
{
	if (t->collector.lost == *reported)
		return;
	fprintf(stderr, "execsnoop: lost %llu execs: a CPU's ring was full (see --ring-size) or not there "
		"yet\n",
		(unsigned long long)(t->collector.lost - *reported));
	*reported = t->collector.lost;
}

static void print_execs(struct tracer *t, struct printer *printer, bool all)
{
	struct event event;

	collector_update(&t->collector);
	while (!printer->out->error && collector_next(&t->collector, all, &event))
		print_event(printer, &event);
	output_flush(printer->out);
}

static int trace(struct tracer *t, struct error *err)
{
	struct output out = {.fd = STDOUT_FILENO};
	struct printer printer = {
		.options = t->options, .out = &out, .proc = t->proc, .start = monotonic_ns(), .second = -1};
	uint64_t end = t->options->duration > 0
			       ? printer.start + (uint64_t)(t->options->duration * 1e9)
			       : 0;
	struct pollfd *fds = calloc(t->collector.capacity + 1, sizeof(*fds));
	uint64_t reported = 0, look = printer.start;

	if (!fds)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	collector_poll_fds(&t->collector, fds + 1);
	fds[0].fd = STDOUT_FILENO; /* for POLLERR: nobody reads any more */
	print_header(&printer);
	tracer_settle(t);
	while (!stop && !out.error && !(end && monotonic_ns() >= end)) {
		wait_for_execs(t, fds, end);
		if (fds[0].revents & POLLERR)
			out.error = EPIPE;
		print_execs(t, &printer, false);
		report_loss(t, &reported);
		if (t->collector.now > look + LOOK_NS) {
			look = t->collector.now;
			if (tracer_cover_cpus(t))
				collector_poll_fds(&t->collector, fds + 1);
		}
	}
	tracer_detach(t);
	print_execs(t, &printer, true); /* everything seen gets printed */
	if (!out.error) {
		tracer_count_unseen(t);
		report_loss(t, &reported);
		if (reported)
			fprintf(stderr, "execsnoop: %llu execs were lost in all\n",
				(unsigned long long)reported);
	}
	print_free(&printer);
	free(fds);
	if (!out.error)
		return 0;
	return error_set(err, out.error, "cannot write to the standard output: %s",
			 strerror(out.error));
}

static int run(const struct options *options, char **argv, struct error *err)
{
	struct tracer tracer;
	int ret = tracer_open(&tracer, options, err);

	if (ret)
		return ret;
	if (options->ebpf)
		return tracer_print_programs(&tracer, err);
	ret = tracer_set_up(&tracer, argv, err);
	if (!ret)
		ret = trace(&tracer, err);
	collector_free(&tracer.collector);
	return ret;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
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
		if (run(&options, argv, &err)) {
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
