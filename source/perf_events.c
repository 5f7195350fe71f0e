/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "source/perf_events.h"
#include "kernel/mounts.h"
#include "kernel/tracefs.h"
#include "loader.h"
#include "source/cpus.h"

/* A ring holds some 250 execs with stacks; it is looked at when the first record comes. */
#define RING_BYTES (4U << 20)
#define RING_LEAST (256U << 10)

static void set_clock(struct perf_event_attr *attr, const struct abilities *can)
{
	attr->use_clockid = can->clock;
	attr->clockid = can->clock ? CLOCK_MONOTONIC : 0;
}

struct perf_event_attr perf_record_event(const struct perf *p)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		/* Without the dummy, a clock that hardly ever ticks. */
		.config = p->can.dummy ? PERF_COUNT_SW_DUMMY : PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = p->can.dummy ? 0 : 1ULL << 62,
		.sample_type = SAMPLE_COMMON,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED,
		.sample_id_all = 1,
		.comm = 1,
		.comm_exec = p->can.comm_exec,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};

	set_clock(&attr, &p->can);
	return attr;
}

struct perf_event_attr perf_exec_event(const struct perf *p)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = p->id,
		.sample_period = 1,
		.sample_type = SAMPLE_COMMON | PERF_SAMPLE_RAW | (p->stack ? SAMPLE_STACK : 0),
		.sample_regs_user = p->stack ? stack_register() : 0,
		.sample_stack_user = p->stack ? STACK_BYTES : 0,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};

	set_clock(&attr, &p->can);
	return attr;
}

/* Opens an event on any CPU, only to see whether the kernel takes it. 0 or -errno. */
static int try_event(const struct perf_event_attr *attr)
{
	int fd = -ENODEV;

	for (int cpu = 0; fd == -ENODEV && cpu < 4096; cpu++)
		fd = event_open(attr, cpu);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Flags that a kernel does not know are EINVAL, the dummy is ENOENT. From new to old. */
static int find_abilities(struct perf *p, struct error *err)
{
	static const struct abilities rows[] = {
		{true, true, true}, {false, true, true}, {false, false, true}, {false, false, false},
	};
	int ret = -EINVAL;

	for (size_t i = 0; (ret == -EINVAL || ret == -E2BIG || ret == -ENOENT) && i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct perf_event_attr attr;

		p->can = rows[i];
		attr = perf_record_event(p);
		ret = try_event(&attr);
	}
	return ret ? error_set(err, -ret, "cannot open a perf event for records of processes: %s; %s", strerror(-ret),
			       perf_advice(-ret)) : 0;
}

static int find_tracepoint(struct perf *p, struct error *err)
{
	static const char event[] = "sched/sched_process_exec";
	struct perf_event_attr attr;
	const char *where;
	int tracefs = open_tracefs(&where, err), ret;

	if (tracefs < 0)
		return tracefs;
	ret = tracepoint_id(tracefs, event, &p->id, err);
	if (!ret)
		ret = tracepoint_field(tracefs, event, "filename", 4, &p->filename, err);
	close(tracefs);
	if (ret)
		return ret;
	p->stack = stack_register();
	attr = perf_exec_event(p);
	ret = try_event(&attr);
	if (ret == -EINVAL || ret == -E2BIG || ret == -EOPNOTSUPP || ret == -ENOSYS) {
		p->stack = false;
		attr = perf_exec_event(p);
		ret = try_event(&attr);
	}
	return ret ? error_set(err, -ret, "cannot open a perf event on the tracepoint %s: %s; %s", event, strerror(-ret),
			       perf_advice(-ret)) : 0;
}

static int open_cpu(struct perf *p, int cpu, struct error *err)
{
	struct perf_event_attr attr = perf_record_event(p);
	struct cpu *c = &p->cpu[cpu];
	int fd;

	c->fds[0] = event_open(&attr, cpu);
	if (c->fds[0] >= 0 && p->tracepoint) {
		attr = perf_exec_event(p);
		c->fds[1] = event_open(&attr, cpu);
	}
	if (c->fds[0] >= 0 && (!p->tracepoint || c->fds[1] >= 0))
		return 0;
	fd = c->fds[0] < 0 ? c->fds[0] : c->fds[1];
	if (fd == -ENODEV) /* it is offline */
		return 0;
	return error_set(err, -fd, "cannot open a perf event on CPU %d: %s; %s", cpu, strerror(-fd), perf_advice(-fd));
}

void perf_close_cpu(struct cpu *c)
{
	if (c->fds[1] >= 0)
		close(c->fds[1]);
	if (c->mapped)
		ring_unmap(&c->ring);
	else if (c->fds[0] >= 0)
		close(c->fds[0]);
	c->mapped = false;
	c->fds[0] = c->fds[1] = -1;
}

int perf_open_events(struct perf *p, int proc, struct error *err)
{
	int ret = p->tracepoint ? find_tracepoint(p, err) : 0;

	if (!ret)
		ret = find_abilities(p, err);
	if (ret)
		return ret;
	if (!p->tracepoint && !p->can.comm_exec)
		return error_set(err, ENOTSUP, "records of processes do not tell which new names come from an exec: this needs "
				 "Linux 3.16");
	p->cpus = possible_cpus(-1, proc);
	p->cpu = calloc((size_t)p->cpus, sizeof(*p->cpu));
	if (!p->cpu)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	for (int cpu = 0; cpu < p->cpus; cpu++)
		p->cpu[cpu].fds[0] = p->cpu[cpu].fds[1] = -1;
	for (int cpu = 0; !ret && cpu < p->cpus; cpu++)
		ret = open_cpu(p, cpu, err);
	return ret;
}

void perf_close_events(struct perf *p)
{
	for (int cpu = 0; p->cpu && cpu < p->cpus; cpu++)
		perf_close_cpu(&p->cpu[cpu]);
	free(p->cpu);
	p->cpu = NULL;
}

/* Its own descriptor of a ring that the kernel gives to no child (VM_DONTCOPY) can be mapped in one. The tracepoint's samples go
 * there, too. */
int perf_map_cpu(struct perf *p, int cpu, struct error *err)
{
	struct cpu *c = &p->cpu[cpu];
	int ret = c->fds[0] < 0 ? open_cpu(p, cpu, err) : 0;

	if (ret || c->fds[0] < 0)
		return ret;
	ret = -1;
	for (size_t size = RING_BYTES; ret && size >= RING_LEAST; size /= 2)
		ret = ring_map(&c->ring, c->fds[0], size, err);
	if (ret)
		return ret;
	c->mapped = true;
	c->enabled = 0;
	if (p->tracepoint && ioctl(c->fds[1], (int)PERF_EVENT_IOC_SET_OUTPUT, c->fds[0]))
		return error_set(err, errno, "cannot put a tracepoint's samples into the ring of CPU %d: %s", cpu, strerror(errno));
	return 0;
}

/* The kernel takes the events of a CPU that goes, as all but one do while the machine is suspended, off it, and does not put them
 * back: their time stands still. */
bool perf_is_deaf(struct cpu *c)
{
	uint64_t values[2] = {0}, before = c->enabled; /* count, time enabled */

	if (read(c->fds[0], values, sizeof(values)) != sizeof(values))
		return true;
	c->enabled = values[1];
	return values[1] == before;
}

/* One that is not known is stepped over. */
bool perf_peek(const struct perf *p, struct ring *ring, struct perf_record *r)
{
	const void *bytes;

	while ((bytes = ring_peek_any(ring))) {
		if (sample_parse(bytes, ring->current, p->stack, r))
			return true;
		ring_next(ring);
	}
	return false;
}
