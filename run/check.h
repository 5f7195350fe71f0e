/* --check: does all that tracing would need, and says how it went. */
#ifndef RUN_CHECK_H
#define RUN_CHECK_H

#include "source/source.h"

/* *status gets 1 if tracing would not work. 0 or -errno with err filled: the table could not be written. */
int check(struct source *source, char **argv, bool json, int *status, struct error *err);

#endif
