#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show/rotate.h"
#include "lib/format.h"
#include "lib/timestamp.h"

#define NAME_SIZE 288 /* NAME_MAX, ".", a number, ".new" */
#define NEW_TRIES 16

const char *rotate_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int open_directory(const char *path, const char *option, struct error *err)
{
	size_t length = (size_t)(rotate_base(path) - path);
	char directory[4096] = ".";
	struct stat st;
	int fd, errnum;

	if (length >= sizeof(directory))
		return error_set(err, ENAMETOOLONG, "%s: \"%s\": %s", option, path, strerror(ENAMETOOLONG));
	if (length) {
		memcpy(directory, path, length);
		directory[length] = '\0';
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES)
		fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	errnum = errno;
	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return error_set(err, errnum, "%s: cannot open the directory \"%s\": %s; make it, or give another file",
				 option, directory, strerror(errnum));
	}
	if (!(st.st_mode & S_IWOTH) || st.st_mode & S_ISVTX)
		return fd;
	close(fd);
	return error_set(err, EACCES, "%s: every user can replace files in \"%s\", which is not sticky; give a file in another "
			 "directory", option, directory);
}

/* Why the lines do not go there, or NULL. */
static const char *why_not(const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return NULL;
	if (S_ISFIFO(st->st_mode))
		return "it is a FIFO; write to the standard output and redirect that";
	if (!S_ISREG(st->st_mode))
		return "it is neither a regular file nor a character device";
	if (st->st_uid != geteuid())
		return "it belongs to another user; remove it, or give another file";
	if (st->st_nlink > 1)
		return "it has another name, too (a hard link); remove it, or give another file";
	return NULL;
}

int rotate_open(const char *path, const char *option, int *directory, struct error *err)
{
	const char *base = rotate_base(path), *why;
	struct stat st;
	int fd, errnum;

	*directory = open_directory(path, option, err);
	if (*directory < 0)
		return *directory;
	/* O_APPEND: a second writer does no harm. O_NONBLOCK: a FIFO or a terminal is not waited for. */
	fd = openat(*directory, base, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	errnum = errno;
	if (fd >= 0) {
		why = fstat(fd, &st) ? strerror(errno) : why_not(&st);
		if (!why)
			return fd;
		close(fd);
		errnum = EINVAL;
	} else if (errnum == ENXIO && !fstatat(*directory, base, &st, AT_SYMLINK_NOFOLLOW) && why_not(&st)) {
		why = why_not(&st);
	} else {
		close(*directory);
		return error_set(err, errnum, "%s: cannot open \"%s\": %s; %s", option, path, strerror(errnum),
				 errnum == ELOOP ? "it is a symbolic link, which is not followed"
						 : "give a file that this user may write");
	}
	close(*directory);
	return error_set(err, errnum, "%s: \"%s\": %s", option, path, why);
}

/* A new file of ours under a name that nobody knew before. */
static int make_new(int directory, char name[NAME_SIZE], const char *base)
{
	for (unsigned int i = 0;; i++) {
		int fd;

		format_text(name, NAME_SIZE, ".%.200s.%x.new", base, (unsigned int)(monotonic_ns() * 2654435761U >> 8));
		fd = openat(directory, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST || i == NEW_TRIES)
			return fd < 0 ? -errno : fd;
	}
}

/* It may have been removed by somebody else. */
static int move(int directory, const char *from, const char *to, struct error *err)
{
	if (!renameat(directory, from, directory, to) || errno == ENOENT)
		return 0;
	return error_set(err, errno, "cannot rename \"%s\" to \"%s\": %s", from, to, strerror(errno));
}

int rotate_files(int directory, const char *base, unsigned int keep, int current, struct error *err)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	int fd = make_new(directory, from, base), ret = 0;

	if (fd < 0)
		return error_set(err, -fd, "cannot begin a new \"%s\": %s", base, strerror(-fd));
	for (unsigned int n = rotate_look(directory, base, current) ? 0 : keep; n && !ret; n--) {
		char older[NAME_SIZE];

		format_text(to, sizeof(to), n > 1 ? "%.255s.%u" : "%.255s", base, n - 1);
		format_text(older, sizeof(older), "%.255s.%u", base, n);
		ret = move(directory, to, older, err);
	}
	if (!ret)
		ret = move(directory, from, base, err);
	if (!ret)
		return fd;
	unlinkat(directory, from, 0);
	close(fd);
	return ret;
}

const char *rotate_look(int directory, const char *base, int current)
{
	struct stat open_one, named;

	if (fstat(current, &open_one))
		return NULL;
	if (fstatat(directory, base, &named, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? "removed" : NULL;
	return open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev ? NULL : "replaced";
}

bool rotate_ends_with_newline(int directory, const char *base, int64_t size)
{
	int fd = openat(directory, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool whole = true;
	char last;

	if (fd < 0)
		return true;
	if (!rotate_look(directory, base, fd) && pread(fd, &last, 1, size - 1) == 1)
		whole = last == '\n';
	close(fd);
	return whole;
}
