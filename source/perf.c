/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "source/perf.h"
#include "lib/timestamp.h"
#include "source/collector_source.h"
#include "source/events.h"
#include "source/perf_events.h"
#include "source/perf_thread.h"

static struct perf *own(const struct collector *c)
{
	return c->own;
}

/* ---- records ---- */

/* A new name: in an exec, or by prctl(2). */
static void take_name(struct collector *c, const struct perf_record *r)
{
	struct perf *p = own(c);
	struct process *process;

	if (r->misc & PERF_RECORD_MISC_COMM_EXEC && !p->tracepoint) {
		collector_exec(c, &(struct exec_event){.pid = r->pid, .time = perf_time(p, r), .cpu = (int)r->cpu, .comm = r->text});
		return;
	}
	process = r->pid == r->tid ? processes_find(&c->processes, r->pid) : NULL;
	if (!process)
		return;
	memset(process->comm, 0, sizeof(process->comm));
	memcpy(process->comm, r->text, strnlen(r->text, sizeof(process->comm) - 1));
	process->named = perf_time(p, r);
}

static void take_sample(struct collector *c, const struct perf_record *r)
{
	const struct perf *p = own(c);
	struct image image;
	const char *args = NULL, *name;
	size_t length = 0, name_length = sample_filename(r, p->filename, &name);
	bool whole = sample_arguments(r, &args, &length, &image);
	const struct process *process = processes_find(&c->processes, r->pid);
	char comm[EXEC_COMM] = "";

	if (process)
		memcpy(comm, process->comm, sizeof(comm));
	collector_exec(c, &(struct exec_event){
		.pid = r->pid, .time = perf_time(p, r), .cpu = (int)r->cpu, .comm = comm, .image = image,
		.name = name, .name_length = name_length, .args = whole ? args : NULL, .args_length = length,
	});
}

static void end_process(struct collector *c, uint32_t pid, uint64_t time)
{
	collector_exit(c, &(struct exit_event){.pid = pid, .tid = pid, .time = time, .status = -1});
}

enum life { LIVES, ENDS, HAS_ENDED };

static enum life look_at_life(const struct collector *c, const struct process *process)
{
	struct process_stat stat;

	if (process_stat(c->base.proc, process->pid, &stat) || stat.leader_ended ||
	    (process->start_time && process->start_time != stat.start_time))
		return HAS_ENDED;
	return stat.exiting ? ENDS : LIVES;
}

/* Forgets those that are doubted no more. */
static void compact_doubts(const struct collector *c)
{
	struct perf *p = own(c);
	size_t kept = 0;

	for (size_t i = 0; i < p->doubt_count; i++) {
		const struct process *process = processes_find(&c->processes, p->doubts[i]);

		if (process && process->doubted)
			p->doubts[kept++] = p->doubts[i];
	}
	p->doubt_count = kept;
}

/* When a program with the setuid bit is executed, perf gives up the thread's events, and makes a record of its end for that
 * (perf_event_exit_task in kernel/events/core.c), right behind that of its new name. A process that lives goes on. Of one that has
 * ended, it is doubted: there may be another record of its end in the rings. */
static void take_end(struct collector *c, const struct perf_record *r)
{
	struct perf *p = own(c);
	struct process *process = processes_find(&c->processes, r->pid);
	enum life life = process && process->named_last && !process->doubted ? look_at_life(c, process) : HAS_ENDED;
	bool doubted = process && process->named_last && !process->doubted;

	if (process)
		process->named_last = false;
	if (life == LIVES)
		return;
	if (doubted && p->doubt_count == DOUBTS)
		compact_doubts(c);
	if (!doubted || p->doubt_count == DOUBTS) {
		end_process(c, r->pid, perf_time(p, r));
		return;
	}
	process->doubted = true;
	process->doubt_time = perf_time(p, r);
	process->doubt_ended = life == HAS_ENDED;
	process->doubt_parent = processes_parent(&c->processes, process) ? process->parent : 0;
	p->doubts[p->doubt_count++] = r->pid;
}

