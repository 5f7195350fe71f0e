/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "source/more.h"
#include "source/path.h"

/* The room for it: both paths, then the variables, then the ancestors. */
#define VARIABLES_AT (2 * PATH_ROOM)
#define CHAIN_AT (VARIABLES_AT + CHUNK_SIZE)
#define MORE_ROOM (CHAIN_AT + CHAIN_MOST * sizeof(struct exec_ancestor))

_Static_assert(CHAIN_MOST == EXEC_CHAIN_MOST && !(CHAIN_AT % _Alignof(struct exec_ancestor)), "the room is another");

static void take_chain(struct more *m, const struct record_head *head, const char *data)
{
	struct exec_ancestor *list = (struct exec_ancestor *)(void *)(m->room + CHAIN_AT);
	size_t count = head->data_len / sizeof(struct ancestor);

	if (count > CHAIN_MOST)
		count = CHAIN_MOST;
	for (size_t i = 0; i < count; i++) {
		struct ancestor a;

		memcpy(&a, data + i * sizeof(a), sizeof(a));
		list[i].pid = a.pid;
		memcpy(list[i].comm, a.comm, sizeof(list[i].comm));
	}
	m->chain = (struct exec_chain){list, count, head->flags & RECORD_CUT};
}

static void take_variables(struct more *m, const struct record_head *head, const char *data)
{
	size_t length = head->data_len < CHUNK_SIZE ? head->data_len : CHUNK_SIZE - 1;

	memcpy(m->room + VARIABLES_AT, data, length);
	if (length)
		m->room[VARIABLES_AT + length - 1] = '\0'; /* as it is */
	m->variables = (struct exec_variables){m->room + VARIABLES_AT, length, head->flags & RECORD_CUT};
}

static void take_path(struct more *m, const struct record_head *head, const char *data)
{
	bool cwd = head->flags & RECORD_OF_CWD;

	if (!(head->flags & RECORD_UNREADABLE))
		*(cwd ? &m->cwd : &m->exe) = path_join(data, head->data_len, head->flags, m->room + (cwd ? PATH_ROOM : 0));
}

void more_begin(struct more *m, unsigned int left)
{
	*m = (struct more){.left = left, .room = m->room, .exe = {"", 0, TEXT_UNREADABLE}, .cwd = {"", 0, TEXT_UNREADABLE}};
}

bool more_take(struct more *m, const struct record_head *head, const char *data, uint64_t *lost)
{
	if (head->type != RECORD_CHAIN && head->type != RECORD_PATH && head->type != RECORD_VARIABLES)
		return false;
	m->left -= m->left > 0;
	if (head->flags & RECORD_LOST)
		(*lost)++;
	if (!m->room)
		m->room = malloc(MORE_ROOM);
	if (!m->room || head->flags & RECORD_LOST)
		return true;
	if (head->type == RECORD_CHAIN)
		take_chain(m, head, data);
	else if (head->type == RECORD_PATH)
		take_path(m, head, data);
	else
		take_variables(m, head, data);
	return true;
}

void more_to_exec(const struct more *m, struct exec *exec)
{
	exec->exe = m->exe;
	exec->cwd = m->cwd;
	exec->chain = m->chain;
	exec->variables = m->variables;
	exec->known |= (m->exe.state != TEXT_UNREADABLE ? EXEC_EXE : 0U) | (m->cwd.state != TEXT_UNREADABLE ? EXEC_CWD : 0U) |
		       (m->chain.list ? EXEC_CHAIN : 0U) | (m->variables.bytes ? EXEC_VARIABLES : 0U);
}

void more_free(struct more *m)
{
	free(m->room);
	m->room = NULL;
}
