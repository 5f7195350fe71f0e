/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that collects: its loop. */
#ifndef COLLECT_H
#define COLLECT_H

#include "source/collector.h"

/* Questions to the process that collects. */
enum order { FOLLOW, STOP };
struct question {
	enum order order;
	uint32_t pid;
};
struct reply {
	int ret;
	bool refused; /* what was asked for cannot be, whatever the source */
	char text[512]; /* why not */
};

/* In that process. Begins, tells so by a reply, and collects until it is told to stop. reader: its parent. */
_Noreturn void collect_run(struct collector *collector, pid_t reader);

#endif
