/* The file of --output: opened so that nobody can make us write elsewhere, and begun anew when it is full. All names are
 * relative to a directory that is opened once. */
#ifndef ROTATE_H
#define ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* The last component of the path, within it. */
const char *rotate_base(const char *path);

/* Opens the file, made with mode 0600 if it is not there. *directory gets the descriptor of its directory. It must be a
 * character device, or a regular file of this user's with one name. option: that gave the path, for messages. The descriptor, or
 * -errno with err filled. */
int rotate_open(const char *path, const char *option, int *directory, struct error *err);

/* Makes BASE BASE.1, BASE.1 BASE.2, up to BASE.keep, and begins a new BASE. If BASE is not the open file `current`, it has
 * its new name already, or is somebody else's: then no other gets a new name. The new file's descriptor, or -errno with err
 * filled. */
int rotate_files(int directory, const char *base, unsigned int keep, int current, struct error *err);

/* The fate of the open file's name: "removed", "replaced", or NULL: it is there. */
const char *rotate_look(int directory, const char *base, int current);

/* Whether the file of that size, in bytes, ends with a newline, or cannot be read. */
bool rotate_ends_with_newline(int directory, const char *base, int64_t size);

#endif
