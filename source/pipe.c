/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/pipe.h"
#include "lib/timestamp.h"

/* So much is read at a time, and above this much order waits for nobody. */
#define STEP (256U << 10)
#define CROWDED (4U << 20)
/* The collector is given so long to end. */
#define END_MS 10000

bool pipe_is_sound(const struct pipe_head *head, const char *bytes, size_t length)
{
	uint64_t need = sizeof(*head) + (uint64_t)head->name_length + 1 + head->args_length + head->exe_length + head->cwd_length +
			head->variables_length + head->chain_count * sizeof(struct exec_ancestor);

	return head->chain_count <= EXEC_CHAIN_MOST && head->size == need && head->size <= PIPE_MOST && length >= head->size &&
	       head->name_length < EXEC_NAME_MOST && !bytes[sizeof(*head) + head->name_length];
}

static size_t waiting(const struct pipe_lane *l)
{
	return l->end - l->begin;
}

/* Moves what waits to the front, if nobody looks at it, and makes room for one more step. */
static bool make_room(struct pipe_lane *l)
{
	char *bytes;

	if (l->lane.state != LANE_TAKEN && l->begin) {
		memmove(l->buffer, l->buffer + l->begin, waiting(l));
		l->end -= l->begin;
		l->begin = 0;
	}
	if (l->size - l->end >= STEP)
		return true;
	if (l->lane.state == LANE_TAKEN || l->size > 2 * PIPE_MOST)
		return false;
	bytes = realloc(l->buffer, l->end + STEP);
	if (!bytes)
		return false;
	l->buffer = bytes;
	l->size = l->end + STEP;
	return true;
}

/* Reads what is there. false: nothing has come. */
static bool read_some(struct pipe_lane *l)
{
	ssize_t n;

	if (l->fd < 0 || !make_room(l))
		return false;
	n = read(l->fd, l->buffer + l->end, l->size - l->end);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		l->fd = -1;
		l->source->ended = true;
		return false;
	}
	l->end += (size_t)n;
	l->lane.last_record = monotonic_ns();
	return true;
}

static bool update(struct lane *lane)
{
	struct pipe_lane *l = (struct pipe_lane *)lane;

	while (waiting(l) < CROWDED && read_some(l))
		;
	return waiting(l) >= CROWDED;
}

/* false: there is no whole exec. */
static bool take_head(struct pipe_lane *l, struct pipe_head *head)
{
	if (waiting(l) < sizeof(*head))
		return false;
	memcpy(head, l->buffer + l->begin, sizeof(*head));
	if (head->size > waiting(l) && head->size <= PIPE_MOST)
		return false;
	if (pipe_is_sound(head, l->buffer + l->begin, waiting(l)))
		return true;
	l->begin = l->end; /* what cannot be is the end */
	l->fd = -1;
	l->source->ended = true;
	return false;
}

static bool wait_for_more(const struct pipe_lane *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	return l->fd >= 0 && poll(&p, 1, END_MS) > 0;
}

static void advance(struct lane *lane, bool last)
{
	struct pipe_lane *l = (struct pipe_lane *)lane;
	bool ending = last || __atomic_load_n(&l->shared->stopping, __ATOMIC_RELAXED);
	struct pipe_head head;

	if (lane->state != LANE_EMPTY)
		return;
	while (!take_head(l, &head))
		if (!read_some(l) && (!ending || !wait_for_more(l)))
			return;
	lane->state = LANE_READY;
	lane->time = head.exec.time;
	lane->cpu = head.exec.cpu;
}

static void hand_out(struct lane *lane, struct exec *exec)
{
	struct pipe_lane *l = (struct pipe_lane *)lane;
	const char *strings = l->buffer + l->begin + sizeof(struct pipe_head);
	struct pipe_head head;
	struct block block;

	memcpy(&head, l->buffer + l->begin, sizeof(head));
	block = (struct block){strings + head.name_length + 1, head.args_length, head.exec.kind == EXEC_FAILED};
	*exec = head.exec;
	exec->name.bytes = strings;
	exec->name.length = head.name_length;
	exec->args.list = NULL;
	exec->exe = (struct text){block.bytes + head.args_length, head.exe_length, TEXT_WHOLE};
	exec->cwd = (struct text){exec->exe.bytes + head.exe_length, head.cwd_length, TEXT_WHOLE};
	exec->variables.bytes = exec->cwd.bytes + head.cwd_length;
	exec->variables.length = head.variables_length;
	memcpy(l->chain, exec->variables.bytes + head.variables_length, head.chain_count * sizeof(l->chain[0]));
	exec->chain = (struct exec_chain){l->chain, head.chain_count, false};
	exec->known &= ~(unsigned int)((head.exe_length ? 0 : EXEC_EXE) | (head.cwd_length ? 0 : EXEC_CWD) | (*exec->tty ? 0 : EXEC_TTY));
	exec->tty[EXEC_TTY_NAME - 1] = exec->exe_dev[EXEC_DEVICE - 1] = '\0';
	exec->directory[EXEC_DIRECTORY - 1] = '\0';
	exec_split(exec, &block, (size_t)l->source->request->max_args, &l->room);
	if (exec->kind == EXEC_DONE && exec->name.state == TEXT_UNREADABLE) /* no string stands for the first */
		exec->args.skip = 0;
	lane->last_time = exec->time;
}

static void release(struct lane *lane)
{
	struct pipe_lane *l = (struct pipe_lane *)lane;
	uint32_t size;

	memcpy(&size, l->buffer + l->begin, sizeof(size));
	l->begin += size;
}

static void spill(struct lane *lane)
{
	read_some((struct pipe_lane *)lane);
}

static const struct lane_ops ops = {
	.update = update,
	.advance = advance,
	.hand_out = hand_out,
	.release = release,
	.spill = spill,
};

void pipe_lane_init(struct pipe_lane *l, struct source *source, const struct collected *shared)
{
	*l = (struct pipe_lane){.lane = {.ops = &ops, .cpu = -1}, .fd = source->pipe, .shared = shared, .source = source};
}
