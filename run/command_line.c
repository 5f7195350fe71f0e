#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "run/command_line.h"
#include "lib/format.h"
#include "run/values.h"
#include "show/fields.h"

/* The defaults. */
#define MAX_ARGS 20
#define MAX_BYTES_TEXT (32U << 10)
#define MAX_BYTES_JSON (256U << 10)
#define MAX_BYTES_LINE (256U << 10) /* a regular expression takes some 50 ns a byte */

static const struct option_row rows[] = {
#define ROW(l, n, a, h, ...) {.letter = l, .name = n, .argument = a, .help = h, .parse = __VA_ARGS__}
#define AT(field) .offset = offsetof(struct options, field)
	{.name = "What to trace; with several filters, only what passes each:"},
	ROW('x', "fails", NULL, "failed calls, too", parse_flag, AT(request.fails)),
	ROW(0, "exits", NULL, "ends of processes, too", parse_flag, AT(form.exits)),
	ROW('n', "name", "REGEX", "commands whose name (COMM, 15 bytes) matches *", parse_name, AT(names)),
	ROW(0, "not-name", "REGEX", "those whose name does not match *", parse_name, AT(not_names)),
	ROW('l', "line", "REGEX", "commands whose whole argument line matches *", parse_regex, AT(lines)),
	ROW(0, "not-line", "REGEX", "those whose line does not match *", parse_regex, AT(not_lines)),
	ROW('u', "uid", "USER", "this real user, a number or a name *", parse_user, AT(request.ids.uids)),
	ROW(0, "not-uid", "USER", "all users but this one *", parse_user, AT(request.ids.not_uids)),
	ROW('P', "ppid", "PID", "children of this process *", parse_pid, AT(request.ids.ppids)),
	ROW('p', "pid", "PID", "this process and its descendants *", parse_pids, AT(request.pids)),
	ROW('c', "cgroup", "PATH", "this cgroup v2 directory and all below it *", parse_cgroup, AT(request.cgroups)),
	ROW(0, "mntns", "PID|FILE", "this process's (or this) mount namespace *", parse_string, AT(request.mntns)),
	ROW(0, "cgroupmap", "PATH", "cgroup ids in this pinned BPF hash map", parse_text, AT(request.cgroupmap)),
	ROW(0, "mntnsmap", "PATH", "mount namespaces in this pinned BPF hash map", parse_text, AT(request.mntnsmap)),
	ROW(0, "user", "USER", "run COMMAND as this user", parse_command_user),
	ROW('d', "duration", "SECONDS", "end after so long", parse_seconds),
	ROW(0, "count", "N", "end after N execs",
	 parse_number, AT(count), .least = 1, .most = UINT64_MAX, .unit = 1, .expected = "a number"),
	{.name = "What to print:"},
	ROW('J', "json", NULL, "JSON Lines", parse_flag, AT(form.json)),
	ROW(0, "tree", NULL, "indented by descent", parse_flag, AT(form.tree)),
	ROW('T', "time", NULL, "time, HH:MM:SS", parse_flag, AT(form.time)),
	ROW('t', "timestamp", NULL, "seconds since start", parse_flag, AT(form.timestamp)),
	ROW('U', "print-uid", NULL, "the real user id", parse_flag, AT(form.print_uid)),
	ROW(0, "print-euid", NULL, "effective user id", parse_flag, AT(form.print_euid)),
	ROW(0, "print-tty", NULL, "terminal", parse_flag, AT(form.print_tty)),
	ROW('C', "print-cpu", NULL, "the CPU", parse_flag, AT(form.print_cpu)),
	ROW('M', "print-pcomm", NULL, "the parent's name", parse_flag, AT(form.print_pcomm)),
	ROW('q', "quote", NULL, "quote arguments", parse_flag, AT(form.quote)),
	ROW(0, "print-exe", NULL, "path of the file", parse_flag, AT(form.print_exe)),
	ROW(0, "print-cwd", NULL, "working directory", parse_flag, AT(form.print_cwd)),
	ROW(0, "ancestors", "N", "the parent, its parent, N at most (32)",
	 parse_number, AT(request.ancestors), .least = 1, .most = EXEC_CHAIN_MOST, .unit = 1, .expected = "a number"),
	ROW(0, "env", "NAME", "this environment variable *", parse_variable, AT(request.variables)),
	ROW(0, "print-mntns", NULL, "mount namespace", parse_flag, AT(form.print_mntns)),
	ROW(0, "print-cgroup", NULL, "cgroup's id", parse_flag, AT(form.print_cgroup)),
	ROW(0, "argv0", "WHEN", "argv[0] in brackets: other (than the file), always, never", parse_argv0),
	ROW(0, "names", NULL, "the user's name", parse_flag, AT(form.names)),
	ROW(0, "print-cgroup-path", NULL, "the cgroup's path", parse_flag, AT(form.print_cgroup_path)),
	ROW(0, "fields", "LIST", "of -J, these keys alone (pid,argv), or all", parse_fields, AT(form.keys)),
	ROW(0, "time-format", "FORMAT", "-T, hms (the default) or iso (UTC, RFC 3339)", parse_time_format),
	ROW(0, "max-args", "N",
	 "at most N arguments, with the file name (20, -J: 0); 0: all",
	 parse_number, AT(form.max_args), .most = UINT32_MAX, .unit = 1, .expected = "a number"),
	ROW(0, "max-bytes", "N", "at most N bytes of arguments (32K, -J: 256K); 0: all",
	 parse_size, AT(form.max_bytes)),
	{.name = "Where to:"},
	ROW('o', "output", "FILE", "this file, emptied first unless --append", parse_text, AT(output)),
	ROW(0, "max-size", "SIZE", "begin a new FILE at this size (64M), keep FILE.1", parse_size, AT(max_size), .least = 4096),
	ROW(0, "keep", "N", "keep so many old files, FILE.1 to FILE.N (default 1)",
	 parse_number, AT(keep), .least = 1, .most = 1000, .unit = 1, .expected = "a number"),
	ROW(0, "timeline", "FILE", "execs and ends for ui.perfetto.dev, too", parse_text, AT(timeline)),
	ROW(0, "append", NULL, "keep what FILE has", parse_flag, AT(append)),
	ROW(0, "quiet", NULL, "no summary at the end", parse_flag, AT(quiet)),
	{.name = "Other:"},
	ROW(0, "ring-size", "KIB", "each CPU's ring (default 64 to 4096, by memory and CPUs)",
	 /* Perf counts a ring's pages in an int. It is rounded up to a power of 2. */
	 parse_number, AT(request.ring_size), .least = 1, .most = 1 << 20, .unit = 1024,
	 .expected = "a number of KiB"),
	ROW(0, "source", "NAME", "bpf, perf, proc, sideband, trace, watch (the best)", parse_text, AT(source)),
	ROW(0, "check", NULL, "what works here", parse_flag, AT(request.check)),
	ROW(0, "no-sandbox", NULL, "keep all power", parse_flag, AT(no_sandbox)),
	ROW(0, "ebpf", NULL, "print BPF programs", parse_flag, AT(ebpf)),
	ROW('V', "version", NULL, "print the version", parse_flag, AT(version)),
	ROW('h', "help", NULL, "print this help", parse_flag, AT(help)),
#undef AT
#undef ROW
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Options without an argument stand two in a line. */
void options_help(struct output *out)
{
	bool half = false;

	output_format(out, "usage: execsnoop [OPTION]... [-- COMMAND [ARG]...]\n"
			   "Shows every program that this machine executes, or that COMMAND does.\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct option_row *r = &rows[i];
		const char *help = r->help, *end;
		char left[40];
		size_t n;

		if (half && (!r->parse || r->argument)) {
			output_end_line(out);
			half = false;
		}
		if (!r->parse) {
			output_format(out, "%s\n", r->name);
			continue;
		}
		n = r->letter ? format_text(left, sizeof(left), "-%c, ", r->letter)
				 : format_text(left, sizeof(left), "    ");
		format_text(left + n, sizeof(left) - n, "--%s%s%s", r->name,
			 r->argument ? " " : "", r->argument ? r->argument : "");
		if (!r->argument) {
			output_format(out, half ? " %-18s %s\n" : "  %-18s %-18s", left, help);
			half = !half;
			continue;
		}
		for (; (end = strchr(help, '\n')); help = end + 1, left[0] = '\0')
			output_format(out, "  %-25s %.*s\n", left, (int)(end - help), help);
		output_format(out, "  %-25s %s\n", left, help);
	}
	if (half)
		output_end_line(out);
	output_format(out, "* can be given more than once: any of them will do. More: man execsnoop\n");
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

/* An option that getopt(3) has found, or has not; word: the one that it has looked at. */
static int parse_option(struct options *o, int key, const char *shorts, const char *word)
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
	return row->parse(o, row, optarg);
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
	bool end;

	*options = (struct options){.form = {.max_args = UINT64_MAX, .max_bytes = UINT64_MAX}};
	list_known(&known);
	while (at = optind, (key = getopt_long(argc, argv, known.shorts, known.longs, NULL)) != -1) {
		taken = optarg;
		ret = parse_option(options, key, known.shorts, argv[at]);
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
