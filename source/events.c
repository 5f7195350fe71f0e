/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/events.h"
#include "lib/timestamp.h"

uint64_t collector_now(const struct collector *c)
{
	return monotonic_ns() - (uint64_t)c->base.clock_ahead;
}

/* CLOCK_BOOTTIME of the initial time namespace, in the steps that /proc tells it. 0: not known. */
static uint64_t start_ns(const struct collector *c, const struct process *process)
{
	return process && process->start_time
		       ? process->start_time * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK)) - (uint64_t)c->base.boot_ahead : 0;
}

/* Puts what is known of the process into its exec. */
static void describe(struct collector *c, const struct process *process, struct exec *exec)
{
	exec->known &= ~(unsigned int)(EXEC_IDS | EXEC_PPID | EXEC_PCOMM | EXEC_START | EXEC_PARENT_START | EXEC_TTY);
	exec->uid = process->uid;
	exec->gid = process->gid;
	exec->known |= process->has_ids ? EXEC_IDS : 0U;
	exec->start = start_ns(c, process);
	exec->known |= exec->start ? EXEC_START : 0U;
	exec->parent_start = start_ns(c, processes_parent(&c->processes, process));
	exec->known |= exec->parent_start ? EXEC_PARENT_START : 0U;
	if (ttys_name(&c->ttys, process->tty, exec->tty))
		exec->known |= EXEC_TTY;
	processes_describe(&c->processes, process, exec);
	if (!*exec->comm)
		memcpy(exec->comm, process->comm, sizeof(exec->comm));
	exec->known |= *exec->comm ? EXEC_NAMED : 0U;
}

static void describe_chain(struct collector *c, struct sighting *s)
{
	if (s->chain)
		s->chain_count = processes_chain(&c->processes, s->process, s->chain, (uint32_t)c->base.request->ancestors);
}

static void ask(struct collector *c, struct sighting *s)
{
	struct process *process = s->process;

	if (process && !process->has_ids) {
		process_ask_ids(process, c->base.proc);
		describe(c, process, &s->exec);
	}
	if (process && !(s->exec.known & (EXEC_MNTNS | EXEC_CGROUP)))
		passes_ask(&c->passes, &s->exec);
}

/* While the process stands: nothing can change. */
static void ask_at_once(struct collector *c, struct sighting *s)
{
	ask(c, s);
	s->certain = s->read_at;
	if (s->process)
		sightings_end(&c->sightings, s->process, UINT64_MAX);
}

/* So many at a time: others wait to be told. */
#define ASKED_MOST 64

void events_ask_rest(struct collector *c)
{
	struct sighting *s;

	for (int i = 0; i < ASKED_MOST && (s = c->sightings.unasked); i++) {
		c->sightings.unasked = s->next;
		ask(c, s);
		c->ops->take(c);
	}
}

static void fill(struct collector *c, struct sighting *s, struct reading *reading)
{
	const struct details *details = &reading->details;
	char comm[EXEC_COMM];

	/* The next image may have other ids. */
	if (s->process && reading->stat.state && (!s->has_image || image_is_same(&s->image, &reading->stat.image))) {
		memcpy(comm, s->process->comm, sizeof(comm));
		process_update(&c->processes, s->process, &reading->stat);
		if (reading->at <= s->process->named) /* it has another name since */
			memcpy(s->process->comm, comm, sizeof(comm));
		if (details->known & EXEC_IDS && c->wanted.details.ids) {
			s->process->uid = details->uid;
			s->process->gid = details->gid;
			s->process->has_ids = true;
		}
		describe(c, s->process, &s->exec);
		describe_chain(c, s);
	}
	sightings_fill(&c->sightings, s, reading);
}

/* Where an exec is told early, its image may be built long after, from a slow disk. So often it is looked at, for so long. */
#define BUILD_LOOK_NS 5000000ULL
#define BUILD_MOST_NS 2000000000ULL
/* Where nobody could be asked, that is tried again for so long. */
#define ASK_MOST_NS 500000000ULL

/* Reads an exec's strings now, if that has not been done with success. */
static void read_now(struct collector *c, struct sighting *s)
{
	struct reading reading;
	uint64_t most = 0;

	if (!s->process || s->read_at)
		return;
	/* A tracer is the only one that may read for sure; what makes it wait is what it traces. */
	if (c->ops->traces)
		image_read(c->base.proc, s->process->pid, &c->wanted, &reading);
	else if (!image_ask(&c->asker, s->process->pid, &reading))
		most = ASK_MOST_NS;
	if (c->ops->early && reading_is_early(&reading))
		most = BUILD_MOST_NS;
	s->look_again = s->exec.time + most > reading.until ? reading.until + BUILD_LOOK_NS : 0;
	fill(c, s, &reading);
}

/* The time of an event and that of a thread's event of the same exec are hardly further apart, and never much. */
#define SAME_NS 100000ULL
#define SAME_MOST_NS 5000000ULL

