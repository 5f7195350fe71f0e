/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/collector_source.h"
#include "kernel/mounts.h"
#include "lib/files.h"
#include "lib/timestamp.h"
#include "loader.h"
#include "source/collect.h"

/* A process that collects is given a second to end; it ends with this one anyway. */
#define END_MS 1000

static struct collector *of(const struct source *source)
{
	return (struct collector *)(uintptr_t)source;
}

/* By sendmsg(2), which the helper's sandbox lets through. */
static bool send_question(const struct collector *c, const struct question *q)
{
	struct iovec iov = {(void *)(uintptr_t)q, sizeof(*q)};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(c->control, &message, MSG_NOSIGNAL) == sizeof(*q);
}

static bool exchange(struct collector *c, const struct question *q, struct reply *reply)
{
	ssize_t n;

	if (q && !send_question(c, q))
		return false;
	while ((n = recv(c->control, reply, sizeof(*reply), 0)) < 0 && errno == EINTR)
		;
	return n == sizeof(*reply);
}

static void close_both(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Makes the process, and waits until it collects. pipe, control: both ends; in this process, the second ones are closed. */
static int make_process(struct collector *c, const int pipe[2], const int control[2], struct error *err)
{
	pid_t reader = getpid();
	struct reply reply;
	int errnum;

	fcntl(pipe[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(pipe[0], F_SETFL, O_NONBLOCK);
	c->pid = fork();
	errnum = errno;
	if (!c->pid) {
		close(pipe[0]);
		close(control[0]);
		c->out = pipe[1];
		c->control = control[1];
		collect_run(c, reader);
	}
	close(pipe[1]);
	close(control[1]);
	c->control = control[0];
	c->base.tracer = c->ops->traces ? (uint32_t)c->pid : 0;
	c->base.pipe = pipe[0];
	if (c->ops->close)
		c->ops->close(c);
	if (c->pid < 0)
		return error_set(err, errnum, "cannot make a process: %s; it needs one more (ulimit -u)", strerror(errnum));
	if (!exchange(c, NULL, &reply))
		return error_set(err, EPIPE, "the process that collects execs has ended (was it killed?)");
	c->base.refused = reply.refused;
	return reply.ret ? error_set(err, -reply.ret, "%s", reply.text) : 0;
}

static int make_pipes(struct collector *c, struct error *err)
{
	int pipe[2], control[2], errnum;

	if (!pipe2(pipe, O_CLOEXEC)) {
		if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control))
			return make_process(c, pipe, control, err);
		errnum = errno;
		close_both(pipe);
		errno = errnum;
	}
	return error_set(err, errno, "cannot make a pipe: %s; raise the limit of open files (ulimit -n)", strerror(errno));
}

/* Ids in events are those of this process's own pid namespace, so /proc must be of that, too. */
static int open_proc(struct source *source, struct error *err)
{
	char self[16] = "", text[256] = "";

	source->proc = open_procfs(err);
	if (source->proc < 0)
		return source->proc;
	if (readlinkat(source->proc, "self", self, sizeof(self) - 1) < 0 || strtol(self, NULL, 10) != getpid())
		return error_set(err, EINVAL, "/proc is of another pid namespace than this process; mount one of its own");
	source->proc_is_initial = true;
	if (read_file(source->proc, "self/timens_offsets", text, sizeof(text)) > 0) {
		source->clock_ahead = clock_offset(text, INT64_MIN / 2, INT64_MAX / 2);
		source->boot_ahead = boot_offset(text);
	}
	return 0;
}

static int start(struct source *source, char **argv, struct error *err)
{
	struct collector *c = of(source);
	int ret = open_proc(source, err);

	(void)argv;
	raise_limits();
	if (!ret && c->ops->open)
		ret = c->ops->open(c, err);
	if (ret)
		return ret;
	ret = passes_open(&c->passes, source->request, source->proc, err);
	source->refused = ret;
	if (ret)
		return ret;
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED || merge_init(&c->merge, 1, source->clock_ahead))
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	ret = make_pipes(c, err);
	if (ret)
		return ret;
	pipe_lane_init(&c->lane, source, c->shared);
	c->merge.lanes[0] = &c->lane.lane;
	source->merge = &c->merge;
	return 0;
}

static int release(struct source *source, uint32_t command, struct error *err)
{
	struct question q = {FOLLOW, command};
	struct reply reply;

	if (!exchange(of(source), &q, &reply))
		return error_set(err, EPIPE, "the process that collects execs has ended (was it killed?)");
	return reply.ret ? error_set(err, -reply.ret, "%s", reply.text) : 0;
}

static bool all_ended(const struct source *source)
{
	return source_follows(source) && !__atomic_load_n(&of(source)->shared->followed, __ATOMIC_ACQUIRE);
}

static void look(struct source *source, uint32_t *seqs, struct losses *losses)
{
	(void)seqs;
	*losses = of(source)->shared->losses;
}

static void poll_fds(const struct source *source, struct pollfd *fds)
{
	fds[0] = (struct pollfd){.fd = of(source)->lane.fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = -1};
}

static void divide(struct source *source, bool keeps)
{
	struct collector *c = of(source);
	int *other = keeps ? &c->lane.fd : &c->control;

	close(*other);
	*other = -1;
}

static void stop(struct source *source)
{
	struct collector *c = of(source);
	struct question q = {.order = STOP};

	if (!c->shared || c->control < 0)
		return;
	__atomic_store_n(&c->shared->stopping, 1, __ATOMIC_RELAXED);
	send_question(c, &q);
}

static void close_source(struct source *source)
{
	struct collector *c = of(source);

	if (c->ops->close)
		c->ops->close(c);
	/* It may be writing, and nobody reads any more. */
	if (c->base.pipe >= 0)
		close(c->base.pipe);
	if (c->control >= 0) {
		poll(&(struct pollfd){.fd = c->control, .events = 0}, 1, END_MS);
		close(c->control);
	}
	argument_room_free(&c->lane.room);
	free(c->lane.buffer);
	merge_free(&c->merge);
	free(c->own);
	free(c);
}

struct source *collector_new(const struct collector_ops *ops, const struct request *request, void *own, struct error *err)
{
	static const struct source_ops source_ops = {
		.start = start,
		.release = release,
		.all_ended = all_ended,
		.look = look,
		.poll_fds = poll_fds,
		.divide = divide,
		.stop = stop,
		.close = close_source,
	};
	struct collector *c = own ? calloc(1, sizeof(*c)) : NULL;

	if (!c) {
		free(own);
		error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
		return NULL;
	}
	c->base = (struct source){.ops = &source_ops, .request = request, .proc = -1, .pipe = -1};
	c->ops = ops;
	c->own = own;
	c->control = -1;
	c->lane.fd = -1;
	return &c->base;
}
