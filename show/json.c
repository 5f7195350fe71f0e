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

	time_iso(wall_time(printer, time), text);
	add(printer->out, key);
	add(printer->out, text);
	add(printer->out, "\"");
}

static void add_id(struct output *out, const char *key, bool known, uint64_t number)
{
	add(out, key);
	if (known)
		output_number(out, (int64_t)number, 0);
	else
		add(out, "null");
}

/* A command's name, and its bytes beside it if they are not UTF-8. */
static void add_name(struct output *out, const char *key, const char name[EXEC_COMM], const char *base64_key)
{
	size_t length = strnlen(name, EXEC_COMM);

	add(out, key);
	if (escape_json(out, name, length))
		return;
	add(out, base64_key);
	escape_base64(out, name, length);
}

#define EXACT_IN_A_DOUBLE (1ULL << 53)

static void add_filename(struct output *out, const struct exec *exec)
{
	char name[EXEC_DIRECTORY + EXEC_NAME_MOST];
	size_t n = strlen(exec->directory);

	add(out, ",\"filename\":");
	if (exec->name.state == TEXT_UNREADABLE) {
		add(out, "null");
		return;
	}
	memcpy(name, exec->directory, n);
	memcpy(name + n, exec->name.bytes, exec->name.length);
	n += exec->name.length;
	if (escape_json(out, name, n))
		return;
	add(out, ",\"filename_base64\":");
	escape_base64(out, name, n);
}

/* Properties of argv, found while it is printed. */
struct found {
	bool unreadable, invalid, cut;
};

/* Adds the strings of argv, as far as --max-args goes, as one list: text or base64. */
static struct found add_list(struct output *out, const struct arguments *args, uint64_t most, bool base64)
{
	struct found found = {.unreadable = args->unreadable, .cut = args->more || (most && args->count > most)};
	size_t count = most && args->count > most ? (size_t)most : args->count;

	add(out, "[");
	for (size_t i = 0; i < count; i++) {
		const struct text *text = &args->list[i];

		if (i)
			add(out, ",");
		if (text->state == TEXT_UNREADABLE)
			add(out, "null");
		else if (base64)
			escape_base64(out, text->bytes, text->length);
		else
			found.invalid |= !escape_json(out, text->bytes, text->length);
		found.unreadable |= text->state == TEXT_UNREADABLE;
		found.cut |= text->state == TEXT_CUT;
	}
	add(out, "]");
	return found;
}

static void add_argv(struct printer *printer, const struct exec *exec)
{
	const struct arguments *args = &exec->args;
	uint64_t most = printer->form->max_args;
	struct output *out = printer->out;
	bool no_name = exec->name.state == TEXT_UNREADABLE;
	struct found found;

	add(out, ",\"argv\":");
	found = add_list(out, args, most, false);
	if (found.invalid) {
		add(out, ",\"argv_base64\":");
		add_list(out, args, most, true);
	}
	/* The kernel puts the interpreter in front (load_script in fs/binfmt_script.c). */
	if (exec->script == SCRIPT_YES && args->count && args->list[0].state != TEXT_UNREADABLE) {
		add(out, ",\"interp\":");
		escape_json(out, args->list[0].bytes, args->list[0].length);
	}
	if (exec->name.state == TEXT_CUT || found.cut)
		add(out, ",\"truncated\":true");
	if (no_name || found.unreadable)
		add(out, !no_name ? ",\"unreadable\":[\"argv\"]" : !found.unreadable ? ",\"unreadable\":[\"filename\"]"
									       : ",\"unreadable\":[\"filename\",\"argv\"]");
}

static void add_cgroup(struct output *out, const struct exec *exec)
{
	add_id(out, ",\"cgroup\":", exec_knows(exec, EXEC_CGROUP), exec->cgroup);
	/* Many a reader of JSON has doubles. */
	if (exec->cgroup <= EXACT_IN_A_DOUBLE)
		return;
	add(out, ",\"cgroup_string\":\"");
	output_number(out, (int64_t)exec->cgroup, 0);
	add(out, "\"");
}

static void add_result(struct output *out, const struct exec *exec)
{
	if (!exec_knows(exec, EXEC_RESULT)) {
		add(out, ",\"ret\":null");
		return;
	}
	add(out, ",\"ret\":");
	output_number(out, exec->result, 0);
	if (exec->result >= 0)
		return;
	add(out, ",\"error\":\"");
	add(out, error_name(exec->result > INT32_MIN ? -exec->result : 0));
	add(out, "\"");
}

void json_exec(struct printer *printer, const struct exec *exec)
{
	struct output *out = printer->out;

	add_time(printer, "{\"time\":\"", exec->time);
	add_id(out, ",\"pid\":", true, exec->pid);
	add_id(out, ",\"ppid\":", exec_knows(exec, EXEC_PPID), exec->ppid);
	add_id(out, ",\"uid\":", true, exec->uid);
	add_id(out, ",\"gid\":", true, exec->gid);
	add_name(out, ",\"comm\":", exec->comm, ",\"comm_base64\":");
	if (exec_knows(exec, EXEC_PCOMM))
		add_name(out, ",\"pcomm\":", exec->pcomm, ",\"pcomm_base64\":");
	else
		add(out, ",\"pcomm\":null");
	add_id(out, ",\"cpu\":", true, (uint64_t)exec->cpu);
	add_id(out, ",\"mntns\":", exec_knows(exec, EXEC_MNTNS), exec->mntns);
	add_cgroup(out, exec);
	add_result(out, exec);
	if (exec->checks)
		add(out, ",\"check\":true");
	add_filename(out, exec);
	add_argv(printer, exec);
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
