/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels made of memory, as in layout_test.c, with processes in known states. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "check.h"
#include "kernel/states.h"

#define NOWHERE "it is nowhere where it could be"
#define NOT_ONE "more than one place could be it"
#define RANDOM_KERNELS 2000
#define DISTANCE 0x10000

/* The tasks in the order of states.c, then a cred, a signal_struct, a pid and a tty_struct of each. */
enum {
	FIRST, SECOND, STOPPED, HALVED, SELF, INIT, TASKS,
	CREDS = TASKS, SIGNALS = CREDS + TASKS, PIDS = SIGNALS + TASKS, TTYS = PIDS + TASKS, OBJECTS = TTYS + TASKS
};

#define TASK_SIZE 6000
#define CRED_SIZE 168
#define SIGNAL_SIZE 1100
#define PID_SIZE 200
#define TTY_SIZE 700
#define SESSION 3
#define LOGINUID 1000
#define BEGUN 5000000000

struct kernel {
	uint32_t long_size;
	char *bytes[OBJECTS];
	uint32_t size[OBJECTS];
	struct layout places; /* where all is */
	uint32_t used[16]; /* places of the object that are taken */
	unsigned int used_count;
	struct states states;
};

static uint64_t noise_state = 0x9e3779b97f4a7c15;

static uint64_t noise(void)
{
	noise_state ^= noise_state << 13;
	noise_state ^= noise_state >> 7;
	return noise_state ^= noise_state << 17;
}

static uint64_t address(const struct kernel *k, int object)
{
	return (k->long_size == 8 ? 0xffff888012340000 : 0xc1230000) + (uint64_t)object * DISTANCE;
}

static int read_memory(void *context, uint64_t from, void *buffer, size_t length)
{
	const struct kernel *k = context;
	uint64_t offset = from - address(k, 0), object = offset / DISTANCE;

	offset %= DISTANCE;
	if (from < address(k, 0) || object >= OBJECTS || offset > k->size[object] || length > k->size[object] - offset)
		return -EFAULT;
	memcpy(buffer, k->bytes[object] + offset, length);
	return 0;
}

static void put32(struct kernel *k, int object, uint32_t at, uint32_t value)
{
	assert(at + 4 <= k->size[object]);
	memcpy(k->bytes[object] + at, &value, 4);
}

static void put64(struct kernel *k, int object, uint32_t at, uint64_t value)
{
	assert(at + 8 <= k->size[object]);
	memcpy(k->bytes[object] + at, &value, 8);
}

static void put(struct kernel *k, int object, uint32_t at, uint64_t value)
{
	if (k->long_size == 8)
		put64(k, object, at, value);
	else
		put32(k, object, at, (uint32_t)value);
}

/* A place of 16 bytes that nothing else has. */
static uint32_t place(struct kernel *k, uint32_t size)
{
	for (;;) {
		uint32_t at = 16 + (uint32_t)(noise() % (size / 16 - 2)) * 16;
		unsigned int i = 0;

		while (i < k->used_count && k->used[i] != at)
			i++;
		if (i < k->used_count)
			continue;
		k->used[k->used_count++] = at;
		return at;
	}
}

static void choose_places(struct kernel *k)
{
	struct layout *l = &k->places;

	*l = (struct layout){.long_size = k->long_size};
	l->task_tgid = place(k, TASK_SIZE);
	l->task_real_parent = place(k, TASK_SIZE);
	l->task_start = place(k, TASK_SIZE) + 8;
	l->task_cred = place(k, TASK_SIZE);
	l->task_loginuid = place(k, TASK_SIZE);
	l->task_session = l->task_loginuid + 4;
	l->task_exit_code = place(k, TASK_SIZE);
	l->task_signal = place(k, TASK_SIZE);
	l->task_thread_pid = place(k, TASK_SIZE);
	k->used_count = 0;
	l->cred_euid = place(k, CRED_SIZE);
	l->cred_egid = l->cred_euid + 4;
	k->used_count = 0;
	l->signal_exit_code = place(k, SIGNAL_SIZE);
	l->signal_flags = place(k, SIGNAL_SIZE);
	l->signal_live = place(k, SIGNAL_SIZE);
	l->signal_tty = place(k, SIGNAL_SIZE);
	l->pid_level = 4;
	l->pid_step = (noise() & 1 ? 2 : 4) * k->long_size;
	l->pid_numbers = 16 + (uint32_t)(noise() % 6) * 8;
	l->tty_name = 1 + (uint32_t)(noise() % (TTY_SIZE - 20));
}

