/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the proc connector. */
#ifndef CONNECTOR_H
#define CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event, as all kernels have it (struct proc_event in include/uapi/linux/cn_proc.h). */
struct connector_event {
	uint32_t what, cpu, seq;
	uint64_t time;	 /* CLOCK_MONOTONIC, ns */
	uint32_t ids[4]; /* of a fork: the parent's thread and process, the child's thread and process; else: thread, process, … */
};

/* The event in a datagram. false: it is none. */
bool connector_parse(const char *bytes, size_t length, struct connector_event *event);

#endif
