/* SPDX-License-Identifier: GPL-2.0-only */
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

/* Whether every user can replace files in it by now. */
static bool is_open_to_all(int directory)
{
	struct stat st;

	return fstat(directory, &st) || (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX));
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

/* Whether the file does not end with a newline. If it cannot be read, it does. */
static bool is_torn(int directory, const char *base, const struct stat *file)
{
	int fd = file->st_size ? openat(directory, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	struct stat st;
	char last = '\n';

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || st.st_ino != file->st_ino || st.st_dev != file->st_dev || pread(fd, &last, 1, file->st_size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

/* Why the file that was opened by this name is refused, or NULL. It has the name, and no other, at the moment of this look: that it
 * had one name before might be because somebody took the other away again. */
static const char *why_not_opened(int directory, const char *base, const struct stat *opened)
{
	struct stat named;

	if (S_ISCHR(opened->st_mode))
		return NULL;
	if (fstatat(directory, base, &named, AT_SYMLINK_NOFOLLOW) || named.st_ino != opened->st_ino || named.st_dev != opened->st_dev)
		return "somebody replaced it just now; give a file in another directory";
	return why_not(&named);
}

static void note_file(const struct stat *st, struct opened_file *file)
{
	*file = (struct opened_file){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
	};
}

/* Opens BASE, or makes it. what: before its name in messages. */
static int open_file(int directory, const char *base, const char *what, const char *name, struct opened_file *file, struct error *err)
{
	/* O_APPEND: a second writer does no harm. O_NONBLOCK: a FIFO or a terminal is not waited for. */
	int fd = openat(directory, base, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	int errnum = errno;
	const char *why;
	struct stat st;

	if (fd >= 0) {
		why = fstat(fd, &st) ? strerror(errno) : why_not_opened(directory, base, &st);
		if (!why) {
			note_file(&st, file);
			file->torn = S_ISREG(st.st_mode) && is_torn(directory, base, &st);
			return fd;
		}
		close(fd);
		errnum = EINVAL;
	} else if (errnum == ENXIO && !fstatat(directory, base, &st, AT_SYMLINK_NOFOLLOW) && why_not(&st)) {
		why = why_not(&st);
	} else {
		return error_set(err, errnum, "%scannot open \"%s\": %s; %s", what, name, strerror(errnum),
				 errnum == ELOOP ? "it is a symbolic link, which is not followed"
						 : "give a file that this user may write");
	}
	return error_set(err, errnum, "%s\"%s\": %s", what, name, why);
}

int rotate_open(const char *path, const char *option, int *directory, struct opened_file *file, struct error *err)
{
	char what[32];
	int fd;

	*directory = open_directory(path, option, err);
	if (*directory < 0)
		return *directory;
	format_text(what, sizeof(what), "%s: ", option);
	fd = open_file(*directory, rotate_base(path), what, path, file, err);
	if (fd < 0)
		close(*directory);
	return fd;
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

static int rotate(int directory, const char *base, unsigned int keep, struct opened_file *file, struct error *err)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	int fd = make_new(directory, from, base), ret = 0;
	struct stat st = {0};

	if (fd < 0)
		return error_set(err, -fd, "cannot begin a new \"%s\": %s", base, strerror(-fd));
	for (unsigned int n = rotate_look(directory, base, file) ? 0 : keep; n && !ret; n--) {
		char older[NAME_SIZE];

		format_text(to, sizeof(to), n > 1 ? "%.255s.%u" : "%.255s", base, n - 1);
		format_text(older, sizeof(older), "%.255s.%u", base, n);
		ret = move(directory, to, older, err);
	}
	if (!ret)
		ret = move(directory, from, base, err);
	if (!ret) {
		fstat(fd, &st);
		note_file(&st, file);
		return fd;
	}
	unlinkat(directory, from, 0);
	close(fd);
	return ret;
}

/* It is a regular file, as the one before. */
static int reopen(int directory, const char *base, struct opened_file *file, struct error *err)
{
	struct stat st;

	if (is_open_to_all(directory))
		return error_set(err, EACCES, "every user can replace files in the directory of \"%s\" by now", base);
	if (!fstatat(directory, base, &st, AT_SYMLINK_NOFOLLOW) && S_ISCHR(st.st_mode))
		return error_set(err, EINVAL, "\"%s\" is a character device by now", base);
	return open_file(directory, base, "", base, file, err);
}

int rotate_begin(int directory, const char *base, unsigned int keep, enum new_file how, struct opened_file *file, struct error *err)
{
	return how == NEW_FILE_REOPEN ? reopen(directory, base, file, err) : rotate(directory, base, keep, file, err);
}

const char *rotate_look(int directory, const char *base, const struct opened_file *file)
{
	struct stat named;

	if (fstatat(directory, base, &named, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? "removed" : NULL;
	return file->inode == named.st_ino && file->device == named.st_dev ? NULL : "replaced";
}
