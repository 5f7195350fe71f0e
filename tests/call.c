/* Executes a program in a way that no shell can: call WAY FILE [ARG]... The new program gets FILE as
 * argv[0], then ARG... Exit status 111 if the exec failed. Static, so that it also runs in a guest
 * that has no libc. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static int by_execve(char **argv)
{
	return execve(argv[0], argv, environ);
}

static int by_execveat(char **argv)
{
	char *slash = strrchr(argv[0], '/');
	int dir;

	if (!slash)
		return -1;
	*slash = '\0';
	dir = open(argv[0], O_RDONLY | O_DIRECTORY);
	*slash = '/';
	return (int)syscall(SYS_execveat, dir, slash + 1, argv, environ, 0);
}

/* ARG is how many bytes the one argument has. */
static int with_long_argument(char **argv)
{
	size_t size = argv[1] ? strtoul(argv[1], NULL, 10) : 0;
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	return execve(argv[0], (char *[]){argv[0], text, "end", NULL}, environ);
}

/* ARG is how many arguments of ten bytes there are. */
static int with_many_arguments(char **argv)
{
	size_t count = argv[1] ? strtoul(argv[1], NULL, 10) : 0;
	char **args = calloc(count + 2, sizeof(*args));

	args[0] = argv[0];
	for (size_t i = 1; i <= count; i++)
		if (asprintf(&args[i], "a%09zu", i) < 0)
			return -1;
	return execve(argv[0], args, environ);
}

/* As the user whose number is the first ARG. */
static int as_user(char **argv)
{
	unsigned int uid = argv[1] ? (unsigned int)atoi(argv[1]) : 0;

	if (setgid(uid) || setuid(uid))
		return -1;
	argv[1] = argv[0];
	return execve(argv[1], argv + 1, environ);
}

/* The environment holds a secret that stands right behind the arguments. */
static int with_secret(char **argv)
{
	return execve(argv[0], argv, (char *[]){"SECRET=hunter2", NULL});
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*call)(char **argv);
	} ways[] = {
		{"execve", by_execve},
		{"execveat", by_execveat},
		{"long", with_long_argument},
		{"many", with_many_arguments},
		{"user", as_user},
		{"secret", with_secret},
	};

	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name)) {
			ways[i].call(argv + 2);
			fprintf(stderr, "call %s %.100s: %s\n", argv[1], argv[2], strerror(errno));
			return 111;
		}
	fprintf(stderr, "usage: call WAY FILE [ARG]...\n");
	return 2;
}
