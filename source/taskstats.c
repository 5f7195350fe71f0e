/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/taskstats.h"
#include "lib/format.h"

/* Some 2,000 messages. */
#define BUFFER (2 << 20)
#define ANSWER_MS 100
#define TEXT_MOST 32

/* ---- requests ---- */

struct question {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char text[TEXT_MOST];
};

/* 0 or -errno. */
static int ask(int socket, uint16_t family, uint8_t command, uint16_t attribute, const char *text)
{
	size_t length = strlen(text) + 1;
	struct question q = {
		.head = {.nlmsg_len = (uint32_t)(offsetof(struct question, text) + NLMSG_ALIGN(length)), .nlmsg_type = family,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.generic = {.cmd = command, .version = 1},
		.attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = attribute},
	};

	if (length > TEXT_MOST)
		return -EINVAL;
	memcpy(q.text, text, length);
	return send(socket, &q, q.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* An attribute of that type among those in the bytes; its length. NULL: there is none. */
static const char *find(const char *bytes, size_t length, uint16_t type, size_t *size)
{
	struct nlattr a;

	while (length >= NLA_HDRLEN) {
		size_t step;

		memcpy(&a, bytes, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > length)
			return NULL;
		*size = a.nla_len - (size_t)NLA_HDRLEN;
		if ((a.nla_type & NLA_TYPE_MASK) == type)
			return bytes + NLA_HDRLEN;
		step = NLA_ALIGN(a.nla_len);
		if (step > length)
			return NULL;
		bytes += step;
		length -= step;
	}
	return NULL;
}

/* Where the attributes of a message of the family begin; *length: of all, gets theirs. NULL: it is none. */
static const char *attributes(const char *bytes, size_t *length, uint16_t family)
{
	struct nlmsghdr head;

	if (*length < NLMSG_HDRLEN + GENL_HDRLEN)
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (head.nlmsg_type != family || head.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || head.nlmsg_len > *length)
		return NULL;
	*length = head.nlmsg_len - (size_t)(NLMSG_HDRLEN + GENL_HDRLEN);
	return bytes + NLMSG_HDRLEN + GENL_HDRLEN;
}

/* The acknowledgement, behind the answer if there is one, whose attribute goes to *value. 0 or -errno. */
static int wait_for_answer(int socket, uint16_t family, uint16_t attribute, uint16_t *value)
{
	struct pollfd p = {.fd = socket, .events = POLLIN};
	char bytes[4096];

	while (poll(&p, 1, ANSWER_MS) > 0) {
		ssize_t n = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);
		size_t length = n > 0 ? (size_t)n : 0, size;
		const char *at = attributes(bytes, &length, family), *found = at ? find(at, length, attribute, &size) : NULL;
		struct nlmsghdr head;
		struct nlmsgerr answer;

		if (found && value && size >= sizeof(*value))
			memcpy(value, found, sizeof(*value));
		if (n < (ssize_t)NLMSG_LENGTH(sizeof(answer)))
			continue;
		memcpy(&head, bytes, sizeof(head));
		memcpy(&answer, bytes + NLMSG_HDRLEN, sizeof(answer));
		if (head.nlmsg_type == NLMSG_ERROR)
			return answer.error;
	}
	return -ETIMEDOUT;
}

int taskstats_open(int cpus, uint16_t *family)
{
	static const int size = BUFFER;
	char list[TEXT_MOST];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), ret;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	format_text(list, sizeof(list), "0-%d", cpus - 1);
	*family = 0;
	ret = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
	if (!ret)
		ret = wait_for_answer(fd, GENL_ID_CTRL, CTRL_ATTR_FAMILY_ID, family);
	if (!ret)
		ret = !*family ? -ENOENT : ask(fd, *family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, list);
	if (!ret)
		ret = wait_for_answer(fd, *family, 0, NULL);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* ---- ends ---- */

bool taskstats_parse(const char *bytes, size_t length, uint16_t family, struct taskstats_end *end)
{
	const char *at = attributes(bytes, &length, family), *part;
	size_t size, part_size;

	at = at ? find(at, length, TASKSTATS_TYPE_AGGR_PID, &size) : NULL;
	part = at ? find(at, size, TASKSTATS_TYPE_PID, &part_size) : NULL;
	if (!part || part_size < sizeof(end->tid))
		return false;
	memcpy(&end->tid, part, sizeof(end->tid));
	part = find(at, size, TASKSTATS_TYPE_STATS, &part_size);
	if (!part || part_size < offsetof(struct taskstats, ac_comm) + sizeof(end->comm))
		return false;
	memcpy(end->comm, part + offsetof(struct taskstats, ac_comm), sizeof(end->comm));
	end->comm[sizeof(end->comm) - 1] = '\0';
	return true;
}

bool taskstats_take(int socket, uint16_t family, struct taskstats_end *end)
{
	char bytes[4096];

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(socket, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		/* ENOBUFS: some are lost, and their names are not known. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return false;
		/* Anybody may send: the kernel's id is 0. */
		if (n > 0 && !from.nl_pid && taskstats_parse(bytes, (size_t)n, family, end))
			return true;
	}
}
