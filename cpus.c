#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cpus.h"
#include "format.h"
#include "loader.h"
#include "mounts.h"
#include "programs.h"

/* The default size of a CPU's ring: 4 MiB, which a command line of 2 MiB (the most that the default
 * stack limit allows) does not fill, and which holds a storm of execs (5 MB/s a CPU) for most of a
 * second. But all rings together take no more than a 64th of the memory, and 64 MiB. */
#define RING_MOST (4U << 20)
#define RING_LEAST (64U << 10)
#define RINGS_MOST (64U << 20)

/* How much a ring holds when it wakes us; a quarter of a smaller one. */
#define WATERMARK (256U << 10)

int possible_cpus(int sysfs, struct error *err)
{
	const char *last;
	char text[256];
	int ret = read_file(sysfs, "devices/system/cpu/possible", text, sizeof(text));

	if (ret < 0)
		return error_set(err, -ret, "cannot read sysfs:devices/system/cpu/possible: %s",
				 strerror(-ret));
	/* The last number of a list like "0-3,8". */
	for (last = text + strcspn(text, "\n"); last > text && last[-1] != '-' && last[-1] != ',';)
		last--;
	return atoi(last) + 1;
}

/* Bytes of each CPU's ring that are wanted: a power of 2, and a page at least. */
static uint64_t wanted_ring_size(const struct tracer *t)
{
	uint64_t page = getauxval(AT_PAGESZ), size = page, wanted = t->options->ring_size;
	uint64_t most = RINGS_MOST;
	struct sysinfo info;

	if (!wanted) {
		if (!sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit / 64 < most)
			most = (uint64_t)info.totalram * info.mem_unit / 64;
		wanted = most / (uint64_t)t->cpus;
		wanted = wanted < RING_LEAST ? RING_LEAST : wanted > RING_MOST ? RING_MOST : wanted;
		while (size * 2 <= wanted)
			size *= 2;
		return size;
	}
	while (size < wanted)
		size *= 2;
	return size;
}

/* Opens a CPU's ring. 0; -ENODEV without a message: the CPU is offline. */
static int open_ring(struct tracer *t, int cpu, struct error *err)
{
	uint64_t size = t->ring_size;
	/* On the stack there is no room for a failed call's strings: they are asked for, so at once. */
	bool at_once = t->options->fails && !feature_is_here(&t->features, FEATURE_MAP_BUFFERS);
	uint32_t watermark = at_once ? 1 : (uint32_t)(size < 4 * WATERMARK ? size / 4 : WATERMARK);
	int fd = ring_event_open(cpu, watermark, err), ret;
	struct ring ring;

	if (fd < 0)
		return fd;
	ret = ring_map(&ring, fd, (size_t)size, err);
	if (ret) {
		close(fd);
		return ret;
	}
	collector_add(&t->collector, &ring, cpu);
	ret = map_update(map_fd(t, MAP_RINGS), &cpu, &fd);
	if (ret)
		return error_set(err, -ret, "cannot hand the ring of CPU %d to BPF: %s", cpu,
				 strerror(-ret));
	return 0;
}

static int open_all_rings(struct tracer *t, struct error *err)
{
	int ret = collector_init(&t->collector, (size_t)t->cpus, t->proc);

	if (ret)
		return error_set(err, -ret, "cannot get memory for %d CPUs: %s", t->cpus,
				 strerror(-ret));
	for (int cpu = 0; cpu < t->cpus; cpu++) {
		ret = open_ring(t, cpu, err);
		if (ret && ret != -ENODEV)
			return ret;
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

	for (t->ring_size = wanted;; t->ring_size /= 2) {
		ret = open_all_rings(t, err);
		if ((ret != -ENOMEM && ret != -EPERM) || t->options->ring_size || t->ring_size <= RING_LEAST)
			break;
		if (!*why)
			format_text(why, sizeof(why), "%s", err->text);
		collector_free(&t->collector);
	}
	if (!ret && *why)
		say("warning: rings of %" PRIu64 " KiB a CPU, not %" PRIu64 ": %s", t->ring_size / 1024, wanted / 1024, why);
	return ret;
}

/* Whether the CPU is in a list like "0-3,8". */
static bool in_list(const char *list, int cpu)
{
	while (isdigit((unsigned char)*list)) {
		char *end;
		long low = strtol(list, &end, 10), high = low;

		if (*end == '-')
			high = strtol(end + 1, &end, 10);
		if (cpu >= low && cpu <= high)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

bool tracer_cover_cpus(struct tracer *t)
{
	char online[1024];
	struct error err;
	bool changed = false;

	if (read_file(t->sysfs, "devices/system/cpu/online", online, sizeof(online)) < 0)
		return false;
	for (int cpu = 0; cpu < t->cpus; cpu++) {
		if (!in_list(online, cpu)) {
			/* The kernel lets go of its event, and does not take it back. */
			changed |= collector_remove(&t->collector, cpu);
		} else if (!collector_has(&t->collector, cpu)) {
			changed |= !open_ring(t, cpu, &err); /* if not now, then the next time */
		}
	}
	return changed;
}
