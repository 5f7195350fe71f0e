/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader/remote.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"

#define ONE_QUESTION_NS 50000000ULL
#define ALLOWED_MOST_NS 200000000ULL
#define SHARE 5

/* Size of the memory for an answer: the limit, and one more string. */
#define SHARED_SIZE (LIST_BYTES + STRING_MOST + 4096)

/* The reply through the pipe, beside the bytes. */
struct reply {
	size_t length;
	bool complete, cut;
};

/* ---- in the child ---- */

/* The three descriptors that it keeps. */
enum { CHILD_ASKS, CHILD_REPLIES, CHILD_PROC, CHILD_DESCRIPTORS };

/* Whether the question is one: whoever asks may be somebody else's by now (SECURITY.md). */
static bool is_sound(const struct ask *ask)
{
	return ask->kind <= ASK_RANGE && ask->tid && (ask->slot_size == 4 || ask->slot_size == 8) && ask->address &&
	       ask->length <= LIST_BYTES && ask->address + ask->length >= ask->address;
}

static bool is_the_one(const struct ask *ask, bool args_alone)
{
	char path[32], stat[1024];
	const char *at;

	format_text(path, sizeof(path), "%u/stat", ask->tid);
	if (read_file(CHILD_PROC, path, stat, sizeof(stat)) < 0)
		return false;
	at = stat_field(stat, STAT_ARG_START);
	if (!at || strtoull(at, NULL, 10) != ask->arg_start)
		return false;
	at = stat_field(stat, STAT_ARG_END);
	return !args_alone || (at && ask->kind == ASK_RANGE && ask->address >= ask->arg_start &&
			       ask->address + ask->length <= strtoull(at, NULL, 10));
}

