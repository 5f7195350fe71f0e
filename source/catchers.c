/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/catchers.h"
#include "lib/timestamp.h"

/* Above so many bytes of strings that nobody has taken, no more are read. */
#define BYTES_MOST (64U << 20)
#define STACK_SIZE (256U << 10)

/* Where execs are told early, so many can wait for their arguments; and they are looked for at such intervals, so many times. */
#define WAITING_MOST 16
#define TRIES_MOST 200
#define FIRST_NS 20000
#define LAST_NS 1000000
/* After so many looks, they take no more than one part in so many of the time in between. */
#define TRIES_QUICK 16
#define COST_SHARE 3

struct waiting {
	uint32_t pid;
	uint64_t time;
	int tries;
};

struct thread {
	struct catchers *catchers;
	int cpu;
	void *handle;
	struct waiting waiting[WAITING_MOST];
	size_t count;
	uint64_t cost; /* ns that the last looks took */
};

static void add(struct catchers *all, struct catch *caught)
{
	pthread_mutex_lock(&all->lock);
	if (all->last)
		all->last->next = caught;
	else
		all->first = caught;
	all->last = caught;
	all->bytes += sizeof(*caught) + caught->reading.strings.args_length + details_bytes(&caught->reading.details);
	pthread_mutex_unlock(&all->lock);
}

/* Not 0. Not every architecture has 64-bit atomic operations. */
static uint32_t now_ms(void)
{
	uint32_t ms = (uint32_t)(monotonic_ns() / 1000000);

	return ms ? ms : 1;
}

/* Reads. false: it is too early. last: or it has no arguments. */
static bool catch_one(struct catchers *all, int cpu, uint32_t pid, uint64_t time, bool last)
{
	struct catch *caught = __atomic_load_n(&all->bytes, __ATOMIC_RELAXED) < BYTES_MOST ? calloc(1, sizeof(*caught)) : NULL;

	if (!caught)
		return true;
	*caught = (struct catch){.cpu = cpu, .pid = pid, .time = time, .exec = {.pid = pid}};
	__atomic_store_n(&all->reads_since[cpu], now_ms(), __ATOMIC_RELAXED);
	image_read(all->proc, pid, all->wanted, &caught->reading);
	__atomic_store_n(&all->reads_since[cpu], 0, __ATOMIC_RELAXED);
	if (!last && reading_is_early(&caught->reading)) {
		reading_free(&caught->reading);
		free(caught);
		return false;
	}
	if (caught->reading.stat.state)
		passes_ask(all->passes, &caught->exec);
	add(all, caught);
	return true;
}

/* Looks again at those that had no arguments. */
static void look_again(struct thread *t)
{
	uint64_t begin = monotonic_ns();

	for (size_t i = 0; i < t->count;) {
		struct waiting *w = &t->waiting[i];

		if (catch_one(t->catchers, t->cpu, w->pid, w->time, ++w->tries == TRIES_MOST))
			*w = t->waiting[--t->count];
		else
			i++;
	}
	t->cost = monotonic_ns() - begin;
}

static int64_t wait_ns(const struct thread *t)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < t->count; i++) {
		int tries = t->waiting[i].tries;
		int64_t ns = tries < LAST_NS / FIRST_NS ? (int64_t)FIRST_NS * (1 + tries) : LAST_NS;

		/* The program that it waits for needs the CPU, too. */
		if (tries > TRIES_QUICK && ns < (int64_t)t->cost * COST_SHARE)
			ns = (int64_t)t->cost * COST_SHARE;
		if (ns < least)
			least = ns;
	}
	return t->count ? least : -1;
}

static void *run(void *argument)
{
	struct thread *t = argument;
	struct waiting next = {0};

	if (t->catchers->confine)
		t->catchers->confine(false);
	for (;;) {
		if (t->catchers->ops->wait(t->handle, wait_ns(t), &next.pid, &next.time) &&
		    !catch_one(t->catchers, t->cpu, next.pid, next.time, !t->catchers->ops->early || t->count == WAITING_MOST))
			t->waiting[t->count++] = next;
		else if (t->count)
			look_again(t);
	}
	return NULL;
}

/* musl has no sched_setscheduler(2): it is a thread's, not a process's as POSIX has it. The caller becomes one of those threads
 * for a moment, because a thread inherits that; another one could not be seen to fail. */
static int change_scheduling(int policy, int priority)
{
	const struct sched_param param = {.sched_priority = priority};

	return syscall(SYS_sched_setscheduler, 0, policy, &param) ? -errno : 0;
}

static void start_one(struct catchers *all, int cpu, const pthread_attr_t *attributes)
{
	struct thread *t = calloc(1, sizeof(*t));
	cpu_set_t set;
	pthread_t thread;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (!t || sched_setaffinity(0, sizeof(set), &set)) { /* it is offline */
		free(t);
		return;
	}
	*t = (struct thread){.catchers = all, .cpu = cpu, .handle = all->ops->open(all->context, cpu)};
	if (t->handle && !pthread_create(&thread, attributes, run, t))
		all->runs[cpu] = true;
	else
		free(t);
}

void catchers_start(struct catchers *all, int cpus)
{
	pthread_attr_t attributes;
	cpu_set_t before;

	pthread_mutex_init(&all->lock, NULL);
	if (cpus > CATCHERS_MOST || sched_getaffinity(0, sizeof(before), &before) || change_scheduling(SCHED_FIFO, 1))
		return;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (int cpu = 0; cpu < cpus; cpu++)
		start_one(all, cpu, &attributes);
	pthread_attr_destroy(&attributes);
	sched_setaffinity(0, sizeof(before), &before);
	change_scheduling(SCHED_OTHER, 0);
}

#define HELD_UP_MS 50

bool catchers_read(const struct catchers *all, int cpu)
{
	uint32_t since;

	if (cpu < 0 || cpu >= CATCHERS_MOST || !all->runs[cpu])
		return false;
	since = __atomic_load_n(&all->reads_since[cpu], __ATOMIC_RELAXED);
	return !since || now_ms() - since < HELD_UP_MS;
}

struct catch *catchers_take(struct catchers *all)
{
	struct catch *caught;

	if (!__atomic_load_n(&all->first, __ATOMIC_ACQUIRE))
		return NULL;
	pthread_mutex_lock(&all->lock);
	caught = all->first;
	all->first = caught->next;
	if (!all->first)
		all->last = NULL;
	all->bytes -= sizeof(*caught) + caught->reading.strings.args_length + details_bytes(&caught->reading.details);
	pthread_mutex_unlock(&all->lock);
	caught->next = NULL;
	return caught;
}
