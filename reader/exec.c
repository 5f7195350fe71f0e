/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "reader/exec.h"
#include "reader/remote.h"

/* The kernel lets a script's interpreter be a script four times (exec_binprm in fs/exec.c), and
 * puts at most two strings in front for each. */
#define SCRIPT_STRINGS 10

/* A room with space for more is not kept. */
#define KEPT_MOST 4096

static bool make_room(struct argument_room *room, size_t count)
{
	size_t capacity = room->capacity ? room->capacity : 64;
	struct text *list;

	if (count <= room->capacity)
		return true;
	while (capacity < count)
		capacity *= 2;
	list = realloc(room->list, capacity * sizeof(*list));
	if (!list)
		return false;
	*room = (struct argument_room){list, capacity};
	return true;
}

void argument_room_free(struct argument_room *room)
{
	free(room->list);
	*room = (struct argument_room){0};
}

/* The next string of the block, which has one. */
static struct text take_string(struct block *block)
{
	char mark = block->marked ? *block->bytes : MARK_READ;
	const char *begin = block->bytes + block->marked, *end = block->bytes + block->length;
	const char *nul = memchr(begin, '\0', (size_t)(end - begin));
	struct text text = {begin, (uint32_t)((nul ? nul : end) - begin), mark == MARK_CUT || !nul ? TEXT_CUT : TEXT_WHOLE};

	if (mark == MARK_UNREADABLE)
		text.state = TEXT_UNREADABLE;
	block->bytes = nul ? nul + 1 : end;
	block->length = (size_t)(end - block->bytes);
	return text;
}

static bool is_name(const struct text *text, const struct text *name)
{
	return text->length == name->length && !memcmp(text->bytes, name->bytes, name->length);
}

/* Number of strings before the caller's. Of a script, they end with its name. */
static size_t count_skip(const struct exec *exec)
{
	const struct arguments *args = &exec->args;
	const struct text *name = &exec->name;

	if (exec->kind != EXEC_DONE || name->state == TEXT_UNREADABLE || !args->count || exec->script == SCRIPT_NO)
		return 1;
	/* A guess: argv[0] is the interpreter, a path that is not the script's. */
	if (exec->script == SCRIPT_UNKNOWN &&
	    (!memchr(args->list[0].bytes, '/', args->list[0].length) || is_name(&args->list[0], name)))
		return 1;
	for (size_t i = 1; i <= SCRIPT_STRINGS && i < args->count; i++)
		if (is_name(&args->list[i], name))
			return i + 1;
	/* The script's name may be behind where they are cut: none of these is the caller's. */
	return exec->script == SCRIPT_YES && args->more ? SIZE_MAX : 1;
}

void exec_split(struct exec *exec, const struct block *block, size_t most, struct argument_room *room)
{
	struct arguments *args = &exec->args;
	struct block rest = *block;

	if (room->capacity > KEPT_MOST)
		argument_room_free(room);
	args->count = 0;
	while (rest.length && (!most || args->count < SCRIPT_STRINGS + 2 || args->count - SCRIPT_STRINGS - 2 < most)) {
		if (!make_room(room, args->count + 1)) {
			args->more = true;
			break;
		}
		room->list[args->count++] = take_string(&rest);
	}
	args->list = room->list;
	args->skip = count_skip(exec);
	if (exec->script == SCRIPT_UNKNOWN && args->skip > 1)
		exec->script = SCRIPT_YES;
}

const struct text *exec_argv0(const struct exec *exec)
{
	return exec->args.count && exec->args.skip == 1 && exec->script != SCRIPT_YES ? &exec->args.list[0] : NULL;
}

static struct text last_component(const struct text *path)
{
	const char *slash = memrchr(path->bytes, '/', path->length);
	const char *begin = slash ? slash + 1 : path->bytes;

	return (struct text){begin, (uint32_t)(path->bytes + path->length - begin), TEXT_WHOLE};
}

bool exec_argv0_differs(const struct exec *exec)
{
	const struct text *argv0 = exec_argv0(exec);
	struct text name, own;

	if (!argv0 || argv0->state != TEXT_WHOLE || exec->name.state != TEXT_WHOLE)
		return false;
	name = last_component(&exec->name);
	own = last_component(argv0);
	return !is_name(&name, &own);
}

bool exec_limit(struct exec *exec, uint64_t bytes)
{
	struct arguments *args = &exec->args;
	uint64_t used = 0;

	for (size_t i = 0; bytes && i < args->count; i++) {
		struct text *text = &args->list[i];
		uint64_t nul = exec->kind == EXEC_DONE && text->state == TEXT_WHOLE;
		bool here = text->state != TEXT_UNREADABLE && used + text->length + nul > bytes;

		if (here) {
			text->length = text->length < bytes - used ? text->length : (uint32_t)(bytes - used);
			text->state = TEXT_CUT;
		}
		used += text->length + 1;
		if (!here && (used < bytes || i + 1 == args->count))
			continue;
		args->count = i + 1;
		return args->more = true;
	}
	return false;
}
