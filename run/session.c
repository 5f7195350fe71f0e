/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/session.h"
#include "kernel/cgroups.h"
#include "kernel/cpulist.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"
#include "run/filter.h"
#include "run/helper.h"
#include "run/opener.h"
#include "run/said.h"
#include "run/sandbox.h"
#include "run/signals.h"
#include "show/fields.h"
#include "show/print.h"
#include "show/tz.h"

/* How long an exec may lie in a ring before it is looked at: with HOLD_NS this bounds the time
 * until its line is out. A ring that fills up wakes us earlier; what is there is not looked at for each exec that
 * becomes old enough, but for all that do in a while. */
#define POLL_MS 40
#define POLL_LEAST_MS 20

/* How often we look for CPUs that have come online. */
#define LOOK_NS 1000000000ULL

/* The reason for the end of a session. */
enum end {
	NOT_ENDED,
	END_SIGNAL,
	END_ALL_ENDED, /* the command and its descendants, or the processes of -p */
	END_DURATION,
	END_OUTPUT, /* that was all that is asked for, or it cannot be written */
	END_HELPER,
	END_SOURCE,
};

struct session {
	const struct options *options;
	struct source *source;
	struct output *out;
	struct timeline *timeline;
	struct filter filter;
	uint64_t unwanted; /* execs that the filter did not want */
	struct printer printer;
	struct command command;
	bool handed_on; /* a signal, to the command */
	struct helper helper;
	struct opener opener;
	sig_atomic_t hangups; /* that have been answered */
	int cgroup_root; /* -1: no paths of cgroups are shown */
	struct said said;
	struct pollfd *fds;
	uint64_t deadline; /* CLOCK_MONOTONIC, 0: none */
	uint64_t next_look; /* as an exec's time */
};

/* The output, the helper, and two of each lane. */
enum { FD_OUTPUT, FD_HELPER, FD_RINGS };
static nfds_t fd_count(const struct session *s)
{
	return FD_RINGS + 2 * s->source->merge->count;
}

/* Waits until it is worth looking again: a ring a quarter full, an exec old enough to be shown,
 * time. */
static void wait_for_execs(struct session *s)
{
	uint64_t ns = merge_wait(s->source->merge), now = monotonic_ns();

	output_poll_fd(s->out, &s->fds[FD_OUTPUT]);
	helper_poll_fd(&s->helper, &s->fds[FD_HELPER]);
	if (ns > POLL_MS * 1000000ULL)
		ns = POLL_MS * 1000000ULL;
	if (ns < POLL_LEAST_MS * 1000000ULL)
		ns = POLL_LEAST_MS * 1000000ULL;
	if (s->deadline && now + ns > s->deadline)
		ns = s->deadline > now ? s->deadline - now : 0;
	poll(s->fds, fd_count(s), (int)((ns + 999999) / 1000000));
	if (s->fds[FD_OUTPUT].fd >= 0 && s->fds[FD_OUTPUT].revents & (POLLERR | POLLHUP))
		s->out->closed = true;
	helper_receive(&s->helper);
}

/* The end of a process is wanted if its last exec was: it may have other ids and another parent by now. If that is not known, by
 * the process's name and the source's filters. */
static bool wants_end(struct session *s, struct exec *end)
{
	const struct life *life = lives_find(&s->printer.lives, end->pid);

	/* An older one may be another process's by that id, whose end was lost. */
	if (!life || !life->executed || life->executed + s->printer.asleep < end->start)
		return !end->filtered && !s->options->lines.count && !s->options->not_lines.count && filter_wants(&s->filter, end);
	end->executed = life->executed;
	return life->shown;
}

static void end_life(struct session *s, const struct exec *end)
{
	struct life *life = lives_find(&s->printer.lives, end->pid);

	if (life)
		timeline_end(s->timeline, life, end);
	lives_remove(&s->printer.lives, end->pid);
}

