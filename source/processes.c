/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/processes.h"
#include "kernel/process_status.h"

static struct process **bucket(struct processes *p, uint32_t pid)
{
	return &p->buckets[pid % PROCESS_BUCKETS];
}

struct process *processes_find(const struct processes *p, uint32_t pid)
{
	struct process *process = p->buckets[pid % PROCESS_BUCKETS];

	while (process && process->pid != pid)
		process = process->next;
	return process;
}

struct process *processes_note(struct processes *p, uint32_t pid)
{
	struct process *process = processes_find(p, pid);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->pid = pid;
	process->number = ++p->numbers;
	process->status = process->other_status = -1;
	process->mark = p->mark;
	process->next = *bucket(p, pid);
	*bucket(p, pid) = process;
	p->count++;
	return process;
}

struct process *processes_fork(struct processes *p, uint32_t parent, uint32_t pid)
{
	struct process *from = processes_find(p, parent), *process = processes_note(p, pid);

	if (!process)
		return NULL;
	process->parent = parent;
	process->parents_number = from ? from->number : 0;
	process->counted = true;
	if (!from)
		return process;
	process->has_ids = from->has_ids;
	process->uid = from->uid;
	process->image = from->image;
	process->cmdline = from->cmdline;
	process->gid = from->gid;
	memcpy(process->comm, from->comm, sizeof(process->comm));
	p->followed += from->followed && !process->followed;
	process->followed |= from->followed;
	return process;
}

struct process *processes_parent(const struct processes *p, const struct process *process)
{
	struct process *parent = process->parent ? processes_find(p, process->parent) : NULL;

	/* Another one may have its id by now. */
	return parent && process->parents_number && parent->number != process->parents_number ? NULL : parent;
}

void process_set_parent(const struct processes *p, struct process *process, uint32_t id)
{
	const struct process *parent = id ? processes_find(p, id) : NULL;

	process->parent = id;
	process->parents_number = parent ? parent->number : 0;
}

void process_update(struct processes *p, struct process *process, const struct process_stat *stat)
{
	process_set_parent(p, process, stat->ppid);
	memcpy(process->comm, stat->comm, sizeof(process->comm));
	process->has_threads |= stat->threads > 1;
	process->leader_ended = stat->leader_ended;
	process->start_time = stat->start_time;
	process->tty = stat->tty;
	if (image_is_known(&stat->image))
		process->image = stat->image;
}

void process_ask_ids(struct process *process, int proc)
{
	struct process_status status;

	if (process->has_ids || process_status(proc, process->pid, &status))
		return;
	process->uid = status.uid;
	process->gid = status.gid;
	process->has_ids = true;
}

void processes_remove(struct processes *p, uint32_t pid)
{
	struct process **at = bucket(p, pid), *process;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	process = *at;
	if (!process)
		return;
	*at = process->next;
	p->count--;
	p->followed -= process->followed;
	free(process);
}

/* Whether it descends from one that is followed. A chain of parents that is being changed can be a circle. */
#define GENERATIONS_MOST 4096
static bool descends(const struct processes *p, const struct process *process)
{
	for (int i = 0; process && !process->excluded && i < GENERATIONS_MOST; i++) {
		if (process->followed)
			return true;
		process = processes_parent(p, process);
	}
	return false;
}

static void follow_descendants(struct processes *p)
{
	for (size_t i = 0; i < PROCESS_BUCKETS; i++)
		for (struct process *process = p->buckets[i]; process; process = process->next)
			if (!process->followed && descends(p, process)) {
				process->followed = true;
				p->followed++;
			}
}

void processes_sweep(struct processes *p, void (*ended)(void *context, struct process *process), void *context)
{
	for (size_t i = 0; i < PROCESS_BUCKETS; i++) {
		struct process *process = p->buckets[i], *next;

		for (; process; process = next) {
			next = process->next;
			if (process->mark == p->mark)
				continue;
			ended(context, process);
			processes_remove(p, process->pid);
		}
	}
}

void processes_scan(struct processes *p, int proc, uint64_t now)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct process_stat stat;
	struct dirent *entry;

	if (!dir)
		return;
	p->mark++;
	while ((entry = readdir(dir))) {
		uint32_t pid = isdigit((unsigned char)*entry->d_name) ? (uint32_t)strtoul(entry->d_name, NULL, 10) : 0;
		struct process *process;
		bool is_new;

		/* Of one that has ended only its parent is still to see it; with threads it can go on. */
		if (!pid || process_stat(proc, pid, &stat) || process_has_ended(&stat))
			continue;
		is_new = !processes_find(p, pid);
		process = processes_note(p, pid);
		if (!process)
			continue;
		if (is_new)
			process->noted = now;
		process->mark = p->mark;
		process->counted = false; /* events may have been lost */
		process_update(p, process, &stat);
		process_ask_ids(process, proc);
	}
	closedir(dir);
	if (p->followed)
		follow_descendants(p);
}

void processes_look(struct processes *p, int proc, void (*ended)(void *context, struct process *process), void *context)
{
	struct process_stat stat;

	p->mark++;
	for (size_t i = 0; i < PROCESS_BUCKETS; i++)
		for (struct process *process = p->buckets[i]; process; process = process->next)
			if (!process->leader_ended ||
			    (!process_stat(proc, process->pid, &stat) && !process_has_ended(&stat)))
				process->mark = p->mark;
	processes_sweep(p, ended, context);
}

void processes_follow(struct processes *p, struct process *process)
{
	p->followed += !process->followed;
	process->followed = true;
	follow_descendants(p);
}

void processes_exclude(struct processes *p, uint32_t pid)
{
	struct process *process = processes_note(p, pid);

	if (process)
		process->excluded = true;
}

void processes_describe(const struct processes *p, const struct process *process, struct exec *exec)
{
	const struct process *parent = processes_parent(p, process);

	/* One that has ended is nobody's parent; who is, is not known. */
	if (!process->parent || (!parent && process->parent > 1))
		return;
	exec->ppid = process->parent;
	exec->known |= EXEC_PPID;
	if (!parent)
		return;
	if (*parent->comm) {
		memcpy(exec->pcomm, parent->comm, sizeof(exec->pcomm));
		exec->known |= EXEC_PCOMM;
	}
	for (int i = 0; i < EXEC_ANCESTORS && parent && parent->parent; i++) {
		exec->ancestors[i] = parent->parent;
		parent = processes_parent(p, parent);
	}
}

uint32_t processes_chain(const struct processes *p, const struct process *process, struct exec_ancestor *list, uint32_t most)
{
	uint32_t count = 0;

	while (count < most && process && process->parent) {
		struct exec_ancestor *a = &list[count];

		*a = (struct exec_ancestor){.pid = process->parent};
		process = processes_parent(p, process);
		if (!process && a->pid > 1) /* as above */
			break;
		if (process)
			memcpy(a->comm, process->comm, sizeof(a->comm));
		count++;
	}
	return count;
}

void processes_free(struct processes *p)
{
	for (size_t i = 0; i < PROCESS_BUCKETS; i++)
		while (p->buckets[i])
			processes_remove(p, p->buckets[i]->pid);
}