/* By /proc/TID/mem. */
static bool copy_by_file(const struct ask *ask, uint64_t address, void *buffer, size_t size)
{
	char path[32];
	bool done;
	int fd;

	format_text(path, sizeof(path), "%u/mem", ask->tid);
	fd = openat(CHILD_PROC, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = lseek(fd, (off_t)address, SEEK_SET) == (off_t)address && read(fd, buffer, size) == (ssize_t)size;
	close(fd);
	return done;
}

static bool copy(const struct ask *ask, uint64_t address, void *buffer, size_t size)
{
	struct iovec here = {buffer, size};
	struct iovec there = {(void *)(uintptr_t)address, size};

	/* A 32-bit tracer on a 64-bit kernel cannot name all addresses. */
	if (address + size - 1 > UINTPTR_MAX)
		return false;
	if (process_vm_readv((pid_t)ask->tid, &here, 1, &there, 1, 0) == (ssize_t)size)
		return true;
	/* It needs CONFIG_CROSS_MEMORY_ATTACH=y, and may be forbidden. */
	return (errno == ENOSYS || errno == EPERM) && copy_by_file(ask, address, buffer, size);
}

/* Copies the string, with its NUL, as far as STRING_MOST goes. The bytes copied, or 0. */
static size_t copy_string(const struct ask *ask, uint64_t address, char *buffer)
{
	size_t used = 0;

	while (used < STRING_MOST) {
		/* To the end of the page: the next may not be there. */
		size_t step = 4096 - (address + used) % 4096;
		const char *nul;

		if (step > STRING_MOST - used)
			step = STRING_MOST - used;
		if (!copy(ask, address + used, buffer + used, step))
			return 0;
		nul = memchr(buffer + used, '\0', step);
		if (nul)
			return (size_t)(nul - buffer) + 1;
		used += step;
	}
	return used;
}

static void read_string(const struct ask *ask, char *buffer, struct reply *reply)
{
	size_t size = copy_string(ask, ask->address, buffer);

	if (!size)
		return;
	reply->complete = true;
	reply->cut = buffer[size - 1];
	reply->length = reply->cut ? size : size - 1;
}

static void read_list(const struct ask *ask, char *buffer, struct reply *reply)
{
	uint64_t address = ask->address;
	char slots[4096];

	for (unsigned int strings = 0;;) {
		/* To the end of the page, as above. */
		size_t step = 4096 - address % 4096;

		step -= step % ask->slot_size;
		if (!step)
			step = ask->slot_size;
		if (!copy(ask, address, slots, step))
			return;
		for (size_t i = 0; i < step; i += ask->slot_size) {
			char *at = buffer + reply->length;
			uint64_t string = 0;
			size_t size;

			memcpy(&string, slots + i, ask->slot_size); /* little-endian, if it is 4 bytes */
			if (!string) {
				reply->complete = true;
				return;
			}
			if (++strings > LIST_STRINGS || reply->length > LIST_BYTES) {
				reply->complete = reply->cut = true;
				return;
			}
			size = copy_string(ask, string, at + 1);
			at[0] = !size ? MARK_UNREADABLE : at[size] ? MARK_CUT : MARK_READ;
			if (!size || at[size])
				at[++size] = '\0';
			reply->length += 1 + size;
		}
		address += step;
	}
}

/* Answers until nobody asks any more. */
static void serve(const struct asker *a)
{
	bool args_alone = a->args_alone;
	char *shared = a->shared;
	struct ask ask;

	while (read(CHILD_ASKS, &ask, sizeof(ask)) == sizeof(ask)) {
		struct reply reply = {0};

		if (ask.kind == ASK_IMAGE && a->image)
			reply = (struct reply){.length = a->image(a->context, CHILD_PROC, ask.tid, shared), .complete = true};
		else if (is_sound(&ask) && is_the_one(&ask, args_alone)) {
			if (ask.kind == ASK_STRING)
				read_string(&ask, shared, &reply);
			else if (ask.kind == ASK_LIST)
				read_list(&ask, shared, &reply);
			else if (ask.length <= LIST_BYTES && copy(&ask, ask.address, shared, (size_t)ask.length))
				reply = (struct reply){.length = (size_t)ask.length, .complete = true};
			/* It may be another program's memory that was read. */
			if (!is_the_one(&ask, args_alone))
				reply = (struct reply){0};
		}
		if (write(CHILD_REPLIES, &reply, sizeof(reply)) != sizeof(reply))
			return;
	}
}

/* Lets go of all that the tracer holds: what the kernel runs for it ends when its last descriptor is closed. */
static void keep_only(int asks, int replies, int proc)
{
	/* Out of the way of the places that they go to. */
	asks = fcntl(asks, F_DUPFD, CHILD_DESCRIPTORS);
	replies = fcntl(replies, F_DUPFD, CHILD_DESCRIPTORS);
	proc = fcntl(proc, F_DUPFD, CHILD_DESCRIPTORS);
	if (dup2(asks, CHILD_ASKS) < 0 || dup2(replies, CHILD_REPLIES) < 0 || dup2(proc, CHILD_PROC) < 0)
		_exit(1);
	close_from(CHILD_DESCRIPTORS);
}

/* ---- in the tracer ---- */

void asker_init(struct asker *a, int proc)
{
	*a = (struct asker){.proc = proc, .to = -1, .from = -1, .allowed = ALLOWED_MOST_NS, .share = SHARE, .last = monotonic_ns()};
}

static void stop_child(struct asker *a)
{
	if (!a->child)
		return;
	kill(a->child, SIGKILL);
	for (size_t i = 0; i < sizeof(a->killed) / sizeof(a->killed[0]); i++)
		if (!a->killed[i]) {
			a->killed[i] = a->child;
			break;
		}
	a->child = 0;
	close(a->to);
	close(a->from);
	munmap(a->shared, SHARED_SIZE); /* not used again: who knows when the child lets go of it */
}

void asker_free(struct asker *a)
{
	stop_child(a);
}

/* Whether there is a child to ask. One that hangs in the kernel may not end when it is killed; after some of
 * those no more are made. */
static bool start_child(struct asker *a)
{
	bool room = false;
	int to[2], from[2];
	pid_t parent = getpid();

	for (size_t i = 0; i < sizeof(a->killed) / sizeof(a->killed[0]); i++) {
		if (a->killed[i] && waitpid(a->killed[i], NULL, WNOHANG) != 0)
			a->killed[i] = 0;
		room |= !a->killed[i];
	}
	if (a->child || a->proc < 0)
		return a->child;
	if (!room || pipe2(to, O_CLOEXEC))
		return false;
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return false;
	}
	a->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (a->shared != MAP_FAILED)
		a->child = fork();
	if (a->shared != MAP_FAILED && !a->child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		signal(SIGINT, SIG_IGN); /* the terminal sends it to us all */
		keep_only(to[0], from[1], a->proc);
		serve(a);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	if (a->shared == MAP_FAILED || a->child < 0) {
		if (a->shared != MAP_FAILED)
			munmap(a->shared, SHARED_SIZE);
		close(to[1]);
		close(from[0]);
		a->child = 0;
		return false;
	}
	a->to = to[1];
	a->from = from[0];
	return true;
}

/* Waits for the reply, not beyond the deadline. */
static bool get_reply(const struct asker *a, uint64_t deadline, struct reply *reply)
{
	for (;;) {
		struct pollfd p = {.fd = a->from, .events = POLLIN};
		uint64_t now = monotonic_ns();
		int ret = poll(&p, 1, now < deadline ? (int)((deadline - now + 999999) / 1000000) : 0);

		if (ret > 0)
			return read(a->from, reply, sizeof(*reply)) == sizeof(*reply);
		if (!ret || errno != EINTR)
			return false;
	}
}

#define READY_NS 5000000000ULL

void asker_ready(struct asker *a)
{
	const struct ask nothing = {.kind = ASK_RANGE};
	struct reply reply;

	if (start_child(a) && (write(a->to, &nothing, sizeof(nothing)) != sizeof(nothing) ||
			       !get_reply(a, monotonic_ns() + READY_NS, &reply)))
		stop_child(a);
}

struct answer asker_ask(struct asker *a, const struct ask *ask)
{
	struct answer answer = {0};
	struct reply reply = {0};
	uint64_t start = monotonic_ns(), spent, limit;

	a->allowed += (start - a->last) / a->share;
	if (a->allowed > ALLOWED_MOST_NS)
		a->allowed = ALLOWED_MOST_NS;
	a->last = start;
	limit = a->allowed < ONE_QUESTION_NS ? a->allowed : ONE_QUESTION_NS;
	if (limit < 1000000 || !start_child(a))
		return answer;
	if (write(a->to, ask, sizeof(*ask)) != sizeof(*ask) || !get_reply(a, start + limit, &reply)) {
		stop_child(a);
		answer.late = true;
	} else {
		answer.bytes = a->shared;
		answer.length = reply.length;
		if (a->touched < reply.length)
			a->touched = reply.length;
		answer.complete = reply.complete;
		answer.cut = reply.cut;
	}
	spent = monotonic_ns() - start;
	a->allowed -= spent < a->allowed ? spent : a->allowed;
	return answer;
}

#define TOUCHED_MOST (256U << 10)

void asker_rest(struct asker *a)
{
	if (a->child && a->touched > TOUCHED_MOST)
		madvise(a->shared, SHARED_SIZE, MADV_REMOVE);
	a->touched = 0;
}

static struct answer ask_asker(void *asker, const struct ask *ask)
{
	return asker_ask(asker, ask);
}

static void rest_asker(void *asker)
{
	asker_rest(asker);
}

struct asking asking_of(struct asker *asker)
{
	return (struct asking){ask_asker, rest_asker, asker};
}

uint32_t caller_parent(int proc, uint32_t pid)
{
	char path[32], status[2048];
	const char *line;

	if (proc < 0)
		return 0;
	format_text(path, sizeof(path), "%u/status", pid);
	if (read_file(proc, path, status, sizeof(status)) < 0)
		return 0;
	line = strstr(status, "\nPPid:");
	return line ? (uint32_t)strtoul(line + 6, NULL, 10) : 0;
}