/* The exec that the thread has seen, too: of those of the process, the one that is the nearest in time. */
static struct sighting *find_caught(const struct collector *c, const struct catch *caught, uint64_t least)
{
	const struct process *process = processes_find(&c->processes, caught->pid);
	struct sighting *nearest = NULL;

	for (struct sighting *s = process ? process->pending : NULL; s; s = s->before) {
		uint64_t apart = s->exec.time > caught->time ? s->exec.time - caught->time : caught->time - s->exec.time;

		if (apart > least)
			continue;
		least = apart;
		nearest = s;
	}
	return nearest;
}

void events_read_late(struct collector *c)
{
	struct sighting *s = c->sightings.first;

	if (s && sighting_next_look(s) <= collector_now(c))
		read_now(c, s);
}

static void fill_caught(struct collector *c, struct sighting *s, struct catch *caught)
{
	struct reading *reading = &caught->reading;

	/* The next image may have other namespaces. */
	if (!s->has_image || image_is_same(&s->image, &reading->stat.image)) {
		s->exec.known |= caught->exec.known;
		s->exec.mntns = caught->exec.mntns;
		s->exec.cgroup = caught->exec.cgroup;
	}
	fill(c, s, reading);
}

/* To be called before the next event of a process is looked at, which would decide the exec before it. */
void events_take_caught(struct collector *c)
{
	struct catch *caught;
	struct sighting *s;

	while (c->caught || (c->caught = catchers_take(&c->catchers))) {
		caught = c->caught;
		s = find_caught(c, caught, SAME_NS);
		/* Its event is still to come; or it has been lost. */
		if (!s && caught->time > c->seen[caught->cpu] && caught->time + DECIDE_NS > collector_now(c))
			return;
		c->caught = NULL;
		if (!s)
			s = find_caught(c, caught, SAME_MOST_NS);
		if (!s)
			reading_free(&caught->reading);
		else
			fill_caught(c, s, caught);
		free(caught);
	}
}

/* Of --exits: the process has ended. */
static void tell_end(struct collector *c, const struct process *process, uint64_t time)
{
	struct exec end = {.kind = EXEC_ENDED, .time = time, .pid = process->pid, .cpu = -1};

	if (!c->base.request->exits || process->excluded || (source_follows(&c->base) && !process->followed))
		return;
	if (process->status >= 0) {
		end.status = (uint32_t)process->status;
		end.known |= EXEC_STATUS;
	}
	describe(c, process, &end);
	/* The parent may have ended while that was doubted. */
	if (!exec_knows(&end, EXEC_PPID) && process->doubted && process->doubt_parent) {
		end.ppid = process->doubt_parent;
		end.known |= EXEC_PPID;
	}
	if (!c->ops->tells_ids) /* it may have changed them since they were looked at */
		end.known &= ~(unsigned int)EXEC_IDS;
	end.filtered = !passes_end(&c->passes, &end);
	if (!sightings_add(&c->sightings, NULL, &end))
		c->shared->losses.unseen_exits++;
}

void collector_fork(struct collector *c, uint32_t parent, uint32_t pid, uint64_t time)
{
	struct process *old;

	events_take_caught(c);
	c->last_event = time;
	old = processes_find(&c->processes, pid);
	if (old && time <= old->noted) /* a look at /proc has found it before its event has come */
		return;
	/* Its end was not seen. */
	if (old && old->pending)
		sightings_end(&c->sightings, old, 0);
	if (old)
		tell_end(c, old, time);
	processes_remove(&c->processes, pid);
	processes_fork(&c->processes, parent, pid);
}

void collector_thread(struct collector *c, uint32_t pid)
{
	struct process *process = processes_find(&c->processes, pid);

	if (!process)
		return;
	process->has_threads = true;
	process->threads++;
}

/* The process's status is its first thread's, unless another one has ended all, or (since Linux 5.17, synchronize_group_exit in
 * kernel/exit.c) was the last to begin to end. An event comes when that is done, so which one it was is not known of two at the same
 * time. */
#define ENDING_NS 1000000000ULL

static void take_status(struct process *process, const struct exit_event *event)
{
	bool recent = process->other_time + ENDING_NS > event->time;

	if (event->tid == event->pid) {
		process->status = recent && process->other_status != event->status ? -1 : event->status;
	} else {
		process->other_status = recent && process->other_status != event->status ? -1 : event->status;
		process->other_time = event->time;
		if (process->leader_ended && process->status != event->status)
			process->status = -1;
	}
}

/* Counts the thread as ended. Whether it was the process's last one, as far as that is known. */
static bool is_last(struct process *process, const struct exit_event *event)
{
	bool leader = event->tid == event->pid;

	take_status(process, event);
	process->last_exit = event->time;
	process->leader_ended |= leader;
	process->threads -= !leader && process->threads;
	return event->last || (process->leader_ended && (process->counted ? !process->threads : leader && !process->has_threads));
}

