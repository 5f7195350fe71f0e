/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/values.h"
#include "bpf/record.h"
#include "lib/accounts.h"
#include "lib/format.h"
#include "lib/say.h"
#include "show/fields.h"

#define SECOND_NS 1000000000ULL

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_args(format, args);
	va_end(args);
	say_as_it_is("Try 'execsnoop --help'.\n");
	return USAGE_ERROR;
}

static void *field(struct options *o, const struct option_row *row)
{
	return (char *)o + row->offset;
}

int parse_flag(struct options *o, const struct option_row *row, const char *text)
{
	(void)text;
	*(bool *)field(o, row) = true;
	return 0;
}

int parse_text(struct options *o, const struct option_row *row, const char *text)
{
	if (row->once && *(const char **)field(o, row))
		return usage_error("--%s can be given once: put all into one map", row->name);
	*(const char **)field(o, row) = text;
	return 0;
}

/* A whole number from 0 to max; nothing else may stand in the text. */
static bool is_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

static bool is_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

int parse_number(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t number;

	if (is_number(text, row->most, &number) && number >= row->least) {
		*(uint64_t *)field(o, row) = number * row->unit;
		return 0;
	}
	if (is_digits(text))
		return usage_error("--%s: %s is out of range: %" PRIu64 " to %" PRIu64, row->name, text, row->least, row->most);
	return usage_error("--%s: \"%s\" is not %s", row->name, text, row->expected);
}

/* Bytes, or with a letter behind it KiB, MiB or GiB. */
int parse_size(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t *size = field(o, row);
	static const char units[] = "KMG";
	size_t length = strlen(text);
	const char *unit = length ? strchr(units, toupper((unsigned char)text[length - 1])) : NULL;
	char digits[24];

	if (unit)
		length--;
	if (length < sizeof(digits)) {
		memcpy(digits, text, length);
		digits[length] = '\0';
		if (is_number(digits, 1ULL << 33, size)) {
			*size <<= unit ? 10 * (unit - units + 1) : 0;
			if (*size >= row->least)
				return 0;
		}
	}
	return usage_error("--%s: \"%s\" is not a size%s (like 500K, 64M, 1G)", row->name, text, row->least ? " of 4K or more" : "");
}

/* Of --duration. */
int parse_seconds(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t seconds = 0, unit = SECOND_NS;
	const char *at = text;

	(void)row;
	/* A billion seconds are 31 years. */
	for (; *at >= '0' && *at <= '9'; at++)
		seconds = seconds <= 1000000000 ? seconds * 10 + (uint64_t)(*at - '0') : seconds;
	o->duration = seconds * SECOND_NS;
	if (*at == '.' && text[1])
		for (at++; *at >= '0' && *at <= '9'; at++)
			o->duration += (uint64_t)(*at - '0') * (unit /= 10);
	if (!*at && o->duration > 1000000000 * SECOND_NS)
		return usage_error("--duration: %s is out of range: 1000000000 seconds at most", text);
	if (*at || !o->duration)
		return usage_error("--duration: \"%s\" is not a number of seconds above 0", text);
	return 0;
}

static int add_id(struct options *o, const struct option_row *row, uint64_t id)
{
	return ids_add(field(o, row), (uint32_t)id) ? 0 : usage_error("--%s: at most %d can be given", row->name, IDS_MOST);
}

/* Why a name is no user's: musl reads /etc/passwd, and asks no service but nscd(8). */
static int no_user(const struct option_row *row, const char *text)
{
	if (is_digits(text))
		return usage_error("--%s: %s is out of range: 0 to %u", row->name, text, UINT32_MAX - 1);
	if (access("/etc/passwd", R_OK))
		return usage_error("--%s: \"%s\": cannot read /etc/passwd: %s; give the user's number", row->name, text, strerror(errno));
	return usage_error("--%s: \"%s\" is neither a number nor a user in /etc/passwd; of a user that another service knows (LDAP), "
			   "give the number (id -u)", row->name, text);
}

/* Of --uid and --not-uid. */
int parse_user(struct options *o, const struct option_row *row, const char *text)
{
	const struct passwd *user;
	uint64_t uid;

	/* (uid_t)-1 is no user: setuid(2). */
	if (!is_number(text, UINT32_MAX - 1, &uid)) {
		user = account_find(text, 0);
		if (!user)
			return no_user(row, text);
		uid = user->pw_uid;
	}
	return add_id(o, row, uid);
}

/* --user: the command needs the user's group, so the user must be one that this machine knows. */
int parse_command_user(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t uid;
	const struct passwd *user = is_number(text, UINT32_MAX - 1, &uid) ? account_find(NULL, (uid_t)uid)
									    : account_find(text, 0);

	(void)row;
	free(o->user);
	o->user = user ? strdup(user->pw_name) : NULL;
	if (!o->user)
		return usage_error("--user: \"%s\" is no user of this machine", text);
	o->user_uid = user->pw_uid;
	o->user_gid = user->pw_gid;
	return 0;
}

