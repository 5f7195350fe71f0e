/* SPDX-License-Identifier: GPL-2.0-only */
/* One error, told once: what was tried, what the kernel said, what the user can do. The function
 * that knows the cause fills it and returns a negative errno; only main.c prints it. */
#ifndef ERROR_H
#define ERROR_H

struct error {
	char text[1024];
	char *log; /* the verifier's, or NULL; whoever prints the error frees it */
};

/* Writes the message and returns -errnum, so that a caller can `return error_set(...)`. */
int error_set(struct error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
