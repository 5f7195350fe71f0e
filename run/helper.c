/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/helper.h"
#include "lib/passing.h"
#include "lib/say.h"
#include "lib/timestamp.h"

/* A question that can be answered at once is given so long; the helper may be looking around meanwhile. */
#define SHORT_MS 200
/* So long nothing is taken out of the rings meanwhile. */
#define SLICE_MS 5
/* Somebody at a terminal is told why it takes longer to end. */
#define DETACH_MS 300
/* To detach, and to look around with many CPUs and members. */
#define LONG_MS 10000

static void *map_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct server server;

static int start_process(struct helper *h, const char **why, struct error *err)
{
	static char text[256];
	int ends[2], told[2];
	pid_t reader = getpid();
	ssize_t n;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_set(err, errno, "cannot make a pair of sockets: %s; it needs CONFIG_UNIX=y", strerror(errno));
	if (pipe2(told, O_CLOEXEC)) {
		n = errno;
		close(ends[0]);
		close(ends[1]);
		return error_set(err, (int)n, "cannot make a pipe: %s", strerror((int)n));
	}
	h->pid = fork();
	if (!h->pid) {
		close(ends[0]);
		close(told[0]);
		server_run(&server, ends[1], told[1], reader);
	}
	n = errno;
	close(ends[1]);
	close(told[1]);
	if (h->pid < 0) {
		close(ends[0]);
		close(told[0]);
		return error_set(err, (int)n, "cannot make a process: %s; it needs one more (ulimit -u)", strerror((int)n));
	}
	h->socket = ends[0];
	while ((n = read(told[0], text, sizeof(text) - 1)) < 0 && errno == EINTR)
		;
	close(told[0]);
	*why = n > 0 ? text : NULL;
	return 0;
}

