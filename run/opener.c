/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/opener.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/passing.h"
#include "run/sandbox.h"

/* A disk may be busy. The answer to a request that takes longer is taken later. */
#define ANSWER_MS 200
/* So long nothing is taken out of the rings meanwhile. */
#define SLICE_MS 5

/* The first one, without a file, tells that it is ready. */
struct answer {
	enum new_file how; /* was asked for */
	int result; /* 0 or -errno */
	struct opened_file file; /* of the file that comes with it */
	char text[256]; /* why not, or what could not be given up */
};

static void answer(const struct output *out, enum new_file how, struct answer *a, int *fd)
{
	struct error err;

	*a = (struct answer){.how = how, .file = out->file};
	*fd = rotate_begin(out->directory, out->base, out->keep, how, &a->file, &err);
	if (*fd >= 0)
		return;
	a->result = *fd;
	format_text(a->text, sizeof(a->text), "%s", err.text);
}

/* Closes all descriptors but these, which get other numbers, and the standard error. */
static void keep_only(int *directory, int *socket)
{
	int high[] = {fcntl(*directory, F_DUPFD_CLOEXEC, 5), fcntl(*socket, F_DUPFD_CLOEXEC, 5)};

	if (high[0] < 0 || high[1] < 0)
		_exit(1);
	*directory = dup3(high[0], 3, O_CLOEXEC);
	*socket = dup3(high[1], 4, O_CLOEXEC);
	close_from(5);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
}

/* In the child. */
static _Noreturn void serve(struct output *out, int socket, pid_t reader)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct answer a = {0};
	unsigned char how;
	const char *why;
	int fd = -1;

	prctl(PR_SET_NAME, "execsnoop:file");
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (getppid() != reader)
		_exit(1);
	keep_only(&out->directory, &socket);
	why = sandbox_opener();
	format_text(a.text, sizeof(a.text), "%s", why ? why : "");
	while (passing_send(socket, &a, sizeof(a), &fd, fd >= 0)) {
		ssize_t n;

		if (fd >= 0) {
			out->file = a.file;
			close(fd);
		}
		while ((n = recv(socket, &how, 1, 0)) < 0 && errno == EINTR)
			;
		if (n != 1)
			break;
		answer(out, how ? NEW_FILE_REOPEN : NEW_FILE_ROTATE, &a, &fd);
	}
	_exit(0);
}

enum taken { TAKEN, NOT_YET, ENDED };

/* Takes an answer, waiting so long at most, -1: without end. */
static enum taken take(struct opener *o, int ms, struct answer *a, int *fd)
{
	struct pollfd p = {.fd = o->socket, .events = POLLIN};
	int fds[PASSED_MOST], ready;

	while ((ready = poll(&p, 1, ms)) < 0 && errno == EINTR)
		;
	if (ready <= 0)
		return NOT_YET;
	if (passing_receive(o->socket, a, sizeof(*a), fds) != sizeof(*a))
		return ENDED;
	a->text[sizeof(a->text) - 1] = '\0';
	*fd = fds[0];
	return TAKEN;
}

/* The same, but takes execs out of the rings meanwhile. */
static enum taken take_in_slices(struct opener *o, struct answer *a, int *fd)
{
	enum taken taken = NOT_YET;

	for (int ms = 0; ms < ANSWER_MS && taken == NOT_YET; ms += SLICE_MS) {
		merge_spill(o->merge);
		taken = take(o, SLICE_MS, a, fd);
	}
	return taken;
}

/* As output's begin_file(). */
static int ask(void *context, enum new_file how, struct opened_file *file, struct error *err)
{
	struct opener *o = context;
	unsigned char request = how == NEW_FILE_REOPEN;
	enum taken taken = NOT_YET;
	struct answer a = {0};
	int fd = -1;

	if (o->waiting) {
		taken = take(o, 0, &a, &fd);
		o->waiting = taken == NOT_YET;
	}
	/* A file that was begun late may have another name by now: of that SIGHUP tells. */
	if (taken == TAKEN && how == NEW_FILE_REOPEN && a.how != how) {
		close(fd);
		taken = NOT_YET;
	}
	if (taken == NOT_YET && !o->waiting) {
		taken = send(o->socket, &request, 1, MSG_NOSIGNAL) == 1 ? take_in_slices(o, &a, &fd) : ENDED;
		o->waiting = taken == NOT_YET;
	}
	if (taken == ENDED)
		return error_set(err, EPIPE, "cannot begin a new file: the process that does it has ended");
	if (taken == NOT_YET)
		return error_set(err, ETIMEDOUT, "cannot begin a new file: the file system does not answer");
	if (a.result)
		return error_set(err, -a.result, "%s", a.text);
	if (fd < 0)
		return error_set(err, EMFILE, "cannot begin a new file: %s; raise the limit of open files (ulimit -n)", strerror(EMFILE));
	*file = a.file;
	return fd;
}

int opener_start(struct opener *o, struct output *out, struct merge *merge, const char **why, struct error *err)
{
	static struct answer a;
	pid_t reader = getpid();
	int ends[2], errnum, fd;

	*why = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_set(err, errno, "cannot make a pair of sockets: %s; it needs CONFIG_UNIX=y", strerror(errno));
	o->pid = fork();
	errnum = errno;
	if (!o->pid)
		serve(out, ends[1], reader);
	close(ends[1]);
	o->socket = ends[0];
	if (o->pid < 0 || take(o, -1, &a, &fd) != TAKEN) {
		opener_stop(o);
		errnum = o->pid < 0 ? errnum : EPIPE;
		return error_set(err, errnum, "cannot make a process that begins new files: %s; it needs one more (ulimit -u)",
				 strerror(errnum));
	}
	o->merge = merge;
	*why = *a.text ? a.text : NULL;
	out->begin_file = ask;
	out->opener = o;
	return 0;
}

void opener_stop(struct opener *o)
{
	if (o->socket < 0)
		return;
	close(o->socket);
	o->socket = -1;
	if (o->pid > 0 && !o->waiting)
		waitpid(o->pid, NULL, 0);
}