/* The rings are empty: of those that had ended before, no other record comes. */
static void settle_doubts(struct collector *c)
{
	struct perf *p = own(c);

	for (size_t i = 0; i < p->doubt_count; i++) {
		struct process *process = processes_find(&c->processes, p->doubts[i]);
		enum life life = process && process->doubted ? look_at_life(c, process) : LIVES;

		if (!process)
			continue;
		process->doubted &= life != LIVES;
		if (process->doubted && process->doubt_ended)
			end_process(c, process->pid, process->doubt_time);
		else
			process->doubt_ended = life == HAS_ENDED;
	}
	compact_doubts(c);
}

/* An event of a process's first thread, which it has not ended before. */
static void take_sign_of_life(struct collector *c, uint32_t pid)
{
	struct process *process = processes_find(&c->processes, pid);

	if (process)
		process->named_last = process->doubted = false;
}

static void take_record(struct collector *c, const struct perf_record *r)
{
	struct perf *p = own(c);
	struct process *process;

	if (r->type != PERF_RECORD_LOST && (!r->pid || r->pid == UINT32_MAX)) /* of another pid namespace, or ended */
		return;
	switch (r->type) {
	case PERF_RECORD_SAMPLE:
		take_sign_of_life(c, r->pid);
		take_sample(c, r);
		break;
	case PERF_RECORD_COMM:
		if (r->pid == r->tid)
			take_sign_of_life(c, r->pid);
		take_name(c, r);
		if (r->pid == r->tid && (process = processes_find(&c->processes, r->pid)))
			process->named_last = true;
		break;
	case PERF_RECORD_FORK:
		take_sign_of_life(c, r->other_pid);
		if (r->pid == r->tid)
			collector_fork(c, r->other_pid, r->pid, perf_time(p, r));
		else
			collector_thread(c, r->pid);
		break;
	case PERF_RECORD_EXIT:
		if (r->pid == r->tid)
			take_end(c, r);
		else
			collector_exit(c, &(struct exit_event){.pid = r->pid, .tid = r->tid, .time = perf_time(p, r), .status = -1});
		break;
	case PERF_RECORD_LOST:
		collector_lose(c, r->lost);
	}
}

/* Looks at all rings twice. What is in one at the first look was written before what the second look has not seen, on whatever CPU:
 * so up to there all is in order. */
static bool look(struct perf *p)
{
	bool some = false;

	for (int cpu = 0; cpu < p->cpus; cpu++) {
		struct cpu *c = &p->cpu[cpu];

		if (!c->mapped)
			continue;
		ring_update(&c->ring);
		c->limit = c->ring.head;
		some |= c->limit != c->ring.tail;
	}
	for (int cpu = 0; some && cpu < p->cpus; cpu++)
		if (p->cpu[cpu].mapped)
			ring_update(&p->cpu[cpu].ring);
	return some;
}

/* The CPU with the oldest record; NULL: all that the first look has seen has been taken. */
static struct cpu *oldest(struct perf *p, struct perf_record *r)
{
	struct cpu *first = NULL;
	bool some = false;

	for (int cpu = 0; cpu < p->cpus; cpu++) {
		struct cpu *c = &p->cpu[cpu];
		struct perf_record next;

		if (!c->mapped || !perf_peek(p, &c->ring, &next))
			continue;
		some |= (ptrdiff_t)(c->limit - c->ring.tail) > 0;
		if (first && first->next <= next.time)
			continue;
		c->next = next.time;
		first = c;
		*r = next;
	}
	return some ? first : NULL;
}

#define LOOK_NS 1000000000ULL

/* Opens the rings of CPUs that have come online since, and closes those of CPUs that have gone. */
static void look_at_cpus(struct collector *c)
{
	struct perf *p = own(c);
	struct error err;

	for (int cpu = 0; cpu < p->cpus; cpu++) {
		if (p->cpu[cpu].mapped && perf_is_deaf(&p->cpu[cpu])) {
			perf_close_cpu(&p->cpu[cpu]);
			if (cpu < CATCHERS_MOST)
				c->catchers.runs[cpu] = false; /* its event is deaf, too */
		}
		if (!p->cpu[cpu].mapped && perf_map_cpu(p, cpu, &err))
			perf_close_cpu(&p->cpu[cpu]);
	}
}