/* When the task was made: this process before all others. */
static uint64_t begun(int task)
{
	return task < SELF ? BEGUN + (uint64_t)task * 1000 : BEGUN - 1000000;
}

static void fill_task(struct kernel *k, int task)
{
	static const uint32_t live[] = {0, 0, 1, 1, 1, 1};
	static const uint32_t flags[] = {4, 4, 1, 0, 0, 0x40};
	const struct layout *l = &k->places;
	bool ended = task < ENDED;
	uint32_t status = ended ? k->states.ended[task].status : 0;

	put32(k, task, l->task_tgid, task == INIT ? 1 : 4711 + (uint32_t)task);
	put(k, task, l->task_real_parent, address(k, task == SELF ? INIT : SELF));
	put64(k, task, l->task_start - 8, begun(task) + 1);
	put64(k, task, l->task_start, begun(task) + 2);
	put(k, task, l->task_cred, address(k, CREDS + task));
	put(k, task, l->task_cred + k->long_size, address(k, CREDS + task));
	put32(k, task, l->task_loginuid, task == INIT ? UINT32_MAX : LOGINUID);
	put32(k, task, l->task_session, task == INIT ? UINT32_MAX : SESSION);
	put32(k, task, l->task_exit_code, status);
	put(k, task, l->task_signal, address(k, SIGNALS + task));
	put32(k, CREDS + task, l->cred_euid, ended ? k->states.ended[task].euid : 0);
	put32(k, CREDS + task, l->cred_egid, ended ? k->states.ended[task].egid : 0);
	put32(k, SIGNALS + task, l->signal_exit_code, ended ? status : task == STOPPED ? SIGSTOP : 0);
	put32(k, SIGNALS + task, l->signal_flags, flags[task]);
	put32(k, SIGNALS + task, l->signal_live, live[task]);
	put(k, SIGNALS + task, l->signal_tty, task == STOPPED || task == HALVED ? address(k, TTYS + task) : 0);
	sprintf(k->bytes[TTYS + task] + l->tty_name, "pts%d", 7 + task);
	put(k, task, l->task_thread_pid, address(k, PIDS + task));
	put32(k, PIDS + task, l->pid_level, (uint32_t)ended + 2);
	put32(k, PIDS + task, l->pid_numbers, 4711 + (uint32_t)task);
	put32(k, PIDS + task, l->pid_numbers + 2 * l->pid_step, 11);
	if (ended)
		put32(k, PIDS + task, l->pid_numbers + 3 * l->pid_step, 1);
}

