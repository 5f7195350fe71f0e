/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <sys/socket.h>

#include "lib/passing.h"

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(PASSED_MOST * sizeof(int))];
};

bool passing_send(int socket, const void *bytes, size_t size, const int *fds, int count)
{
	union control control = {0};
	struct iovec iov = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		message.msg_control = &control;
		message.msg_controllen = (socklen_t)CMSG_SPACE((size_t)count * sizeof(int));
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = (socklen_t)CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, (size_t)count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

ssize_t passing_receive(int socket, void *bytes, size_t size, int fds[PASSED_MOST])
{
	union control control;
	struct iovec iov = {bytes, size};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	fds[0] = fds[1] = -1;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0) < PASSED_MOST * sizeof(int) ? sizeof(int)
												    : PASSED_MOST * sizeof(int));
	return n;
}