int helper_start(struct helper *h, const struct helper_work *work, const char **why, struct error *err)
{
	struct source *source = work->source;
	size_t lanes = source->merge->count;

	*h = (struct helper){.socket = -1, .source = source};
	h->seqs = calloc(lanes, sizeof(*h->seqs));
	h->shared.answer = map_shared(HELPER_ANSWER);
	h->shared.seqs = map_shared(lanes * (sizeof(uint32_t) + 2));
	h->shared.path = work->cgroup_root >= 0 ? map_shared(CGROUP_PATH_SIZE) : NULL;
	if (!h->shared.answer || !h->shared.seqs || !h->seqs || (work->cgroup_root >= 0 && !h->shared.path))
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	h->shared.remove = (uint8_t *)(h->shared.seqs + lanes);
	h->shared.has = h->shared.remove + lanes;
	for (size_t lane = 0; source->ops->rings && lane < lanes; lane++)
		h->shared.has[lane] = source->ops->rings->has(source, (int)lane);
	server_init(&server, work, &h->shared);
	*why = NULL;
	return work->sandbox ? start_process(h, why, err) : 0;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void close_between(int first, int last)
{
	if (first > last || !syscall(SYS_close_range, (unsigned int)first, (unsigned int)last, 0)) /* 5.9 */
		return;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

#define DESCRIPTORS_MOST 65536

void helper_drop_descriptors(const struct helper *h, const int *others, size_t other_count)
{
	size_t count = 2 * h->source->merge->count, kept = 0;
	struct pollfd *fds = calloc(count, sizeof(*fds));
	int *keep = calloc(count + other_count + 3, sizeof(*keep)), from = STDERR_FILENO + 1;

	if (h->socket >= 0 && fds && keep) {
		h->source->ops->poll_fds(h->source, fds);
		for (size_t i = 0; i < count; i++)
			if (fds[i].fd > STDERR_FILENO)
				keep[kept++] = fds[i].fd;
		keep[kept++] = h->socket;
		for (size_t i = 0; i < other_count; i++)
			keep[kept++] = others[i];
		keep[kept++] = say_descriptor();
		keep[kept++] = DESCRIPTORS_MOST;
		qsort(keep, kept, sizeof(*keep), compare);
		for (size_t i = 0; i < kept; i++) {
			if (keep[i] >= from)
				close_between(from, keep[i] - 1);
			if (keep[i] >= from)
				from = keep[i] + 1;
		}
	}
	free(fds);
	free(keep);
}

/* Takes a reply, and the descriptors with it. false: nothing has come. */
static bool receive(struct helper *h, struct reply *r, int fds[2])
{
	ssize_t n = passing_receive(h->socket, r, sizeof(*r), fds);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	h->ended |= n != sizeof(*r);
	return !h->ended;
}

static void take_look_reply(struct helper *h, const struct reply *r)
{
	h->looking = false;
	h->looked = true;
	h->losses = r->losses;
	h->rings_wanted = r->result;
	h->moved = r->moved;
}

/* Takes a reply that nobody waits for. */
static void dispatch(struct helper *h, const struct reply *r, const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r->kind == LOOK)
		take_look_reply(h, r);
	if (r->kind == GONE) {
		h->asking_gone = false;
		h->gone = r->result;
	}
}

static void send_question(struct helper *h, struct question *q)
{
	q->id = ++h->sent;
	if (!h->ended && send(h->socket, q, sizeof(*q), MSG_NOSIGNAL) != sizeof(*q))
		h->ended = true;
}

/* Waits so long for the reply. false: there is none. */
static bool await(struct helper *h, const struct question *q, int ms, struct reply *r, int fds[2])
{
	uint64_t deadline = monotonic_ns() + (uint64_t)ms * 1000000, now;

	fds[0] = fds[1] = -1;
	while (!h->ended && (now = monotonic_ns()) < deadline) {
		struct pollfd p = {.fd = h->socket, .events = POLLIN};

		if (poll(&p, 1, SLICE_MS) <= 0) {
			merge_spill(h->source->merge);
			continue;
		}
		while (receive(h, r, fds)) {
			if (r->id == q->id)
				return true;
			dispatch(h, r, fds);
		}
	}
	return false;
}

/* Asks, and waits so long for the reply. false: there is none. */
static bool exchange(struct helper *h, struct question *q, int ms, struct reply *r, int fds[2])
{
	if (h->socket < 0) {
		fds[0] = fds[1] = -1;
		server_handle(&server, q, r, fds);
		return true;
	}
	send_question(h, q);
	return await(h, q, ms, r, fds);
}

void helper_poll_fd(const struct helper *h, struct pollfd *fd)
{
	fd->fd = h->socket;
	fd->events = POLLIN;
}

void helper_receive(struct helper *h)
{
	struct reply r;
	int fds[2];

	while (h->socket >= 0 && !h->ended && receive(h, &r, fds))
		dispatch(h, &r, fds);
}

/* Asks something whose answer comes later. */
static void ask_later(struct helper *h, struct question *q)
{
	struct reply r;
	int fds[2];

	if (h->socket >= 0) {
		send_question(h, q);
		return;
	}
	server_handle(&server, q, &r, fds);
	dispatch(h, &r, (int[2]){-1, -1});
}

void helper_look(struct helper *h, const struct opened_file *file, bool finally)
{
	struct question q = {.kind = LOOK, .number = finally, .file = *file};
	struct reply r;
	int fds[2];

	if (!finally && !h->looking) {
		h->looking = true;
		h->looked_at = *file;
		ask_later(h, &q);
	} else if (finally && exchange(h, &q, LONG_MS, &r, fds)) {
		take_look_reply(h, &r);
	}
}

/* Takes over the rings of CPUs that have come online, and closes those of CPUs that have gone. */
static void change_lanes(struct helper *h)
{
	struct source *source = h->source;
	const struct source_rings *ops = source->ops->rings;

	for (uint32_t lane = 0; lane < source->merge->count; lane++) {
		if (!h->shared.remove[lane] || !ops->remove(source, (int)lane))
			continue;
		h->shared.remove[lane] = 0;
		h->shared.has[lane] = 0;
		h->lanes_changed = true;
	}
	for (; h->rings_wanted > 0; h->rings_wanted--) {
		struct question q = {.kind = RING};
		struct reply r;
		struct error err;
		struct ring rings[2];
		int fds[2];

		if (!exchange(h, &q, SHORT_MS, &r, fds) || r.result < 0 || (size_t)r.result >= source->merge->count || fds[1] < 0)
			break;
		if (ops->has(source, r.result) || ring_map(&rings[0], fds[0], (size_t)r.size, &err)) {
			close(fds[0]);
			close(fds[1]);
			continue;
		}
		if (ring_map(&rings[1], fds[1], (size_t)r.size, &err)) {
			ring_unmap(&rings[0]);
			close(fds[1]);
			continue;
		}
		ops->add(source, r.result, rings);
		h->shared.has[r.result] = 1;
		h->lanes_changed = true;
	}
}

bool helper_take_look(struct helper *h, bool finally)
{
	const uint32_t *now = h->shared.seqs;
	struct source *source = h->source;

	if (!h->looked)
		return false;
	h->looked = false;
	if (!source->ops->rings)
		return true;
	/* All execs that were reported by the look before have come by now, or never will. */
	for (uint32_t lane = 0; lane < source->merge->count; lane++) {
		uint32_t seq = now[lane];

		source->ops->rings->expect(source, (int)lane, finally ? seq : h->seqs[lane]);
		h->seqs[lane] = seq;
	}
	if (!finally)
		change_lanes(h);
	return true;
}

/* So often at most: the answer wakes who asks. */
#define GONE_NS 20000000ULL

void helper_ask_gone(struct helper *h)
{
	if (h->asking_gone || monotonic_ns() < h->next_gone)
		return;
	h->asking_gone = true;
	h->next_gone = monotonic_ns() + GONE_NS;
	ask_later(h, &(struct question){.kind = GONE});
}

void helper_detach(struct helper *h)
{
	struct question q = {.kind = DETACH};
	struct reply r;
	int fds[2];

	if (exchange(h, &q, DETACH_MS, &r, fds) || h->ended)
		return;
	if (say_is_terminal())
		say("detaching from the kernel, which can take some seconds");
	await(h, &q, LONG_MS, &r, fds);
}

struct answer helper_ask(void *helper, const struct ask *ask)
{
	struct helper *h = helper;
	struct question q = {.kind = ASK, .ask = *ask};
	struct answer a = {0};
	struct reply r;
	int fds[2];

	if (!exchange(h, &q, SHORT_MS, &r, fds) || r.length > HELPER_ANSWER)
		return a;
	if (h->touched < r.length)
		h->touched = (size_t)r.length;
	return (struct answer){.bytes = h->shared.answer, .length = (size_t)r.length, .complete = r.complete, .cut = r.cut};
}

#define TOUCHED_MOST (256U << 10)

void helper_rest(void *helper)
{
	struct helper *h = helper;

	if (h->touched > TOUCHED_MOST)
		madvise(h->shared.answer, HELPER_ANSWER, MADV_REMOVE);
	h->touched = 0;
}

uint32_t helper_parent(void *helper, uint32_t pid)
{
	struct question q = {.kind = PARENT, .number = pid};
	struct reply r;
	int fds[2];

	return exchange(helper, &q, SHORT_MS, &r, fds) ? (uint32_t)r.result : 0;
}

size_t helper_cgroup_path(void *helper, uint64_t id, uint32_t pid, char *path, size_t size)
{
	struct question q = {.kind = CGROUP, .number = pid, .cgroup = id};
	struct helper *h = helper;
	struct reply r;
	int fds[2];

	if (!exchange(h, &q, SHORT_MS, &r, fds) || r.length > CGROUP_PATH_SIZE || r.length > size)
		return 0;
	memcpy(path, h->shared.path, (size_t)r.length);
	return (size_t)r.length;
}

int helper_signal(struct helper *h, int signal)
{
	struct question q = {.kind = SIGNAL, .number = (uint32_t)signal};
	struct reply r;
	int fds[2];

	return exchange(h, &q, SHORT_MS, &r, fds) ? r.result : -ETIMEDOUT;
}

const char *helper_moved(void *helper, const struct opened_file *file)
{
	const struct helper *h = helper;

	if (h->looked_at.inode != file->inode || h->looked_at.device != file->device)
		return NULL;
	return h->moved == REMOVED ? "removed" : h->moved == REPLACED ? "replaced" : NULL;
}

void helper_stop(struct helper *h)
{
	if (h->socket >= 0) {
		close(h->socket);
		h->socket = -1;
		waitpid(h->pid, NULL, 0);
	} else {
		asker_free(&server.asker);
	}
	free(h->seqs);
}
