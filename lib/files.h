/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of the kernel's file systems. */
#ifndef FILES_H
#define FILES_H

/* Reads the small file `path` below the directory into buffer, ends it with a NUL. The number of
 * bytes, or -errno. */
int read_file(int dir, const char *path, char *buffer, unsigned int size);

/* Closes all descriptors from this one on. */
void close_from(int first);

/* Fields of /proc/PID/stat, as proc(5) numbers them. */
#define STAT_PPID 4
#define STAT_TTY 7
#define STAT_FLAGS 9
#define PF_EXITING 4 /* one of them: set before anything else tells that the thread ends (do_exit in kernel/exit.c) */
#define STAT_THREADS 20
#define STAT_START_TIME 22
#define STAT_START_STACK 28
#define STAT_ARG_START 48
#define STAT_ARG_END 49
#define STAT_ENV_END 51

/* Where field `number`, 3 or higher, begins in the text of such a file; NULL: it is not there. */
const char *stat_field(const char *text, int number);

#endif