#define PID_MOST (4 << 20) /* PID_MAX_LIMIT, include/linux/threads.h */

static bool is_pid(const char *text, uint64_t *pid)
{
	return is_number(text, PID_MOST, pid) && *pid;
}

static int no_pid(const struct option_row *row, const char *text)
{
	if (is_digits(text))
		return usage_error("--%s: %s is out of range: 1 to %d", row->name, text, PID_MOST);
	return usage_error("--%s: \"%s\" is not a process id", row->name, text);
}

int parse_pid(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t pid;

	return is_pid(text, &pid) ? add_id(o, row, pid) : no_pid(row, text);
}

int parse_string(struct options *o, const struct option_row *row, const char *text)
{
	struct strings *strings = field(o, row);
	const char **items = realloc(strings->items, (strings->count + 1) * sizeof(*items));

	if (!items)
		return usage_error("no memory for so many options");
	strings->items = items;
	strings->items[strings->count++] = text;
	return 0;
}

int parse_pids(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t pid;

	return is_pid(text, &pid) ? parse_string(o, row, text) : no_pid(row, text);
}

int parse_cgroup(struct options *o, const struct option_row *row, const char *text)
{
	if (o->request.cgroups.count == CGROUPS_MOST)
		return usage_error("--cgroup: at most %d can be given; give the directory above "
				   "them, or use --cgroupmap", CGROUPS_MOST);
	return parse_string(o, row, text);
}

int parse_variable(struct options *o, const struct option_row *row, const char *text)
{
	if (!*text || strchr(text, '='))
		return usage_error("--env: \"%s\" is no name of an environment variable, like LD_PRELOAD", text);
	if (strlen(text) > VARIABLE_NAME_MOST)
		return usage_error("--env: a name of more than %d bytes cannot be looked for", VARIABLE_NAME_MOST);
	return parse_string(o, row, text);
}

int parse_word(struct options *o, const struct option_row *row, const char *text)
{
	char words[64] = "";
	size_t used = 0;

	for (unsigned int i = 0; row->words[i]; i++) {
		if (!strcmp(text, row->words[i])) {
			*(unsigned int *)field(o, row) = i;
			return 0;
		}
		used += format_text(words + used, sizeof(words) - used, i ? ", %s" : "%s", row->words[i]);
	}
	return usage_error("--%s: \"%s\" is none of %s", row->name, text, words);
}

int parse_time_format(struct options *o, const struct option_row *row, const char *text)
{
	(void)row;
	if (strcmp(text, "hms") && strcmp(text, "iso"))
		return usage_error("--time-format: \"%s\" is neither hms nor iso", text);
	o->form.time = true;
	o->form.iso_time = !strcmp(text, "iso");
	return 0;
}

int parse_fields(struct options *o, const struct option_row *row, const char *text)
{
	uint64_t *keys = field(o, row);

	*keys = 0;
	for (;; text++) {
		size_t length = strcspn(text, ",");
		uint64_t key = fields_key(text, length);
		char names[512];

		if (!key) {
			fields_names(names, sizeof(names));
			return usage_error("--fields: \"%.*s\" is no key of JSON; they are %s, or all", (int)length, text, names);
		}
		*keys |= key;
		text += length;
		if (!*text)
			return 0;
	}
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

int parse_regex(struct options *o, const struct option_row *row, const char *text)
{
	struct patterns *patterns = field(o, row);
	regex_t **items = realloc(patterns->items, (patterns->count + 1) * sizeof(*items)), *regex = malloc(sizeof(*regex));
	int ret;

	patterns->items = items ? items : patterns->items;
	ret = items && regex ? regcomp(regex, text, REG_EXTENDED | REG_NOSUB) : REG_ESPACE;
	if (!ret) {
		patterns->items[patterns->count++] = regex;
		return 0;
	}
	free(regex);
	return usage_error("--%s: \"%s\" is not an extended regular expression: %s, at or after "
			   "character %zu",
			   row->name, text, regex_error(ret), longest_regex(text) + 1);
}

/* A name has 15 bytes at most (TASK_COMM_LEN); where none of the characters has a meaning, that is how long the text is. */
int parse_name(struct options *o, const struct option_row *row, const char *regex)
{
	if (strlen(regex) > 15 && !strpbrk(regex, ".*+?()[]{}|^$\\"))
		say("warning: --%s: \"%s\" matches nothing: a command's name has 15 bytes at most; use --%s", row->name, regex,
		    *row->name == 'n' && row->letter ? "line" : "not-line");
	return parse_regex(o, row, regex);
}
