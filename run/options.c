/* The table below is what is parsed and what --help prints. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "run/options.h"
#include "lib/format.h"
#include "lib/say.h"

#define USAGE_ERROR 2
#define SECOND_NS 1000000000ULL

/* The defaults. */
#define MAX_ARGS 20
#define MAX_BYTES_TEXT (32U << 10)
#define MAX_BYTES_JSON (256U << 10)
#define MAX_BYTES_LINE (256U << 10) /* a regular expression takes some 50 ns a byte */

/* Options that have no letter are numbered from here. */
enum {
	OPT_MAX_ARGS = 256,
	OPT_MAX_BYTES,
	OPT_KEEP,
	OPT_RING_SIZE,
	OPT_EBPF,
	OPT_MNTNSMAP,
	OPT_CGROUPMAP,
	OPT_MNTNS,
	OPT_USER,
	OPT_PRINT_MNTNS,
	OPT_PRINT_CGROUP,
	OPT_TIME_FORMAT,
	OPT_TREE,
	OPT_COUNT,
	OPT_APPEND,
	OPT_MAX_SIZE,
	OPT_CHECK,
	OPT_QUIET,
	OPT_NO_SANDBOX,
};

static const struct row {
	int key; /* the letter, or from the enum above; 0: a heading */
	const char *name;
	const char *argument; /* its name in the help, NULL: takes none */
	const char *help;
} rows[] = {
	{0, "What to trace; with several filters, only what passes each:", NULL, NULL},
	{'x', "fails", NULL, "failed calls, too"},
	{'n', "name", "REGEX", "commands whose name (COMM, 15 bytes) matches"},
	{'l', "line", "REGEX", "commands whose whole argument line matches"},
	{'u', "uid", "USER", "this real user, a number or a name"},
	{'P', "ppid", "PID", "children of this process"},
	{'p', "pid", "PID", "this process and its descendants *"},
	{'c', "cgroup", "PATH", "this cgroup v2 directory and all below it *"},
	{OPT_MNTNS, "mntns", "PID|FILE", "this process's (or this) mount namespace *"},
	{OPT_CGROUPMAP, "cgroupmap", "PATH", "cgroup ids in this pinned BPF hash map"},
	{OPT_MNTNSMAP, "mntnsmap", "PATH", "mount namespaces in this pinned BPF hash map"},
	{OPT_USER, "user", "USER", "run COMMAND as this user"},
	{'d', "duration", "SECONDS", "end after so long"},
	{OPT_COUNT, "count", "N", "end after N execs"},
	{0, "What to print:", NULL, NULL},
	{'J', "json", NULL, "JSON Lines"},
	{OPT_TREE, "tree", NULL, "indented by descent"},
	{'T', "time", NULL, "time, HH:MM:SS"},
	{'t', "timestamp", NULL, "seconds since start"},
	{'U', "print-uid", NULL, "the real user id"},
	{'C', "print-cpu", NULL, "the CPU"},
	{'M', "print-pcomm", NULL, "the parent's name"},
	{'q', "quote", NULL, "quote arguments"},
	{OPT_PRINT_MNTNS, "print-mntns", NULL, "mount namespace"},
	{OPT_PRINT_CGROUP, "print-cgroup", NULL, "cgroup's id"},
	{OPT_TIME_FORMAT, "time-format", "FORMAT", "-T, hms (the default) or iso (UTC, RFC 3339)"},
	{OPT_MAX_ARGS, "max-args", "N", "at most N arguments, the file name included; 0: all\n"
					"(of a failure 20,000; default 20, -J: 0)"},
	{OPT_MAX_BYTES, "max-bytes", "N", "at most N bytes of an exec's arguments; 0: all\n"
					  "(default 32K, -J: 256K)"},
	{0, "Where to:", NULL, NULL},
	{'o', "output", "FILE", "this file, emptied first unless --append"},
	{OPT_MAX_SIZE, "max-size", "SIZE", "begin a new FILE at this size (64M), keep FILE.1"},
	{OPT_KEEP, "keep", "N", "keep so many old files, FILE.1 to FILE.N (default 1)"},
	{OPT_APPEND, "append", NULL, "keep what FILE has"},
	{OPT_QUIET, "quiet", NULL, "no summary at the end"},
	{0, "Other:", NULL, NULL},
	{OPT_RING_SIZE, "ring-size", "KIB", "each CPU's ring, rounded up to 2^n (default 64 to\n"
					    "4096, by memory and CPUs)"},
	{OPT_CHECK, "check", NULL, "what works here"},
	{OPT_NO_SANDBOX, "no-sandbox", NULL, "keep all power"},
	{OPT_EBPF, "ebpf", NULL, "print BPF programs"},
	{'V', "version", NULL, "print the version"},
	{'h', "help", NULL, "print this help"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_args(format, args);
	va_end(args);
	say_as_it_is("Try 'execsnoop --help'.\n");
	return USAGE_ERROR;
}

/* Options without an argument stand two in a line. */
void options_help(struct output *out)
{
	bool half = false;

	output_format(out, "usage: execsnoop [OPTION]... [-- COMMAND [ARG]...]\n"
			   "Shows every program that this machine executes, or that COMMAND does.\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		const char *help = r->help, *end;
		char left[40];
		size_t n;

		if (half && (!r->key || r->argument)) {
			output_end_line(out);
			half = false;
		}
		if (!r->key) {
			output_format(out, "%s\n", r->name);
			continue;
		}
		n = r->key < 256 ? format_text(left, sizeof(left), "-%c, ", r->key)
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

/* A whole number from 0 to max; nothing else may stand in the text. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

/* Bytes, or with a letter behind it KiB, MiB or GiB. */
static int parse_size(const char *option, const char *text, uint64_t least, uint64_t *size)
{
	static const char units[] = "KMG";
	size_t length = strlen(text);
	const char *unit = length ? strchr(units, toupper((unsigned char)text[length - 1])) : NULL;
	char digits[24];

	if (unit)
		length--;
	if (length < sizeof(digits)) {
		memcpy(digits, text, length);
		digits[length] = '\0';
		if (parse_number(digits, 1ULL << 33, size)) {
			*size <<= unit ? 10 * (unit - units + 1) : 0;
			if (*size >= least)
				return 0;
		}
	}
	return usage_error("--%s: \"%s\" is not a size%s (like 500K, 64M, 1G)", option, text, least ? " of 4K or more" : "");
}

static int parse_seconds(struct options *o, const char *text)
{
	uint64_t seconds = 0, unit = SECOND_NS;
	const char *at = text;

	/* A billion seconds are 31 years. */
	while (*at >= '0' && *at <= '9' && seconds <= 1000000000)
		seconds = seconds * 10 + (uint64_t)(*at++ - '0');
	o->duration = seconds * SECOND_NS;
	if (*at == '.' && text[1])
		for (at++; *at >= '0' && *at <= '9'; at++)
			o->duration += (uint64_t)(*at - '0') * (unit /= 10);
	if (*at || !o->duration || o->duration > 1000000000 * SECOND_NS)
		return usage_error("--duration: \"%s\" is not a number of seconds above 0", text);
	return 0;
}

static int parse_user(struct options *o, const char *text)
{
	const struct passwd *user;
	uint64_t uid;

	/* (uid_t)-1 is no user: setuid(2). */
	if (!parse_number(text, UINT32_MAX - 1, &uid)) {
		user = getpwnam(text);
		if (!user)
			return usage_error("--uid: \"%s\" is neither a user id nor a user's name",
					   text);
		uid = user->pw_uid;
	}
	o->request.uid = (uint32_t)uid;
	o->request.has_uid = true;
	return 0;
}

/* --user: the command needs the user's group, so the user must be one that this machine knows. */
static int parse_command_user(struct options *o, const char *text)
{
	uint64_t uid;
	const struct passwd *user = parse_number(text, UINT32_MAX - 1, &uid) ? getpwuid((uid_t)uid)
									    : getpwnam(text);

	free(o->user);
	o->user = user ? strdup(user->pw_name) : NULL;
	if (!o->user)
		return usage_error("--user: \"%s\" is no user of this machine", text);
	o->user_uid = user->pw_uid;
	o->user_gid = user->pw_gid;
	return 0;
}

static int add_string(struct strings *strings, const char *text)
{
	const char **items = realloc(strings->items, (strings->count + 1) * sizeof(*items));

	if (!items)
		return usage_error("no memory for so many options");
	strings->items = items;
	strings->items[strings->count++] = text;
	return 0;
}

static int parse_pid(const char *option, const char *text, uint64_t *pid)
{
	/* PID_MAX_LIMIT, include/linux/threads.h. */
	if (parse_number(text, 4 << 20, pid) && *pid)
		return 0;
	return usage_error("--%s: \"%s\" is not a process id", option, text);
}

/* The place of an error, as the longest beginning of the text that is a regular expression. */
static size_t longest_regex(const char *text)
{
	size_t length = strlen(text);
	char *copy = strdup(text);
	regex_t regex;

	while (copy && length > 0) {
		copy[--length] = '\0';
		if (!regcomp(&regex, copy, REG_EXTENDED | REG_NOSUB)) {
			regfree(&regex);
			break;
		}
	}
	free(copy);
	return length;
}

/* regerror(3) would bring all of printf(3). */
static const char *regex_error(int error)
{
	static const char *const texts[] = {
		[REG_ECOLLATE] = "unknown collating element",
		[REG_ECTYPE] = "unknown character class",
		[REG_EESCAPE] = "nothing behind the last \\",
		[REG_ESUBREG] = "a reference to what is not there",
		[REG_EBRACK] = "a ] is missing",
		[REG_EPAREN] = "a ) is missing",
		[REG_EBRACE] = "a } is missing",
		[REG_BADBR] = "a repetition must be like {2}, {2,} or {2,5}, of 255 at most",
		[REG_ERANGE] = "a range in [] must go from one character to a later one",
		[REG_ESPACE] = "no memory",
		[REG_BADRPT] = "nothing to repeat",
	};

	if (error > 0 && (size_t)error < sizeof(texts) / sizeof(texts[0]) && texts[error])
		return texts[error];
	return "not understood";
}

static int parse_regex(regex_t *regex, bool *has, const char *option, const char *text)
{
	int ret;

	if (*has)
		regfree(regex);
	ret = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
	*has = !ret;
	if (!ret)
		return 0;
	return usage_error("--%s: \"%s\" is not an extended regular expression: %s, at or after "
			   "character %zu",
			   option, text, regex_error(ret), longest_regex(text) + 1);
}

/* A name has 15 bytes at most (TASK_COMM_LEN); where none of the characters has a meaning, that is how long the text is. */
static void warn_of_long_name(const char *regex)
{
	if (strlen(regex) > 15 && !strpbrk(regex, ".*+?()[]{}|^$\\"))
		say("warning: --name: \"%s\" matches nothing: a command's name has 15 bytes at most; use --line", regex);
}

static int set(struct options *o, int key, const char *value)
{
	uint64_t number;

	switch (key) {
	case 'x':
		o->request.fails = true;
		return 0;
	case 'n':
		warn_of_long_name(value);
		return parse_regex(&o->name, &o->has_name, "name", value);
	case 'l':
		return parse_regex(&o->line, &o->has_line, "line", value);
	case 'u':
		return parse_user(o, value);
	case 'P':
		if (parse_pid("ppid", value, &number))
			return USAGE_ERROR;
		o->request.ppid = (uint32_t)number;
		return 0;
	case 'p':
		return parse_pid("pid", value, &number) ? USAGE_ERROR : add_string(&o->request.pids, value);
	case 'c':
		if (o->request.cgroups.count == FILTER_CGROUPS)
			return usage_error("--cgroup: at most %d can be given; give the directory above "
					   "them, or use --cgroupmap", FILTER_CGROUPS);
		return add_string(&o->request.cgroups, value);
	case OPT_MNTNS:
		return add_string(&o->request.mntns, value);
	case OPT_CGROUPMAP:
		o->request.cgroupmap = value;
		return 0;
	case OPT_MNTNSMAP:
		o->request.mntnsmap = value;
		return 0;
	case OPT_USER:
		return parse_command_user(o, value);
	case 'd':
		return parse_seconds(o, value);
	case 'T':
		o->time = true;
		return 0;
	case 't':
		o->timestamp = true;
		return 0;
	case 'U':
		o->print_uid = true;
		return 0;
	case 'C':
		o->print_cpu = true;
		return 0;
	case 'M':
		o->print_pcomm = true;
		return 0;
	case 'J':
		o->json = true;
		return 0;
	case OPT_TREE:
		o->tree = true;
		return 0;
	case OPT_TIME_FORMAT:
		if (strcmp(value, "hms") && strcmp(value, "iso"))
			return usage_error("--time-format: \"%s\" is neither hms nor iso", value);
		o->time = true;
		o->iso_time = !strcmp(value, "iso");
		return 0;
	case OPT_COUNT:
		if (!parse_number(value, UINT64_MAX, &o->count) || !o->count)
			return usage_error("--count: \"%s\" is not a number above 0", value);
		return 0;
	case 'o':
		o->output = value;
		return 0;
	case OPT_APPEND:
		o->append = true;
		return 0;
	case OPT_MAX_SIZE:
		return parse_size("max-size", value, 4096, &o->max_size);
	case OPT_CHECK:
		o->request.check = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	case OPT_NO_SANDBOX:
		o->no_sandbox = true;
		return 0;
	case OPT_PRINT_MNTNS:
		o->print_mntns = true;
		return 0;
	case OPT_PRINT_CGROUP:
		o->print_cgroup = true;
		return 0;
	case 'q':
		o->quote = true;
		return 0;
	case OPT_MAX_ARGS:
		if (!parse_number(value, UINT32_MAX, &o->max_args))
			return usage_error("--max-args: \"%s\" is not a number", value);
		return 0;
	case OPT_MAX_BYTES:
		return parse_size("max-bytes", value, 0, &o->max_bytes);
	case OPT_KEEP:
		if (!parse_number(value, 1000, &number) || !number)
			return usage_error("--keep: \"%s\" is not a number from 1 to 1000", value);
		o->keep = (unsigned int)number;
		return 0;
	case OPT_RING_SIZE:
		/* At most 1 GiB: perf counts a ring's pages in an int. */
		if (!parse_number(value, 1 << 20, &o->request.ring_size) || !o->request.ring_size)
			return usage_error("--ring-size: \"%s\" is not a number of KiB from 1 to 1048576",
					   value);
		o->request.ring_size <<= 10;
		return 0;
	case OPT_EBPF:
		o->ebpf = true;
		return 0;
	case 'V':
		o->version = true;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	default:
		return usage_error("an option is in the table but not known");
	}
}

/* What the source is to tell, and how much of it. --line looks at more than is shown. */
static void request_fields(struct options *o)
{
	struct request *r = &o->request;

	r->command = o->command;
	r->want_ancestors = o->tree;
	r->want_cgroup = o->json || o->print_cgroup;
	r->want_mntns = o->json || o->print_mntns;
	r->want_pcomm = o->json || o->print_pcomm;
	r->print_cgroup = o->print_cgroup;
	r->print_mntns = o->print_mntns;
	r->max_args = o->has_line ? 0 : o->max_args;
	r->max_bytes = o->has_line && o->max_bytes && o->max_bytes < MAX_BYTES_LINE ? MAX_BYTES_LINE : o->max_bytes;
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct option longs[ROWS + 1] = {0};
	char shorts[3 + 2 * ROWS], *s = shorts;
	const char *taken = NULL; /* an option's argument, which may be "--", too */
	size_t count = 0;
	bool end;
	int key, at; /* where the word is that is looked at */

	*options = (struct options){.max_args = UINT64_MAX, .max_bytes = UINT64_MAX};
	/* getopt(3): end at the first word that is no option, ':' for a missing argument without a message. */
	*s++ = '+';
	*s++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		if (!rows[i].key)
			continue;
		longs[count++] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
					   NULL, rows[i].key};
		if (rows[i].key > 255)
			continue;
		*s++ = (char)rows[i].key;
		if (rows[i].argument)
			*s++ = ':';
	}
	*s = '\0';
	while (at = optind, (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int ret;

		taken = optarg;
		if (key == '?' && optopt && optopt < 256 && !strchr(shorts, optopt))
			ret = usage_error("unknown option -%c", optopt);
		else if (key == '?')
			ret = usage_error("unknown option, or an argument where none is taken: %s",
					  argv[at]);
		else if (key == ':' && optopt < 256)
			ret = usage_error("-%c needs an argument", optopt);
		else if (key == ':')
			ret = usage_error("%s needs an argument", argv[at]);
		else
			ret = set(options, key, optarg);
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
	if (options->max_args == UINT64_MAX)
		options->max_args = options->json ? 0 : MAX_ARGS;
	if (options->max_bytes == UINT64_MAX)
		options->max_bytes = options->json ? MAX_BYTES_JSON : MAX_BYTES_TEXT;
	if ((options->append || options->max_size) && !options->output)
		return usage_error("--append and --max-size need a file: -o FILE");
	if (options->keep && !options->max_size)
		return usage_error("--keep: nothing is kept without --max-size");
	options->keep += !options->keep;
	if (options->request.check && (options->output || options->command))
		return usage_error("--check writes to the standard output and runs no command");
	if (options->json && options->tree)
		return usage_error("--tree is for text, not for --json");
	if (options->user && !options->command)
		return usage_error("--user: there is no command to run; it stands behind --");
	request_fields(options);
	return 0;
}

void options_free(struct options *options)
{
	if (options->has_name)
		regfree(&options->name);
	if (options->has_line)
		regfree(&options->line);
	free(options->request.mntns.items);
	free(options->request.cgroups.items);
	free(options->request.pids.items);
	free(options->user);
}
