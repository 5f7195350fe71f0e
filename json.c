#include <string.h>

#include "errname.h"
#include "json.h"
#include "timestamp.h"
#include "utf8.h"

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

/* As \u and four hexadecimal digits, in two halves if it is beyond them (RFC 8259, 7). */
static void add_escaped(struct output *out, uint32_t character)
{
	if (character > 0xffff) {
		character -= 0x10000;
		output_format(out, "\\u%04x\\u%04x", 0xd800 + (character >> 10), 0xdc00 + (character & 0x3ff));
	} else if (character == '"' || character == '\\') {
		output_add(out, (char[]){'\\', (char)character}, 2);
	} else if (character == '\n') {
		add(out, "\\n");
	} else if (character == '\t') {
		add(out, "\\t");
	} else {
		output_format(out, "\\u%04x", character);
	}
}

void json_string(struct output *out, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *)bytes, *end = s + length, *plain = s;

	add(out, "\"");
	while ((s += utf8_plain(s, (size_t)(end - s))) < end) {
		uint32_t character = *s;
		size_t n = *s < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - s), &character);

		if (n && character != '"' && character != '\\' && !utf8_is_harmful(character)) {
			s += n;
			continue;
		}
		output_add(out, plain, (size_t)(s - plain));
		if (n)
			add_escaped(out, character);
		else
			add(out, "\xef\xbf\xbd");
		s += n ? n : 1;
		plain = s;
	}
	output_add(out, plain, (size_t)(s - plain));
	add(out, "\"");
}

/* RFC 4648, 4; in quotation marks. The text is in two parts, the first at most EVENT_PREFIX bytes. */
static void add_base64(struct output *out, const char *prefix, size_t prefix_length, const char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t total = prefix_length + length;

	add(out, "\"");
	for (size_t i = 0; i < total; i += 3) {
		uint32_t three = 0;
		char four[4];

		for (size_t j = i; j < i + 3; j++) {
			three <<= 8;
			if (j < total)
				three |= (unsigned char)(j < prefix_length ? prefix[j] : bytes[j - prefix_length]);
		}
		for (int j = 0; j < 4; j++)
			four[j] = digits[three >> (18 - 6 * j) & 63];
		if (i + 2 >= total)
			four[3] = '=';
		if (i + 1 >= total)
			four[2] = '=';
		output_add(out, four, 4);
	}
	add(out, "\"");
}

static void add_time(struct printer *printer, uint64_t time)
{
	char text[TIME_ISO];

	time_iso(print_wall_time(printer, time), text);
	add(printer->out, "{\"time\":\"");
	add(printer->out, text);
	add(printer->out, "\"");
}

/* 0: not known. */
static void add_id(struct output *out, const char *key, uint64_t number)
{
	add(out, key);
	if (number)
		output_number(out, (int64_t)number, 0);
	else
		add(out, "null");
}

/* A command's name, and its bytes beside it if they are not UTF-8. */
static void add_name(struct output *out, const char *key, const char name[COMM_LEN], const char *base64_key)
{
	size_t length = strnlen(name, COMM_LEN);

	add(out, key);
	json_string(out, name, length);
	if (utf8_is_valid(name, length))
		return;
	add(out, base64_key);
	add_base64(out, NULL, 0, name, length);
}

#define EXACT_IN_A_DOUBLE (1ULL << 53)

static void add_filename(struct output *out, const struct event *e)
{
	char prefix[EVENT_PREFIX], name[EVENT_PREFIX + NAME_SIZE];
	size_t n = event_prefix(e, prefix), length;

	add(out, ",\"filename\":");
	if (!e->name) {
		add(out, "null");
		return;
	}
	length = strlen(e->name);
	memcpy(name, prefix, n);
	memcpy(name + n, e->name, length);
	json_string(out, name, n + length);
	if (!utf8_is_valid(name, n + length)) {
		add(out, ",\"filename_base64\":");
		add_base64(out, prefix, n, e->name, length);
	}
}

