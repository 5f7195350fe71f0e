#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "run/check.h"
#include "lib/say.h"
#include "run/sandbox.h"
#include "show/escape.h"
#include "show/output.h"

static void print_json(struct output *out, const char *key, const char *text)
{
	output_add(out, key, strlen(key));
	if (text && *text)
		escape_json(out, text, strlen(text));
	else
		output_add(out, "null", 4);
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
	output_flush(out);
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

int check(struct source *source, char **argv, bool json, int *status, struct error *err)
{
	struct features *features = &source->features;
	struct output out;
	const char *why;

	if (output_init(&out, STDOUT_FILENO))
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	*status = source->ops->start(source, argv, err) != 0;
	feature_note(features, FEATURE_TRACING, !*status, *status ? err->text : NULL);
	if (*status)
		say("%s", err->text);
	if (source->ops->ask_rest)
		source->ops->ask_rest(source);
	check_helper(features);
	why = sandbox_reader(&(struct sandbox_descriptors){out.fd, say_descriptor(), -1, -1});
	feature_note(features, FEATURE_SANDBOX, !why, why);
	features_print(features, &out, json);
	output_free(&out);
	return out.error ? output_error(&out, err) : 0;
}
