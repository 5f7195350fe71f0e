/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "show/output.h"
#include "lib/format.h"
#include "lib/say.h"
#include "lib/timestamp.h"
#include "show/rotate.h"

/* A buffer begins with this size, and is sent when it has as much. */
#define BUFFER_SIZE 16384
#define BUFFER_KEPT (256U << 10)

/* Most bytes that wait: a 64th of the memory, within these. */
#define WAITING_LEAST (256U << 10)
#define WAITING_MOST (4U << 20)

#define RETRY_NS 1000000000ULL

static size_t waiting_most(void)
{
	struct sysinfo info;
	uint64_t most = WAITING_MOST;

	if (!sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit / 64 < most)
		most = (uint64_t)info.totalram * info.mem_unit / 64;
	return most < WAITING_LEAST ? WAITING_LEAST : (size_t)most;
}

static int init(struct output *out, int fd)
{
	*out = (struct output){
		.fd = fd,
		.name = fd == STDERR_FILENO ? "the standard error" : "the standard output",
		.directory = -1,
		.buffer = malloc(BUFFER_SIZE),
		.capacity = BUFFER_SIZE,
		.waiting_most = waiting_most(),
	};
	return out->buffer ? 0 : -ENOMEM;
}

int output_init(struct output *out, int fd)
{
	int ret = init(out, fd);

	if (!ret)
		out->kind = stream_open(&out->fd);
	return ret;
}