static void build(struct kernel *k, uint32_t long_size)
{
	*k = (struct kernel){.long_size = long_size};
	for (int i = 0; i < OBJECTS; i++) {
		k->size[i] = i < TASKS ? TASK_SIZE : i < SIGNALS ? CRED_SIZE : i < PIDS ? SIGNAL_SIZE : i < TTYS ? PID_SIZE : TTY_SIZE;
		k->bytes[i] = malloc(k->size[i]);
		assert(k->bytes[i]);
		for (uint32_t at = 0; at < k->size[i]; at++)
			k->bytes[i][at] = (char)noise();
	}
	k->states = (struct states){.stopped = address(k, STOPPED), .halved = address(k, HALVED), .has_login = true,
				    .loginuid = LOGINUID, .session = SESSION, .self_pid = 4711 + SELF, .self_inner = 11,
				    .ttys = {"pts9", "pts10"}};
	for (unsigned int i = 0; i < ENDED; i++) {
		k->states.ended[i].task = address(k, (int)i);
		k->states.ended[i].status = (0x2b + 0x31 * i) << 8;
		k->states.ended[i].has_ids = true;
		k->states.inner[i].task = address(k, (int)i);
		k->states.inner[i].pid = 4711 + i;
		k->states.ended[i].euid = 0x40001230 + i;
		k->states.ended[i].egid = 0x60004560 + i;
		k->states.ended[i].made_after = BEGUN + i * 1000;
		k->states.ended[i].made_before = BEGUN + i * 1000 + 100;
	}
	choose_places(k);
	for (int task = 0; task < TASKS; task++)
		fill_task(k, task);
}

static struct layout learn(struct kernel *k)
{
	const struct layout_memory memory = {.read = read_memory, .context = k};
	struct states_workspace *workspace = malloc(sizeof(*workspace));
	struct layout l = {.long_size = k->long_size, .task_tgid = k->places.task_tgid, .task_real_parent = k->places.task_real_parent};

	memset(workspace, 0x2b, sizeof(*workspace)); /* what was there before is not read */
	states_learn(&l, &memory, address(k, SELF), &k->states, workspace);
	for (int i = 0; i < OBJECTS; i++)
		free(k->bytes[i]);
	free(workspace);
	return l;
}

/* The part must be missing for that reason, all others right. */
static void check(struct kernel *k, int missing, const char *why)
{
	struct layout l = learn(k), *wanted = &k->places;
	int failures = check_failures;

	for (int part = LAYOUT_START; part < LAYOUT_PATHS; part++)
		CHECK_TEXT(l.missing[part] ? l.missing[part] : "", part == missing ? why
			   : missing == LAYOUT_END && part == LAYOUT_TTY ? "the signal_struct was not found" : "");
	if (missing == LAYOUT_START)
		wanted->task_start = 0;
	if (missing == LAYOUT_CRED)
		wanted->task_cred = wanted->cred_euid = wanted->cred_egid = 0;
	if (missing == LAYOUT_PIDS)
		wanted->task_thread_pid = wanted->pid_level = wanted->pid_numbers = wanted->pid_step = 0;
	if (missing == LAYOUT_TTY || missing == LAYOUT_END)
		wanted->signal_tty = wanted->tty_name = 0;
	if (missing == LAYOUT_LOGIN)
		wanted->task_loginuid = wanted->task_session = 0;
	if (missing == LAYOUT_END)
		wanted->task_exit_code = wanted->task_signal = wanted->signal_exit_code = wanted->signal_flags = wanted->signal_live = 0;
	CHECK(!memcmp(&l, wanted, offsetof(struct layout, missing)));
	if (check_failures > failures)
		printf("# start %u %u cred %u %u login %u %u end %u %u signal %u %u %u of %u\n", wanted->task_start, l.task_start,
		       wanted->task_cred, l.task_cred, wanted->task_loginuid, l.task_loginuid, wanted->task_exit_code, l.task_exit_code,
		       wanted->task_signal, l.task_signal, wanted->signal_flags, k->long_size);
}

#define ON_BOTH(sentence, missing, why)                                                                  \
	CASE(sentence)                                                                                   \
		for (uint32_t size = 4; size <= 8; size += 4)                                            \
			for (struct kernel k = {0}; !k.long_size && (build(&k, size), 1); check(&k, missing, why))

#define ON_ALL_TASKS(task) for (int task = 0; task < TASKS; task++)

