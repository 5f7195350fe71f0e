/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "run/choose.h"
#include "lib/say.h"
#include "run/sandbox.h"

struct source *source_try(const struct source_row *row, const struct options *options, char **argv, bool *refused,
			  struct error *err)
{
	struct source *source;

	if (refused)
		*refused = false;
	if (row->alone && !options->request.command && !options->request.pids.count) {
		error_set(err, EINVAL, "--source %s works only for -p and a command", row->name);
		return NULL;
	}
	if (options->request.fails && !row->fails) {
		error_set(err, ENOTSUP, "-x: --source %s cannot see failed calls; bpf can, and trace can for a command", row->name);
		return NULL;
	}
	source = row->open(&options->request, err);
	if (!source)
		return NULL;
	source->name = row->name;
	source->loses = row->loses;
	source->confine = options->no_sandbox ? NULL : sandbox_collector;
	if (!source->ops->start(source, argv, err))
		return source;
	if (refused)
		*refused = source->refused;
	source->ops->stop(source); /* it may have begun */
	source->ops->close(source);
	return NULL;
}

struct source *source_choose(const struct options *options, char **argv, struct error *err)
{
	const struct source_row *only = options->source ? source_find(options->source) : NULL;
	struct source *source;
	struct error other;
	bool refused;

	source = source_try(only ? only : &sources[0], options, argv, &refused, err);
	for (size_t i = 1; !source && !only && !refused && i < SOURCES; i++) {
		other = (struct error){0};
		source = source_try(&sources[i], options, argv, &refused, &other);
		if (source)
			say("execs are seen by --source %s, which does not show %s; %s cannot be used here: %s", sources[i].name,
			    sources[i].lacks, sources[0].name, err->text);
		if (source || refused) {
			free(err->log);
			*err = other;
		}
	}
	if (source && only && only->lacks)
		say("execs are seen by --source %s, which does not show %s", only->name, only->lacks);
	return source;
}
