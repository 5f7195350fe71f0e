/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "source/cpus.h"
#include "kernel/cpulist.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/say.h"
#include "loader.h"

/* The default size of each of a CPU's two rings: 4 MiB, which a command line of 2 MiB (the most that the default
 * stack limit allows) does not fill, and which holds a storm of execs (5 MB/s a CPU) for most of a
 * second. But all rings together take no more than a 64th of the memory, and 64 MiB. */
#define RING_MOST (4U << 20)
#define RING_LEAST (64U << 10)
#define RINGS_MOST (64U << 20)

/* How much a ring holds when it wakes us; a quarter of a smaller one. */
#define WATERMARK (256U << 10)

/* A list of CPUs in sysfs has a page at most (cpumap_print_to_pagebuf in lib/bitmap.c), which every other of 1,000 CPUs
 * fills. */
#define LIST_SIZE 16384

int possible_cpus(int sysfs, int proc)
{
	/* The kernel's own mask, in bits; it may have more than there can be CPUs. */
	static const int most = 8192;
	char text[LIST_SIZE];
	int cpus = 0, length;
	long mask;

	if ((length = read_file(sysfs, "devices/system/cpu/possible", text, sizeof(text))) > 0)
		cpus = cpus_in_list(text, (size_t)length);
	if (!cpus && read_file(proc, "softirqs", text, sizeof(text)) > 0)
		cpus = cpus_in_softirqs(text);
	if (!cpus) {
		mask = syscall(SYS_sched_getaffinity, 0, sizeof(text), text);
		cpus = mask > 0 ? (int)mask * 8 : 1;
	}
	return cpus < 1 ? 1 : cpus > most ? most : cpus;
}

/* Whether much comes through a lane of the kind; others have a quarter of the room. */
static bool has_large_rings(const struct tracer *t, int kind)
{
	return kind == LANE_EXEC || kind == LANE_FAIL || (kind == LANE_END && t->base.request->exits);
}

/* How often the size of a large ring, in quarters, a CPU's rings have together: half of them, since a lane has two. */
static uint64_t count_quarters(const struct tracer *t)
{
	uint64_t quarters = 0;

	for (int kind = 0; kind < tracer_rings(t) / t->cpus; kind++)
		quarters += has_large_rings(t, kind) ? 4 : 1;
	return quarters;
}

/* Bytes of each CPU's ring that are wanted: a power of 2, and a page at least. */
static uint64_t wanted_ring_size(const struct tracer *t)
{
	uint64_t page = getauxval(AT_PAGESZ), size = page, wanted = t->base.request->ring_size;
	uint64_t most = RINGS_MOST;
	struct sysinfo info;

	if (!wanted) {
		if (!sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit / 64 < most)
			most = (uint64_t)info.totalram * info.mem_unit / 64;
		wanted = 2 * most / (uint64_t)t->cpus / count_quarters(t);
		wanted = wanted < RING_LEAST ? RING_LEAST : wanted > RING_MOST ? RING_MOST : wanted;
		while (size * 2 <= wanted)
			size *= 2;
		return size;
	}
	while (size < wanted)
		size *= 2;
	return size;
}

uint64_t lane_ring_size(const struct tracer *t, int lane)
{
	if (has_large_rings(t, lane / t->cpus) || t->ring_size <= RING_LEAST)
		return t->ring_size;
	return t->ring_size / 4 < RING_LEAST ? RING_LEAST : t->ring_size / 4;
}

/* Opens one of a lane's two rings, and hands it to BPF. 0; -ENODEV without a message: the CPU is offline. */
static int open_ring(struct tracer *t, int lane, enum map map, struct ring *ring, struct error *err)
{
	int cpu = lane % t->cpus;
	uint64_t size = lane_ring_size(t, lane);
	/* On the stack there is no room for a failed call's strings: they are asked for, so at once. */
	bool at_once = t->base.request->fails && !feature_is_here(&t->base.features, FEATURE_MAP_BUFFERS);
	uint32_t watermark = at_once ? 1 : (uint32_t)(size < 4 * WATERMARK ? size / 4 : WATERMARK);
	int fd = ring_event_open(cpu, watermark, err), ret;

	if (fd < 0)
		return fd;
	ret = ring_map(ring, fd, (size_t)size, err);
	if (ret) {
		close(fd);
		return ret;
	}
	ret = map_update(t->link.maps[map], &lane, &fd);
	if (!ret)
		return 0;
	ring_unmap(ring);
	return error_set(err, -ret, "cannot hand the ring of CPU %d to BPF: %s", cpu, strerror(-ret));
}

/* Opens a lane's rings. What is sent is first in the one, then in the other, so that is opened first. */
static int open_lane(struct tracer *t, int lane, struct ring rings[2], struct error *err)
{
	int ret = open_ring(t, lane, MAP_bulk_rings, &rings[1], err);

	if (ret)
		return ret;
	ret = open_ring(t, lane, MAP_rings, &rings[0], err);
	if (ret) {
		ring_unmap(&rings[1]);
		return ret;
	}
	for (int i = 0; i < 2; i++)
		t->watches[lane].fds[i] = rings[i].fd;
	return 0;
}