int output_open(struct output *out, const char *path, const char *option, struct error *err)
{
	struct opened_file file;
	int directory, fd = rotate_open(path, option, &directory, &file, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (init(out, fd)) {
		close(fd);
		close(directory);
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	}
	out->kind = !fstat(fd, &st) && S_ISREG(st.st_mode) ? OUTPUT_FILE : OUTPUT_NONBLOCKING;
	out->name = path;
	out->is_file = true;
	out->file = file;
	out->base = rotate_base(path);
	out->directory = directory;
	return 0;
}

/* Says something of the output: `before`, its name, and the rest. */
static void say_of(const struct output *out, const char *before, const char *behind, const char *more)
{
	say(out->is_file ? "%s\"%s\"%s%s" : "%s%s%s%s", before, out->name, behind, more);
}

static void fail(struct output *out, int errnum)
{
	char why[128];

	format_text(why, sizeof(why), "%s; it is tried again each second", strerror(errnum));
	if (errnum == EPIPE || errnum == ECONNRESET || errnum == EBADF)
		out->closed = true;
	else if (!out->error)
		say_of(out, "cannot write to ", ": ", why);
	out->error = errnum;
	out->retry = monotonic_ns() + RETRY_NS;
}

/* Bytes behind the last end of a line among the first `done` that wait. */
static size_t unfinished(const struct output *out, size_t done)
{
	const char *newline = done ? memrchr(out->buffer + out->start, '\n', done) : NULL;

	return newline ? (size_t)(out->buffer + out->start + done - newline) - 1 : out->partial + done;
}

static void written(struct output *out, size_t done)
{
	if (out->error)
		say_of(out, "", " can be written to again", "");
	out->error = 0;
	out->partial = unfinished(out, done);
	out->start += done;
	out->size += done;
}

/* A place for `room` bytes more, or NULL. */
static char *grow(struct output *out, size_t room)
{
	size_t capacity = out->capacity;
	char *buffer;

	if (out->capacity - out->used >= room)
		return out->buffer + out->used;
	while (capacity - out->used < room)
		capacity *= 2;
	buffer = realloc(out->buffer, capacity);
	if (!buffer) {
		out->torn = true;
		return NULL;
	}
	out->buffer = buffer;
	out->capacity = capacity;
	return out->buffer + out->used;
}

/* Puts text in front of what waits. */
static void put_in_front(struct output *out, const char *text)
{
	size_t length = strlen(text);

	if (!grow(out, length))
		return;
	memmove(out->buffer + out->start + length, out->buffer + out->start, out->used - out->start);
	memcpy(out->buffer + out->start, text, length);
	out->used += length;
	out->complete += length;
}

static int change_file(struct output *out, enum new_file how, struct error *err)
{
	int fd = out->begin_file ? out->begin_file(out->opener, how, &out->file, err)
				 : rotate_begin(out->directory, out->base, out->keep, how, &out->file, err);

	if (fd < 0)
		return fd;
	/* The descriptor's number stays: the sandbox knows it. */
	dup3(fd, out->fd, O_CLOEXEC);
	close(fd);
	out->size = out->file.size;
	out->moved = 0;
	if (out->heading && !out->size)
		put_in_front(out, out->heading);
	else if (out->file.torn)
		put_in_front(out, "\n");
	return 0;
}

/* The file is full: it becomes FILE.1, and what waits begins a new one. true: so it is. */
static bool begin_new_file(struct output *out)
{
	struct error err;
	int fd;

	if (out->rotate_error && monotonic_ns() < out->rotate)
		return false;
	fd = change_file(out, NEW_FILE_ROTATE, &err);
	if (fd < 0) {
		if (fd != -out->rotate_error)
			say("%s; the lines go on to the old file, and it is tried again each second", err.text);
		out->rotate_error = -fd;
		out->rotate = monotonic_ns() + RETRY_NS;
		return false;
	}
	out->rotate_error = 0;
	return true;
}

/* Cuts off the file what it has of a line that cannot be written whole, for example because the disk is full. */
static void cut_partial(struct output *out)
{
	off_t size = out->kind == OUTPUT_FILE ? lseek(out->fd, 0, SEEK_END) : 0;

	if (size >= (off_t)out->partial && !ftruncate(out->fd, size - (off_t)out->partial))
		out->partial = 0;
}

/* The rest of such a line is lost. */
static void drop_line(struct output *out)
{
	const char *newline = memchr(out->buffer + out->start, '\n', out->used - out->start);

	out->start = newline ? (size_t)(newline + 1 - out->buffer) : out->used;
	out->partial = 0;
	out->dropped++;
}

bool output_reopen(struct output *out, bool *same)
{
	const struct opened_file before = out->file;
	struct error err;
	int ret;

	output_send(out);
	if (out->partial && !out->error) /* the rest of the line belongs there, too */
		return false;
	if (out->partial) {
		cut_partial(out);
		drop_line(out);
	}
	ret = change_file(out, NEW_FILE_REOPEN, &err);
	if (ret == -ETIMEDOUT)
		return false;
	if (ret)
		say("SIGHUP: %s; the lines go on to the file that was there", err.text);
	*same = !ret && out->file.inode == before.inode && out->file.device == before.device;
	out->retry = 0;
	out->rotate_error = 0;
	return true;
}

/* How many of the next `size` bytes, whole lines, go into the file. */
static size_t fitting(struct output *out, size_t size)
{
	size_t heading = out->heading ? strlen(out->heading) : 0, room = out->most > out->size ? (size_t)(out->most - out->size) : 0;
	const char *from = out->buffer + out->start, *newline;

	if (size <= room)
		return size;
	if (out->partial) { /* the rest of a line that was begun */
		newline = memchr(from, '\n', size);
		return newline ? (size_t)(newline - from) + 1 : size;
	}
	newline = memrchr(from, '\n', room);
	if (newline)
		return (size_t)(newline - from) + 1;
	if (out->size > heading && !begin_new_file(out))
		return size; /* the old one grows on */
	/* A line that is longer than a whole file has one of its own. */
	from = out->buffer + out->start;
	size = out->complete - out->start;
	if (size <= out->most)
		return size;
	newline = memchr(from + (size > heading ? heading : 0), '\n', size - (size > heading ? heading : 0));
	return newline ? (size_t)(newline - from) + 1 : size;
}

/* The memory of what has been written. */
static void give_back(struct output *out)
{
	if (out->start < out->used && out->start < out->capacity / 2)
		return;
	memmove(out->buffer, out->buffer + out->start, out->used - out->start);
	out->used -= out->start;
	out->complete -= out->start < out->complete ? out->start : out->complete;
	out->sent_at = 0;
	out->start = 0;
	if (out->capacity > BUFFER_KEPT && out->used < BUFFER_SIZE) {
		char *buffer = realloc(out->buffer, BUFFER_SIZE);

		out->buffer = buffer ? buffer : out->buffer;
		out->capacity = buffer ? BUFFER_SIZE : out->capacity;
	}
}

/* Writes what is before `end` in the buffer; if `wait`, waits for room. */
static void write_out(struct output *out, bool whole_lines, bool wait)
{
	while (!out->closed && out->start < (whole_lines ? out->complete : out->used)) {
		size_t size = (whole_lines ? out->complete : out->used) - out->start;
		ssize_t n;

		if (out->most)
			size = fitting(out, size);
		n = stream_write(out->fd, out->kind, out->buffer + out->start, size);
		if (n > 0) {
			written(out, (size_t)n);
		} else if (!n || errno == EAGAIN) {
			struct pollfd p = {.fd = out->fd, .events = POLLOUT};

			if (!wait || (out->enough && *out->enough > 1))
				break;
			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			fail(out, errno);
			break;
		}
	}
	if (out->closed)
		out->start = out->used;
	give_back(out);
}

void output_send(struct output *out)
{
	if (!out->error || monotonic_ns() >= out->retry)
		write_out(out, out->most, false);
}

void output_flush(struct output *out)
{
	write_out(out, out->most, true);
}

char *output_room(struct output *out, size_t room)
{
	/* A line in the making is sent, too, unless it may have to begin a new file. */
	if (out->used - out->start + room > BUFFER_SIZE && !out->most && out->used >= out->sent_at + BUFFER_SIZE / 2) {
		output_send(out);
		out->sent_at = out->used;
	}
	return grow(out, room);
}

void output_added(struct output *out, const char *end)
{
	size_t used = (size_t)(end - out->buffer);

	out->total += used - out->used;
	out->used = used;
}

/* Most of what is added is a few bytes, for which x86's "rep movs", as memcpy(3) has it, takes a hundred cycles. */
#define FEW_BYTES 128

static void copy(char *to, const char *from, size_t length)
{
	if (length > FEW_BYTES) {
		memcpy(to, from, length);
		return;
	}
	for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
		memcpy(to, from, sizeof(uint64_t)); /* one move */
		to += sizeof(uint64_t);
		from += sizeof(uint64_t);
	}
	while (length--)
		*to++ = *from++;
}

