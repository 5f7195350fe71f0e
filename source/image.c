/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/image.h"
#include "lib/files.h"
#include "lib/format.h"
#include "lib/timestamp.h"

#define STACK_ALIGN 4096 /* or a multiple */
#define NAME_MOST (2 * STACK_ALIGN) /* PATH_MAX, and what is behind it */

/* The kernel writes a newline as \n and a backslash twice (proc_task_name in fs/proc/array.c). */
static void copy_comm(char comm[EXEC_COMM], const char *from, const char *end)
{
	size_t used = 0;

	memset(comm, 0, EXEC_COMM);
	for (; from < end && used < EXEC_COMM - 1; from++) {
		if (*from == '\\' && from + 1 < end) {
			from++;
			comm[used++] = *from == 'n' ? '\n' : *from;
		} else {
			comm[used++] = *from;
		}
	}
}

bool process_parse_stat(const char *text, struct process_stat *stat)
{
	const char *begin = strchr(text, '('), *at = begin ? strrchr(begin, ')') : NULL;
	uint64_t values[STAT_ENV_END + 1] = {0};

	if (!at || at[1] != ' ' || !at[2])
		return false;
	*stat = (struct process_stat){.state = at[2]};
	copy_comm(stat->comm, begin + 1, at);
	at = strchr(at + 2, ' ');
	for (int field = STAT_PPID; at && field <= STAT_ENV_END; field++) {
		values[field] = strtoull(at + 1, NULL, 10);
		at = strchr(at + 1, ' ');
	}
	stat->ppid = (uint32_t)values[STAT_PPID];
	stat->tty = (uint32_t)values[STAT_TTY];
	stat->leader_ended = stat->state == 'Z' || stat->state == 'X' || stat->state == 'x'; /* x: before Linux 3.14 */
	stat->exiting = values[STAT_FLAGS] & PF_EXITING || stat->leader_ended;
	stat->threads = (uint32_t)values[STAT_THREADS];
	stat->start_time = values[STAT_START_TIME];
	stat->image = (struct image){values[STAT_START_STACK], values[STAT_ARG_START], values[STAT_ARG_END], values[STAT_ENV_END]};
	return true;
}

static int read_stat(int proc, uint32_t pid, struct process_stat *stat)
{
	char path[32], text[1024];
	int ret;

	format_text(path, sizeof(path), "%u/stat", pid);
	ret = read_file(proc, path, text, sizeof(text));
	if (ret < 0)
		return ret;
	return process_parse_stat(text, stat) ? 0 : -EINVAL;
}

int process_stat(int proc, uint32_t pid, struct process_stat *stat)
{
	int ret = read_stat(proc, pid, stat);

	/* Its first thread was being taken away, and had no parent any more: the process has ended, or another thread, that executes, has
	 * its id now (de_thread in fs/exec.c). */
	if (!ret && stat->leader_ended && !stat->threads) {
		*stat = (struct process_stat){0};
		ret = read_stat(proc, pid, stat);
	}
	return ret;
}

/* ---- strings ---- */

/* Entries of /proc/PID/pagemap, one a page (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGE_IN_MEMORY (1ULL << 63)
#define PAGE_SWAPPED (1ULL << 62)
#define PAGE_OF_FILE (1ULL << 61) /* or shared; Linux 3.5 */

/* Whether none of the pages is a file's, which whoever serves the file can withhold (FUSE). As the kernel makes them, they are not.
 * Without a pagemap (CONFIG_PROC_PAGE_MONITOR) it is not known. */
static bool is_in_memory(int pagemap, uint64_t address, size_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = address / page, last = (address + size - 1) / page, entries[64];

	if (pagemap < 0 || !size)
		return true;
	while (first <= last) {
		uint64_t count = last - first + 1 < 64 ? last - first + 1 : 64;

		if (pread(pagemap, entries, (size_t)count * sizeof(entries[0]), (off_t)(first * sizeof(entries[0]))) !=
		    (ssize_t)(count * sizeof(entries[0])))
			return false;
		for (uint64_t i = 0; i < count; i++)
			if (!(entries[i] & (PAGE_IN_MEMORY | PAGE_SWAPPED)) || entries[i] & PAGE_OF_FILE)
				return false;
		first += count;
	}
	return true;
}

/* Open files of a process in /proc. */
struct memory {
	int mem, pagemap;
};

/* As pread(2). */
static ssize_t read_memory(const struct memory *m, void *to, size_t size, uint64_t address)
{
	return is_in_memory(m->pagemap, address, size) ? pread(m->mem, to, size, (off_t)address) : -1;
}

/* The kernel puts the file's name behind the environment, where the stack ends but for one pointer that is 0 (bprm->exec in
 * fs/exec.c). So what ends elsewhere is not it, but a part of the environment, which a program can move (prctl(2), PR_SET_MM). */