static int open_all_rings(struct tracer *t, struct error *err)
{
	const struct request *request = t->base.request;
	int rings = tracer_rings(t);
	int ret = records_init(&t->records, (size_t)rings, t->cpus, t->base.proc_is_initial ? t->base.proc : -1, t->base.clock_ahead);

	if (ret)
		return error_set(err, -ret, "cannot get memory for %d CPUs: %s", t->cpus,
				 strerror(-ret));
	t->records.gathering.most = request->max_bytes;
	t->records.gathering.more = t->more[0] + t->more[1] + t->more[2];
	t->records.gathering.most_strings = (size_t)request->max_args; /* 32 bits */
	t->base.merge = &t->records.merge;
	for (int lane = 0; lane < rings; lane++) {
		struct ring opened[2];

		ret = open_lane(t, lane, opened, err);
		if (ret && ret != -ENODEV)
			return ret;
		if (!ret)
			records_add(&t->records, &opened[0], &opened[1], lane);
	}
	return 0;
}

/* Rings of the default size may be more than is there (ENOMEM), or than one may lock without CAP_IPC_LOCK
 * (EPERM): smaller ones will do. */
int open_rings(struct tracer *t, struct error *err)
{
	uint64_t wanted = wanted_ring_size(t);
	char why[512] = "";
	int ret;

	t->watches = calloc((size_t)tracer_rings(t), sizeof(*t->watches));
	if (!t->watches)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));

	for (t->ring_size = wanted;; t->ring_size /= 2) {
		ret = open_all_rings(t, err);
		if ((ret != -ENOMEM && ret != -EPERM) || t->base.request->ring_size || t->ring_size <= RING_LEAST)
			break;
		if (!*why)
			format_text(why, sizeof(why), "%s", err->text);
		records_free(&t->records);
	}
	if (!ret && *why)
		say("warning: rings of %" PRIu64 " KiB a CPU, not %" PRIu64 ": %s", t->ring_size / 1024, wanted / 1024, why);
	return ret;
}

/* Finds out which CPUs' rings are deaf: what one lane has reported since the last look went nowhere, so that of all others
 * will. The CPU has been away so shortly that nobody saw it, as while the machine was suspended. */
static void listen(struct tracer *t)
{
	for (int lane = 0; t->counts && lane < tracer_rings(t); lane++) {
		const struct counts *counts = &t->counts[lane];
		bool nowhere = counts->result == -EOPNOTSUPP || counts->result == -ENOENT;

		for (int other = lane % t->cpus; nowhere && counts->seq != t->watches[lane].seq && other < tracer_rings(t);
		     other += t->cpus)
			t->watches[other].deaf = true;
		t->watches[lane].seq = counts->seq;
	}
}

int look_at_cpus(struct source *source, const uint8_t *has, uint8_t *remove)
{
	struct tracer *t = (struct tracer *)source;
	char online[LIST_SIZE];
	int length = read_file(t->sysfs, "devices/system/cpu/online", online, sizeof(online)), wanted = 0;

	listen(t);
	for (int lane = 0; lane < tracer_rings(t); lane++) {
		enum presence presence = length < 0 ? CPU_UNKNOWN : cpu_in_list(online, (size_t)length, lane % t->cpus);
		struct watch *w = &t->watches[lane];

		/* The kernel lets go of the event of a CPU that goes, and does not take it back. */
		remove[lane] = has[lane] && (presence == CPU_OFFLINE || w->deaf);
		w->wanted = !has[lane] && presence != CPU_OFFLINE;
		wanted += w->wanted;
	}
	return wanted;
}

int open_wanted_lane(struct source *source, struct ring rings[2])
{
	struct tracer *t = (struct tracer *)source;

	for (int lane = 0; lane < tracer_rings(t); lane++) {
		struct watch *w = &t->watches[lane];
		struct error err;

		if (!w->wanted)
			continue;
		w->wanted = false;
		for (int i = 0; i < 2; i++) {
			if (w->mapped)
				ring_unmap(&w->rings[i]);
			else if (t->is_helper && w->fds[i])
				close(w->fds[i]);
			w->fds[i] = 0;
		}
		w->mapped = false;
		if (open_lane(t, lane, rings, &err)) /* if not now, then the next time */
			continue;
		w->deaf = false;
		/* Its memory is counted against the process that maps it first, and this one may lock it. */
		w->mapped = t->is_helper;
		memcpy(w->rings, rings, sizeof(w->rings));
		return lane;
	}
	return -1;
}

void add_rings(struct source *source, int lane, const struct ring rings[2])
{
	records_add(&((struct tracer *)source)->records, &rings[0], &rings[1], lane);
}

bool remove_rings(struct source *source, int lane)
{
	return records_remove(&((struct tracer *)source)->records, lane);
}

bool has_rings(const struct source *source, int lane)
{
	return records_has(&((const struct tracer *)source)->records, lane);
}

void poll_rings(const struct source *source, struct pollfd *fds)
{
	records_poll_fds(&((const struct tracer *)source)->records, fds);
}