/* What has been found out of argv on the way through it. */
struct found {
	bool unreadable, invalid, cut;
};

/* Adds the strings of argv, as far as --max-args goes, as one list: text or base64. */
static struct found add_list(struct output *out, const struct event *e, uint64_t most, bool base64)
{
	struct args args = event_args(e);
	struct found found = {.unreadable = e->unreadable};
	uint64_t count = 0;

	add(out, "[");
	while (args_next(&args)) {
		if (most && count == most) {
			found.cut = true;
			break;
		}
		if (count++)
			add(out, ",");
		if (!args.bytes)
			add(out, "null");
		else if (base64)
			add_base64(out, NULL, 0, args.bytes, args.len);
		else
			json_string(out, args.bytes, args.len);
		found.unreadable |= !args.bytes;
		found.cut |= args.cut;
		found.invalid |= !base64 && args.bytes && !utf8_is_valid(args.bytes, args.len);
	}
	add(out, "]");
	return found;
}

void json_event(struct printer *printer, const struct event *event)
{
	const struct exec_record *e = &event->exec;
	struct output *out = printer->out;
	/* Without being asked to, it cuts nothing that it has. */
	uint64_t most = printer->options->max_args_given ? printer->options->max_args : 0;
	struct args args = event_args(event);
	struct found found;

	add_time(printer, e->time);
	add_id(out, ",\"pid\":", e->pid);
	add_id(out, ",\"ppid\":", e->ppid);
	add(out, ",\"uid\":");
	output_number(out, e->uid, 0);
	add(out, ",\"gid\":");
	output_number(out, e->gid, 0);
	add_name(out, ",\"comm\":", e->comm, ",\"comm_base64\":");
	if (e->pcomm[0])
		add_name(out, ",\"pcomm\":", e->pcomm, ",\"pcomm_base64\":");
	else
		add(out, ",\"pcomm\":null");
	add(out, ",\"cpu\":");
	output_number(out, event->cpu, 0);
	add_id(out, ",\"mntns\":", e->mntns);
	add_id(out, ",\"cgroup\":", e->cgroup);
	/* Many a reader of JSON has doubles. */
	if (e->cgroup > EXACT_IN_A_DOUBLE) {
		add(out, ",\"cgroup_string\":\"");
		output_number(out, (int64_t)e->cgroup, 0);
		add(out, "\"");
	}
	if (e->head.flags & RECORD_NO_RESULT) {
		add(out, ",\"ret\":null");
	} else {
		add(out, ",\"ret\":");
		output_number(out, e->ret, 0);
	}
	if (e->ret < 0) {
		add(out, ",\"error\":\"");
		add(out, error_name(-e->ret));
		add(out, "\"");
	}
	if (e->head.flags & RECORD_CHECK)
		add(out, ",\"check\":true");
	add_filename(out, event);
	add(out, ",\"argv\":");
	found = add_list(out, event, most, false);
	if (found.invalid) {
		add(out, ",\"argv_base64\":");
		add_list(out, event, most, true);
	}
	/* The kernel puts the interpreter in front (load_script in fs/binfmt_script.c). */
	if (event_is_script(event) && args_next(&args) && args.bytes) {
		add(out, ",\"interp\":");
		json_string(out, args.bytes, args.len);
	}
	if (event->cut || event->name_cut || found.cut)
		add(out, ",\"truncated\":true");
	if (!event->name || found.unreadable) {
		add(out, ",\"unreadable\":[");
		if (!event->name)
			add(out, "\"filename\"");
		if (!event->name && found.unreadable)
			add(out, ",");
		if (found.unreadable)
			add(out, "\"argv\"");
		add(out, "]");
	}
	add(out, "}");
	output_end_line(out);
}

void json_lost(struct printer *printer, uint64_t count)
{
	add_time(printer, printer->now);
	add(printer->out, ",\"lost\":");
	output_number(printer->out, (int64_t)count, 0);
	add(printer->out, "}");
	output_end_line(printer->out);
}
