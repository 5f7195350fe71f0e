/* SPDX-License-Identifier: GPL-2.0-only */
#include <signal.h>
#include <string.h>

#include "kernel/states.h"

/* Bits of signal_struct.flags (include/linux/sched/signal.h); the same since 2.6.12. */
#define SIGNAL_STOP_STOPPED 1
#define SIGNAL_GROUP_EXIT 4

#define NO_LOGIN UINT32_MAX

/* The order of the copies in the workspace. */
enum { FIRST, SECOND, STOPPED, HALVED, SELF, INIT, TASKS };
#define TARGETS INIT /* init's are not looked at */

struct learner {
	struct looker looker;
	const struct states *states;
	struct states_workspace *w;
	uint32_t size; /* bytes that could be read of each task_struct */
};

static uint64_t task_word(const struct learner *l, int which, uint32_t at)
{
	return word(&l->looker, l->w->tasks[which] + at);
}

/* ---- the start of a process ---- */

/* Of two times that are never in another order, the later one. Where a clock ticks slowly they may be the same: then that which
 * stands behind the other, as in every tree from 4.4 to 6.19 without RANDSTRUCT. */
static void choose_later(const struct learner *l, struct places *places)
{
	bool second = false, first = false;

	for (int i = 0; i < ENDED; i++) {
		uint64_t a = word64(l->w->tasks[i] + places->first), b = word64(l->w->tasks[i] + places->second);

		first |= a > b;
		second |= b > a;
	}
	if (first && second)
		return;
	if (first || second)
		*places = (struct places){.first = first ? places->first : places->second, .count = 1};
	else if (places->second == places->first + 8)
		*places = (struct places){.first = places->second, .count = 1};
}

/* Each was made in this order: this process, the zombies, the others. The scheduler notes times, too, and a zombie may have run but
 * once; this process has run since. */
static bool could_be_start(const struct learner *l, uint32_t at)
{
	const uint64_t first = l->states->ended[0].made_after, last = l->states->ended[ENDED - 1].made_before;
	uint64_t self = word64(l->w->tasks[SELF] + at);

	for (int i = 0; i < ENDED; i++) {
		uint64_t start = word64(l->w->tasks[i] + at);

		if (start < l->states->ended[i].made_after || start > l->states->ended[i].made_before)
			return false;
	}
	return (self || l->states->self_pid == 1) && self <= first && word64(l->w->tasks[STOPPED] + at) >= last && word64(l->w->tasks[HALVED] + at) >= last;
}

/* start_time and start_boottime (before 5.5 real_start_time), one behind the other. They differ by how long the machine was
 * suspended; the one in CLOCK_BOOTTIME is never smaller, and is taken a little later (copy_process in kernel/fork.c). */
static const char *learn_start(const struct learner *l, struct layout *out)
{
	struct places places = {0};
	const char *why;

	for (uint32_t at = 0; at + 8 <= l->size; at += 4)
		if (could_be_start(l, at))
			add_place(&places, at);
	if (places.count == 2)
		choose_later(l, &places);
	why = why_not_one(&places);
	if (!why)
		out->task_start = places.first;
	return why;
}

/* ---- structs that a task_struct points to ---- */

/* Copies what the tasks from the first to the last have at that place, if these are different pointers to data, and the first
 * one's has the value of 4 bytes: most have not, and each copy takes microseconds. The bytes that could be read of each, 0: it
 * is not so. */
static uint32_t copy_targets(const struct learner *l, uint32_t at, int last, uint32_t size, uint32_t value)
{
	const struct state first = {l->w->targets[FIRST], value};

	for (int i = 0; i <= last; i++) {
		uint64_t target = task_word(l, i, at);

		if (!could_be_data(&l->looker, target))
			return 0;
		for (int j = 0; j < i; j++)
			if (target == task_word(l, j, at))
				return 0;
	}
	size = copy_data(&l->looker, task_word(l, FIRST, at), l->w->targets[FIRST], size);
	if (!find_values(&first, 1, 4, 0, size).count)
		return 0;
	for (int i = SECOND; i <= last; i++) {
		uint32_t copied = copy_data(&l->looker, task_word(l, i, at), l->w->targets[i], size);

		size = copied < size ? copied : size;
	}
	return size;
}