static void test_states(void)
{
	CASE("learns kernels whose members are shuffled")
		for (int i = 0; i < RANDOM_KERNELS; i++) {
			struct kernel k;

			build(&k, i & 1 ? 8 : 4);
			check(&k, -1, "");
		}
	ON_BOTH("takes the start that is later, whichever stands first", -1, "")
		ON_ALL_TASKS(task) {
			put64(&k, task, k.places.task_start, begun(task) + 1);
			put64(&k, task, k.places.task_start - 8, begun(task) + 2);
			if (task + 1 == TASKS)
				k.places.task_start -= 8;
		}
	ON_BOTH("takes the one that is in the right clock, if the machine was suspended", -1, "")
		ON_ALL_TASKS(task)
			put64(&k, task, k.places.task_start - 8, 1000 + (uint64_t)task);
	ON_BOTH("takes the second of two starts that are the same, because a clock ticks slowly", -1, "")
		ON_ALL_TASKS(task)
			put64(&k, task, k.places.task_start - 8, begun(task) + 2);
	ON_BOTH("takes the one that was later at least once", -1, "")
		put64(&k, FIRST, k.places.task_start - 8, BEGUN + 2);
	ON_BOTH("refuses two starts that are the same and no neighbours", LAYOUT_START, NOT_ONE)
		ON_ALL_TASKS(task) {
			put64(&k, task, k.places.task_start - 8, 0);
			put64(&k, task, 0, begun(task) + 2);
		}
	ON_BOTH("takes no time of the scheduler's for a start", -1, "")
		ON_ALL_TASKS(task)
			put64(&k, task, 0, BEGUN + (uint64_t)task * 1000 + 50);
	ON_BOTH("takes no time for a start that is older where the process is younger", -1, "")
		ON_ALL_TASKS(task) {
			put64(&k, task, 0, begun(task) + 50);
			if (task == STOPPED)
				put64(&k, task, 0, BEGUN + 50);
			put64(&k, task, 8, task == HALVED ? BEGUN + 50 : begun(task) + 50);
		}
	ON_BOTH("takes no notice of this process's own stops", -1, "") {
		put32(&k, SIGNALS + SELF, k.places.signal_flags, 2);
		put32(&k, SIGNALS + SELF, k.places.signal_exit_code, 18);
	}
	ON_BOTH("tells a login uid from a session of the same number", -1, "") {
		ON_ALL_TASKS(task)
			put32(&k, task, k.places.task_loginuid, task == INIT ? UINT32_MAX : SESSION);
		k.states.loginuid = SESSION;
	}
	ON_BOTH("refuses starts of which none is always later", LAYOUT_START, NOT_ONE)
		put64(&k, SECOND, k.places.task_start - 8, BEGUN + 1050);
	ON_BOTH("refuses a start that is nowhere", LAYOUT_START, NOWHERE)
		for (int i = 0; i < ENDED; i++)
			k.states.ended[i].made_before = k.states.ended[i].made_after = 7;
	ON_BOTH("refuses ids that are nowhere", LAYOUT_CRED, NOWHERE)
		put32(&k, CREDS + SECOND, k.places.cred_euid, 0);
	ON_BOTH("refuses ids that are in two structs", LAYOUT_CRED, NOT_ONE) {
		ON_ALL_TASKS(task)
			put(&k, task, 8, address(&k, SIGNALS + task) + 8);
		for (int i = 0; i < ENDED; i++) {
			put32(&k, SIGNALS + i, 8, k.states.ended[i].euid);
			put32(&k, SIGNALS + i, 12, k.states.ended[i].egid);
		}
	}
	ON_BOTH("says so if ids cannot be changed", LAYOUT_CRED, "this process may not change its ids (CAP_SETUID, CAP_SETGID)")
		k.states.ended[1].has_ids = false;
	ON_BOTH("is not confused by lists of threads that lead into the signal_struct", -1, "")
		ON_ALL_TASKS(task) {
			put(&k, task, 0, address(&k, SIGNALS + task) + 16);
			put(&k, task, 8, address(&k, SIGNALS + task) + 16);
		}
	ON_BOTH("refuses flags that are at two places", LAYOUT_END, NOT_ONE) {
		static const uint32_t flags[] = {4, 4, 1, 0, 0, 0};

		ON_ALL_TASKS(task)
			put32(&k, SIGNALS + task, 4, flags[task]);
	}
	ON_BOTH("refuses an exit code that is at two places", LAYOUT_END, NOT_ONE)
		ON_ALL_TASKS(task)
			put32(&k, task, 4, task < ENDED ? k.states.ended[task].status : 0);
	ON_BOTH("is not confused by an exit code without flags", LAYOUT_END, NOWHERE)
		put32(&k, SIGNALS + STOPPED, k.places.signal_flags, 0);
	ON_BOTH("takes the first of several counts of threads (quick_threads, other structs)", -1, "")
		ON_ALL_TASKS(task)
			for (uint32_t at = SIGNAL_SIZE - 12; at < SIGNAL_SIZE; at += 4)
				put32(&k, SIGNALS + task, at, task < ENDED ? 0 : 1);
	ON_BOTH("refuses a login uid that init has, too", LAYOUT_LOGIN, NOWHERE)
		put32(&k, INIT, k.places.task_loginuid, LOGINUID);
	ON_BOTH("refuses a login uid at two places", LAYOUT_LOGIN, NOT_ONE)
		ON_ALL_TASKS(task)
			put32(&k, task, 4, task == INIT ? UINT32_MAX : LOGINUID);
	ON_BOTH("says so if there is no login uid", LAYOUT_LOGIN, "this process has no login uid")
		k.states.has_login = false;
	ON_BOTH("says so if init is not to be found", LAYOUT_LOGIN, "the first process was not found")
		put32(&k, INIT, k.places.task_tgid, 2);
	ON_BOTH("refuses an id that is nowhere", LAYOUT_PIDS, NOWHERE)
		put32(&k, PIDS + SECOND, k.places.pid_numbers, 1);
	ON_BOTH("refuses ids of namespaces that are nowhere", LAYOUT_PIDS, NOWHERE)
		put32(&k, PIDS + FIRST, k.places.pid_numbers + 3 * k.places.pid_step, 2);
	ON_BOTH("refuses levels that are at two places", LAYOUT_PIDS, NOT_ONE)
		ON_ALL_TASKS(task)
			put32(&k, PIDS + task, 8, task < ENDED ? 3 : 2);
	ON_BOTH("refuses two structs with a process's ids", LAYOUT_PIDS, NOT_ONE)
		ON_ALL_TASKS(task)
			put(&k, task, 8, address(&k, PIDS + task));
	ON_BOTH("says so if no pid namespace can be made", LAYOUT_PIDS, "this process may not make a pid namespace (CAP_SYS_ADMIN, CONFIG_PID_NS=y)")
		k.states.inner[1].task = 0;
	ON_BOTH("refuses a terminal that is nowhere", LAYOUT_TTY, NOWHERE)
		put(&k, SIGNALS + HALVED, k.places.signal_tty, 0);
	ON_BOTH("refuses a terminal whose name begins as the wanted one", LAYOUT_TTY, NOWHERE)
		k.bytes[TTYS + STOPPED][k.places.tty_name + 4] = '1';
	ON_BOTH("refuses a terminal at two places", LAYOUT_TTY, NOT_ONE)
		ON_ALL_TASKS(task)
			put(&k, SIGNALS + task, 8, address(&k, TTYS + task));
	ON_BOTH("says so if no terminal can be made", LAYOUT_TTY, "no pseudoterminal could be made (is devpts mounted at /dev/pts?)")
		*k.states.ttys[1] = '\0';
	CASE("says whether it was ambiguous") {
		struct kernel k;
		struct layout l;

		build(&k, 8);
		l = learn(&k);
		CHECK(!states_are_ambiguous(&l));
		build(&k, 8);
		put64(&k, SECOND, k.places.task_start - 8, BEGUN + 1050);
		l = learn(&k);
		CHECK(states_are_ambiguous(&l));
	}
}

int main(void)
{
	test_states();
	return 0;
}
