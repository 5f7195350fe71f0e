/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/command.h"
#include "lib/accounts.h"
#include "source/calls.h"

/* Steps that can fail before the command runs. */
enum step { NOTHING, STOP_CALLS, CHANGE_USER, EXECUTE };
struct failure {
	enum step step;
	int errnum;
};

const int inherited_signals[INHERITED_SIGNALS] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD};

void inherited_note(struct inherited *inherited)
{
	sigprocmask(SIG_SETMASK, NULL, &inherited->blocked);
	for (int i = 0; i < INHERITED_SIGNALS; i++)
		sigaction(inherited_signals[i], NULL, &inherited->actions[i]);
	getrlimit(RLIMIT_MEMLOCK, &inherited->memlock);
	getrlimit(RLIMIT_NOFILE, &inherited->files);
}

/* In the child. Returns only if it fails, with errno. */
static enum step execute(const struct options *o, const struct inherited *inherited, bool calls_stop)
{
	int ret = calls_stop ? calls_stop_here() : 0;

	if (ret) {
		errno = -ret;
		return STOP_CALLS;
	}
	for (int i = 0; i < INHERITED_SIGNALS; i++)
		sigaction(inherited_signals[i], &inherited->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &inherited->blocked, NULL);
	setrlimit(RLIMIT_MEMLOCK, &inherited->memlock);
	setrlimit(RLIMIT_NOFILE, &inherited->files);
	if (o->user && (account_take_groups(o->user, o->user_gid) || setgid(o->user_gid) || setuid(o->user_uid)))
		return CHANGE_USER;
	execvp(o->command[0], o->command);
	return EXECUTE;
}

static int make_pipe(int ends[2], struct error *err)
{
	return pipe2(ends, O_CLOEXEC) ? error_set(err, errno, "cannot make a pipe: %s; raise the limit of open files (ulimit -n)",
						  strerror(errno)) : 0;
}

int command_start(struct command *command, const struct options *o, const struct inherited *inherited,
		  struct error *err)
{
	struct failure failure = {0};
	int go[2], failed[2], errnum, ret = make_pipe(go, err);
	ssize_t n;
	char byte;

	if (ret)
		return ret;
	ret = make_pipe(failed, err);
	if (ret) {
		close(go[0]);
		close(go[1]);
		return ret;
	}
	command->pid = fork();
	errnum = errno;
	if (!command->pid) {
		close(go[1]);
		/* Yama lets a process be traced by its ancestors alone, unless it says so itself. */
		if (command->tracer)
			prctl(PR_SET_PTRACER, (unsigned long)command->tracer, 0, 0, 0);
		while ((n = read(go[0], &byte, 1)) < 0 && errno == EINTR)
			;
		if (n != 1) /* there is no tracer any more */
			_exit(127);
		failure.step = execute(o, inherited, command->tracer && o->request.fails);
		failure.errnum = errno;
		n = write(failed[1], &failure, sizeof(failure));
		_exit(n == sizeof(failure) ? 127 : 126);
	}
	close(go[0]);
	close(failed[1]);
	command->go = go[1];
	command->failed = failed[0];
	if (command->pid > 0)
		return 0;
	command->pid = 0;
	close(go[1]);
	close(failed[0]);
	return error_set(err, errnum, "cannot make a process for the command \"%s\": %s; it needs one "
			 "more (ulimit -u)", o->command[0], strerror(errnum));
}

/* Why it cannot be executed, as far as the error number does not say it. */
static const char *hint(const char *name, int errnum)
{
	struct stat st;

	switch (errnum) {
	case ENOENT:
		if (!strchr(name, '/'))
			return "; is it in the PATH?";
		return access(name, F_OK) ? "" : "; it is there, but the interpreter that its first line, or its ELF header, names is not";
	case EACCES:
		if (!stat(name, &st) && S_ISDIR(st.st_mode))
			return "; it is a directory";
		return "; make it executable (chmod +x); or its file system is mounted with noexec";
	case ENOEXEC:
		return "; it is for another processor, or a script without a #! line";
	default:
		return "";
	}
}

int command_execute(struct command *command, const struct options *o, struct error *err)
{
	struct failure failure = {0};

	while (write(command->go, "", 1) < 0 && errno == EINTR)
		;
	close(command->go);
	/* An exec that succeeds closes the other end. */
	while (read(command->failed, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	close(command->failed);
	if (failure.step == NOTHING)
		return 0;
	waitpid(command->pid, NULL, 0);
	command->pid = 0;
	if (failure.step == STOP_CALLS)
		return error_set(err, failure.errnum, "-x: cannot make the command stop at its calls (seccomp(2)): %s; this needs "
				 "CONFIG_SECCOMP_FILTER=y", strerror(failure.errnum));
	if (failure.step == CHANGE_USER)
		return error_set(err, failure.errnum, "--user: cannot become the user \"%s\": %s; run it as root",
				 o->user, strerror(failure.errnum));
	command->refused = true;
	command->status = failure.errnum == ENOENT ? 127 : 126;
	return error_set(err, failure.errnum, "cannot execute the command \"%s\": %s%s", o->command[0],
			 strerror(failure.errnum), hint(o->command[0], failure.errnum));
}

bool command_ended(struct command *command)
{
	int status;

	if (!command->pid)
		return true;
	if (waitpid(command->pid, &status, WNOHANG) != command->pid)
		return false;
	command->pid = 0;
	command->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

int command_signal(const struct command *command, int signal)
{
	return command->pid && kill(command->pid, signal) ? -errno : 0;
}
