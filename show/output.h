/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines on their way to the standard output or a file. They wait in memory while nobody takes them, so the tracer never waits
 * for whoever reads them. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "show/rotate.h"
#include "show/stream.h"

struct output {
	int fd;
	enum output_kind kind;
	bool closed;	   /* its reader has gone */
	int error;	   /* errno of the last write, 0: it went well */
	uint64_t retry;	   /* ns of CLOCK_MONOTONIC, after an error: when to try again */
	const char *name;  /* the file's path, or "the standard output" */
	bool is_file;	   /* it was opened by that path */
	const char *base;  /* its last component */
	int directory;	   /* descriptor of the directory that the file is in */
	struct opened_file file;
	int moved;	   /* so many looks in a row found that the file is not at its path any more */
	int rotate_error;  /* errno of the last try to begin a new file, 0: it went well */
	uint64_t rotate;   /* ns of CLOCK_MONOTONIC: when to try that again */
	unsigned int keep; /* old files that stay: FILE.1 to FILE.N */
	uint64_t most;	   /* bytes that a file may have, 0: any number */
	uint64_t size;	   /* bytes in the file */
	uint64_t total;	   /* bytes added so far */
	/* Another process that begins a new file, as rotate_begin(), and one that tells what has become of this one's name, as
	 * rotate_look(). NULL: this one does. */
	int (*begin_file)(void *opener, enum new_file how, struct opened_file *file, struct error *err);
	void *opener;
	const char *(*look)(void *looker, const struct opened_file *file);
	void *looker;
	const char *heading; /* of each file, or NULL */
	/* Offsets in the buffer: 0 … start is written, start … complete are whole lines, complete … used is the line in the
	 * making. */
	char *buffer;
	size_t start, complete, used, capacity;
	size_t sent_at;	     /* `used` when the line in the making was last sent */
	size_t partial;	     /* bytes of the line in the making that are in the file already */
	size_t waiting_most; /* bytes that may wait: used - start */
	const volatile sig_atomic_t *enough; /* or NULL; above 1: output_flush() waits no more */
	bool torn;	     /* there was no memory for a part of the line in the making */
	uint64_t dropped;    /* lines for which there was no memory */
};

/* An output to the standard output or the standard error, which stays open. 0 or -ENOMEM. */
int output_init(struct output *out, int fd);

/* Opens the file: a new one with mode 0600, an existing one as it is. It must be a character device, or a regular file that
 * belongs to this user and has one name; symbolic links are not followed, and directories refused in which every user can
 * replace it. Nothing in it is touched before output_begin(). path: must stay. option: that gave it, for messages. 0 or -errno
 * with err filled. */
int output_open(struct output *out, const char *path, const char *option, struct error *err);

/* Empties the file, or stands at its end if `append`, and writes the heading if it is empty then. most, keep: when a line
 * would make the file longer than that, it becomes PATH.1, PATH.1 becomes PATH.2 up to PATH.keep, and a new one is begun.
 * heading: must stay; it ends with a newline. */
void output_begin(struct output *out, bool append, uint64_t most, unsigned int keep, const char *heading);

void output_add(struct output *out, const void *bytes, size_t length);
void output_format(struct output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A place for `room` bytes more, of which output_added() takes those before `end`. NULL: no memory. */
char *output_room(struct output *out, size_t room);
void output_added(struct output *out, const char *end);

/* Adds the number as a column of at least `width` characters: at its right end, or if the width is negative at its left
 * end, as printf(3) does. Of 20 at most. */
void output_number(struct output *out, int64_t number, int width);

/* Adds a newline. */
void output_end_line(struct output *out);

/* How much waits. */
enum output_state {
	OUTPUT_FREE,
	OUTPUT_CROWDED, /* lines should be short */
	OUTPUT_SCARCE,	/* only short lines of what matters most should be added */
	OUTPUT_FULL,	/* no line should be added */
};
enum output_state output_state(const struct output *out);

/* Writes what can be written at once. An error is said, and tried again a second later. */
void output_send(struct output *out);

/* Fills the entry for poll(2) that tells when output_send() can go on, or that nobody reads any more. */
void output_poll_fd(const struct output *out, struct pollfd *fd);

/* Says if the file was removed or replaced. */
void output_look(struct output *out);

/* Goes on in the file that has the path now, or in a new one (SIGHUP, logrotate(8)). If it cannot be opened, that is said, and
 * the lines go on to the old one. *same: it is the file that was open. false: it is to be tried again. */
bool output_reopen(struct output *out, bool *same);

/* Writes all that waits, and waits for a full pipe or terminal. */
void output_flush(struct output *out);

/* How many lines, but headings, have not been written. */
uint64_t output_unwritten(const struct output *out);

/* "cannot write to the standard output: No space left on device". */
int output_error(const struct output *out, struct error *err);

/* Frees and closes it. `error` stays: but that the reader of a pipe has gone is none. */
void output_free(struct output *out);

#endif
