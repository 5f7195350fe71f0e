/* SPDX-License-Identifier: GPL-2.0-only */
/* Execs that were seen by an event, and whose strings were read from /proc: each waits until it is certain that they are its own,
 * and not those of what the process executed next, or of another process by the same id. A wrong argument is worse than none. */
#ifndef SIGHTINGS_H
#define SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/image.h"
#include "source/processes.h"

struct sighting {
	struct sighting *next;
	struct exec exec; /* its name and arguments are not filled: they are in `strings` */
	struct image_strings strings;
	struct details details; /* likewise */
	uint64_t details_until; /* when they had been read */
	struct exec_ancestor *chain; /* NULL: not wanted */
	uint32_t chain_count;
	struct image image; /* whose strings these are; not known: all 0 */
	bool has_image;	    /* the event told it, so that only strings of that image are taken, and are certain */
	uint64_t read_at, read_until; /* when, as exec's times; 0: nothing has been read */
	struct process *process; /* NULL: it is decided */
	struct sighting *before, *next_exec; /* of the same process, if they are not decided */
	bool named; /* the name came with the event */
	bool certain; /* the strings are its own */
	uint64_t look_again; /* when, since the image was still being built at the last look; 0: it was not */
};

/* In the order of the events. */
struct sightings {
	struct sighting *first, *last;
	struct sighting *unasked; /* the first of those for which /proc has not been asked for the rest; they are the last ones */
	size_t bytes; /* of strings and details */
	bool stands; /* a process stands while its exec is looked at: whatever the clock says, the strings are its own */
	bool early; /* events come before the arguments are in place (perf's COMM records), not behind that */
};

/* How long an exec waits for what would show that its strings are not its own: longer than the kernel takes from where a
 * program's arguments are there to where the event tells it. */
#define DECIDE_NS 50000000ULL

/* Above so many bytes, the oldest are not waited for: they are told without their strings. */
#define SIGHTINGS_BYTES (64U << 20)

/* Adds an exec of the process; NULL for that: it is decided from the start. NULL: no memory. */
struct sighting *sightings_add(struct sightings *sightings, struct process *process, const struct exec *exec);

/* Fills its strings and details from a reading, whose bytes it takes over, unless it has some or is decided. */
void sightings_fill(struct sightings *sightings, struct sighting *sighting, struct reading *reading);

/* Gives it the name that its process had when it ended, since it is not known otherwise. */
void sighting_name(struct sighting *sighting, const char *comm);

/* When the process is to be looked at again; UINT64_MAX: never. */
uint64_t sighting_next_look(const struct sighting *sighting);

/* The process has ended at that time: decides its last exec. */
void sightings_end(struct sightings *sightings, struct process *process, uint64_t time);

/* The oldest, if it is decided, or at that time it has waited long enough; all: it need not wait. The caller frees it by
 * sighting_free(). NULL: none. */
struct sighting *sightings_take(struct sightings *sightings, uint64_t time, bool all);
void sighting_free(struct sighting *sighting);

/* Nanoseconds until the oldest may be taken; UINT64_MAX: there is none. */
uint64_t sightings_wait(const struct sightings *sightings, uint64_t time);

#endif
