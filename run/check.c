/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/check.h"
#include "lib/format.h"
#include "lib/say.h"
#include "run/choose.h"
#include "run/sandbox.h"
#include "show/escape.h"
#include "show/output.h"
#include "source/bpf.h"
#include "version.h"

static void print_json(struct output *out, const char *key, const char *text)
{
	output_add(out, key, strlen(key));
	if (text && *text)
		escape_json(out, text, strlen(text));
	else
		output_add(out, "null", 4);
}

static void add_text(struct output *out, const char *a, const char *b, const char *c)
{
	output_add(out, a, strlen(a));
	output_add(out, b, strlen(b));
	output_add(out, c, strlen(c));
}

static bool works(const struct features *features, size_t source)
{
	return feature_is_here(features, (enum feature)(FEATURE_SOURCE + source));
}

/* The source that would be used, or SOURCES: none. */
static size_t best_source(const struct features *features, const struct options *o)
{
	size_t i = o->source ? (size_t)(source_find(o->source) - sources) : 0, end = o->source ? i + 1 : SOURCES;

	while (i < end && (!works(features, i) || (sources[i].alone && !o->source && !o->request.pids.count)))
		i++;
	return i < end ? i : SOURCES;
}

/* For a person: whether it works here, by which source; what is missing, and what that means. */
static void print_verdict(const struct features *features, const struct options *o, const struct utsname *kernel, struct output *out)
{
	size_t wanted = o->source ? (size_t)(source_find(o->source) - sources) : 0, best = best_source(features, o);
	const char *reason = features->rows[FEATURE_SOURCE + wanted].why;
	bool all = true;

	if (best == SOURCES)
		add_text(out, "It does not work here: ", reason, "\n");
	else if (best == 0)
		add_text(out, "It works here, by the source bpf.", "", "\n");
	else
		add_text(out, "It works here, by the source ", sources[best].name, ", which does not show ");
	if (best && best < SOURCES)
		add_text(out, sources[best].lacks, ".", "\n");
	if (best != wanted && best < SOURCES)
		add_text(out, "The source bpf, which shows all, does not work here: ", reason, "\n");
	add_text(out, "execsnoop " VERSION " for " TARGET ", Linux ", kernel->release, " on ");
	add_text(out, kernel->machine, "", "\n");
	for (int i = 0; !wanted && i < FEATURE_SOURCE; i++) {
		const char *why = features->rows[i].why, *instead = feature_instead((enum feature)i), *without = feature_without((enum feature)i);
		bool missing = feature_is_missing(features, (enum feature)i);

		if (!(missing ? !*why || strcmp(why, reason) : features->rows[i].limited))
			continue;
		if (all)
			add_text(out, "Missing:\n", "", "");
		all = false;
		add_text(out, "  ", feature_name((enum feature)i), "");
		if (missing && (without || instead))
			add_text(out, without ? ": " : ": used instead: ", without ? without : instead, "");
		add_text(out, *why ? " (" : "", why, *why ? ")\n" : "\n");
	}
	if (!o->verbose)
		add_text(out, "All that was asked: execsnoop --check --verbose\n", "", "");
}

/* Prints all rows. What has not been asked, because something before it was missing, is said to be so. */
static void features_print(const struct features *features, struct output *out, bool json)
{
	if (!json) {
		output_format(out, "%-30s %-5s %-25s %s", "FEATURE", "HERE", "INSTEAD", "WHY");
		output_end_line(out);
	}
	for (int i = 0; i < FEATURES; i++) {
		bool asked = features->rows[i].asked, here = features->rows[i].here;
		const char *why = asked ? features->rows[i].why : "not asked, because set-up ended before";
		const char *instead = here ? NULL : feature_instead((enum feature)i);

		if (json) {
			print_json(out, "{\"feature\":", feature_name((enum feature)i));
			output_format(out, ",\"here\":%s", !asked ? "null" : here ? "true" : "false");
			print_json(out, ",\"instead\":", instead);
			print_json(out, ",\"why\":", why);
			output_add(out, "}", 1);
		} else {
			output_format(out, "%-30s %-5s %-25s ", feature_name((enum feature)i), !asked ? "?" : here ? "yes" : "no",
				      instead ? instead : "-");
			output_add(out, why, strlen(why));
		}
		output_end_line(out);
	}
}

