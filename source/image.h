/* SPDX-License-Identifier: GPL-2.0-only */
/* A process as /proc shows it, and the program image that it runs at that moment. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"
#include "reader/remote.h"
#include "source/details.h"

/* By these a program image is known: an exec makes another one at other addresses, where addresses are random. All are 0 if
 * the image is not known: the process has ended, has none yet, is another user's, or Linux is older than 3.5. */
struct image {
	uint64_t start_stack, arg_start, arg_end, env_end; /* fields 28, 48, 49, 51 of proc(5)'s stat */
};

/* Whether it is there as a whole: until the kernel has laid out all strings, it says that the stack begins nowhere or at the first of
 * them (setup_arg_pages in fs/exec.c, create_elf_tables in fs/binfmt_elf.c), and where they end is not true yet. */
static inline bool image_is_known(const struct image *image)
{
	return image->start_stack && image->start_stack < image->arg_start;
}

static inline bool image_is_same(const struct image *a, const struct image *b)
{
	return a->start_stack == b->start_stack && a->arg_start == b->arg_start;
}

/* From /proc/PID/stat. */
struct process_stat {
	char comm[EXEC_COMM];
	char state; /* as in proc(5) */
	bool leader_ended; /* the first thread; others may go on */
	uint32_t ppid;
	uint32_t tty; /* number of the terminal's device, 0: none */
	uint32_t threads;
	bool exiting; /* its first thread is about to end, or has ended */
	uint64_t start_time; /* clock ticks since boot */
	struct image image;
};

/* 0 or -errno. proc: /proc. */
int process_stat(int proc, uint32_t pid, struct process_stat *stat);
/* Whether all its threads have ended. */
static inline bool process_has_ended(const struct process_stat *stat)
{
	return stat->leader_ended && stat->threads <= 1;
}

/* The same from the file's text. false: it is not one. */
bool process_parse_stat(const char *text, struct process_stat *stat);

/* Strings of an image. The bytes are the caller's to free. */
struct image_strings {
	char *bytes; /* the name that the file was executed by, a NUL, the arguments, each with a NUL */
	uint32_t name_length, args_length; /* the NUL behind the name does not count */
	enum text_state name, args;
};

/* One look at an image, and its time: as exec's times. */
struct reading {
	uint64_t at, until;
	bool read; /* there were strings */
	struct process_stat stat; /* .state is 0 if that could not be read */
	struct image_strings strings;
	struct details details; /* of that image, if it is known */
};

/* Frees what it has. */
void reading_free(struct reading *reading);

/* Whether it is of a process that lives, but has no arguments yet. */
static inline bool reading_is_early(const struct reading *reading)
{
	const struct image *image = &reading->stat.image;

	return !reading->read && reading->stat.state && !reading->stat.leader_ended &&
	       (!image_is_known(image) || image->arg_end < image->arg_start);
}

/* Parts of an image that are read, and how. */
struct image_wanted {
	uint64_t most; /* bytes of arguments, 0: all */
	struct details_wanted details;
	int64_t clock_ahead; /* as a source's */
};

/* Reads the strings of the image that the process has now. If stat.image is known, and is not the image of what it has executed
 * since the event that made us look, the strings are of that event. The process may have ended, or its image have no arguments
 * yet. */
void image_read(int proc, uint32_t pid, const struct image_wanted *wanted, struct reading *reading);

/* The same, but somebody else reads, who does not get long for it: what serves the memory of a process can take as long as it
 * likes. asker: has been initialized by image_asker_init(). false: nobody could be asked. */
bool image_ask(struct asker *asker, uint32_t pid, struct reading *reading);

/* wanted: must live as long as the asker. */
void image_asker_init(struct asker *asker, int proc, const struct image_wanted *wanted);

#endif
