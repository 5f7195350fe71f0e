#include <stdlib.h>
#include <string.h>

#include "source/more.h"
#include "source/path.h"

/* The room for it: both paths, then the variables, then the ancestors. */
#define VARIABLES_AT (2 * PATH_ROOM)
#define CHAIN_AT (VARIABLES_AT + CHUNK_SIZE)
#define MORE_ROOM (CHAIN_AT + CHAIN_MOST * sizeof(struct exec_ancestor))

_Static_assert(CHAIN_MOST == EXEC_CHAIN_MOST && !(CHAIN_AT % _Alignof(struct exec_ancestor)), "the room is another");

static void take_chain(struct parts *p, const struct record_head *head, const char *data)
{
	struct exec_ancestor *list = (struct exec_ancestor *)(void *)(p->more + CHAIN_AT);
	size_t count = head->data_len / sizeof(struct ancestor);

	if (count > CHAIN_MOST)
		count = CHAIN_MOST;
	for (size_t i = 0; i < count; i++) {
		struct ancestor a;

		memcpy(&a, data + i * sizeof(a), sizeof(a));
		list[i].pid = a.pid;
		memcpy(list[i].comm, a.comm, sizeof(list[i].comm));
	}
	p->event.chain = (struct exec_chain){list, count, head->flags & RECORD_CUT};
}

static void take_variables(struct parts *p, const struct record_head *head, const char *data)
{
	size_t length = head->data_len < CHUNK_SIZE ? head->data_len : CHUNK_SIZE - 1;

	memcpy(p->more + VARIABLES_AT, data, length);
	if (length)
		p->more[VARIABLES_AT + length - 1] = '\0'; /* as it is */
	p->event.variables = (struct exec_variables){p->more + VARIABLES_AT, length, head->flags & RECORD_CUT};
}

static void take_path(struct parts *p, const struct record_head *head, const char *data)
{
	bool cwd = head->flags & RECORD_OF_CWD;

	if (!(head->flags & RECORD_UNREADABLE))
		*(cwd ? &p->event.cwd : &p->event.exe) = path_join(data, head->data_len, head->flags, p->more + (cwd ? PATH_ROOM : 0));
}

bool more_take(struct parts *p, const struct record_head *head, const char *data)
{
	if (head->type != RECORD_CHAIN && head->type != RECORD_PATH && head->type != RECORD_VARIABLES)
		return false;
	p->more_left -= p->more_left > 0;
	if (head->flags & RECORD_LOST)
		(*p->gathering->cut)++;
	if (!p->more)
		p->more = malloc(MORE_ROOM);
	if (!p->more || head->flags & RECORD_LOST)
		return true;
	if (head->type == RECORD_CHAIN)
		take_chain(p, head, data);
	else if (head->type == RECORD_PATH)
		take_path(p, head, data);
	else
		take_variables(p, head, data);
	return true;
}
