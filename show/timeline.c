/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "show/timeline.h"
#include "show/end.h"
#include "show/escape.h"
#include "show/strings.h"

#define LANES_MOST 65536

static void add(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

static void add_number(struct output *out, const char *key, int64_t number)
{
	add(out, key);
	output_number(out, number, 0);
}

/* Begins an event's line: its phase, its time (in microseconds, with three digits behind the point), and its lane. */
static void begin_event(struct timeline *t, const char *phase, uint64_t time, uint32_t lane)
{
	uint64_t ns = time > t->start ? time - t->start : 0;

	add(&t->out, t->begun ? ",{\"ph\":\"" : "{\"ph\":\"");
	t->begun = true;
	add(&t->out, phase);
	output_format(&t->out, "\",\"pid\":1,\"tid\":%u,\"ts\":%llu.%03llu", lane, (unsigned long long)ns / 1000,
		      (unsigned long long)ns % 1000);
}

static void end_event(struct timeline *t)
{
	add(&t->out, "}");
	output_end_line(&t->out);
}

void timeline_begin(struct timeline *t, uint64_t start, uint64_t most)
{
	t->start = start;
	t->most = most;
	output_begin(&t->out, false, 0, 1, NULL);
	add(&t->out, "[");
	output_end_line(&t->out);
	begin_event(t, "M", start, 0);
	add(&t->out, ",\"name\":\"process_name\",\"args\":{\"name\":\"execs\"}");
	end_event(t);
}

/* The lowest lane that is free, from 1 on, gets the process. 0: there is none. */
static uint32_t take_lane(struct timeline *t, uint32_t pid)
{
	uint32_t lane = 0, *lanes;

	while (lane < t->count && t->lanes[lane])
		lane++;
	if (lane == t->capacity) {
		uint32_t capacity = lane ? 2 * lane : 64;

		lanes = capacity <= LANES_MOST ? realloc(t->lanes, capacity * sizeof(*lanes)) : NULL;
		if (!lanes)
			return 0;
		t->lanes = lanes;
		t->capacity = capacity;
	}
	t->lanes[lane] = pid;
	t->count += lane == t->count;
	return lane + 1;
}

/* Ends the slice of the process, if it has one. */
static void end_slice(struct timeline *t, struct life *life, const struct exec *exec)
{
	if (!life->lane)
		return;
	if (output_state(&t->out) != OUTPUT_FULL) {
		begin_event(t, "E", exec->time, life->lane);
		if (exec->kind == EXEC_ENDED) {
			add(&t->out, ",\"args\":{\"exit_status\":");
			end_add_json(&t->out, exec);
			add(&t->out, "}");
		}
		end_event(t);
	}
	t->lanes[life->lane - 1] = 0;
	life->lane = 0;
}

void timeline_exec(struct timeline *t, struct life *life, const struct exec *exec)
{
	struct output *out = &t->out;

	if (!t->wanted)
		return;
	end_slice(t, life, exec);
	if (output_state(out) == OUTPUT_FULL)
		return;
	life->lane = take_lane(t, exec->pid);
	if (!life->lane)
		return;
	begin_event(t, "B", exec->time, life->lane);
	add(out, ",\"name\":");
	escape_json(out, exec->comm, strnlen(exec->comm, sizeof(exec->comm)));
	add_number(out, ",\"args\":{\"pid\":", exec->pid);
	if (exec_knows(exec, EXEC_PPID))
		add_number(out, ",\"ppid\":", exec->ppid);
	if (exec_knows(exec, EXEC_IDS))
		add_number(out, ",\"uid\":", exec->uid);
	add(out, ",\"filename\":");
	strings_filename(out, exec, ",\"filename_base64\":", false);
	add(out, ",\"argv\":");
	strings_argv(out, exec, t->most, ",\"argv_base64\":", true);
	add(out, "}");
	end_event(t);
}

void timeline_end(struct timeline *t, struct life *life, const struct exec *end)
{
	if (t->wanted)
		end_slice(t, life, end);
}

void timeline_finish(struct timeline *t)
{
	add(&t->out, "]");
	output_end_line(&t->out);
	output_flush(&t->out);
}

void timeline_free(struct timeline *t)
{
	free(t->lanes);
	output_free(&t->out);
}
