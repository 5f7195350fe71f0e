/* When all is set up, the process gives up what it does not need any more. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* What it still does then, beyond reading its rings and writing to its output. */
struct sandbox_needs {
	bool rename;   /* begins new files (--max-size) */
	bool any_user; /* sends signals to a process that may be another user's by now */
};

/* Drops the capabilities and forbids the system calls that are not needed. Why it could not, or NULL. */
const char *sandbox_enter(const struct sandbox_needs *needs);

#endif
