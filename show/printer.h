/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the printer, which the two forms share. */
#ifndef PRINTER_H
#define PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/timestamp.h"
#include "reader/exec.h"
#include "reader/lives.h"
#include "reader/merge.h"
#include "reader/parents.h"
#include "show/cgroup_paths.h"
#include "show/form.h"
#include "show/output.h"
#include "show/users.h"

struct printer {
	const struct form *form;
	struct output *out;
	char source[16];   /* by which execs are seen, as a value of JSON */
	int pid_width;	   /* of its columns */
	bool color;
	uint64_t keys;	   /* of JSON */
	struct users users;
	struct cgroup_paths cgroups;
	struct parents parents; /* for the ppid that the kernel side could not tell */
	int64_t ahead;	   /* as the merge's */
	int64_t boot_ahead;
	struct wall_clock boot;
	uint64_t asleep; /* the kernel's CLOCK_BOOTTIME is so many ns ahead of its CLOCK_MONOTONIC, as of print_begin() */
	uint64_t start;	   /* the kernel's CLOCK_MONOTONIC, ns, as all times here */
	uint64_t now;	   /* as of print_begin() */
	struct wall_clock wall;
	uint64_t printed, failed; /* lines of execs, those of failed calls */
	uint64_t ended; /* lines of the ends of processes */
	uint64_t lost; /* execs and ends whose lines the output did not take */
	uint64_t cut;  /* lines that were cut because others waited */
	struct loss loss; /* of `lost`, those that have not been taken yet */
	struct lives lives;
	int64_t second;	   /* that clock[] shows */
	char clock[32];
	char heading[320]; /* of a text */
};

/* Nanoseconds since 1970, of an exec's time. */
static inline int64_t wall_time(const struct printer *printer, uint64_t time)
{
	return (int64_t)(time + (uint64_t)printer->ahead + (uint64_t)printer->wall.offset);
}

#endif
