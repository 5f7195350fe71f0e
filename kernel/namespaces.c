/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/namespaces.h"
#include "lib/format.h"

/* The mount namespace's file of a process, or of another of its threads if the first has ended. */
static int open_of_process(int proc, const char *pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int fd;

	format_text(path, sizeof(path), "%s/ns/mnt", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	format_text(path, sizeof(path), "%s/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -1;
	fd = -1;
	while (fd < 0 && (entry = readdir(dir))) {
		format_text(path, sizeof(path), "%.20s/task/%.20s/ns/mnt", pid, entry->d_name);
		if (*entry->d_name != '.')
			fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	}
	closedir(dir);
	if (fd < 0)
		errno = ENOENT;
	return fd;
}

/* Whether the descriptor is of one: by NS_GET_NSTYPE (Linux 4.11), before by what /proc calls it, which does not tell
 * of a file on which one is bound. */
static bool is_mount_namespace(int proc, int fd)
{
	int type = ioctl(fd, NS_GET_NSTYPE);
	char path[32], name[8] = "";

	if (type >= 0 || errno != ENOTTY)
		return type == CLONE_NEWNS;
	format_text(path, sizeof(path), "self/fd/%d", fd);
	return proc >= 0 && readlinkat(proc, path, name, sizeof(name)) >= 5 && !strncmp(name, "mnt:[", 5);
}

int mount_namespace_number(const char *text, int proc, uint64_t *number, struct error *err)
{
	bool is_pid = *text && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 20;
	struct stat st;
	bool is_one;
	int fd;

	if (is_pid && proc < 0)
		return error_set(err, ENOENT, "--mntns: cannot look for process %s: /proc is not there; "
				 "mount it", text);
	fd = is_pid ? open_of_process(proc, text) : open(text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		int errnum = errno;

		if (fd >= 0)
			close(fd);
		if (is_pid)
			return error_set(err, errnum, "--mntns: cannot see the mount namespace of process "
					 "%s: %s; %s", text, strerror(errnum),
					 errnum == ENOENT ? "is there such a process (ps)?" : "run it as root");
		return error_set(err, errnum, "--mntns: cannot open \"%s\": %s; give a process id, or a file "
				 "like /proc/PID/ns/mnt", text, strerror(errnum));
	}
	/* The namespace is not kept: to hold it would keep its mounts busy. */
	is_one = is_mount_namespace(proc, fd);
	close(fd);
	if (!is_one)
		return error_set(err, EINVAL, "--mntns: \"%s\" is no mount namespace; give a process id, or a "
				 "file like /proc/PID/ns/mnt", text);
	*number = st.st_ino;
	return 0;
}
