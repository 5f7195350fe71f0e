/* SPDX-License-Identifier: GPL-2.0-only */
#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "run/command_line.h"
#include "lib/format.h"
#include "lib/say.h"
#include "run/values.h"
#include "show/fields.h"

/* The defaults. */
#define MAX_ARGS 20
#define MAX_BYTES_TEXT (32U << 10)
#define MAX_BYTES_JSON (256U << 10)
#define MAX_BYTES_LINE (256U << 10) /* a regular expression takes some 50 ns a byte */

static const char *const argv0_words[] = {[ARGV0_IF_OTHER] = "other", [ARGV0_ALWAYS] = "always", [ARGV0_NEVER] = "never", NULL};
static const char *const color_words[] = {[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};

static const struct option_row rows[] = {
#define ROW(l, n, a, h, ...) {.letter = l, .name = n, .argument = a, .help = h, .parse = __VA_ARGS__}
#define AT(field) .offset = offsetof(struct options, field)
#define TEXT .text = true
	{.name = "Execs to show (all filters must match; of a repeated one (*) any value):"},
	ROW('x', "fails", NULL, "also failed execs", parse_flag, AT(request.fails)),
	ROW(0, "exits", NULL, "also process exits", parse_flag, AT(form.exits)),
	ROW('n', "name", "REGEX", "only where the command's name (15 bytes) matches *", parse_name, AT(names)),
	ROW(0, "not-name", "REGEX", "only where it does not *", parse_name, AT(not_names)),
	ROW('l', "line", "REGEX", "only where the file name and arguments match *", parse_regex, AT(lines)),
	ROW(0, "not-line", "REGEX", "only where they do not *", parse_regex, AT(not_lines)),
	ROW('u', "uid", "USER", "only by this user, a name or a number *", parse_user, AT(request.ids.uids)),
	ROW(0, "not-uid", "USER", "only by other users *", parse_user, AT(request.ids.not_uids)),
	ROW('p', "pid", "PID", "only by this process and its descendants *", parse_pids, AT(request.pids)),
	ROW('P', "ppid", "PID", "only by children of this process *", parse_pid, AT(request.ids.ppids)),
	ROW('c', "cgroup", "PATH", "only in this cgroup v2 directory and below it *", parse_cgroup, AT(request.cgroups)),
	ROW(0, "mntns", "PID|FILE", "only in the mount namespace of PID, or FILE *", parse_string, AT(request.mntns)),
	ROW(0, "cgroupmap", "PATH", "only cgroups whose id is in this pinned BPF map", parse_text, AT(request.cgroupmap), .once = true),
	ROW(0, "mntnsmap", "PATH", "only mount namespaces in this pinned BPF map", parse_text, AT(request.mntnsmap), .once = true),
	{.name = "Start and end:"},
	ROW(0, "user", "USER", "run COMMAND as this user", parse_command_user),
	ROW('d', "duration", "SECONDS", "end after this time", parse_seconds),
	ROW(0, "count", "N", "end after N execs",
	 parse_number, AT(count), .least = 1, .most = UINT64_MAX, .unit = 1, .expected = "a number"),
	{.name = "Columns:"},
	ROW('T', "time", NULL, "time of day", parse_flag, AT(form.time), TEXT),
	ROW('t', "timestamp", NULL, "seconds from start", parse_flag, AT(form.timestamp), TEXT),
	ROW('U', "print-uid", NULL, "user's id", parse_flag, AT(form.print_uid), TEXT),
	ROW(0, "names", NULL, "user's name", parse_flag, AT(form.names)),
	ROW(0, "print-euid", NULL, "effective user id", parse_flag, AT(form.print_euid), TEXT),
	ROW('C', "print-cpu", NULL, "CPU", parse_flag, AT(form.print_cpu), TEXT),
	ROW('M', "print-pcomm", NULL, "parent's name", parse_flag, AT(form.print_pcomm), TEXT),
	ROW(0, "print-tty", NULL, "terminal", parse_flag, AT(form.print_tty)),
	ROW(0, "print-exe", NULL, "file that runs", parse_flag, AT(form.print_exe)),
	ROW(0, "print-cwd", NULL, "working directory", parse_flag, AT(form.print_cwd)),
	ROW(0, "print-mntns", NULL, "mount namespace", parse_flag, AT(form.print_mntns), TEXT),
	ROW(0, "print-cgroup", NULL, "cgroup's id", parse_flag, AT(form.print_cgroup), TEXT),
	ROW(0, "print-cgroup-path", NULL, "cgroup's path", parse_flag, AT(form.print_cgroup_path)),
	ROW(0, "ancestors", "N", "parent, its parent, and so on: N of them, up to 32",
	 parse_number, AT(request.ancestors), .least = 1, .most = EXEC_CHAIN_MOST, .unit = 1, .expected = "a number"),
	{.name = "Lines:"},
	ROW(0, "tree", NULL, "indent by descent", parse_flag, AT(form.tree)),
	ROW('q', "quote", NULL, "quote arguments", parse_flag, AT(form.quote), TEXT),
	ROW(0, "env", "NAME", "show this environment variable *", parse_variable, AT(request.variables)),
	ROW(0, "argv0", "WHEN", "argv[0], too: other (than the file), always, never", parse_word, AT(form.argv0), TEXT,
	 .words = argv0_words),
	ROW(0, "max-args", "N", "show N arguments at most (20; with -J all); 0: all",
	 parse_number, AT(form.max_args), .most = UINT32_MAX, .unit = 1, .expected = "a number"),
	ROW(0, "max-bytes", "N", "show N bytes of them (32K; with -J 256K); 0: all", parse_size, AT(form.max_bytes)),
	ROW(0, "time-format", "FORMAT", "show the time as hms, or as iso (UTC, RFC 3339)", parse_time_format, TEXT),
	ROW(0, "color", "WHEN", "auto (at a terminal), always, never", parse_word, AT(form.color), TEXT, .words = color_words),
	ROW('J', "json", NULL, "JSON Lines instead of columns", parse_flag, AT(form.json)),
	ROW(0, "fields", "LIST", "of JSON, only these keys (pid,argv), or all", parse_fields, AT(form.keys)),
	{.name = "Output (standard output; with COMMAND standard error):"},
	ROW('o', "output", "FILE", "to this file; to standard output if it is -", parse_text, AT(output)),
	ROW(0, "append", NULL, "keep what it has", parse_flag, AT(append)),
	ROW(0, "quiet", NULL, "no summary", parse_flag, AT(quiet)),
	ROW(0, "max-size", "SIZE", "begin a new FILE when it has this size, like 64M", parse_size, AT(max_size), .least = 4096),
	ROW(0, "keep", "N", "keep N old files, FILE.1 to FILE.N (1)",
	 parse_number, AT(keep), .least = 1, .most = 1000, .unit = 1, .expected = "a number"),
	ROW(0, "timeline", "FILE", "also write execs and ends for ui.perfetto.dev", parse_text, AT(timeline)),
	{.name = "Other:"},
	ROW(0, "source", "NAME", "bpf, perf, proc, sideband, trace or watch (the best)", parse_text, AT(source)),
	ROW(0, "ring-size", "KIB", "each CPU's ring buffer (64 to 4096, by memory)",
	 /* Perf counts a ring's pages in an int. It is rounded up to a power of 2. */
	 parse_number, AT(request.ring_size), .least = 1, .most = 1 << 20, .unit = 1024,
	 .expected = "a number of KiB"),
	ROW(0, "check", NULL, "what works here", parse_flag, AT(request.check)),
	ROW(0, "verbose", NULL, "all that it asks", parse_flag, AT(verbose)),
	ROW(0, "no-sandbox", NULL, "keep all power", parse_flag, AT(no_sandbox)),
	ROW(0, "ebpf", NULL, "show BPF programs", parse_flag, AT(ebpf)),
	ROW('V', "version", NULL, "show the version", parse_flag, AT(version)),
	ROW('h', "help", NULL, "show this help", parse_flag, AT(help)),
#undef TEXT
#undef AT
#undef ROW
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(ROWS <= 64, "a set of rows is a uint64_t");

/* Two options without an argument stand in a line, in columns of so many characters: option and help. */
#define OPTION_WIDTH 18
#define HELP_WIDTH 19
#define WIDE_OPTION 25

static void add_option(struct output *out, const struct option_row *r, int width)
{
	char left[48];
	size_t n = format_text(left, sizeof(left), r->letter ? "-%c, " : "    ", r->letter);

	format_text(left + n, sizeof(left) - n, r->argument ? "--%s %s" : "--%s", r->name, r->argument);
	output_format(out, "%-*s ", width, left);
}

void options_help(struct output *out)
{
	bool half = false;

	output_format(out, "usage: execsnoop [OPTION]... [-- COMMAND [ARGUMENT]...]\n"
			   "Show every program that this machine executes, or that COMMAND does.\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct option_row *r = &rows[i];
		bool wide = r->argument || strlen(r->name) > OPTION_WIDTH - 6 || (r->help && strlen(r->help) > HELP_WIDTH);

		if (half && (!r->parse || wide)) {
			output_end_line(out);
			half = false;
		}
		if (!r->parse) {
			output_format(out, "%s\n", r->name);
			continue;
		}
		if (!half)
			output_format(out, "  ");
		add_option(out, r, wide ? WIDE_OPTION : OPTION_WIDTH);
		if (wide || half)
			output_format(out, "%s\n", r->help);
		else
			output_format(out, "%-*s ", HELP_WIDTH, r->help);
		half = !wide && !half;
	}
	if (half)
		output_end_line(out);
	output_format(out, "More: man execsnoop\n");
}

/* Requests the fields that will be shown, and as many bytes. --line looks at more than is shown. */
static void request_fields(struct options *o)
{
	unsigned int known = fields_wanted(&o->form).known;
	bool looks_at_lines = o->lines.count || o->not_lines.count;
	struct request *r = &o->request;

	r->command = o->command;
	r->exits = o->form.exits || o->timeline;
	r->want_ancestors = o->form.tree;
	r->want_cgroup = known & EXEC_CGROUP;
	r->want_mntns = known & EXEC_MNTNS;
	r->want_pcomm = known & EXEC_PCOMM;
	r->want_start = known & (EXEC_START | EXEC_PARENT_START);
	r->want_eids = known & EXEC_EIDS;
	r->want_login = known & EXEC_LOGIN;
	r->want_exe = known & EXEC_EXE;
	r->want_cwd = known & EXEC_CWD;
	r->want_tty = known & EXEC_TTY;
	r->want_chain = known & EXEC_CHAIN;
	r->want_inode = known & EXEC_INODE;
	r->ancestors = r->ancestors ? r->ancestors : EXEC_CHAIN_MOST;
	r->want_ns_pid = known & EXEC_NS_PID;
	r->print_cgroup = o->form.print_cgroup || o->form.print_cgroup_path;
	r->print_mntns = o->form.print_mntns;
	r->print_euid = o->form.print_euid;
	r->max_args = looks_at_lines ? 0 : o->form.max_args;
	r->max_bytes = looks_at_lines && o->form.max_bytes && o->form.max_bytes < MAX_BYTES_LINE ? MAX_BYTES_LINE : o->form.max_bytes;
}

/* The options in the form of getopt(3). Long options are numbered by their rows. */
struct known {
	struct option longs[ROWS + 1];
	char shorts[3 + 2 * ROWS];
};

static void list_known(struct known *known)
{
	char *s = known->shorts;
	size_t count = 0;

	*known = (struct known){0};
	/* End at the first word that is no option; ':' for a missing argument without a message. */
	*s++ = '+';
	*s++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		if (!rows[i].parse)
			continue;
		known->longs[count++] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL,
							256 + (int)i};
		if (!rows[i].letter)
			continue;
		*s++ = rows[i].letter;
		if (rows[i].argument)
			*s++ = ':';
	}
}

