/* SPDX-License-Identifier: GPL-2.0-only */
/* Execs by the proc connector (drivers/connector/cn_proc.c, Linux 2.6.15): the kernel multicasts every fork, exec and exit by
 * netlink. All else comes from /proc. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source/proc.h"
#include "lib/timestamp.h"
#include "source/collector_source.h"
#include "source/connector.h"
#include "source/cpus.h"
#include "source/events.h"
#include "source/taskstats.h"

/* Some 10,000 messages: each counts as 768 bytes. */
#define BUFFER (8 << 20)
#define ANSWER_MS 100
#define CPUS_MOST 8192

/* Names of what has ended are kept until the connector tells of its end, so many at most. */
#define ENDS 4096

struct connector {
	int socket;
	int ends_socket; /* of taskstats, -1: not to be had */
	uint16_t ends_family;
	struct taskstats_end ends[ENDS]; /* by their ids' last digits */
	/* By CPU: the number of its last message, since each CPU counts its own; and whether there was one. */
	uint32_t seqs[CPUS_MOST];
	bool seen[CPUS_MOST];
	uint64_t missing; /* messages that others have overtaken, since then (CLOCK_MONOTONIC) */
	uint64_t missing_since;
};

/* Values of proc_event.what (include/uapi/linux/cn_proc.h). */
enum { EVENT_NONE = 0, EVENT_FORK = 1, EVENT_EXEC = 2, EVENT_UID = 4, EVENT_GID = 0x40, EVENT_EXIT = 0x80000000U };

static struct connector *own(const struct collector *c)
{
	return c->own;
}

/* Asks for the events, or for no more. */
static int listen_to(int socket, enum proc_cn_mcast_op op)
{
	const uint32_t value = op; /* alone: below Linux 6.6 a longer request is not answered */
	char message[NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(value))];
	const struct nlmsghdr netlink = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE};
	const struct cn_msg connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof(value)};

	memcpy(message, &netlink, sizeof(netlink));
	memcpy(message + NLMSG_HDRLEN, &connector, sizeof(connector));
	memcpy(message + NLMSG_HDRLEN + sizeof(connector), &value, sizeof(value));
	return send(socket, message, sizeof(message), 0) == sizeof(message) ? 0 : -errno;
}

/* Waits for the answer to the request, which is an event, too: its first number is an errno. 0 or -errno. */
static int wait_for_answer(int socket)
{
	struct connector_event event;
	struct pollfd p = {.fd = socket, .events = POLLIN};
	char bytes[4096];

	while (poll(&p, 1, ANSWER_MS) > 0) {
		ssize_t n = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n > 0 && connector_parse(bytes, (size_t)n, &event) && event.what == EVENT_NONE)
			return -(int)event.ids[0];
	}
	return -ETIMEDOUT;
}

static const char *advice(int errnum)
{
	switch (errnum) {
	case EPERM:
		return "run it as root (or with CAP_NET_ADMIN)";
	case ECONNREFUSED:
		return "this process must be in the initial network namespace (in a container: the host's network)";
	case EPROTONOSUPPORT:
		return "the kernel needs CONFIG_CONNECTOR=y";
	case EMFILE:
		return "raise the limit of open files (ulimit -n)";
	case ETIMEDOUT:
		return "the kernel needs CONFIG_PROC_EVENTS=y, and so CONFIG_CONNECTOR=y, and this process must be in the initial "
		       "pid and user namespaces";
	default:
		return "look at the kernel's log (dmesg)";
	}
}

