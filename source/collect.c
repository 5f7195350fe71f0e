/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "source/collect.h"
#include "kernel/process_status.h"
#include "lib/timestamp.h"
#include "source/cpus.h"
#include "source/events.h"

/* Execs are written when there are so many bytes of them, or after so long. */
#define WRITE_BYTES (256U << 10)
#define WRITE_NS 10000000ULL

static _Noreturn void leave(struct collector *c)
{
	asker_free(&c->asker);
	if (c->ops->end)
		c->ops->end(c);
	_exit(0);
}

/* ---- to the pipe ---- */

static void flush(struct collector *c)
{
	size_t done = 0;
	ssize_t n;

	while (done < c->waiting_used) {
		n = write(c->out, c->waiting + done, c->waiting_used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* nobody reads */
			leave(c);
		done += (size_t)n;
	}
	c->waiting_used = 0;
}

static char *make_room(struct collector *c, size_t size)
{
	char *bytes;

	if (c->waiting_used + size > c->waiting_size) {
		bytes = realloc(c->waiting, c->waiting_used + size + WRITE_BYTES);
		if (!bytes)
			return NULL;
		c->waiting = bytes;
		c->waiting_size = c->waiting_used + size + WRITE_BYTES;
	}
	if (!c->waiting_used)
		c->waiting_since = monotonic_ns();
	return c->waiting + c->waiting_used;
}

static void send_exec(struct collector *c, const struct sighting *s)
{
	const struct image_strings *strings = &s->strings;
	const struct details *details = &s->details;
	const struct { const void *bytes; size_t length; } parts[] = {
		{details->paths, details->exe_length + details->cwd_length}, {details->variables, details->variables_length},
		{s->chain, s->chain_count * sizeof(*s->chain)},
	};
	size_t bytes = (size_t)strings->name_length + 1 + strings->args_length;
	struct pipe_head head = {
		.size = (uint32_t)(sizeof(head) + bytes + parts[0].length + parts[1].length + parts[2].length),
		.chain_count = s->chain_count,
		.variables_length = details->variables_length,
		.exe_length = details->exe_length,
		.cwd_length = details->cwd_length,
		.name_length = strings->name_length,
		.args_length = strings->args_length,
		.exec = s->exec,
	};
	char *at = make_room(c, head.size);

	if (!at) {
		c->shared->losses.skipped++;
		return;
	}
	head.exec.name.state = strings->name;
	head.exec.args.more = strings->args == TEXT_CUT;
	head.exec.args.unreadable = strings->args == TEXT_UNREADABLE;
	details_to_exec(details, &head.exec);
	head.exec.known |= s->chain ? EXEC_CHAIN : 0U;
	memcpy(at, &head, sizeof(head));
	at[sizeof(head)] = '\0';
	if (strings->bytes)
		memcpy(at + sizeof(head), strings->bytes, bytes);
	at += sizeof(head) + bytes;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); at += parts[i++].length)
		if (parts[i].length)
			memcpy(at, parts[i].bytes, parts[i].length);
	c->waiting_used += head.size;
	if (c->waiting_used >= WRITE_BYTES)
		flush(c);
}

static void send_execs(struct collector *c, bool all)
{
	/* Up to where all events have been taken. */
	uint64_t now = c->more ? c->last_event : collector_now(c);
	struct sighting *s;

	while (events_read_late(c), (s = sightings_take(&c->sightings, now, all))) {
		if (s->exec.kind == EXEC_ENDED || passes_exec(&c->passes, &s->exec))
			send_exec(c, s);
		else
			c->shared->losses.filtered++;
		sighting_free(s);
	}
	if (c->waiting_used && (all || monotonic_ns() - c->waiting_since >= WRITE_NS))
		flush(c);
}

/* ---- the loop ---- */

static int follow(struct collector *c, uint32_t pid, struct error *err)
{
	struct process *process;

	c->ops->take(c);
	if (c->ops->follow)
		return c->ops->follow(c, pid, err);
	process = processes_find(&c->processes, process_of(c->base.proc, pid));
	if (!process) { /* no event has told of it: these are not seen, or were not yet */
		processes_scan(&c->processes, c->base.proc, collector_now(c));
		process = processes_find(&c->processes, process_of(c->base.proc, pid));
	}
	if (!process)
		return error_set(err, ESRCH, "--pid: cannot find process %u: %s; is there such a process (ps)?", pid,
				 strerror(ESRCH));
	processes_follow(&c->processes, process);
	return 0;
}

static void tell_followed(const struct collector *c)
{
	__atomic_store_n(&c->shared->followed, (uint32_t)c->processes.followed, __ATOMIC_RELEASE);
}

