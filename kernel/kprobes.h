/* SPDX-License-Identifier: GPL-2.0-only */
/* Kprobes by tracefs, as Linux has them before 4.17: each is named in a file before perf_event_open(2) can have it,
 * and stays there until it is taken out. */
#ifndef KPROBES_H
#define KPROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

struct kprobes {
	int fd; /* of the file kprobe_events, open when count is not 0 */
	const char *functions[16];
	bool at_return[16];
	size_t count;
};

/* Makes a kprobe of the kernel's function, or of its return, and attaches the program; what it is attached to, or
 * -errno with err filled. function is used until kprobes_remove(). */
int kprobes_attach(struct kprobes *kprobes, int tracefs, const char *function, bool at_return, int program,
		   struct error *err);

/* Takes them out of tracefs, when nothing is attached to them any more. */
void kprobes_remove(struct kprobes *kprobes);

#endif
