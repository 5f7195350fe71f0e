/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU's perf ring: the kernel writes records at its head, we take them from its tail.
 * Documentation: perf_event_open(2), "MMAP layout". */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* More bytes than a record has: a perf record's size is a u16. */
#define RECORD_MAX 65536

struct perf_event_mmap_page;

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	const uint8_t *data;
	size_t size; /* bytes, a power of 2 */
	size_t head; /* as of the last ring_update() */
	size_t tail;
	uint32_t current; /* size of the perf record at the tail, 0: not looked at */
	uint32_t record_size; /* bytes of ours in it, padding included */
	/* Records that have been taken out before they were looked at. They come before those in the ring. */
	uint8_t *spill;
	size_t spill_from, spill_to;
	bool spilt; /* the record that was looked at is one of them */
	uint8_t *wrapped; /* where a record is put together that goes round the ring's end */
};

/* Maps the ring of the event `fd` (from ring_event_open(), which the ring then owns). size: bytes, a
 * power of 2 and a multiple of the page. 0 or -errno with err filled. */
int ring_map(struct ring *ring, int fd, size_t size, struct error *err);
void ring_unmap(struct ring *ring);

/* Sees what the kernel has written by now. */
void ring_update(struct ring *ring);

/* Takes all records out of the ring, as far as as many bytes of memory as it has go, so that the kernel has room. What
 * ring_peek() returned before is no longer valid. */
void ring_spill(struct ring *ring);

/* The record at the tail, of ring->record_size bytes, or NULL. Valid until ring_next(). */
const void *ring_peek(struct ring *ring);

/* The same of any kind, with its header: ring->current bytes. For rings that are not spilt. */
const void *ring_peek_any(struct ring *ring);

/* Gives the record at the tail back to the kernel. */
void ring_next(struct ring *ring);

#endif