static bool is_last(const char *name, size_t length, size_t size, uint64_t address)
{
	size_t rest = STACK_ALIGN - (address + length + 1) % STACK_ALIGN;

	if ((rest != 4 && rest != 8) || length + 1 + rest > size)
		return false;
	for (size_t i = 0; i < rest; i++)
		if (name[length + 1 + i])
			return false;
	return true;
}

static void read_name(const struct memory *m, const struct image *image, struct image_strings *s)
{
	/* The stack's last page, or the name would be longer. */
	size_t size = STACK_ALIGN - image->env_end % STACK_ALIGN;
	ssize_t n = image->env_end >= image->arg_end ? read_memory(m, s->bytes, size, image->env_end) : 0;

	if (n == (ssize_t)size && !memchr(s->bytes, '\0', size))
		n = read_memory(m, s->bytes, size + STACK_ALIGN, image->env_end);
	s->name_length = n > 0 ? (uint32_t)strnlen(s->bytes, (size_t)n) : 0;
	s->name = s->name_length && is_last(s->bytes, s->name_length, (size_t)n, image->env_end) ? TEXT_WHOLE : TEXT_UNREADABLE;
	if (s->name != TEXT_WHOLE)
		s->name_length = 0;
	s->bytes[s->name_length] = '\0';
}

static bool read_by_addresses(const struct memory *m, const struct image *image, uint64_t most, struct image_strings *s)
{
	uint64_t size = image->arg_end - image->arg_start, wanted = most && most < size ? most : size;
	char *args;

	if (m->mem < 0 || !image_is_known(image) || image->arg_end < image->arg_start)
		return false;
	wanted = wanted < LIST_BYTES ? wanted : LIST_BYTES;
	s->bytes = malloc(NAME_MOST + 1 + (size_t)wanted);
	if (!s->bytes)
		return false;
	args = s->bytes + NAME_MOST + 1;
	if (read_memory(m, args, (size_t)wanted, image->arg_start) != (ssize_t)wanted) {
		free(s->bytes);
		s->bytes = NULL;
		return false;
	}
	s->args = wanted < size ? TEXT_CUT : TEXT_WHOLE;
	/* Without a NUL at its end, it is what the program has made of it (setproctitle). */
	if (wanted && wanted == size && args[wanted - 1])
		s->args = TEXT_UNREADABLE;
	s->args_length = s->args == TEXT_UNREADABLE ? 0 : (uint32_t)wanted;
	read_name(m, image, s);
	memmove(s->bytes + s->name_length + 1, args, s->args_length);
	return true;
}