/* The effective ids, in the zombies' credentials. real_cred and cred are the same. */
static const char *learn_cred(const struct learner *l, struct layout *out)
{
	const struct states *s = l->states;
	const char *why = NOT_FOUND;
	uint64_t cred = 0;

	if (!s->ended[0].has_ids || !s->ended[1].has_ids)
		return "this process may not change its ids (CAP_SETUID, CAP_SETGID)";
	for (uint32_t at = 0; at + l->looker.long_size <= l->size; at += l->looker.long_size) {
		uint32_t size = cred && task_word(l, FIRST, at) == cred ? 0 : copy_targets(l, at, SECOND, CRED_BYTES, s->ended[0].euid);
		struct state uids[ENDED], gids[ENDED];
		struct places uid, gid;

		for (int i = 0; i < ENDED; i++) {
			uids[i] = (struct state){l->w->targets[i], s->ended[i].euid};
			gids[i] = (struct state){l->w->targets[i], s->ended[i].egid};
		}
		uid = find_values(uids, ENDED, 4, 0, size);
		gid = find_values(gids, ENDED, 4, 0, size);
		if (!uid.count || !gid.count)
			continue;
		if (cred || uid.count > 1 || gid.count > 1)
			return NOT_UNIQUE;
		cred = task_word(l, FIRST, at);
		out->task_cred = at;
		out->cred_euid = uid.first;
		out->cred_egid = gid.first;
		why = NULL;
	}
	return why;
}

/* ---- the end of a process ---- */

/* How many threads live: the first such place. Behind it there may be quick_threads (5.17), which is as good, and the structs that
 * follow in the slab, some of which are free. 0: it was not found. */
static uint32_t find_live(const struct learner *l, uint32_t size)
{
	const struct state states[] = {
		{l->w->targets[FIRST], 0}, {l->w->targets[SECOND], 0}, {l->w->targets[STOPPED], 1}, {l->w->targets[HALVED], 1},
		{l->w->targets[SELF], 1},
	};
	struct places live = find_values(states, TARGETS, 4, 0, size);

	return live.first;
}

/* Where the signal_struct has group_exit_code and flags, if that place in the task_structs points to one, or into one. */
static bool find_in_signal(const struct learner *l, uint32_t at, struct layout *out, bool *twice)
{
	uint32_t size = copy_targets(l, at, SELF, SIGNAL_BYTES, l->states->ended[0].status);
	struct state codes[SELF], flags[SELF];
	struct places code, flag;

	/* This process may have been stopped before, which would leave its mark. */
	for (int i = 0; i < SELF; i++) {
		bool ended = i < ENDED, stopped = i == STOPPED;

		codes[i] = (struct state){l->w->targets[i], ended ? l->states->ended[i].status : stopped ? SIGSTOP : 0};
		flags[i] = (struct state){l->w->targets[i], ended ? SIGNAL_GROUP_EXIT : stopped ? SIGNAL_STOP_STOPPED : 0};
	}
	code = find_values(codes, SELF, 4, 0, size);
	flag = find_values(flags, SELF, 4, 0, size);
	if (!code.count || !flag.count)
		return false;
	*twice = code.count > 1 || flag.count > 1;
	out->task_signal = at;
	out->signal_exit_code = code.first;
	out->signal_flags = flag.first;
	out->signal_live = find_live(l, size);
	return true;
}

/* task_struct.exit_code, and the signal_struct. Lists of threads lead into it, too (thread_head): the pointer to it is the lowest
 * of those by which the same members are found. */
static const char *learn_end(const struct learner *l, struct layout *out)
{
	const struct state codes[] = {
		{l->w->tasks[FIRST], l->states->ended[0].status}, {l->w->tasks[SECOND], l->states->ended[1].status},
		{l->w->tasks[SELF], 0},
	};
	struct places code = find_values(codes, 3, 4, 0, l->size);
	const char *why = why_not_one(&code);
	uint64_t lowest = 0, flags = 0;
	bool twice, again = false; /* again: two places have the lowest */

	for (uint32_t at = 0; !why && at + l->looker.long_size <= l->size; at += l->looker.long_size) {
		struct layout found = *out;
		uint64_t signal = task_word(l, FIRST, at);

		if (!find_in_signal(l, at, &found, &twice))
			continue;
		if (twice || (flags && signal + found.signal_flags != flags))
			return NOT_UNIQUE;
		flags = signal + found.signal_flags;
		again = signal == lowest || (again && signal > lowest);
		if (!lowest || signal < lowest) {
			*out = found;
			lowest = signal;
		}
	}
	out->task_exit_code = code.first;
	return why ? why : !lowest ? NOT_FOUND : again ? NOT_UNIQUE : NULL;
}

