/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages between two processes, with file descriptors (unix(7), SCM_RIGHTS). */
#ifndef PASSING_H
#define PASSING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PASSED_MOST 2 /* descriptors with a message */

/* sendmsg(2) of one message, and so many descriptors with it. false: the other end has gone. */
bool passing_send(int socket, const void *bytes, size_t size, const int *fds, int count);

/* recvmsg(2), without waiting, of one message and the descriptors with it: -1 where there is none. As recvmsg(2). */
ssize_t passing_receive(int socket, void *bytes, size_t size, int fds[PASSED_MOST]);

#endif