/* By /proc/PID/cmdline, which tells no name, and changes with what the program makes of its arguments. */
static bool read_cmdline(int proc, uint32_t pid, uint64_t most, struct image_strings *s)
{
	size_t wanted = most && most < LIST_BYTES ? (size_t)most : LIST_BYTES, used = 0, size = 4096;
	char path[32], *bytes;
	ssize_t n = 1;
	int fd;

	format_text(path, sizeof(path), "%u/cmdline", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	s->bytes = malloc(size + 1);
	while (fd >= 0 && s->bytes && used < wanted && (n = read(fd, s->bytes + 1 + used, size - used)) > 0) {
		used += (size_t)n;
		if (used < size)
			continue;
		size *= 2;
		bytes = realloc(s->bytes, size + 1);
		if (!bytes)
			break;
		s->bytes = bytes;
	}
	if (fd >= 0)
		close(fd);
	if (!s->bytes || !used || n < 0) {
		free(s->bytes);
		s->bytes = NULL;
		return false;
	}
	s->bytes[0] = '\0';
	s->args_length = (uint32_t)(used < wanted ? used : wanted);
	s->args = n > 0 || used > wanted ? TEXT_CUT : TEXT_WHOLE;
	s->name = TEXT_UNREADABLE;
	return true;
}

static int open_file(int proc, uint32_t pid, const char *name)
{
	char path[40];

	format_text(path, sizeof(path), "%u/%s", pid, name);
	return openat(proc, path, O_RDONLY | O_CLOEXEC);
}

/* Without the addresses of the image, nothing shows that it is not the next one's by now. */
static void read_details(int proc, uint32_t pid, const struct details_wanted *wanted, struct reading *r)
{
	struct process_stat stat;

	details_read(proc, pid, wanted, &r->details);
	if (!r->details.known || !r->stat.image.arg_start)
		return;
	if (!process_stat(proc, pid, &stat) && stat.start_time == r->stat.start_time && image_is_same(&stat.image, &r->stat.image))
		return;
	details_forget(&r->details);
}

void reading_free(struct reading *r)
{
	free(r->strings.bytes);
	r->strings.bytes = NULL;
	details_forget(&r->details);
}

/* No environment is longer with the usual limit of the stack (bprm_stack_limits in fs/exec.c). */
#define ENVIRONMENT_MOST (2U << 20)

/* It stands behind the arguments. */
static void read_variables(const struct memory *m, const struct image *image, const struct strings *names, struct details *d)
{
	uint64_t size = image->env_end > image->arg_end ? image->env_end - image->arg_end : 0;
	bool cut = size > ENVIRONMENT_MOST;
	char *bytes;

	if (!names->count || m->mem < 0 || !image_is_known(image) || image->env_end < image->arg_end)
		return;
	if (cut)
		size = ENVIRONMENT_MOST;
	bytes = malloc((size_t)size + 1);
	if (bytes && (!size || read_memory(m, bytes, (size_t)size, image->arg_end) == (ssize_t)size))
		details_take_variables(d, names, bytes, (size_t)size, cut);
	if (bytes)
		explicit_bzero(bytes, (size_t)size);
	free(bytes);
}

void image_read(int proc, uint32_t pid, const struct image_wanted *wanted, struct reading *r)
{
	struct memory m;

	*r = (struct reading){.at = monotonic_ns() - (uint64_t)wanted->clock_ahead};
	/* In this order: the memory is that of the image of this moment, whatever is executed meanwhile. */
	m.mem = open_file(proc, pid, "mem");
	m.pagemap = open_file(proc, pid, "pagemap");
	if (!process_stat(proc, pid, &r->stat) && !r->stat.leader_ended) {
		r->read = read_by_addresses(&m, &r->stat.image, wanted->most, &r->strings);
		if (!r->read && !r->stat.image.arg_start) {
			r->stat.image = (struct image){0};
			r->read = read_cmdline(proc, pid, wanted->most, &r->strings);
		}
		read_details(proc, pid, &wanted->details, r);
		read_variables(&m, &r->stat.image, wanted->details.variables, &r->details);
	}
	if (m.mem >= 0)
		close(m.mem);
	if (m.pagemap >= 0)
		close(m.pagemap);
	r->until = monotonic_ns() - (uint64_t)wanted->clock_ahead;
}

/* ---- by somebody else ---- */

/* One part in so many of the time is for reading at most. */
#define SHARE 2

static size_t add_bytes(char *to, const char *bytes, size_t length)
{
	if (length)
		memcpy(to, bytes, length);
	return length;
}

static size_t write_image(const void *context, int proc, uint32_t pid, char *buffer)
{
	struct reading r;
	size_t used = sizeof(r);

	image_read(proc, pid, context, &r);
	memcpy(buffer, &r, sizeof(r));
	used += add_bytes(buffer + used, r.details.paths, r.details.exe_length + r.details.cwd_length);
	used += add_bytes(buffer + used, r.details.variables, r.details.variables_length);
	if (r.strings.bytes)
		used += add_bytes(buffer + used, r.strings.bytes, (size_t)r.strings.name_length + 1 + r.strings.args_length);
	reading_free(&r);
	return used;
}

void image_asker_init(struct asker *asker, int proc, const struct image_wanted *wanted)
{
	asker_init(asker, proc);
	asker->image = write_image;
	asker->context = wanted;
	asker->share = SHARE;
}

/* Of the next bytes. NULL: there are none, or there is no memory. */
static char *copy(const char **at, size_t length)
{
	char *bytes = length ? malloc(length) : NULL;

	if (bytes)
		memcpy(bytes, *at, length);
	*at += length;
	return bytes;
}

bool image_ask(struct asker *asker, uint32_t pid, struct reading *r)
{
	const struct image_wanted *wanted = asker->context;
	struct answer answer = asker_ask(asker, &(struct ask){.kind = ASK_IMAGE, .tid = pid});
	const char *at;

	*r = (struct reading){.at = monotonic_ns() - (uint64_t)wanted->clock_ahead};
	r->until = r->at;
	if (!answer.complete || answer.length < sizeof(*r))
		return answer.late;
	memcpy(r, answer.bytes, sizeof(*r));
	at = answer.bytes + sizeof(*r);
	r->details.paths = copy(&at, r->details.exe_length + r->details.cwd_length);
	r->details.variables = copy(&at, r->details.variables_length);
	if (!r->details.paths)
		r->details.exe_length = r->details.cwd_length = 0;
	if (r->details.variables_length && !r->details.variables) {
		r->details.variables_length = 0;
		r->details.known &= ~(unsigned int)EXEC_VARIABLES;
	}
	r->strings.bytes = copy(&at, answer.length - (size_t)(at - answer.bytes));
	r->read &= r->strings.bytes != NULL;
	asker_rest(asker);
	return true;
}