/* ---- the ids of a process ---- */

/* struct pid and struct upid (include/linux/pid.h). An id has its namespace beside it, and two more pointers below Linux 4.15. */
#define PID_BYTES 512
#define LEVELS_MOST 32

static uint32_t target32(const struct learner *l, int which, uint32_t at)
{
	return at + 4 <= PID_BYTES ? word32(l->w->targets[which] + at) : 0;
}

/* Whether the number of levels can be at that place, if the ids are at the other, so far apart. */
static bool fits(const struct learner *l, uint32_t level, uint32_t numbers, uint32_t step)
{
	uint32_t outer = target32(l, SELF, level), inner = outer + 1;

	return outer < LEVELS_MOST && target32(l, FIRST, level) == inner && target32(l, SECOND, level) == inner &&
	       target32(l, SELF, numbers + outer * step) == l->states->self_inner &&
	       target32(l, FIRST, numbers + inner * step) == 1 && target32(l, SECOND, numbers + inner * step) == 1;
}

/* How many answers there are behind that pointer. */
static unsigned int find_in_pid(const struct learner *l, uint32_t at, struct layout *out)
{
	const struct states *s = l->states;
	uint32_t size = copy_targets(l, at, SELF, PID_BYTES, s->inner[0].pid);
	const struct state states[] = {
		{l->w->targets[FIRST], s->inner[0].pid}, {l->w->targets[SECOND], s->inner[1].pid}, {l->w->targets[SELF], s->self_pid},
	};
	struct places numbers = find_values(states, 3, 4, 0, size);
	unsigned int count = 0;

	for (int i = 0; i < TARGETS; i++)
		memset(l->w->targets[i] + size, 0, PID_BYTES - size);
	for (uint32_t level = 0; numbers.count && level < numbers.first; level += 4)
		for (uint32_t step = 2 * l->looker.long_size; step <= 4 * l->looker.long_size; step *= 2)
			if (fits(l, level, numbers.first, step)) {
				out->task_thread_pid = at;
				out->pid_level = level;
				out->pid_numbers = numbers.first;
				out->pid_step = step;
				count++;
			}
	return count;
}

static const char *learn_pids(const struct learner *l, struct layout *out)
{
	const struct states *s = l->states;
	unsigned int count = 0;

	if (!s->inner[0].task || !s->inner[1].task)
		return "this process may not make a pid namespace (CAP_SYS_ADMIN, CONFIG_PID_NS=y)";
	/* In the place of the other two. */
	for (int i = 0; i < ENDED; i++)
		if (copy_data(&l->looker, s->inner[i].task, l->w->tasks[i], l->size) < l->size)
			return NOT_FOUND;
	for (uint32_t at = 0; at + l->looker.long_size <= l->size; at += l->looker.long_size)
		count += find_in_pid(l, at, out);
	return count == 1 ? NULL : count ? NOT_UNIQUE : NOT_FOUND;
}

/* ---- the terminal ---- */

/* Of a struct tty_struct, whose name stands before the first half. */
#define TTY_BYTES SIGNAL_BYTES

/* Where both structs have the names of their terminals. */
static struct places find_names(const struct learner *l, uint32_t size)
{
	const char (*names)[16] = l->states->ttys;
	struct places places = {0};

	for (uint32_t at = 0; at + sizeof(names[0]) <= size; at++)
		if (!strcmp(l->w->targets[FIRST] + at, names[0]) && !strcmp(l->w->targets[SECOND] + at, names[1]))
			add_place(&places, at);
	return places;
}

static const char *learn_tty(const struct learner *l, struct layout *out)
{
	struct places place = {0}, name = {0}, found;
	uint32_t sizes[2], size;

	if (!*l->states->ttys[0] || !*l->states->ttys[1])
		return "no pseudoterminal could be made (is devpts mounted at /dev/pts?)";
	if (out->missing[LAYOUT_END])
		return "the signal_struct was not found";
	for (int i = 0; i < 2; i++)
		sizes[i] = copy_data(&l->looker, task_word(l, STOPPED + i, out->task_signal), l->w->targets[STOPPED + i], SIGNAL_BYTES);
	size = sizes[0] < sizes[1] ? sizes[0] : sizes[1];
	for (uint32_t at = 0; at + l->looker.long_size <= size; at += l->looker.long_size) {
		uint64_t first = word(&l->looker, l->w->targets[STOPPED] + at), second = word(&l->looker, l->w->targets[HALVED] + at);

		if (first == second || !could_be_data(&l->looker, first) || !could_be_data(&l->looker, second))
			continue;
		sizes[0] = copy_data(&l->looker, first, l->w->targets[FIRST], TTY_BYTES);
		sizes[1] = copy_data(&l->looker, second, l->w->targets[SECOND], TTY_BYTES);
		found = find_names(l, sizes[0] < sizes[1] ? sizes[0] : sizes[1]);
		if (!found.count)
			continue;
		add_place(&place, at);
		name = found;
	}
	if (why_not_one(&place))
		return why_not_one(&place);
	out->signal_tty = place.first;
	out->tty_name = name.first;
	return why_not_one(&name);
}

