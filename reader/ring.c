/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader/ring.h"

/* The part that PERF_SAMPLE_RAW adds to a record of type PERF_RECORD_SAMPLE. */
struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	/* then size bytes */
};

int ring_map(struct ring *ring, int fd, size_t size, struct error *err)
{
	size_t page = getauxval(AT_PAGESZ);
	void *p = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int errnum = errno;

	if (p == MAP_FAILED)
		return error_set(err, errnum, "cannot map a ring of %zu KiB: %s; %s", size >> 10,
				 strerror(errnum),
				 errnum == EPERM ? "raise /proc/sys/kernel/perf_event_mlock_kb, or run "
						   "it with CAP_IPC_LOCK"
						 : "free some memory");
	*ring = (struct ring){.fd = fd, .page = p, .data = (uint8_t *)p + page, .size = size};
	ring->wrapped = mmap(NULL, RECORD_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	if (ring->wrapped == MAP_FAILED) {
		errnum = errno;
		munmap(p, page + size);
		return error_set(err, errnum, "cannot get memory for a ring: %s", strerror(errnum));
	}
	return 0;
}

void ring_unmap(struct ring *ring)
{
	munmap(ring->wrapped, RECORD_MAX);
	if (ring->spill)
		munmap(ring->spill, ring->size);
	munmap(ring->page, getauxval(AT_PAGESZ) + ring->size);
	close(ring->fd);
}

/* The kernel's own positions are longs, which it puts into these of 8 bytes; and of ours it looks at the offset in the
 * ring alone (CIRC_SPACE in __perf_output_begin, kernel/events/ring_buffer.c). So a long is enough, and the only thing
 * that a 32-bit processor reads and writes at once. */
static volatile size_t *position(__u64 *in_page)
{
	_Static_assert(sizeof(size_t) == 8 || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lower half comes first");
	return (volatile size_t *)in_page;
}

void ring_update(struct ring *ring)
{
	ring->head = *position(&ring->page->data_head);
	/* Pairs with the kernel's store of the head behind the record (perf_output_put_handle). */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static void release(struct ring *ring, uint32_t size)
{
	ring->tail += size;
	ring->current = 0;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	/* The kernel may write here once it sees this. */
	*position(&ring->page->data_tail) = ring->tail;
}

/* `size` bytes at `offset` behind the tail, in one piece. */
static const void *at_tail(struct ring *ring, uint32_t size)
{
	size_t at = ring->tail & (ring->size - 1);

	if (at + size <= ring->size)
		return ring->data + at;
	memcpy(ring->wrapped, ring->data + at, ring->size - at);
	memcpy(ring->wrapped + (ring->size - at), ring->data, size - (ring->size - at));
	return ring->wrapped;
}

void ring_spill(struct ring *ring)
{
	ring_update(ring);
	if (!ring->spill) {
		void *p = mmap(NULL, ring->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return;
		ring->spill = p;
	}
	ring->current = 0;
	while (ring->tail != ring->head) {
		const struct perf_event_header *header = (const void *)(ring->data + (ring->tail & (ring->size - 1)));
		uint32_t size = header->size;

		if (size < sizeof(*header) || size > ring->size - ring->spill_to)
			return;
		memcpy(ring->spill + ring->spill_to, at_tail(ring, size), size);
		ring->spill_to += size;
		release(ring, size);
	}
}

/* The record that is at the header, if it is one of ours. */
static const void *look_at(struct ring *ring, const struct perf_event_header *header, const void *record)
{
	if (header->type != PERF_RECORD_SAMPLE || header->size < sizeof(struct raw_sample))
		return NULL;
	ring->current = header->size;
	ring->record_size = header->size - (uint32_t)sizeof(struct raw_sample);
	return (const struct raw_sample *)record + 1;
}

#define SPILL_KEPT (256U << 10)

/* Steps over a record that was spilt. */
static void next_spilt(struct ring *ring, uint32_t size)
{
	ring->spill_from += size;
	ring->current = 0;
	if (ring->spill_from < ring->spill_to)
		return;
	if (ring->spill_to > SPILL_KEPT)
		madvise(ring->spill, ring->size, MADV_DONTNEED);
	ring->spill_from = ring->spill_to = 0;
}

const void *ring_peek(struct ring *ring)
{
	const void *record;

	ring->spilt = true;
	while (ring->spill_from < ring->spill_to) {
		const struct perf_event_header *header = (const void *)(ring->spill + ring->spill_from);

		record = look_at(ring, header, header);
		if (record)
			return record;
		next_spilt(ring, header->size);
	}
	ring->spilt = false;
	while (ring->tail != ring->head) {
		/* Records are 8-byte aligned, and so never split their header. */
		const struct perf_event_header *header =
			(const void *)(ring->data + (ring->tail & (ring->size - 1)));
		uint32_t size = header->size;

		record = size >= sizeof(*header) ? look_at(ring, header, at_tail(ring, size)) : NULL;
		if (record)
			return record;
		/* PERF_RECORD_LOST counts records; the gap in seq counts what it means, execs. */
		release(ring, size ? size : (uint32_t)(ring->head - ring->tail));
	}
	return NULL;
}

const void *ring_peek_any(struct ring *ring)
{
	const struct perf_event_header *header = (const void *)(ring->data + (ring->tail & (ring->size - 1)));
	uint32_t size = header->size;

	ring->spilt = false;
	if (ring->tail == ring->head)
		return NULL;
	if (size < sizeof(*header)) { /* what cannot be: nothing behind it can be told apart */
		release(ring, (uint32_t)(ring->head - ring->tail));
		return NULL;
	}
	ring->current = size;
	return at_tail(ring, size);
}

void ring_next(struct ring *ring)
{
	if (ring->current && ring->spilt)
		next_spilt(ring, ring->current);
	else if (ring->current)
		release(ring, ring->current);
}
