/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ERRNAME_H
#define ERRNAME_H

/* "ENOENT" for 2, and so on as errno(3) has it; the number itself if it has no name. Valid until the next call. */
const char *error_name(int errnum);

#endif
