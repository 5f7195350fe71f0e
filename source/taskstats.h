/* SPDX-License-Identifier: GPL-2.0-only */
/* Ends of threads by taskstats (kernel/taskstats.c, Linux 2.6.20): the kernel tells the name of what has ended, which /proc does
 * not know any more. */
#ifndef TASKSTATS_H
#define TASKSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"

struct taskstats_end {
	uint32_t tid;
	char comm[EXEC_COMM];
};

/* Asks for the ends on so many CPUs. *family gets the number of its messages. The socket, or -errno: -ENOENT: the kernel has no
 * CONFIG_TASKSTATS. */
int taskstats_open(int cpus, uint16_t *family);

/* The next end. false: none has come. */
bool taskstats_take(int socket, uint16_t family, struct taskstats_end *end);

/* The end in a datagram. false: there is none in it. */
bool taskstats_parse(const char *bytes, size_t length, uint16_t family, struct taskstats_end *end);

#endif