static const struct option_row *find_row(int key)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].parse && (key == 256 + (int)i || key == rows[i].letter))
			return &rows[i];
	return NULL;
}

/* Refuses an option that getopt(3) does not take. Of a long one, the names that begin so are the candidates. */
static int refuse_option(const char *word)
{
	size_t length = strlen(word) > 2 ? strcspn(word + 2, "=") : 0, count = 0, used = 0;
	char names[256] = "";

	if (!length || strncmp(word, "--", 2))
		return usage_error("unknown option: %s", word);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].parse && !strncmp(rows[i].name, word + 2, length)) {
			used += format_text(names + used, sizeof(names) - used, count ? ", --%s" : "--%s", rows[i].name);
			count++;
		}
	if (!count)
		return usage_error("unknown option: %s", word);
	return count > 1 && word[2 + length] != '=' ? usage_error("%s is ambiguous: %s", word, names)
						     : usage_error("%s: %s takes no argument", word, names);
}

/* An option that getopt(3) has found, or has not; word: the one that it has looked at. *given gets the row's bit. */
static int parse_option(struct options *o, int key, const char *shorts, const char *word, uint64_t *given)
{
	const struct option_row *row = find_row(key);

	if (key == '?' && optopt && optopt < 256 && !strchr(shorts, optopt))
		return usage_error("unknown option -%c", optopt);
	if (key == '?')
		return refuse_option(word);
	if (key == ':' && optopt < 256)
		return usage_error("-%c needs an argument", optopt);
	if (key == ':' || !row)
		return usage_error("%s needs an argument", word);
	*given |= 1ULL << (row - rows);
	return row->parse(o, row, optarg);
}

