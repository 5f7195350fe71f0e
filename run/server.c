/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/server.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/passing.h"
#include "run/sandbox.h"

/* The signals that can be handed on. */
static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static void look(struct server *s, const struct question *q, struct reply *r)
{
	struct source *source = s->work.source;
	const struct output *out = s->work.output;
	const char *how = out->is_file && out->kind == OUTPUT_FILE ? rotate_look(out->directory, out->base, &q->file) : NULL;

	source->ops->look(source, s->shared.seqs, &r->losses);
	if (!q->number && source->ops->rings)
		r->result = source->ops->rings->look_at_cpus(source, s->shared.has, s->shared.remove);
	r->moved = !how ? NOT_MOVED : *how == 'r' && !strcmp(how, "removed") ? REMOVED : REPLACED;
}

static void answer(struct server *s, const struct question *q, struct reply *r)
{
	struct answer a = asker_ask(&s->asker, &q->ask);

	if (!a.length || a.length > HELPER_ANSWER) {
		r->complete = a.complete;
		return;
	}
	memcpy(s->shared.answer, a.bytes, a.length);
	r->length = a.length;
	r->complete = a.complete;
	r->cut = a.cut;
	asker_rest(&s->asker);
}

static void find_cgroup(struct server *s, const struct question *q, struct reply *r)
{
	const struct source *source = s->work.source;
	char path[CGROUP_PATH_SIZE];
	size_t length;

	if (s->work.cgroup_root < 0 || source->proc < 0)
		return;
	length = cgroup_path(s->work.cgroup_root, source->proc, q->cgroup, source->proc_is_initial ? q->number : 0, path);
	memcpy(s->shared.path, path, length);
	r->length = length;
}

/* When the process started, in ticks since boot; 0: not known. */
static uint64_t start_time(const struct server *s, pid_t pid)
{
	char path[32], stat[1024];
	const char *at;

	format_text(path, sizeof(path), "%d/stat", pid);
	if (!pid || s->work.source->proc < 0 || read_file(s->work.source->proc, path, stat, sizeof(stat)) < 0)
		return 0;
	at = stat_field(stat, STAT_START_TIME);
	return at ? strtoull(at, NULL, 10) : 0;
}

/* Whether the command's id is still its own: the reader waits for it. */
static bool is_command(const struct server *s)
{
	return start_time(s, s->work.command->pid) == s->command_start;
}

static int hand_on(const struct server *s, uint32_t signal)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if ((uint32_t)signals[i] == signal)
			return is_command(s) ? command_signal(s->work.command, signals[i]) : -ESRCH;
	return -EINVAL;
}

int server_handle(struct server *s, const struct question *q, struct reply *r, int fds[2])
{
	struct source *source = s->work.source;
	struct ring rings[2];

	*r = (struct reply){.kind = q->kind, .id = q->id};
	switch (q->kind) {
	case LOOK:
		look(s, q, r);
		break;
	case RING:
		r->result = source->ops->rings ? source->ops->rings->open_lane(source, rings) : -1;
		if (r->result < 0)
			break;
		r->size = rings[0].size;
		fds[0] = rings[0].fd;
		fds[1] = rings[1].fd;
		return 2;
	case GONE:
		r->result = source->ops->all_ended(source);
		break;
	case ASK:
		answer(s, q, r);
		break;
	case PARENT:
		r->result = (int32_t)caller_parent(source->proc_is_initial ? source->proc : -1, q->number);
		break;
	case SIGNAL:
		r->result = hand_on(s, q->number);
		break;
	case DETACH:
		source->ops->stop(source);
		break;
	case CGROUP:
		find_cgroup(s, q, r);
		break;
	default:
		r->result = -EINVAL;
	}
	return 0;
}

static void serve(struct server *s, int socket)
{
	struct question q;
	struct reply r;
	int fds[2], count;
	ssize_t n;

	for (;;) {
		n = recv(socket, &q, sizeof(q), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(q))
			return;
		count = server_handle(s, &q, &r, fds);
		if (!passing_send(socket, &r, sizeof(r), fds, count))
			return;
	}
}

void server_run(struct server *s, int socket, int told, pid_t reader)
{
	struct sandbox_needs needs = {.any_user = s->work.command->pid,
				      .cgroup_paths = s->work.cgroup_root >= 0};
	const char *why;

	prctl(PR_SET_NAME, "execsnoop:help");
	if (getppid() != reader)
		_exit(1);
	/* The terminal sends them to us all; the reader decides. */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	s->work.source->ops->divide(s->work.source, true);
	/* Or nobody would see that the reader has ended. */
	if (s->work.timeline)
		close(s->work.timeline->fd);
	if (s->work.output->fd != STDERR_FILENO)
		close(s->work.output->fd);
	if (s->work.opener >= 0)
		close(s->work.opener);
	close(STDOUT_FILENO);
	why = s->work.sandbox ? sandbox_helper(&needs) : NULL;
	if (why && write(told, why, strlen(why)) < 0)
		_exit(1);
	close(told);
	serve(s, socket);
	asker_free(&s->asker);
	s->work.source->ops->stop(s->work.source);
	_exit(0);
}

void server_init(struct server *s, const struct helper_work *work, const struct helper_shared *shared)
{
	const struct source *source = work->source;

	*s = (struct server){
		.work = *work,
		.shared = *shared,
	};
	asker_init(&s->asker, source->proc_is_initial ? source->proc : -1);
	s->asker.args_alone = !source->request->fails;
	s->command_start = start_time(s, work->command->pid);
}
