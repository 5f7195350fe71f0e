/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_REALTIME, in nanoseconds. */
uint64_t monotonic_ns(void);
uint64_t boottime_ns(void);
uint64_t realtime_ns(void);

/* CLOCK_REALTIME - CLOCK_MONOTONIC. It is the same until somebody sets the clock, so what only two looks make of it is no
 * change: they are some time apart. */
struct wall_clock {
	int64_t offset, error; /* ns: it is right to so much */
};
struct wall_clock wall_clock_look(void);

/* The same of CLOCK_BOOTTIME - CLOCK_MONOTONIC, which changes while the machine is suspended. */
struct wall_clock boot_clock_look(void);

/* Takes what was seen, if the clock has been set meanwhile. */
void wall_clock_update(struct wall_clock *clock, struct wall_clock seen);

/* By how many ns our CLOCK_MONOTONIC is ahead of the initial time namespace's, which lies between the two numbers; exactly, if
 * the text of /proc/self/timens_offsets says so. */
int64_t clock_offset(const char *timens_offsets, int64_t least, int64_t most);

/* By how many ns our CLOCK_BOOTTIME is ahead of that one's, as the text says; 0 if it does not. */
int64_t boot_offset(const char *timens_offsets);

/* The size of a time in RFC 3339's form, in UTC, with nanoseconds: 2026-11-24T06:52:01.123456789Z and a NUL. */
#define TIME_ISO 31

/* Writes it. ns: since 1970. */
void time_iso(int64_t ns, char text[TIME_ISO]);

#endif