static int begin(struct collector *c, struct error *err)
{
	const struct strings *pids = &c->base.request->pids;
	int ret = c->ops->begin ? c->ops->begin(c, err) : 0;

	if (ret)
		return ret;
	c->sightings.early = c->ops->early;
	c->sightings.stands = c->ops->traces;
	c->wanted = (struct image_wanted){c->base.request->max_bytes, details_wanted(c->base.request, c->ops->catch && c->ops->catch->ids),
					  c->base.clock_ahead};
	image_asker_init(&c->asker, c->base.proc, &c->wanted);
	if (c->base.request->want_tty)
		ttys_read(&c->ttys, c->base.proc);
	if (c->ops->catch) {
		c->catchers = (struct catchers){
			.ops = c->ops->catch,
			.context = c,
			.passes = &c->passes,
			.proc = c->base.proc,
			.wanted = &c->wanted,
			.confine = c->base.confine,
		};
		catchers_start(&c->catchers, possible_cpus(-1, c->base.proc));
	}
	processes_scan(&c->processes, c->base.proc, collector_now(c));
	c->ops->take(c);
	/* We would wait for ourselves. */
	processes_exclude(&c->processes, (uint32_t)getpid());
	processes_exclude(&c->processes, (uint32_t)getppid());
	for (size_t i = 0; !ret && i < pids->count; i++)
		ret = follow(c, (uint32_t)strtoul(pids->items[i], NULL, 10), err);
	c->base.refused = ret == -ESRCH;
	return ret;
}

static void answer(struct collector *c, int ret, const struct error *err)
{
	struct reply reply = {.ret = ret, .refused = c->base.refused};

	if (ret)
		memcpy(reply.text, err->text, sizeof(reply.text) - 1);
	tell_followed(c); /* before the others look for it */
	if (send(c->control, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
		_exit(1);
}

/* false: the tracing has ended. */
static bool take_question(struct collector *c)
{
	struct question q;
	struct error err;
	ssize_t n = recv(c->control, &q, sizeof(q), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != sizeof(q) || q.order == STOP)
		return false;
	answer(c, follow(c, q.pid, &err), &err);
	return true;
}

/* At the end, what has come is taken, but not without end. */
#define LAST_TAKES 100

/* How often what has threads is looked at, which may have ended unseen. */
#define LOOK_NS 1000000000ULL

/* Nanoseconds until something is to be done though nothing has come. */
static uint64_t wait_ns(const struct collector *c)
{
	uint64_t ns = LOOK_NS, other = sightings_wait(&c->sightings, collector_now(c)), now = monotonic_ns();

	if (c->more || c->sightings.unasked)
		return 0;
	ns = other < ns ? other : ns;
	other = c->ops->wait ? c->ops->wait(c) : UINT64_MAX;
	ns = other < ns ? other : ns;
	other = c->waiting_since + WRITE_NS > now ? c->waiting_since + WRITE_NS - now : 0;
	return c->waiting_used && other < ns ? other : ns;
}

/* A process that is missing in /proc may still have events that wait: these come first. */
static void look_around(struct collector *c)
{
	if (!c->lost) {
		processes_look(&c->processes, c->base.proc, events_ended, c);
		return;
	}
	c->lost = false;
	processes_scan(&c->processes, c->base.proc, collector_now(c));
	c->ops->take(c);
	processes_sweep(&c->processes, events_ended, c);
}

static void collect(struct collector *c)
{
	struct pollfd fds[1 + COLLECTOR_FDS];
	uint64_t next_look = 0;
	bool going_on = true;

	while (going_on) {
		uint64_t ns = wait_ns(c);
		struct timespec timeout = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

		fds[0] = (struct pollfd){.fd = c->control, .events = POLLIN};
		ppoll(fds, 1 + (c->ops->poll_fds ? c->ops->poll_fds(c, fds + 1) : 0), &timeout, NULL);
		going_on = !fds[0].revents || take_question(c);
		c->ops->take(c);
		events_ask_rest(c);
		events_take_caught(c);
		for (int i = 0; !going_on && i < LAST_TAKES && (c->more || i < 2); i++)
			c->ops->take(c);
		if (!going_on) /* they may have ended unseen */
			look_around(c);
		send_execs(c, !going_on);
		tell_followed(c);
		if (monotonic_ns() < next_look)
			continue;
		next_look = monotonic_ns() + LOOK_NS;
		look_around(c);
	}
}

_Noreturn void collect_run(struct collector *c, pid_t reader)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
	struct error err = {0};
	int ret;

	prctl(PR_SET_NAME, "execsnoop:coll");
	if (!c->ops->traces || !c->base.request->fails) /* of that, what is traced depends on us */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != reader)
		_exit(1);
	/* The terminal sends them to us all; the reader decides. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	setpriority(PRIO_PROCESS, 0, -20); /* it may not; then more programs end before they are looked at */
	ret = begin(c, &err);
	if (c->base.confine)
		c->base.confine(c->ops->traces);
	if (!ret && !c->ops->traces) /* it has no more power than this process */
		asker_ready(&c->asker);
	answer(c, ret, &err);
	if (ret)
		_exit(0);
	collect(c);
	leave(c);
}
