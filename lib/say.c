/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/say.h"
#include "lib/format.h"

/* Its kind, and ours alone if it is a pipe or a terminal: O_NONBLOCK on the shared description would be everybody's. */
static int descriptor = STDERR_FILENO;
static enum { SAY_SHARED, SAY_OWN, SAY_SOCKET } kind;
static bool is_terminal; /* asked before the sandbox forbids ioctl(2) */

void say_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) || (fcntl(STDERR_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return;
	is_terminal = isatty(STDERR_FILENO);
	if (S_ISREG(st.st_mode)) {
		kind = SAY_OWN;
	} else if (S_ISSOCK(st.st_mode)) {
		kind = SAY_SOCKET;
	} else {
		fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return;
		descriptor = fd;
		kind = SAY_OWN;
	}
}

int say_descriptor(void)
{
	return descriptor;
}

bool say_is_terminal(void)
{
	return is_terminal;
}

static ssize_t write_some(const char *text, size_t length)
{
	struct pollfd p = {.fd = descriptor, .events = POLLOUT};

	if (kind == SAY_SOCKET)
		return send(descriptor, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (kind == SAY_SHARED && poll(&p, 1, 0) <= 0)
		return -1;
	return write(descriptor, text, length);
}

/* A message that cannot be written is dropped. */
static void write_out(const char *text, size_t length)
{
	while (length) {
		ssize_t n = write_some(text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

void say_as_it_is(const char *text)
{
	write_out(text, strlen(text));
}

#define PREFIX "execsnoop: "
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

void say_args(const char *format, va_list args)
{
	char little[1024] = PREFIX, *text = little;
	size_t most = sizeof(little) - PREFIX_LENGTH - 1; /* a newline in the terminator's place */
	size_t length = format_args(little + PREFIX_LENGTH, most + 1, format, args);

	if (length > most) {
		text = malloc(PREFIX_LENGTH + length + 1);
		if (text) {
			memcpy(text, PREFIX, PREFIX_LENGTH);
			format_args(text + PREFIX_LENGTH, length + 1, format, args);
		} else {
			text = little;
			length = most;
		}
	}
	text[PREFIX_LENGTH + length] = '\n';
	write_out(text, PREFIX_LENGTH + length + 1);
	if (text != little)
		free(text);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_args(format, args);
	va_end(args);
}