void output_add(struct output *out, const void *bytes, size_t length)
{
	char *room = output_room(out, length);

	if (!room)
		return;
	copy(room, bytes, length);
	output_added(out, room + length);
}

void output_format(struct output *out, const char *format, ...)
{
	char text[256];
	va_list args;
	size_t n;

	va_start(args, format);
	n = format_args(text, sizeof(text), format, args);
	va_end(args);
	output_add(out, text, n < sizeof(text) ? n : sizeof(text) - 1);
}

void output_number(struct output *out, int64_t number, int width)
{
	char text[64];
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	int at = 32, end = at;

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		text[--at] = '-';
	while (end - at < width)
		text[--at] = ' ';
	while (end - at < -width)
		text[end++] = ' ';
	output_add(out, text + at, (size_t)(end - at));
}

void output_end_line(struct output *out)
{
	output_add(out, "\n", 1);
	/* There was no memory for a part of it. What has been sent of it stays. */
	if (out->torn && out->start <= out->complete && !out->partial)
		out->used = out->complete;
	out->dropped += out->torn;
	out->torn = false;
	out->complete = out->used;
	if (out->used - out->start >= BUFFER_SIZE)
		output_send(out);
}

enum output_state output_state(const struct output *out)
{
	size_t waiting = out->used - out->start;

	return waiting >= out->waiting_most	    ? OUTPUT_FULL
	       : waiting >= out->waiting_most / 4 * 3 ? OUTPUT_SCARCE
	       : waiting >= out->waiting_most / 2 ? OUTPUT_CROWDED : OUTPUT_FREE;
}

void output_poll_fd(const struct output *out, struct pollfd *fd)
{
	/* A file is always ready; after an error, time tells. */
	fd->fd = out->kind == OUTPUT_FILE ? -1 : out->fd;
	fd->events = out->start < out->used && !out->error ? POLLOUT : 0;
}

void output_look(struct output *out)
{
	const char *how = out->look ? out->look(out->looker, &out->file) : NULL;

	/* At once it may be logrotate(8), which sends SIGHUP then. */
	if (how && out->moved == 1)
		say("warning: \"%s\" was %s by somebody else; the lines go on to the file that was there, until SIGHUP", out->name, how);
	out->moved = how ? out->moved + (out->moved < 2) : 0;
}

void output_begin(struct output *out, bool append, uint64_t most, unsigned int keep, const char *heading)
{
	out->heading = heading;
	out->keep = keep;
	if (out->is_file && out->kind == OUTPUT_FILE) {
		if (!append && ftruncate(out->fd, 0))
			fail(out, errno);
		out->size = append ? out->file.size : 0;
		if (append && out->file.torn)
			output_add(out, "\n", 1);
		out->most = most;
	}
	if (heading && !out->size)
		output_add(out, heading, strlen(heading));
	out->complete = out->used;
	output_send(out);
}

uint64_t output_unwritten(const struct output *out)
{
	uint64_t lines = 0;

	for (size_t i = out->start; i < out->complete; i++)
		lines += out->buffer[i] == '\n';
	return out->dropped + lines - (lines && out->heading && !out->size);
}

int output_error(const struct output *out, struct error *err)
{
	return error_set(err, out->error, out->is_file ? "cannot write to \"%s\": %s" : "cannot write to %s: %s", out->name,
			 strerror(out->error));
}

void output_free(struct output *out)
{
	/* Nothing of a line that could not be written whole stays in a file. */
	if (out->error && out->is_file && out->partial)
		cut_partial(out);
	if (out->is_file) {
		if (close(out->fd) && !out->error)
			out->error = errno;
		close(out->directory);
	}
	/* The reader of a pipe has had enough, as head(1) does. A service's standard output is a socket, to the journal. */
	if (out->closed && out->kind == OUTPUT_SOCKET && !out->error)
		out->error = EPIPE;
	else if (out->kind != OUTPUT_SOCKET && out->error == EPIPE)
		out->error = 0;
	free(out->buffer);
	out->buffer = NULL;
}
