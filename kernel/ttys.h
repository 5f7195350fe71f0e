/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of terminals by the device numbers that /proc/PID/stat tells. */
#ifndef TTYS_H
#define TTYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TTY_NAME 24 /* bytes with the NUL, as EXEC_TTY_NAME */
#define TTY_DRIVERS 48

struct ttys {
	struct tty_driver {
		char name[TTY_NAME]; /* of its files in /dev: "pts/" */
		uint32_t major, first, last; /* minor numbers */
		bool numbered; /* the name goes on with a number, which is `base` for the first */
		uint32_t base;
	} drivers[TTY_DRIVERS];
	size_t count;
};

/* Takes the drivers from the text of /proc/tty/drivers (show_tty_driver in fs/proc/proc_tty.c). */
void ttys_parse(struct ttys *ttys, const char *text);
/* Reads that file. Without it no name is known. proc: /proc. */
void ttys_read(struct ttys *ttys, int proc);

/* The name, as ps(1) has it: "pts/3". false: it is not known. number: field 7 of stat. */
bool ttys_name(const struct ttys *ttys, uint32_t number, char name[TTY_NAME]);

/* The same from the name that the kernel has, of at most `size` bytes: "pts3" (tty_line_name in drivers/tty/tty_io.c). */
void ttys_from_kernel(const char *kernel, size_t size, char name[TTY_NAME]);

#endif
