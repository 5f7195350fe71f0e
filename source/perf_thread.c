/* SPDX-License-Identifier: GPL-2.0-only */
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "source/perf_thread.h"
#include "loader.h"
#include "source/collector.h"
#include "source/perf_events.h"

#define THREAD_RING_BYTES (64U << 10)
#define GONE_NS 100000000L

struct handle {
	struct perf perf; /* as far as records are read by it */
	struct ring ring;
};

/* An event of its own, which wakes the thread alone: without a stack. */
void *perf_thread_open(void *context, int cpu)
{
	struct handle *h = calloc(1, sizeof(*h));
	struct perf_event_attr attr;
	struct error err;
	int fd;

	if (!h)
		return NULL;
	h->perf = *(const struct perf *)((const struct collector *)context)->own;
	h->perf.stack = false;
	attr = h->perf.tracepoint ? perf_exec_event(&h->perf) : perf_record_event(&h->perf);
	attr.task = 0;
	fd = event_open(&attr, cpu);
	if (fd >= 0 && !ring_map(&h->ring, fd, THREAD_RING_BYTES, &err))
		return h;
	if (fd >= 0)
		close(fd);
	free(h);
	return NULL;
}

static bool next_exec(struct handle *h, uint32_t *pid, uint64_t *time)
{
	const void *bytes;
	struct perf_record r;
	bool found = false;

	for (ring_update(&h->ring); !found && (bytes = ring_peek_any(&h->ring)); ring_next(&h->ring)) {
		if (!sample_parse(bytes, h->ring.current, false, &r))
			continue;
		found = h->perf.tracepoint ? r.type == PERF_RECORD_SAMPLE
					   : r.type == PERF_RECORD_COMM && r.misc & PERF_RECORD_MISC_COMM_EXEC;
		found = found && r.pid && r.pid != UINT32_MAX;
		*pid = r.pid;
		*time = perf_time(&h->perf, &r);
	}
	return found;
}

bool perf_thread_wait(void *handle, int64_t ns, uint32_t *pid, uint64_t *time)
{
	struct handle *h = handle;
	struct pollfd p = {.fd = h->ring.fd, .events = POLLIN};
	struct timespec timeout = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	if (next_exec(h, pid, time))
		return true;
	if (ppoll(&p, 1, ns < 0 ? NULL : &timeout, NULL) <= 0)
		return false;
	/* The CPU has gone offline, and its event with it. At this priority nobody may go round in circles. */
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		nanosleep(&(struct timespec){0, GONE_NS}, NULL);
	return next_exec(h, pid, time);
}