static bool wants(struct session *s, struct exec *exec)
{
	struct life *life;
	bool wanted;

	if (exec->kind == EXEC_ENDED)
		return wants_end(s, exec);
	wanted = filter_wants(&s->filter, exec);
	life = s->options->request.exits && exec->kind == EXEC_DONE ? lives_add(&s->printer.lives, exec->pid) : NULL;
	if (life) {
		life->executed = exec->time;
		life->shown = wanted;
		if (wanted)
			timeline_exec(s->timeline, life, exec);
		else
			timeline_end(s->timeline, life, exec);
	}
	return wanted;
}

/* Prints what is ready; all: also what is kept back. */
static enum end print_execs(struct session *s, bool all)
{
	uint64_t count = s->options->count ? s->options->count : UINT64_MAX;
	struct merge *merge = s->source->merge;
	struct printer *printer = &s->printer;
	struct exec exec;

	merge_update(merge);
	print_begin(printer);
	while (!s->out->closed && printer->printed < count && merge_next(merge, all, &exec)) {
		/* At the end nothing is lost by waiting. */
		if (all && output_state(s->out) != OUTPUT_FREE)
			output_flush(s->out);
		if (wants(s, &exec) && (exec.kind != EXEC_ENDED || printer->form->exits))
			print_exec(printer, &exec);
		else
			s->unwanted += exec.kind != EXEC_ENDED;
		if (exec.kind == EXEC_ENDED)
			end_life(s, &exec);
	}
	output_send(s->out);
	if (s->timeline->wanted)
		output_send(&s->timeline->out);
	return !s->out->closed && printer->printed < count ? NOT_ENDED : END_OUTPUT;
}

/* The first signal is the command's affair as long as it lives. It is handed on once; the terminal has sent its own already. */
static void hand_on(struct session *s)
{
	int ret = !s->handed_on && stops.sent ? helper_signal(&s->helper, stops.signal) : 0;

	if (ret)
		say("cannot hand the signal on to the command: %s", strerror(-ret));
	s->handed_on = true;
}

/* Whether there is nothing more to come. A second signal ends us, with that signal's status. */
static enum end is_over(struct session *s)
{
	bool ended = command_ended(&s->command);

	if (s->helper.ended)
		return END_HELPER;
	if (s->source->ended)
		return END_SOURCE;
	if (stops.count == 1 && !ended) {
		hand_on(s);
	} else if (stops.count) {
		s->command.status = ended ? s->command.status : 128 + stops.signal;
		return END_SIGNAL;
	}
	if (ended && source_follows(s->source))
		helper_ask_gone(&s->helper);
	if (s->helper.gone)
		return END_ALL_ENDED;
	return s->deadline && monotonic_ns() >= s->deadline ? END_DURATION : NOT_ENDED;
}

/* Starts the helper; without power to give up, if it cannot be made so. *sandbox: whether it was. */
static int start_helper(struct session *s, bool *sandbox, const char **why, struct error *err)
{
	struct helper_work work = {
		.source = s->source,
		.output = s->out,
		.timeline = s->timeline->wanted ? &s->timeline->out : NULL,
		.command = &s->command,
		.cgroup_root = s->cgroup_root,
		.opener = s->opener.socket,
		.sandbox = *sandbox,
	};
	int ret = helper_start(&s->helper, &work, why, err);

	if (!ret || !work.sandbox)
		return ret;
	say("warning: it keeps all its power: %s", err->text);
	work.sandbox = *sandbox = false;
	return helper_start(&s->helper, &work, why, err);
}

/* Starts the process that begins the output's files anew, where there are files, and power is given up. */
static void start_opener(struct session *s)
{
	struct error err;
	const char *why = NULL;

	if (s->options->no_sandbox || !s->out->is_file || s->out->kind != OUTPUT_FILE)
		return;
	if (opener_start(&s->opener, s->out, s->source->merge, &why, &err))
		say("warning: no new file can be begun for --max-size or SIGHUP: %s", err.text);
	if (why)
		say("warning: the process that begins new files keeps more power than it needs: %s", why);
}

