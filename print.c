#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mounts.h"
#include "print.h"

void output_flush(struct output *out)
{
	size_t done = 0;

	while (done < out->used && !out->error) {
		ssize_t n = write(out->fd, out->buffer + done, out->used - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = {.fd = out->fd, .events = POLLOUT};

			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			out->error = errno;
		}
	}
	out->used = 0;
}

void output_add(struct output *out, const void *bytes, size_t length)
{
	const char *at = bytes;

	out->total += length;
	while (length) {
		size_t n = sizeof(out->buffer) - out->used;

		if (n > length)
			n = length;
		memcpy(out->buffer + out->used, at, n);
		out->used += n;
		at += n;
		length -= n;
		if (out->used == sizeof(out->buffer))
			output_flush(out);
	}
}

void output_format(struct output *out, const char *format, ...)
{
	char text[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	output_add(out, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* The length of the valid UTF-8 sequence (RFC 3629) at the start of `length` bytes, 0: none. */
static size_t utf8(const unsigned char *s, size_t length, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (!n || n > length)
		return 0;
	*code = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

/* Characters that a terminal acts on, or that hide or reorder what stands beside them: C1 controls,
 * line and paragraph separators, bidirectional marks, embeddings, overrides and isolates (Unicode
 * Standard Annex 9), and the zero-width ones. */
static bool is_harmful(uint32_t code)
{
	return (code >= 0x80 && code < 0xa0) || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

void print_escaped(struct output *out, const char *bytes, size_t length, bool quoted)
{
	const unsigned char *s = (const unsigned char *)bytes, *end = s + length, *plain = s;

	while (s < end) {
		uint32_t code;
		size_t n = 1;

		if (*s >= 0x20 && *s < 0x7f && !(quoted && (*s == '"' || *s == '\\'))) {
			s++;
			continue;
		}
		if (*s >= 0x80) {
			n = utf8(s, (size_t)(end - s), &code);
			if (n && !is_harmful(code)) {
				s += n;
				continue;
			}
			if (!n)
				n = 1;
		}
		output_add(out, plain, (size_t)(s - plain));
		for (; n; n--, s++) {
			switch (*s) {
			case '\n':
				output_add(out, "\\n", 2);
				break;
			case '\t':
				output_add(out, "\\t", 2);
				break;
			case '\r':
				output_add(out, "\\r", 2);
				break;
			case '"':
			case '\\':
				output_add(out, (char[]){'\\', (char)*s}, 2);
				break;
			default:
				output_format(out, "\\x%02x", *s);
			}
		}
		plain = s;
	}
	output_add(out, plain, (size_t)(s - plain));
}

/* Adds the text escaped, and spaces up to the column's width, one at least. */
static void add_column(struct output *out, const char *text, size_t size, size_t width)
{
	uint64_t start = out->total;

	print_escaped(out, text, strnlen(text, size), false);
	do {
		output_add(out, " ", 1);
	} while (out->total - start <= width);
}

/* Adds the number as a column of that width, "?" if it is 0: not known. */
static void add_number(struct output *out, uint64_t number, int width)
{
	if (number)
		output_format(out, "%-*llu ", width, (unsigned long long)number);
	else
		output_format(out, "%-*s ", width, "?");
}

void print_header(struct printer *printer)
{
	const struct options *o = printer->options;
	struct output *out = printer->out;

	if (o->time)
		output_format(out, "%-9s", "TIME");
	if (o->timestamp)
		output_format(out, "%-8s", "TIME(s)");
	if (o->print_uid)
		output_format(out, "%-6s", "UID");
	output_format(out, "%-16s %-6s ", o->print_pcomm ? "COMM" : "PCOMM", "PID");
	if (o->print_pcomm)
		output_format(out, "%-16s ", "PCOMM");
	output_format(out, "%-6s ", "PPID");
	if (o->print_cpu)
		output_format(out, "%-4s ", "CPU");
	if (o->print_mntns)
		output_format(out, "%-10s ", "MNTNS");
	if (o->print_cgroup)
		output_format(out, "%-10s ", "CGROUP");
	output_format(out, "%3s %s\n", "RET", "ARGS");
	output_flush(out);
}

/* The parent of a process that still lives, by its status file. 0: not known. */
static uint32_t ask_ppid(const struct printer *printer, uint32_t pid)
{
	char path[32], status[2048];
	const char *line;

	if (printer->proc < 0)
		return 0;
	snprintf(path, sizeof(path), "%u/status", pid);
	if (read_file(printer->proc, path, status, sizeof(status)) < 0)
		return 0;
	line = strstr(status, "\nPPid:");
	return line ? (uint32_t)strtoul(line + 6, NULL, 10) : 0;
}

static void add_time(struct printer *printer, uint64_t time)
{
	struct timespec mono, real;
	struct tm tm;
	int64_t ns;
	time_t t;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	/* When it happened, on the wall clock as it goes now. */
	ns = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec -
	     ((int64_t)mono.tv_sec * 1000000000 + mono.tv_nsec) + (int64_t)time;
	t = ns / 1000000000;
	if (t != printer->second) {
		printer->second = t;
		localtime_r(&t, &tm);
		strftime(printer->clock, sizeof(printer->clock), "%H:%M:%S", &tm);
	}
	output_format(printer->out, "%-9s", printer->clock);
}

#define UNREADABLE "<unreadable>"

static void add_argument(struct output *out, const char *bytes, size_t len, bool quote)
{
	if (!bytes) {
		output_add(out, UNREADABLE, strlen(UNREADABLE));
		return;
	}
	if (quote)
		output_add(out, "\"", 1);
	print_escaped(out, bytes, len, quote);
	if (quote)
		output_add(out, "\"", 1);
}

/* execveat(2) that fails never got the name that the kernel makes up for one that succeeds: the
 * same is made here (alloc_bprm in fs/exec.c). */
static void add_name(struct output *out, const struct event *e, bool quote)
{
	char prefix[32];
	int n = 0;

	if (e->exec.head.flags & RECORD_HAS_DIRFD && e->exec.dirfd >= 0 && e->name && *e->name != '/')
		n = snprintf(prefix, sizeof(prefix), *e->name ? "/dev/fd/%d/" : "/dev/fd/%d",
			     e->exec.dirfd);
	if (quote && e->name)
		output_add(out, "\"", 1);
	output_add(out, prefix, (size_t)n);
	if (!e->name)
		output_add(out, UNREADABLE, strlen(UNREADABLE));
	else
		print_escaped(out, e->name, strlen(e->name), quote);
	if (quote && e->name)
		output_add(out, "\"", 1);
	if (e->name_cut)
		output_add(out, "...", 3);
}

static void add_args(struct printer *printer, const struct event *e)
{
	const struct options *o = printer->options;
	struct args args = event_args(e);
	unsigned int skip = event_skip(e);
	uint64_t shown = 1;
	bool cut = e->cut;

	add_name(printer->out, e, o->quote);
	while (skip && args_next(&args))
		skip--;
	while (args_next(&args)) {
		if (o->max_args && shown >= o->max_args) {
			cut = true;
			break;
		}
		output_add(printer->out, " ", 1);
		add_argument(printer->out, args.bytes, args.len, o->quote);
		shown++;
	}
	if (cut)
		output_add(printer->out, " ...", 4);
	else if (e->unreadable)
		output_add(printer->out, " " UNREADABLE, 1 + strlen(UNREADABLE));
}

static bool add_to_line(struct printer *printer, size_t *used, const char *bytes, size_t len)
{
	if (*used + len + 2 > printer->line_size) {
		size_t size = 2 * (*used + len + 2);
		char *line = realloc(printer->line, size);

		if (!line)
			return false;
		printer->line = line;
		printer->line_size = size;
	}
	if (*used)
		printer->line[(*used)++] = ' ';
	memcpy(printer->line + *used, bytes, len);
	*used += len;
	printer->line[*used] = '\0';
	return true;
}

/* Whether the regular expressions want it. The whole line is matched, as the program got it: also
 * what --max-args does not show, and before anything is escaped. What finds no memory for that is
 * shown. */
static bool is_wanted(struct printer *printer, const struct event *e)
{
	const struct options *o = printer->options;
	struct args args = event_args(e);
	unsigned int skip = event_skip(e);
	char comm[COMM_LEN + 1];
	size_t used = 0;

	if (o->has_name) {
		memcpy(comm, e->exec.comm, COMM_LEN);
		comm[COMM_LEN] = '\0';
		if (regexec(&o->name, comm, 0, NULL, 0))
			return false;
	}
	if (!o->has_line)
		return true;
	if (!add_to_line(printer, &used, e->name ? e->name : "", e->name ? strlen(e->name) : 0))
		return true;
	while (args_next(&args))
		if (skip)
			skip--;
		else if (args.bytes && !add_to_line(printer, &used, args.bytes, args.len))
			return true;
	return !regexec(&o->line, printer->line, 0, NULL, 0);
}

void print_event(struct printer *printer, const struct event *event)
{
	const struct options *o = printer->options;
	const struct exec_record *e = &event->exec;
	struct output *out = printer->out;
	uint32_t ppid;

	if (!is_wanted(printer, event))
		return;
	ppid = e->ppid ? e->ppid : ask_ppid(printer, e->pid);
	if (o->time)
		add_time(printer, e->time);
	if (o->timestamp)
		output_format(out, "%-8.3f",
			      e->time > printer->start ? (double)(e->time - printer->start) / 1e9 : 0);
	if (o->print_uid)
		output_format(out, "%-6u", e->uid);
	add_column(out, e->comm, sizeof(e->comm), 16);
	output_format(out, "%-6u ", e->pid);
	if (o->print_pcomm)
		add_column(out, e->pcomm, sizeof(e->pcomm), 16);
	add_number(out, ppid, 6);
	if (o->print_cpu)
		output_format(out, "%-4d ", event->cpu);
	if (o->print_mntns)
		add_number(out, e->mntns, 10);
	if (o->print_cgroup)
		add_number(out, e->cgroup, 10);
	output_format(out, "%3d ", e->ret);
	add_args(printer, event);
	output_add(out, "\n", 1);
}

void print_free(struct printer *printer)
{
	free(printer->line);
}
