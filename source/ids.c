/* SPDX-License-Identifier: GPL-2.0-only */
#include "source/ids.h"

bool ids_add(struct ids *ids, uint32_t id)
{
	if (ids->count == IDS_MOST)
		return false;
	ids->items[ids->count++] = id;
	return true;
}

static bool has(const struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->items[i] == id)
			return true;
	return false;
}

bool ids_pass(const struct id_filters *f, const struct exec *exec)
{
	if (exec_knows(exec, EXEC_IDS) && ((f->uids.count && !has(&f->uids, exec->uid)) || has(&f->not_uids, exec->uid)))
		return false;
	/* The first process has no parent. */
	return !f->ppids.count || (exec_knows(exec, EXEC_PPID) ? has(&f->ppids, exec->ppid) : exec->pid != 1);
}

bool ids_are_known(const struct id_filters *f, const struct exec *exec)
{
	return ((!f->uids.count && !f->not_uids.count) || exec_knows(exec, EXEC_IDS)) && (!f->ppids.count || exec_knows(exec, EXEC_PPID));
}