/* --check: in a child, what the helper could not give up. */
static void check_helper(struct features *features)
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
	feature_note(features, FEATURE_HELPER, !n, n < 0 ? "cannot make a process" : why);
}

_Static_assert(FEATURES == FEATURE_SOURCE + SOURCES, "each source has a row");

/* Whom trace could trace, as it could a command. -1: there can be no such process. */
static pid_t make_victim(void)
{
	pid_t parent = getpid(), child;
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	child = fork();
	if (child) {
		close(ends[1]);
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
		close(ends[0]);
		return child;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	close(ends[0]);
	close(ends[1]);
	while (getppid() == parent)
		pause();
	_exit(0);
}

/* Whether a source other than bpf works, and what it does not show. */
static void check_source(struct features *features, size_t number, const struct options *options, char **argv)
{
	const struct source_row *row = &sources[number];
	struct options asked = *options;
	struct error err = {0};
	char pid[16], why[512];
	const char *pids = pid;
	struct source *source;
	pid_t victim = -1;

	if (row->alone && !asked.request.pids.count) {
		victim = make_victim();
		format_text(pid, sizeof(pid), "%d", (int)victim);
		asked.request.pids = (struct strings){&pids, 1};
	}
	source = source_try(row, &asked, argv, NULL, &err);
	format_text(why, sizeof(why), "%s%s%s", source ? "does not show " : err.text, source ? row->lacks : "",
		    source && row->alone ? "; only for -p and a command" : "");
	feature_note(features, (enum feature)(FEATURE_SOURCE + number), source != NULL, why);
	free(err.log);
	if (source) {
		source->ops->stop(source);
		source->ops->close(source);
	}
	if (victim > 0) {
		kill(victim, SIGKILL);
		waitpid(victim, NULL, 0);
	}
}

/* Does what tracing by BPF would need, then asks all other sources. */
static int check_all(struct source *source, const struct options *options, char **argv, struct error *err)
{
	struct features *features = &source->features;
	int ret = source->ops->start(source, argv, err);

	feature_note(features, FEATURE_SOURCE, !ret, ret ? err->text : NULL);
	if (source->ops->ask_rest)
		source->ops->ask_rest(source);
	for (size_t i = 1; i < SOURCES; i++)
		check_source(features, i, options, argv);
	check_helper(features);
	return ret;
}

int check(const struct options *options, char **argv, int *status, struct error *err)
{
	const struct source_row *row = source_find(options->source ? options->source : sources[0].name);
	struct source *source = bpf_open(&options->request, err);
	struct features *features;
	struct utsname kernel = {0};
	struct output out;
	const char *why;

	if (!source)
		return -1;
	if (output_init(&out, STDOUT_FILENO)) {
		source->ops->close(source);
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	}
	features = &source->features;
	if (check_all(source, options, argv, err) && row == sources && options->form.json)
		say("%s", err->text);
	*status = !feature_is_here(features, (enum feature)(FEATURE_SOURCE + (row - sources)));
	uname(&kernel); /* which is forbidden then */
	why = sandbox_reader(&(struct sandbox_descriptors){out.fd, out.fd, say_descriptor(), -1, -1, -1});
	feature_note(features, FEATURE_SANDBOX, !why, why);
	if (!options->form.json)
		print_verdict(features, options, &kernel, &out);
	if (options->form.json || options->verbose)
		features_print(features, &out, options->form.json);
	output_flush(&out);
	output_free(&out);
	source->ops->stop(source); /* the start may have failed half-way */
	source->ops->close(source);
	return out.error ? output_error(&out, err) : 0;
}