void collector_exit(struct collector *c, const struct exit_event *event)
{
	struct process *process;

	events_take_caught(c);
	c->last_event = event->time;
	process = processes_find(&c->processes, event->pid);
	if (!process)
		return;
	if (event->tid == event->pid)
		sightings_end(&c->sightings, process, event->time);
	if (!is_last(process, event))
		return;
	tell_end(c, process, event->time);
	processes_remove(&c->processes, event->pid);
}

/* Takes what the event tells of the strings. Without memory they are unreadable. */
static void take_strings(struct collector *c, struct sighting *s, const struct exec_event *event)
{
	uint64_t most = c->base.request->max_bytes;
	struct image_strings *strings = &s->strings;

	s->image = event->image;
	s->has_image = image_is_known(&event->image);
	if (!event->name)
		return;
	strings->name_length = (uint32_t)(event->name_length < EXEC_NAME_MOST ? event->name_length : EXEC_NAME_MOST - 1);
	strings->args_length = (uint32_t)(most && most < event->args_length ? most : event->args_length);
	strings->bytes = malloc((size_t)strings->name_length + 1 + strings->args_length);
	if (!strings->bytes) {
		*strings = (struct image_strings){.name = TEXT_UNREADABLE, .args = TEXT_UNREADABLE};
		return;
	}
	s->named = true;
	s->certain = event->args;
	memcpy(strings->bytes, event->name, strings->name_length);
	strings->bytes[strings->name_length] = '\0';
	strings->name = strings->name_length < event->name_length ? TEXT_CUT : TEXT_WHOLE;
	if (!event->args) {
		strings->args_length = 0;
		return;
	}
	memcpy(strings->bytes + strings->name_length + 1, event->args, strings->args_length);
	strings->args = strings->args_length < event->args_length ? TEXT_CUT : TEXT_WHOLE;
	c->sightings.bytes += strings->args_length;
}

void collector_exec(struct collector *c, const struct exec_event *event)
{
	struct exec exec = {.kind = EXEC_DONE, .known = EXEC_RESULT, .time = event->time, .pid = event->pid, .cpu = event->cpu};
	struct process *process;
	struct sighting *s;

	events_take_caught(c);
	c->last_event = event->time;
	if (event->cpu >= 0 && event->cpu < CATCHERS_MOST)
		c->seen[event->cpu] = event->time;
	process = processes_note(&c->processes, event->pid);
	if (!process) {
		c->shared->losses.skipped++;
		return;
	}
	if (source_follows(&c->base) && !process->followed) {
		c->shared->losses.filtered++;
		return;
	}
	process->has_threads = process->leader_ended = false; /* an exec ends all others */
	process->threads = 0;
	process->status = process->other_status = -1;
	process->other_time = process->last_exit = 0;
	process->tty = 0; /* as of now */
	process->counted = true;
	exec.known |= event->cpu >= 0 ? EXEC_CPU : 0U;
	memcpy(exec.comm, event->comm, strnlen(event->comm, EXEC_COMM - 1));
	memcpy(process->comm, exec.comm, sizeof(process->comm));
	process->named = *exec.comm ? event->time : 0;
	process->has_ids &= c->ops->tells_ids;
	describe(c, process, &exec);
	s = sightings_add(&c->sightings, process, &exec);
	if (!s) {
		c->shared->losses.skipped++;
		return;
	}
	take_strings(c, s, event);
	if (c->base.request->want_chain)
		s->chain = calloc(EXEC_CHAIN_MOST, sizeof(*s->chain));
	describe_chain(c, s);
	if (!catchers_read(&c->catchers, event->cpu))
		read_now(c, s);
	if (c->ops->traces)
		ask_at_once(c, s);
}

void collector_failed(struct collector *c, const struct failed_call *call)
{
	struct exec exec = {.kind = EXEC_FAILED, .known = EXEC_RESULT, .time = call->time, .pid = call->pid, .cpu = -1,
			    .result = call->result, .checks = call->checks};
	struct process *process = processes_find(&c->processes, call->pid);
	struct process_stat stat;
	struct sighting *s;

	c->last_event = call->time;
	memcpy(exec.directory, call->directory, sizeof(exec.directory));
	if (process) {
		if (!process_stat(c->base.proc, call->tid, &stat))
			memcpy(exec.comm, stat.comm, sizeof(exec.comm));
		process->has_ids = false;
		process_ask_ids(process, c->base.proc);
		describe(c, process, &exec);
		passes_ask(&c->passes, &exec);
	}
	s = process ? sightings_add(&c->sightings, NULL, &exec) : NULL;
	if (!s) {
		c->shared->losses.skipped++;
		return;
	}
	s->strings = *call->strings;
	c->sightings.bytes += s->strings.args_length;
	call->strings->bytes = NULL;
}

void collector_lose(struct collector *c, uint64_t count)
{
	c->shared->losses.skipped += count;
	c->lost |= count > 0;
}

void events_ended(void *context, struct process *process)
{
	struct collector *c = context;

	sightings_end(&c->sightings, process, collector_now(c));
	tell_end(c, process, process->leader_ended && process->last_exit && !(process->counted && process->threads) ? process->last_exit
		 : collector_now(c));
}
