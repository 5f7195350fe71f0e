#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdint.h>

/* CLOCK_MONOTONIC and CLOCK_REALTIME, in nanoseconds. */
uint64_t monotonic_ns(void);
uint64_t realtime_ns(void);

/* The size of a time in RFC 3339's form, in UTC, with nanoseconds: 2026-11-24T06:52:01.123456789Z and a NUL. */
#define TIME_ISO 31

/* Writes it. ns: since 1970. */
void time_iso(int64_t ns, char text[TIME_ISO]);

#endif