/* No more at a time, or what has been decided would wait. */
#define LOOKS_MOST 8

static void take(struct collector *c)
{
	struct perf *p = own(c);
	struct perf_record record;
	struct cpu *cpu;

	c->more = false;
	for (int i = 0; look(p); i++) {
		c->more = i == LOOKS_MOST;
		if (c->more)
			break;
		while ((cpu = oldest(p, &record))) {
			take_record(c, &record);
			/* The environment is behind the arguments. */
			ring_next(&cpu->ring);
		}
	}
	if (!c->more && p->doubt_count)
		settle_doubts(c);
	if (monotonic_ns() < p->next_look)
		return;
	p->next_look = monotonic_ns() + LOOK_NS;
	look_at_cpus(c);
}

/* How soon one that is about to end is looked at again. */
#define DOUBT_NS 1000000ULL

static uint64_t wait_ns(const struct collector *c)
{
	const struct perf *p = own(c);

	return p->doubt_count ? DOUBT_NS : UINT64_MAX;
}

static size_t poll_fds(const struct collector *c, struct pollfd *fds)
{
	const struct perf *p = own(c);
	size_t count = 0;

	for (int cpu = 0; cpu < p->cpus && count < COLLECTOR_FDS; cpu++)
		if (p->cpu[cpu].mapped)
			fds[count++] = (struct pollfd){.fd = p->cpu[cpu].fds[0], .events = POLLIN};
	return count;
}

/* ---- the clock ---- */

/* Without a clock of our choice, the kernel's: a record that we make ourselves, between two looks at ours, tells how far it is
 * behind. */
static void learn_clock(struct collector *c)
{
	struct perf *p = own(c);
	uint64_t before = collector_now(c), behind;
	struct perf_record r;

	if (p->can.clock)
		return;
	prctl(PR_SET_NAME, "execsnoop:coll");
	behind = collector_now(c);
	for (int cpu = 0; cpu < p->cpus; cpu++) {
		struct cpu *at = &p->cpu[cpu];

		if (!at->mapped)
			continue;
		for (ring_update(&at->ring); perf_peek(p, &at->ring, &r); ring_next(&at->ring))
			if (r.type == PERF_RECORD_COMM && r.tid == (uint32_t)getpid())
				p->ahead = (int64_t)((before + behind) / 2 - r.time);
	}
}

/* ---- start and end ---- */

static int open_events(struct collector *c, struct error *err)
{
	return perf_open_events(own(c), c->base.proc, err);
}

static void close_events(struct collector *c)
{
	perf_close_events(own(c));
}

static int begin(struct collector *c, struct error *err)
{
	struct perf *p = own(c);
	int ret = 0;

	for (int cpu = 0; !ret && cpu < p->cpus; cpu++)
		ret = perf_map_cpu(p, cpu, err);
	if (!ret)
		learn_clock(c);
	return ret;
}

#define FUNCTIONS .open = open_events, .close = close_events, .begin = begin, .poll_fds = poll_fds, .take = take, .wait = wait_ns
#define THREADS .open = perf_thread_open, .wait = perf_thread_wait, .ids = true

static struct source *open_source(const struct collector_ops *ops, bool tracepoint, const struct request *request, struct error *err)
{
	struct perf *p = calloc(1, sizeof(*p));

	if (p)
		p->tracepoint = tracepoint;
	return collector_new(ops, request, p, err);
}

struct source *perf_open(const struct request *request, struct error *err)
{
	static const struct catcher_ops threads = {THREADS};
	static const struct collector_ops ops = {FUNCTIONS, .catch = &threads};

	return open_source(&ops, true, request, err);
}

struct source *sideband_open(const struct request *request, struct error *err)
{
	static const struct catcher_ops threads = {THREADS, .early = true};
	static const struct collector_ops ops = {FUNCTIONS, .catch = &threads, .early = true};

	return open_source(&ops, false, request, err);
}
