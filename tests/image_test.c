/* SPDX-License-Identifier: GPL-2.0-only */
/* A process as /proc/PID/stat tells it, at whatever moment it is read. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "source/image.h"

/* A line of the file with these values. */
static const char *line(char state, unsigned int threads, unsigned long start_stack, unsigned long arg_start)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "7 (a) b) %c 5 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 99 0 0 0 0 0 %lu 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 %lu 300 300 400 0\n", state,
		 threads, start_stack, arg_start);
	return text;
}

static struct process_stat parsed(char state, unsigned int threads, unsigned long start_stack, unsigned long arg_start)
{
	struct process_stat stat = {0};

	CHECK(process_parse_stat(line(state, threads, start_stack, arg_start), &stat));
	return stat;
}

static bool has_ended(char state, unsigned int threads)
{
	struct process_stat stat = parsed(state, threads, 0, 0);

	return process_has_ended(&stat);
}

static bool is_known(unsigned long start_stack, unsigned long arg_start)
{
	struct process_stat stat = parsed('R', 1, start_stack, arg_start);

	return image_is_known(&stat.image);
}

/* A directory with 7/stat, which is another text each time that it is opened. The process that writes it is to be waited for. */
static int proc_of(const char *first, const char *second)
{
	char directory[] = "/tmp/image_test.XXXXXX", path[64];
	const char *texts[] = {first, second};
	int fd, proc;

	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/7", directory);
	mkdir(path, 0700);
	proc = open(directory, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "%s/7/stat", directory);
	mkfifo(path, 0600);
	if (fork())
		return proc;
	alarm(10);
	for (int i = 0; i < 2 && texts[i]; i++) {
		fd = open(path, O_WRONLY);
		if (i == 1 || !second)
			unlink(path);
		if (write(fd, texts[i], strlen(texts[i])) < 0)
			_exit(1);
		while (i == 0 && second && !unlink(path) && mkfifo(path, 0600)) /* another one: none reads both */
			;
		close(fd);
	}
	snprintf(path, sizeof(path), "%s/7", directory);
	rmdir(path);
	rmdir(directory);
	_exit(0);
}

int main(void)
{
	struct process_stat stat;
	char *first;
	int proc;

	CASE("a name is all up to the last parenthesis") {
		stat = parsed('R', 1, 100, 200);
		CHECK_TEXT(stat.comm, "a) b");
		CHECK(stat.ppid == 5 && stat.start_time == 99 && stat.image.start_stack == 100 && stat.image.env_end == 400);
	}
	CASE("a process has ended when its last thread has, whether it was waited for or not") {
		CHECK(!has_ended('R', 1) && !has_ended('Z', 2) && !has_ended('X', 2));
		CHECK(has_ended('Z', 1) && has_ended('X', 1) && has_ended('x', 1) && has_ended('X', 0));
	}
	CASE("an image is not known while it is being built") {
		CHECK(!is_known(0, 0) && !is_known(0, 200) && !is_known(200, 200) && is_known(100, 200));
	}
	CASE("a process whose first thread is taken away while another executes goes on") {
		first = strdup(line('Z', 0, 0, 0));
		proc = proc_of(first, line('R', 1, 100, 200));
		CHECK(!process_stat(proc, 7, &stat));
		CHECK(!process_has_ended(&stat) && image_is_known(&stat.image));
		CHECK(wait(NULL) > 0);
		close(proc);
		free(first);
	}
	CASE("one that is taken away as a whole is not there") {
		proc = proc_of(line('X', 0, 0, 0), NULL);
		CHECK(process_stat(proc, 7, &stat) < 0 && !stat.state && !stat.ppid);
		CHECK(wait(NULL) > 0);
		close(proc);
	}
	return 0;
}
