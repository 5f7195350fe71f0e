/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor that lines are written to, which never makes this process wait. */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <sys/types.h>

enum output_kind {
	OUTPUT_FILE,	    /* a regular file: a write does not wait for a reader */
	OUTPUT_NONBLOCKING, /* ours alone, with O_NONBLOCK */
	OUTPUT_SOCKET,
	OUTPUT_BLOCKING, /* shared with other processes: only what there is room for may be written */
};

/* The kind of a standard stream. A pipe or terminal is opened anew, since O_NONBLOCK on the shared description would be
 * everybody's: *stream is the new descriptor then. */
enum output_kind stream_open(int *stream);

/* Writes some bytes. As write(2); EAGAIN: there is no room now. */
ssize_t stream_write(int fd, enum output_kind kind, const char *bytes, size_t size);

#endif