/* ---- audit's ids ---- */

/* The first process's task_struct, or 0: it was not found among the ancestors. */
static uint64_t find_init(const struct learner *l, const struct layout *layout)
{
	uint64_t task = l->looker.task;
	char bytes[8];

	for (int i = 0; i < 64; i++) {
		if (copy_data(&l->looker, task + (layout->task_tgid & ~7U), bytes, 8) < 8)
			return 0;
		if (word32(bytes + (layout->task_tgid & 7)) == 1)
			return task;
		if (copy_data(&l->looker, task + layout->task_real_parent, bytes, l->looker.long_size) < l->looker.long_size)
			return 0;
		task = word(&l->looker, bytes);
	}
	return 0;
}

static struct places find_login(const struct learner *l, uint32_t value)
{
	const struct state states[] = {
		{l->w->tasks[FIRST], value}, {l->w->tasks[SECOND], value}, {l->w->tasks[STOPPED], value}, {l->w->tasks[HALVED], value},
		{l->w->tasks[SELF], value}, {l->w->tasks[INIT], NO_LOGIN},
	};

	return find_values(states, TASKS, 4, 0, l->size);
}

static const char *learn_login(const struct learner *l, struct layout *out)
{
	uint64_t init = out->missing[LAYOUT_PARENT] ? 0 : find_init(l, out);
	struct places loginuid, session;
	const char *why;

	if (!l->states->has_login)
		return "this process has no login uid";
	if (!init)
		return "the first process was not found";
	if (copy_data(&l->looker, init, l->w->tasks[INIT], l->size) < l->size)
		return NOT_FOUND;
	loginuid = find_login(l, l->states->loginuid);
	session = find_login(l, l->states->session);
	/* The same number: they are neighbours, as in every tree without RANDSTRUCT. */
	if (l->states->loginuid == l->states->session && loginuid.count == 2 && loginuid.second == loginuid.first + 4) {
		session = (struct places){.first = loginuid.second, .count = 1};
		loginuid.count = 1;
	}
	why = why_not_one(&loginuid);
	if (!why)
		why = why_not_one(&session);
	if (why)
		return why;
	out->task_loginuid = loginuid.first;
	out->task_session = session.first;
	return NULL;
}

void states_learn(struct layout *layout, const struct layout_memory *memory, uint64_t self, const struct states *states,
		  struct states_workspace *workspace)
{
	struct learner l = {.looker = {memory, self, layout->long_size}, .states = states, .w = workspace, .size = TASK_SEARCH};
	static const struct {
		enum layout_part part;
		const char *(*learn)(const struct learner *l, struct layout *out);
	} parts[] = {
		{LAYOUT_START, learn_start}, {LAYOUT_CRED, learn_cred}, {LAYOUT_END, learn_end}, {LAYOUT_TTY, learn_tty},
		{LAYOUT_LOGIN, learn_login}, {LAYOUT_PIDS, learn_pids},
	};
	const uint64_t tasks[] = {states->ended[0].task, states->ended[1].task, states->stopped, states->halved, self};

	for (int i = 0; i < INIT; i++) {
		uint32_t size = copy_data(&l.looker, tasks[i], workspace->tasks[i], TASK_SEARCH);

		l.size = size < l.size ? size : l.size;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct layout found = *layout;

		layout->missing[parts[i].part] = parts[i].learn(&l, &found);
		found.missing[parts[i].part] = NULL;
		if (!layout->missing[parts[i].part])
			*layout = found;
	}
}

bool states_are_ambiguous(const struct layout *layout)
{
	for (int part = LAYOUT_START; part < LAYOUT_PATHS; part++)
		if (layout->missing[part] && !strcmp(layout->missing[part], NOT_UNIQUE))
			return true;
	return false;
}
