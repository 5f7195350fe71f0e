#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "output.h"

#define BUFFER_SIZE 16384
#define BUFFER_KEPT (256U << 10)

int output_init(struct output *out, int fd)
{
	*out = (struct output){.fd = fd, .buffer = malloc(BUFFER_SIZE), .capacity = BUFFER_SIZE};
	return out->buffer ? 0 : -ENOMEM;
}

int output_open(struct output *out, const char *path, struct error *err)
{
	/* Appending, so that what somebody else makes of the file, or a second writer, does no harm. */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600), errnum = errno;

	if (fd < 0)
		return error_set(err, errnum, "--output: cannot open \"%s\": %s; %s", path, strerror(errnum),
				 errnum == ELOOP ? "it is a symbolic link, which is not followed"
						 : "give a file that this user may write");
	if (output_init(out, fd)) {
		close(fd);
		return error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
	}
	out->name = path;
	return 0;
}

/* Of the first `done` bytes of the buffer, those behind the last end of a line. */
static size_t unfinished(const struct output *out, size_t done)
{
	for (size_t i = done; i; i--)
		if (out->buffer[i - 1] == '\n')
			return done - i;
	return done + out->partial;
}

/* Of a line that could not be written whole, nothing stays in the file: `done` bytes of the buffer are in it. */
static void drop_part(struct output *out, size_t done)
{
	size_t part = unfinished(out, done);
	struct stat st;

	if (out->name && part && !fstat(out->fd, &st) && S_ISREG(st.st_mode) &&
	    ftruncate(out->fd, st.st_size - (off_t)part))
		return;
}

/* Writes the first `size` bytes of the buffer. */
static void write_out(struct output *out, size_t size)
{
	size_t done = 0;

	while (done < size && !out->error) {
		ssize_t n = write(out->fd, out->buffer + done, size - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd p = {.fd = out->fd, .events = POLLOUT};

			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			out->error = errno;
		}
	}
	out->size += done;
	if (out->error)
		drop_part(out, done);
	out->partial = out->error ? 0 : unfinished(out, size);
	memmove(out->buffer, out->buffer + size, out->used - size);
	out->used -= size;
	out->complete -= size < out->complete ? size : out->complete;
	/* Give back the memory of a long line. */
	if (!out->used && out->capacity > BUFFER_KEPT) {
		char *buffer = realloc(out->buffer, BUFFER_SIZE);

		out->buffer = buffer ? buffer : out->buffer;
		out->capacity = buffer ? BUFFER_SIZE : out->capacity;
	}
}

void output_flush(struct output *out)
{
	write_out(out, out->used);
}

/* Makes room for `length` more bytes. A line that may have to begin a new file must stay whole until it has
 * ended; others are written as they come. */
static bool make_room(struct output *out, size_t length)
{
	size_t capacity = out->capacity;
	char *buffer;

	write_out(out, out->most ? out->complete : out->used);
	if (!out->most)
		return true;
	while (capacity - out->used < length)
		capacity *= 2;
	if (capacity == out->capacity)
		return true;
	buffer = realloc(out->buffer, capacity);
	if (!buffer) {
		out->error = ENOMEM;
		return false;
	}
	out->buffer = buffer;
	out->capacity = capacity;
	return true;
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
	const char *at = bytes;

	out->total += length;
	while (length && !out->error) {
		size_t n = out->capacity - out->used;

		if (n < length) {
			if (!make_room(out, length))
				return;
			n = out->capacity - out->used;
		}
		if (n > length)
			n = length;
		copy(out->buffer + out->used, at, n);
		out->used += n;
		at += n;
		length -= n;
	}
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

/* The file becomes PATH.1, in the place of an older one; a new one takes its place. */
static void begin_new_file(struct output *out)
{
	size_t length = strlen(out->name);
	char *old = malloc(length + 3);
	int fd;

	if (!old) {
		out->error = ENOMEM;
		return;
	}
	memcpy(old, out->name, length);
	memcpy(old + length, ".1", 3);
	/* It may have been removed; or moved by somebody else, to whom the old one belongs then. */
	if (rename(out->name, old) && errno != ENOENT) {
		out->error = errno;
	} else {
		fd = open(out->name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0) {
			out->error = errno;
		} else {
			close(out->fd);
			out->fd = fd;
			out->size = 0;
		}
	}
	free(old);
}

void output_end_line(struct output *out)
{
	size_t heading = out->heading ? strlen(out->heading) : 0, line;

	output_add(out, "\n", 1);
	if (out->most && !out->error && out->size + out->used > out->most) {
		write_out(out, out->complete);
		/* A line that is longer than a whole file has one of its own. */
		if (!out->error && out->size > heading) {
			begin_new_file(out);
			line = out->used;
			if (heading && !out->error && make_room(out, heading)) {
				memmove(out->buffer + heading, out->buffer, line);
				memcpy(out->buffer, out->heading, heading);
				out->used += heading;
			}
		}
	}
	out->complete = out->used;
}

/* Whether the file's last line is whole. */
static bool ends_with_newline(const char *path, off_t size)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool whole = true;
	char last;

	if (fd < 0)
		return true;
	if (pread(fd, &last, 1, size - 1) == 1)
		whole = last == '\n';
	close(fd);
	return whole;
}

void output_begin(struct output *out, bool append, uint64_t most, const char *heading)
{
	struct stat st;

	out->heading = heading;
	if (out->name && !fstat(out->fd, &st) && S_ISREG(st.st_mode)) {
		if (!append && ftruncate(out->fd, 0))
			out->error = errno;
		out->size = append ? (uint64_t)st.st_size : 0;
		if (out->size && !ends_with_newline(out->name, st.st_size))
			output_add(out, "\n", 1);
		out->most = most;
	}
	if (heading && !out->size)
		output_add(out, heading, strlen(heading));
	out->complete = out->used;
	output_flush(out);
}

int output_error(const struct output *out, struct error *err)
{
	if (!out->name)
		return error_set(err, out->error, "cannot write to the standard output: %s", strerror(out->error));
	return error_set(err, out->error, "cannot write to \"%s\": %s", out->name, strerror(out->error));
}

void output_free(struct output *out)
{
	if (out->name && close(out->fd) && !out->error)
		out->error = errno;
	free(out->buffer);
	out->buffer = NULL;
}
