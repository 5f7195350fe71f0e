/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"
#include "version.h" /* the Makefile writes it */
#include "lib/format.h"
#include "run/check.h"
#include "run/choose.h"
#include "run/command_line.h"
#include "run/disasm.h"
#include "run/session.h"
#include "run/values.h"
#include "source/bpf.h"

/* --ebpf: prints the programs as they would be loaded. What the running kernel has not been asked for is 0 and named beside
 * it. */
static int print_programs(const struct source *source, struct output *out, struct error *err)
{
	const struct object *object = bpf_object(source);
	struct bpf_insn *insns;
	int ret;

	for (uint32_t i = 0; i < object->program_count; i++) {
		ret = bpf_link(source, &object->programs[i], &insns, err);
		if (ret)
			return ret;
		disasm_print(object, &object->programs[i], insns, out);
		free(insns);
	}
	return 0;
}

/* --help, --version, --ebpf: what is written once and needs no tracing. */
static int print(const struct options *options, const struct source *source, struct error *err)
{
	struct output out;
	int ret = output_init(&out, STDOUT_FILENO);

	if (ret)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (options->help)
		options_help(&out);
	else if (options->version)
		output_format(&out, "execsnoop %s, one " LINKAGE " binary for %s%s\n", VERSION, TARGET, *COMMIT ? ", commit " COMMIT : "");
	else
		ret = print_programs(source, &out, err);
	output_flush(&out);
	output_free(&out);
	return !ret && out.error ? output_error(&out, err) : ret;
}

/* *status gets the command's exit status. */
static int trace(const struct options *options, char **argv, const struct inherited *inherited, int *status, struct error *err)
{
	struct source *source = NULL;
	struct output out = {0};
	struct timeline timeline = {.wanted = options->timeline != NULL};
	int ret = 0;

	if (options->timeline)
		ret = output_open(&timeline.out, options->timeline, "--timeline", err);
	if (ret)
		return ret;
	if (options->output)
		ret = output_open(&out, options->output, "--output", err);
	else if (output_init(&out, options->to_error ? STDERR_FILENO : STDOUT_FILENO))
		ret = error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	if (!ret) {
		source = source_choose(options, argv, err);
		ret = source ? session_run(options, source, &out, &timeline, inherited, status, err) : -1;
	}
	output_free(&out);
	if (options->timeline)
		timeline_free(&timeline);
	if (source) {
		source->ops->stop(source);
		source->ops->close(source);
	}
	if (!ret && (timeline.out.error || out.error))
		*status = 1; /* whatever the command's is */
	if (!ret && timeline.out.error)
		return output_error(&timeline.out, err);
	return !ret && out.error ? output_error(&out, err) : ret;
}

static int refuse_source(const char *name)
{
	char names[64] = "";
	size_t used = 0;

	for (size_t i = 0; i < SOURCES; i++)
		used += format_text(names + used, sizeof(names) - used, i ? ", %s" : "%s", sources[i].name);
	return usage_error("--source: \"%s\" is none of %s", name, names);
}

int run(const struct options *options, char **argv, const struct inherited *inherited, int *status, struct error *err)
{
	struct source *source;
	int ret;

	if (options->help || options->version)
		return print(options, NULL, err);
	if (options->source && !source_find(options->source)) {
		*status = refuse_source(options->source);
		return 0;
	}
	if (!options->ebpf && !options->request.check)
		return trace(options, argv, inherited, status, err);
	if (options->request.check)
		return check(options, argv, status, err);
	source = bpf_open(&options->request, err);
	if (!source)
		return -1;
	ret = print(options, source, err);
	source->ops->close(source);
	return ret;
}
