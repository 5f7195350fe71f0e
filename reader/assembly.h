/* SPDX-License-Identifier: GPL-2.0-only */
/* A buffer in which the strings of one exec are put together. */
#ifndef ASSEMBLY_H
#define ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>

struct assembly {
	char *bytes;
	size_t used, capacity;
	size_t mark; /* place of the mark of the string that was begun last */
	bool open;   /* that string goes on */
	bool cut;    /* there was no room or no memory for all */
};

/* Begins anew, with the memory that is there. */
void assembly_reset(struct assembly *assembly);

void assembly_append(struct assembly *assembly, const void *bytes, size_t length);

/* Begins a string with a mark (remote.h). */
void assembly_begin_string(struct assembly *assembly, char mark);
/* Changes the mark of the string that was begun last, if there was memory for it. */
void assembly_set_mark(struct assembly *assembly, char mark);
/* Ends a string that goes on and whose rest is missing. */
void assembly_close_string(struct assembly *assembly);

/* Gives back the memory of a long exec. */
void assembly_shrink(struct assembly *assembly);
void assembly_free(struct assembly *assembly);

#endif
