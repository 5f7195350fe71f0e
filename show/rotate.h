/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of --output: opened so that nobody can make us write elsewhere, and begun anew when it is full. All names are
 * relative to a directory that is opened once. */
#ifndef ROTATE_H
#define ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* A file that was opened. */
struct opened_file {
	uint64_t device, inode;
	uint64_t size; /* then, in bytes */
	bool torn; /* its last line has no end */
};

/* A new file: the old one gets another name, or has one by now, so whatever has its name is opened, or made. */
enum new_file { NEW_FILE_ROTATE, NEW_FILE_REOPEN };

/* The last component of the path, within it. */
const char *rotate_base(const char *path);

/* Opens the file, made with mode 0600 if it is not there. *directory gets the descriptor of its directory. It must be a
 * character device, or a regular file of this user's with one name. option: that gave the path, for messages. The descriptor, or
 * -errno with err filled. */
int rotate_open(const char *path, const char *option, int *directory, struct opened_file *file, struct error *err);

/* Begins a new BASE. To rotate, BASE becomes BASE.1, BASE.1 BASE.2, up to BASE.keep; but if BASE is not the open file `file`, it
 * has its new name already, or is somebody else's: then no other gets a new name. To reopen, a file that is there must be as
 * rotate_open() wants it. *file becomes the new one. Its descriptor, or -errno with err filled. */
int rotate_begin(int directory, const char *base, unsigned int keep, enum new_file how, struct opened_file *file, struct error *err);

/* The fate of the open file's name: "removed", "replaced", or NULL: it is there. */
const char *rotate_look(int directory, const char *base, const struct opened_file *file);

#endif
