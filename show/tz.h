/* SPDX-License-Identifier: GPL-2.0-only */
/* The time zone of local times. */
#ifndef TZ_H
#define TZ_H

#include <stdbool.h>

/* Whether the text is a rule of POSIX's TZ (XBD 8.3, with RFC 9636's hours of more than one day):
 * "CET-1CEST,M3.5.0,M10.5.0/3". */
bool tz_is_rule(const char *text);

/* Gives libc the rule at the end of the file that TZ or /etc/localtime names (RFC 9636), since musl trusts whatever else is in
 * that file. NULL; or why there is none, with UTC in its place. A file that is not there means UTC, too. */
const char *tz_set(void);

#endif