/* Splits the work in two processes or three, and gives up power in all. The command runs already. */
static int split(struct session *s, struct error *err)
{
	int timeline = s->timeline->wanted ? s->timeline->out.fd : s->out->fd, ret;
	bool sandbox = !s->options->no_sandbox;
	const char *why;

	ret = start_helper(s, &sandbox, &why, err);
	if (ret)
		return ret;
	if (s->source->ops->rings)
		s->source->ops->rings->ask_through(s->source, &(struct asking){helper_ask, helper_rest, &s->helper});
	s->printer.parents = (struct parents){helper_parent, &s->helper};
	s->printer.cgroups.ask = s->cgroup_root >= 0 ? helper_cgroup_path : NULL;
	s->printer.cgroups.context = &s->helper;
	s->out->look = helper_moved;
	s->out->looker = &s->helper;
	if (!sandbox)
		return 0;
	s->source->ops->divide(s->source, false);
	if (why)
		say("warning: the helper keeps more power than it needs: %s", why);
	helper_drop_descriptors(&s->helper, (int[]){s->out->fd, timeline, s->opener.socket}, 3);
	why = sandbox_reader(&(struct sandbox_descriptors){s->out->fd, timeline, say_descriptor(), s->helper.socket, s->opener.socket,
						       s->source->pipe});
	if (why)
		say("warning: it keeps more power than it needs: %s", why);
	return 0;
}

/* Says what has been lost, and covers CPUs that have come online. */
static void look_around(struct session *s)
{
	uint64_t now = s->source->merge->now;

	if (now > s->next_look) {
		s->next_look = now + LOOK_NS;
		helper_look(&s->helper, &s->out->file, false);
	}
	if (!helper_take_look(&s->helper, false))
		return;
	say_losses(s->source, &s->printer, &s->said);
	say_source_losses(s->source, &s->helper.losses, &s->said);
	output_look(s->out);
	if (!s->helper.lanes_changed)
		return;
	s->helper.lanes_changed = false;
	s->source->ops->poll_fds(s->source, s->fds + FD_RINGS);
	helper_look(&s->helper, &s->out->file, false); /* it can open now what was closed */
}

/* SIGHUP: the file may have another name by now. */
static void answer_hangup(struct session *s)
{
	sig_atomic_t hangups = stops.hangups;
	bool same = true;

	if (hangups == s->hangups || (s->out->kind == OUTPUT_FILE && !output_reopen(s->out, &same)))
		return;
	s->hangups = hangups;
	/* Nobody has moved the file, so it is not about that: sudo(8) hands on that the terminal is gone. */
	if (stops.terminal && same)
		signals_end(SIGHUP);
}

/* Ends the tracing, and prints all that was seen. */
static void finish(struct session *s, enum end end)
{
	helper_detach(&s->helper);
	if (end != END_OUTPUT)
		end = print_execs(s, true);
	if (s->out->closed)
		return;
	helper_look(&s->helper, &s->out->file, true);
	if (end != END_OUTPUT)
		helper_take_look(&s->helper, true);
	say_losses(s->source, &s->printer, &s->said);
	say_source_losses(s->source, &s->helper.losses, &s->said);
	output_flush(s->out);
	say_summary(s->source, &s->printer, &s->said, s->unwanted + s->helper.losses.filtered, stops.count && !s->options->quiet);
}

/* Reads and opens what names of users and cgroups are to be found by. */
static void open_names(struct session *s)
{
	struct fields_wanted wanted = fields_wanted(s->printer.form);
	const char *why = wanted.users ? users_read(&s->printer.users, "/etc/passwd") : NULL;

	if (why)
		say("warning: not all users' names are known: /etc/passwd: %s", why);
	if (!wanted.cgroup_paths)
		return;
	s->cgroup_root = cgroup_path_root(s->source->proc, &why);
	if (s->cgroup_root < 0)
		say("warning: no cgroup's path is known: %s", why);
}

/* A line for somebody at a terminal, where nothing may be seen for a while. */
static void say_begun(const struct session *s)
{
	const struct options *o = s->options;
	char list[4096], cpus[40] = "";
	int length, count = 0;

	if (!say_is_terminal() || o->quiet)
		return;
	length = read_file(AT_FDCWD, "/sys/devices/system/cpu/online", list, sizeof(list));
	for (int cpu = 0; length > 0 && cpu < cpus_in_list(list, (size_t)length); cpu++)
		count += cpu_in_list(list, (size_t)length, cpu) == CPU_ONLINE;
	if (count)
		format_text(cpus, sizeof(cpus), " on %d CPU%s", count, count == 1 ? "" : "s");
	if (o->command)
		say("tracing execs of \"%s\" and its descendants%s, source %s", o->command[0], cpus, s->source->name);
	else
		say("tracing execs%s%s, source %s; Ctrl-C ends", o->request.pids.count ? " of the processes and their descendants" : "", cpus,
		    s->source->name);
}