static int open_connector(struct collector *c, struct error *err)
{
	struct connector *n = own(c);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	static const int size = BUFFER;
	const char *what = "open a socket to the proc connector";
	int ret;

	n->socket = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	ret = n->socket < 0 ? -errno : 0;
	if (!ret && setsockopt(n->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(n->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (!ret) {
		what = "listen to the proc connector";
		ret = bind(n->socket, (struct sockaddr *)&address, sizeof(address)) ? -errno : listen_to(n->socket, PROC_CN_MCAST_LISTEN);
	}
	if (!ret)
		ret = wait_for_answer(n->socket);
	if (!ret)
		n->ends_socket = taskstats_open(possible_cpus(-1, c->base.proc), &n->ends_family);
	return ret ? error_set(err, -ret, "cannot %s: %s; %s", what, strerror(-ret), advice(-ret)) : 0;
}

static void close_connector(struct collector *c)
{
	if (own(c)->socket >= 0)
		close(own(c)->socket);
	own(c)->socket = -1;
	if (own(c)->ends_socket >= 0)
		close(own(c)->ends_socket);
	own(c)->ends_socket = -1;
}

/* Each CPU numbers its messages, those that find no room, too. Older kernels number one, and may send another first, since they
 * can be preempted in between (cn_netlink_send in cn_proc.c): it comes later than it should. */
static void count_missing(struct connector *n, const struct connector_event *event)
{
	uint32_t ahead;

	if (event->cpu >= CPUS_MOST)
		return;
	ahead = n->seen[event->cpu] ? event->seq - n->seqs[event->cpu] : 1;
	if (ahead - 1 >= UINT32_MAX / 2) {
		n->missing -= n->missing > 0;
		return;
	}
	if (ahead > 1 && !n->missing)
		n->missing_since = monotonic_ns();
	n->missing += ahead - 1;
	n->seen[event->cpu] = true;
	n->seqs[event->cpu] = event->seq;
}

/* A missing message is lost if it has not come after so long. */
#define MISSING_NS 100000000ULL

static void lose_missing(struct collector *c, bool now)
{
	struct connector *n = own(c);

	if (!n->missing || (!now && monotonic_ns() - n->missing_since < MISSING_NS))
		return;
	collector_lose(c, n->missing);
	n->missing = 0;
}

static void take_ids(struct collector *c, const struct connector_event *event)
{
	struct process *process = processes_find(&c->processes, event->ids[1]);

	if (!process || event->ids[0] != event->ids[1])
		return;
	if (event->what == EVENT_UID)
		process->uid = event->ids[2];
	else
		process->gid = event->ids[2];
}

/* ---- names of what has ended ---- */

static void take_ends(struct connector *n)
{
	struct taskstats_end end;

	for (int i = 0; i < ENDS && n->ends_socket >= 0 && taskstats_take(n->ends_socket, n->ends_family, &end); i++)
		n->ends[end.tid % ENDS] = end;
}

/* Gives the last exec of a process that has ended its name, if nobody has read it: taskstats tells of an end before the connector
 * does (do_exit in kernel/exit.c). */
static void name_last(struct collector *c, uint32_t pid)
{
	struct connector *n = own(c);
	struct taskstats_end *end = &n->ends[pid % ENDS];
	const struct process *process;

	events_take_caught(c);
	process = processes_find(&c->processes, pid);
	if (process && process->pending && !exec_knows(&process->pending->exec, EXEC_NAMED)) {
		take_ends(n);
		if (end->tid == pid)
			sighting_name(process->pending, end->comm);
	}
	if (end->tid == pid)
		end->tid = 0;
}

/* ---- events ---- */

static void take_event(struct collector *c, const struct connector_event *event)
{
	const uint32_t *ids = event->ids;

	count_missing(own(c), event);
	switch (event->what) {
	case EVENT_FORK:
		if (ids[2] == ids[3])
			collector_fork(c, ids[1], ids[3], event->time);
		else
			collector_thread(c, ids[3]);
		break;
	case EVENT_EXEC:
		collector_exec(c, &(struct exec_event){.pid = ids[1], .time = event->time, .cpu = (int)event->cpu, .comm = ""});
		break;
	case EVENT_UID:
	case EVENT_GID:
		take_ids(c, event);
		break;
	case EVENT_EXIT:
		if (ids[0] == ids[1])
			name_last(c, ids[1]);
		collector_exit(c, &(struct exit_event){.pid = ids[1], .tid = ids[0], .time = event->time, .status = ids[2]});
	}
}

/* Below Linux 6.6 the kernel would go on to make events for nobody. */
static void end(struct collector *c)
{
	lose_missing(c, true);
	listen_to(own(c)->socket, PROC_CN_MCAST_IGNORE);
}

static size_t poll_fds(const struct collector *c, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = own(c)->socket, .events = POLLIN};
	return 1;
}

/* No more at a time, or what has been decided would wait. */
#define EVENTS_MOST 256

static void take(struct collector *c)
{
	struct connector_event event;
	char bytes[4096];

	c->more = false;
	take_ends(own(c));
	for (int i = 0; i < EVENTS_MOST; i++) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(own(c)->socket, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		/* ENOBUFS: messages are lost, whose numbers will be missing. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR) {
			lose_missing(c, false);
			return;
		}
		/* Anybody may send: the kernel's id is 0. */
		if (n > 0 && !from.nl_pid && connector_parse(bytes, (size_t)n, &event))
			take_event(c, &event);
	}
	c->more = true;
	lose_missing(c, false);
}

/* ---- for the threads ---- */

/* Offsets in a message of proc_event's `what` and `cpu`. */
#define WHAT_OFFSET (NLMSG_HDRLEN + sizeof(struct cn_msg))
#define CPU_OFFSET (WHAT_OFFSET + 4)

/* A socket that gets a CPU's execs alone: the kernel has been asked for the events already. A filter sees numbers as they stand
 * in the network, the most significant byte first. */
static void *open_for_cpu(void *context, int cpu)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WHAT_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(EVENT_EXEC), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CPU_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)cpu), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	int *fd = malloc(sizeof(*fd));

	(void)context;
	if (!fd)
		return NULL;
	*fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	if (*fd >= 0 && !setsockopt(*fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) &&
	    !bind(*fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	if (*fd >= 0)
		close(*fd);
	free(fd);
	return NULL;
}

static bool wait_for_exec(void *handle, int64_t ns, uint32_t *pid, uint64_t *time)
{
	struct connector_event event;
	char bytes[4096];

	(void)ns; /* it never has to come back: events are not early */
	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(*(int *)handle, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);

		if (n <= 0 || from.nl_pid || !connector_parse(bytes, (size_t)n, &event) || event.what != EVENT_EXEC)
			continue;
		*pid = event.ids[1];
		*time = event.time;
		return true;
	}
}

struct source *proc_open(const struct request *request, struct error *err)
{
	static const struct catcher_ops catch = {.open = open_for_cpu, .wait = wait_for_exec};
	static const struct collector_ops ops = {
		.tells_ids = true,
		.open = open_connector,
		.close = close_connector,
		.end = end,
		.poll_fds = poll_fds,
		.take = take,
		.catch = &catch,
	};
	struct connector *n = calloc(1, sizeof(*n));

	if (n)
		n->socket = n->ends_socket = -1;
	return collector_new(&ops, request, n, err);
}
