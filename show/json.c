#include <string.h>

#include "show/json.h"
#include "lib/timestamp.h"
#include "show/errname.h"
#include "show/escape.h"

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

static void add_time(struct printer *printer, const char *key, uint64_t time)
{
	char text[TIME_ISO];

	time_iso(print_wall_time(printer, time), text);
	add(printer->out, key);
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
	if (escape_json(out, name, length))
		return;
	add(out, base64_key);
	escape_base64(out, name, length);
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
	if (escape_json(out, name, n + length))
		return;
	add(out, ",\"filename_base64\":");
	escape_base64(out, name, n + length);
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
			escape_base64(out, args.bytes, args.len);
		else
			found.invalid |= !escape_json(out, args.bytes, args.len);
		found.unreadable |= !args.bytes;
		found.cut |= args.cut;
	}
	add(out, "]");
	return found;
}

void json_event(struct printer *printer, const struct event *event)
{
	const struct exec_record *e = &event->exec;
	struct output *out = printer->out;
	uint64_t most = printer->options->max_args;
	struct args args = event_args(event);
	struct found found;

	add_time(printer, "{\"time\":\"", e->time);
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
		add(out, error_name(e->ret > INT32_MIN ? -e->ret : 0));
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
		escape_json(out, args.bytes, args.len);
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

void json_lost(struct printer *printer, const struct loss *loss)
{
	add_time(printer, "{\"time\":\"", printer->now);
	add(printer->out, ",\"lost\":");
	output_number(printer->out, (int64_t)loss->count, 0);
	if (loss->cpu >= 0) {
		add(printer->out, ",\"cpu\":");
		output_number(printer->out, loss->cpu, 0);
	}
	add_time(printer, ",\"from\":\"", loss->from);
	add_time(printer, ",\"to\":\"", loss->to);
	add(printer->out, "}");
	output_end_line(printer->out);
}