/* From when this returns 0, the command runs, and power has been given up. */
static int begin(struct session *s, const struct inherited *inherited, struct error *err)
{
	const struct options *o = s->options;
	const struct source_ops *ops = s->source->ops;
	const char *why;
	int ret = 0;

	s->next_look = s->printer.start + LOOK_NS;
	s->deadline = o->duration ? monotonic_ns() + o->duration : 0;
	open_names(s);
	ops->poll_fds(s->source, s->fds + FD_RINGS);
	s->out->enough = &stops.count;
	say_begun(s);
	if (s->timeline->wanted)
		timeline_begin(s->timeline, s->printer.start, o->form.max_args);
	output_begin(s->out, o->append, o->max_size, (unsigned int)o->keep, o->form.json ? NULL : s->printer.heading);
	if (ops->settle)
		ops->settle(s->source);
	start_opener(s);
	/* A followed process makes followed processes, so this one is followed for a moment. */
	if (o->command) {
		ret = ops->adopt ? ops->adopt(s->source, err) : 0;
		s->command.tracer = (pid_t)s->source->tracer;
		if (!ret)
			ret = command_start(&s->command, o, inherited, err);
		if (!ret)
			ret = ops->release(s->source, (uint32_t)s->command.pid, err);
		if (!ret)
			ret = command_execute(&s->command, o, err);
	}
	why = o->form.time && !o->form.iso_time ? tz_set() : NULL;
	if (why)
		say("warning: times are UTC: the file of the time zone (TZ, /etc/localtime): %s", why);
	return ret ? ret : split(s, err);
}

static int trace(struct session *s, const struct inherited *inherited, struct error *err)
{
	int ret = begin(s, inherited, err);
	enum end end;

	if (ret)
		return ret;
	while (!(end = is_over(s))) {
		wait_for_execs(s);
		end = print_execs(s, false);
		look_around(s);
		answer_hangup(s);
		if (end)
			break;
	}
	if (s->helper.ended)
		ret = error_set(err, EPIPE, "the helper process has ended (was it killed?), and with it the tracing");
	if (end == END_SOURCE)
		ret = error_set(err, EPIPE, "the process that collects execs has ended (was it killed?), and with it the tracing");
	finish(s, end);
	if (s->options->count && s->printer.printed >= s->options->count)
		s->command.status = 0; /* that was asked for, whether the command has ended by now or not */
	if (s->timeline->wanted)
		timeline_finish(s->timeline);
	helper_stop(&s->helper);
	opener_stop(&s->opener);
	return ret;
}

/* From /proc/sys/kernel/pid_max (proc(5)); 0: it cannot be read. */
static uint64_t pid_max(const struct source *source)
{
	char text[32];

	return source->proc >= 0 && read_file(source->proc, "sys/kernel/pid_max", text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

int session_run(const struct options *options, struct source *source, struct output *out, struct timeline *timeline,
		const struct inherited *inherited, int *status, struct error *err)
{
	struct session s = {
		.options = options,
		.filter = {.options = options},
		.source = source,
		.out = out,
		.timeline = timeline,
		.helper = {.socket = -1},
		.opener = {.socket = -1},
		.cgroup_root = -1,
	};
	int ret;

	s.fds = calloc(fd_count(&s), sizeof(*s.fds));
	if (!s.fds)
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	print_init(&s.printer, &options->form, out, &(struct print_setup){source->name, source->clock_ahead, source->boot_ahead, pid_max(source)});
	ret = trace(&s, inherited, err);
	print_free(&s.printer);
	filter_free(&s.filter);
	free(s.fds);
	*status = ret && !s.command.refused ? 1 : s.command.status;
	return ret;
}
