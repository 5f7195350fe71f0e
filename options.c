/* The table below is what is parsed and what --help prints. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define USAGE_ERROR 2

/* Options that have no letter are numbered from here. */
enum { OPT_MAX_ARGS = 256, OPT_RING_SIZE, OPT_EBPF };

static const struct row {
	int key; /* the letter, or from the enum above */
	const char *name;
	const char *argument; /* its name in the help, NULL: takes none */
	const char *help;
} rows[] = {
	{'x', "fails", NULL, "include failed exec()s"},
	{'n', "name", "REGEX", "only commands whose name (COMM) matches"},
	{'l', "line", "REGEX", "only commands whose whole argument line matches"},
	{'u', "uid", "USER", "only this user, a number or a name"},
	{'P', "ppid", "PID", "only children of this process"},
	{'d', "duration", "SECONDS", "end after so long"},
	{'T', "time", NULL, "print the time (HH:MM:SS)"},
	{'t', "timestamp", NULL, "print the seconds since the start"},
	{'U', "print-uid", NULL, "print the user id"},
	{'C', "print-cpu", NULL, "print the CPU"},
	{'M', "print-pcomm", NULL, "print the parent's command name"},
	{'q', "quote", NULL, "put quotation marks (\") around arguments"},
	{OPT_MAX_ARGS, "max-args", "N", "print at most N arguments, the file name\n"
					"included; 0: all that Linux allows (6 MiB),\n"
					"as far as a ring holds (default 20)"},
	{OPT_RING_SIZE, "ring-size", "KIB", "memory for each CPU's ring, rounded up to a\n"
					    "power of 2 (default 64 to 4096, by the\n"
					    "machine's memory and CPUs)"},
	{OPT_EBPF, "ebpf", NULL, "print the BPF programs and exit"},
	{'V', "version", NULL, "print the version and exit"},
	{'h', "help", NULL, "print this help and exit"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int usage_error(const char *format, ...)
{
	va_list args;

	fputs("execsnoop: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry 'execsnoop --help'.\n", stderr);
	return USAGE_ERROR;
}

void options_help(void)
{
	puts("usage: execsnoop [OPTION]...\n"
	     "Shows every program that this machine executes.\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		const char *help = r->help, *end;
		char left[40];

		int n = r->key < 256 ? snprintf(left, sizeof(left), "-%c, ", r->key)
				     : snprintf(left, sizeof(left), "    ");

		snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", r->name,
			 r->argument ? " " : "", r->argument ? r->argument : "");
		for (; (end = strchr(help, '\n')); help = end + 1, left[0] = '\0')
			printf("  %-24s %.*s\n", left, (int)(end - help), help);
		printf("  %-24s %s\n", left, help);
	}
	puts("\nexamples:\n"
	     "  execsnoop              every program executed\n"
	     "  execsnoop -x -T        failed calls too, with the time\n"
	     "  execsnoop -u www-data  what this user executes\n"
	     "  execsnoop -l wget      lines that contain \"wget\"");
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

static int parse_seconds(struct options *o, const char *text)
{
	char *end;

	errno = 0;
	o->duration = strtod(text, &end);
	/* Digits and a point only: no "inf", no "0x1p3". A billion seconds are 31 years. */
	if (errno || end == text || *end || strspn(text, "0123456789.") != strlen(text) ||
	    !(o->duration > 0) || o->duration > 1e9)
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
	o->uid = (uint32_t)uid;
	o->has_uid = true;
	return 0;
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

static int parse_regex(regex_t *regex, bool *has, const char *option, const char *text)
{
	char why[128];
	int ret;

	if (*has)
		regfree(regex);
	ret = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
	*has = !ret;
	if (!ret)
		return 0;
	regerror(ret, regex, why, sizeof(why));
	return usage_error("--%s: \"%s\" is not an extended regular expression: %s, at or after "
			   "character %zu",
			   option, text, why, longest_regex(text) + 1);
}

static int set(struct options *o, int key, const char *value)
{
	uint64_t number;

	switch (key) {
	case 'x':
		o->fails = true;
		return 0;
	case 'n':
		return parse_regex(&o->name, &o->has_name, "name", value);
	case 'l':
		return parse_regex(&o->line, &o->has_line, "line", value);
	case 'u':
		return parse_user(o, value);
	case 'P':
		/* PID_MAX_LIMIT, include/linux/threads.h. */
		if (!parse_number(value, 4 << 20, &number) || !number)
			return usage_error("--ppid: \"%s\" is not a process id", value);
		o->ppid = (uint32_t)number;
		return 0;
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
	case 'q':
		o->quote = true;
		return 0;
	case OPT_MAX_ARGS:
		if (!parse_number(value, UINT32_MAX, &o->max_args))
			return usage_error("--max-args: \"%s\" is not a number", value);
		return 0;
	case OPT_RING_SIZE:
		/* At most 1 GiB: perf counts a ring's pages in an int. */
		if (!parse_number(value, 1 << 20, &o->ring_size) || !o->ring_size)
			return usage_error("--ring-size: \"%s\" is not a number of KiB from 1 to 1048576",
					   value);
		o->ring_size <<= 10;
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

int options_parse(struct options *options, int argc, char **argv)
{
	struct option longs[ROWS + 1] = {0};
	char shorts[2 + 2 * ROWS], *s = shorts;
	int key;

	*options = (struct options){.max_args = 20};
	*s++ = ':'; /* getopt(3): no messages of its own, ':' for a missing argument */
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
					   NULL, rows[i].key};
		if (rows[i].key > 255)
			continue;
		*s++ = (char)rows[i].key;
		if (rows[i].argument)
			*s++ = ':';
	}
	*s = '\0';
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int ret;

		if (key == '?' && optopt && optopt < 256 && !strchr(shorts, optopt))
			ret = usage_error("unknown option -%c", optopt);
		else if (key == '?')
			ret = usage_error("unknown option, or an argument where none is taken: %s",
					  argv[optind - 1]);
		else if (key == ':')
			ret = usage_error("%s needs an argument", argv[optind - 1]);
		else
			ret = set(options, key, optarg);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return usage_error("unexpected argument \"%s\"", argv[optind]);
	return 0;
}

void options_free(struct options *options)
{
	if (options->has_name)
		regfree(&options->name);
	if (options->has_line)
		regfree(&options->line);
}
