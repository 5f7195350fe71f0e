/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include <pwd.h>

/*
 * The users and groups in /etc/passwd and /etc/group alone, with any libc. glibc's getpwnam(3) asks shared libraries, which a
 * static program may not find, or which may not fit.
 */

/* The first user of that name, or with that number if there is no name; NULL: there is none. It is good until the next call. */
const struct passwd *account_find(const char *name, uid_t uid);

/* Takes on the groups of the user, as initgroups(3). 0, or -1 with errno. */
int account_take_groups(const char *name, gid_t gid);

#endif
