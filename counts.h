/* What the programs count, by lane, and what the kernel counts of them. */
#ifndef COUNTS_H
#define COUNTS_H

#include "tracer.h"

/* Copies each lane's. NULL: it cannot be had; the caller frees it. */
struct counts *read_counts(const struct tracer *tracer);

/* How many failed calls there were whose return was not seen. */
struct missed count_missed(const struct tracer *tracer);

#endif
