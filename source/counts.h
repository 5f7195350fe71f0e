/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts that the programs keep for each lane, and those that the kernel keeps for the programs. */
#ifndef COUNTS_H
#define COUNTS_H

#include "source/tracer.h"

/* Copies each lane's. NULL: it cannot be had; the caller frees it. */
struct counts *read_counts(const struct tracer *tracer);

/* How many failed calls there were whose return was not seen. at_end: nothing is counted again, so it is looked for processes that are gone, too. */
struct missed count_missed(const struct tracer *tracer, bool at_end);

struct unentered count_unentered(const struct tracer *tracer);

/* Looks how many execs each lane has reported. seqs: by lane. */
void look_at_counts(struct tracer *tracer, uint32_t *seqs);

/* With -x some that are counted as skipped may have been execs that are shown all the same. */
void count_losses(const struct tracer *tracer, struct losses *losses);

#endif