/* Warns of options that mean nothing for JSON. given: a bit for each row. */
static void say_meaningless(uint64_t given)
{
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (given & 1ULL << i && rows[i].text)
			used += format_text(names + used, sizeof(names) - used, used ? ", --%s" : "--%s", rows[i].name);
	if (used)
		say("warning: --json ignores %s", names);
}

/* Options that do not go together. */
static int check_options(const struct options *o)
{
	if ((o->append || o->max_size) && !o->output)
		return usage_error("%s needs a file: -o FILE", o->append ? "--append" : "--max-size");
	if (o->keep && !o->max_size)
		return usage_error("--keep: nothing is kept without --max-size");
	if (o->request.check && (o->output || o->command || o->timeline))
		return usage_error("--check writes to the standard output and runs no command");
	if (o->request.check && o->ebpf)
		return usage_error("--check and --ebpf: give one of them");
	if (o->verbose && !o->request.check)
		return usage_error("--verbose goes with --check");
	if (o->form.keys && !o->form.json)
		return usage_error("--fields chooses among the keys of --json");
	if (o->form.json && o->form.tree)
		return usage_error("--tree is for text, not for --json");
	if (o->user && !o->command)
		return usage_error("--user: there is no command to run; it stands behind --");
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct known known;
	const char *taken = NULL; /* an option's argument, which may be "--", too */
	int key, at, ret; /* at: where the word is that is looked at */
	uint64_t given = 0;
	bool end;

	*options = (struct options){.form = {.max_args = UINT64_MAX, .max_bytes = UINT64_MAX}};
	list_known(&known);
	while (at = optind, (key = getopt_long(argc, argv, known.shorts, known.longs, NULL)) != -1) {
		taken = optarg;
		ret = parse_option(options, key, known.shorts, argv[at], &given);
		if (ret)
			return ret;
	}
	end = optind > 1 && argv[optind - 1] != taken && !strcmp(argv[optind - 1], "--");
	if (optind < argc && !end)
		return usage_error("unexpected argument \"%s\"; a command to run stands behind --",
				   argv[optind]);
	if (end && optind == argc)
		return usage_error("no command stands behind --");
	if (end)
		options->command = argv + optind;
	options->to_error = options->command && !options->output;
	if (options->output && !strcmp(options->output, "-"))
		options->output = NULL;
	if (options->form.max_args == UINT64_MAX)
		options->form.max_args = options->form.json ? 0 : MAX_ARGS;
	if (options->form.max_bytes == UINT64_MAX)
		options->form.max_bytes = options->form.json ? MAX_BYTES_JSON : MAX_BYTES_TEXT;
	ret = check_options(options);
	if (ret)
		return ret;
	if (options->form.json)
		say_meaningless(given);
	options->keep += !options->keep;
	/* The name stands in the place of the id. */
	options->form.print_uid &= !options->form.names;
	options->form.ancestors = options->request.ancestors;
	options->form.variables = options->request.variables.count;
	request_fields(options);
	return 0;
}

void options_free(struct options *options)
{
	struct patterns *patterns[] = {&options->names, &options->lines, &options->not_names, &options->not_lines};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		for (size_t j = 0; j < patterns[i]->count; j++) {
			regfree(patterns[i]->items[j]);
			free(patterns[i]->items[j]);
		}
		free(patterns[i]->items);
	}
	free(options->request.mntns.items);
	free(options->request.cgroups.items);
	free(options->request.variables.items);
	free(options->request.pids.items);
	free(options->user);
}
