/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/cgroups.h"
#include "lib/files.h"
#include "lib/format.h"

/* Whether a mount's root may be that of the hierarchy. In a cgroup namespace the machine's root is above that of the namespace: "/../..". */
static bool may_be_root(const char *root)
{
	if (root[0] == '/' && root[1] == ' ')
		return true;
	while (!strncmp(root, "/..", 3))
		root += 3;
	return *root == ' ';
}

/* A line of mountinfo: id, parent, device, root, mount point, options, …, " - ", type (proc(5)). A space in a path is "\040",
 * and such a mount point is not looked for. false: it is not the whole hierarchy. */
static bool take_mount_point(const char *line, const char *end, char *path, size_t size)
{
	const char *type = memmem(line, (size_t)(end - line), " - cgroup2 ", 11), *root = line, *point, *behind;

	for (int i = 0; type && root && i < 3; i++)
		root = memchr(root, ' ', (size_t)(end - root)) ? (const char *)memchr(root, ' ', (size_t)(end - root)) + 1 : NULL;
	if (!type || !root || !may_be_root(root))
		return false;
	point = strchr(root, ' ') + 1;
	behind = memchr(point, ' ', (size_t)(end - point));
	if (!behind || (size_t)(behind - point) >= size)
		return false;
	format_text(path, size, "%.*s", (int)(behind - point), point);
	return true;
}

#define MOUNTS_SIZE (1U << 20)

#define MACHINES_ROOT 1 /* its inode: __kernfs_new_node(), fs/kernfs/dir.c */

/* Opens the machine's root of the hierarchy, or that of a cgroup namespace if there is no other; path gets where it is mounted.
 * -1: nowhere. */
static int find_root(int proc, char path[4096])
{
	char *text = malloc(MOUNTS_SIZE);
	int length = text ? read_file(proc, "self/mountinfo", text, MOUNTS_SIZE) : -1, fd = -1;
	bool is_root = false;

	for (const char *line = text, *end; length > 0 && !is_root && (end = strchr(line, '\n')); line = end + 1) {
		char other[4096];
		int root = take_mount_point(line, end, other, sizeof(other)) ? open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		struct stat st;

		if (root < 0)
			continue;
		is_root = !fstat(root, &st) && st.st_ino == MACHINES_ROOT;
		if (!is_root && fd >= 0) {
			close(root);
			continue;
		}
		if (fd >= 0)
			close(fd);
		fd = root;
		strcpy(path, other);
	}
	free(text);
	return fd;
}

int cgroup_root(int proc)
{
	char path[4096];

	return find_root(proc, path);
}

#define HANDLE_ID 8 /* FILEID_KERNFS: the id, from Linux 5.5 on; 4.14 has the inode and its generation, which are the id, too */

union id_handle {
	struct file_handle handle;
	char space[sizeof(struct file_handle) + HANDLE_ID];
};

/* false: the kernel gives none: it is older, or lacks CONFIG_FHANDLE. */
static bool get_handle(int dir, const char *path, union id_handle *h)
{
	int mount;

	*h = (union id_handle){.handle = {.handle_bytes = HANDLE_ID}};
	return !name_to_handle_at(dir, path, &h->handle, &mount, AT_EMPTY_PATH) && h->handle.handle_bytes == HANDLE_ID;
}

uint64_t cgroup_id(int dir, const char *path)
{
	union id_handle h;
	struct stat st;
	uint64_t id;

	if (get_handle(dir, path, &h)) {
		memcpy(&id, h.handle.f_handle, sizeof(id));
		return id;
	}
	return fstatat(dir, path, &st, AT_EMPTY_PATH) ? 0 : st.st_ino;
}

bool cgroup_of(int proc, uint32_t pid, char *path, unsigned int size)
{
	char name[32], text[8192], *line, *end;

	format_text(name, sizeof(name), "%u/cgroup", pid);
	if (read_file(proc, name, text, sizeof(text)) < 0)
		return false;
	line = !strncmp(text, "0::/", 4) ? text : strstr(text, "\n0::/");
	line = line ? strchr(line, '/') + 1 : NULL;
	end = line ? strchr(line, '\n') : NULL;
	if (!end)
		return false;
	*end = '\0';
	return format_text(path, size, "%s", line) < size;
}

/* The path of an open directory. */
static bool get_path(int proc, int fd, char *path, size_t size)
{
	char name[32];
	ssize_t n;

	format_text(name, sizeof(name), "self/fd/%d", fd);
	n = readlinkat(proc, name, path, size - 1);
	if (n <= 0 || (size_t)n == size - 1)
		return false;
	path[n] = '\0';
	return true;
}

/* The path below the root, "" for the root itself. It needs CAP_DAC_READ_SEARCH. */
static bool path_by_handle(int root, int proc, union id_handle *h, char *path, size_t size)
{
	char root_path[CGROUP_PATH_SIZE];
	int fd = open_by_handle_at(root, &h->handle, CGROUP_OPEN);
	bool known = fd >= 0 && get_path(proc, fd, path, size) && get_path(proc, root, root_path, sizeof(root_path));
	size_t n = known && strcmp(root_path, "/") ? strlen(root_path) : 0;

	if (fd >= 0)
		close(fd);
	if (!known || strncmp(path, root_path, n) || (path[n] && path[n] != '/'))
		return false;
	memmove(path, path + n, strlen(path + n) + 1);
	if (!strcmp(path, "/"))
		*path = '\0';
	return true;
}

static bool path_by_process(int proc, uint32_t pid, char *path, size_t size)
{
	if (!pid || !cgroup_of(proc, pid, path + 1, (unsigned int)size - 1))
		return false;
	*path = path[1] ? '/' : '\0';
	return true;
}

/* Whether the directory has that handle now. */
static bool is_it(int root, const char *path, const union id_handle *h)
{
	union id_handle other;

	return get_handle(root, *path ? path + 1 : "", &other) && other.handle.handle_type == h->handle.handle_type &&
	       !memcmp(other.handle.f_handle, h->handle.f_handle, HANDLE_ID);
}

int cgroup_path_root(int proc, const char **why)
{
	int root = proc >= 0 ? cgroup_root(proc) : -1;
	union id_handle h;

	*why = "it needs /proc, and the root of the cgroup v2 file system, mounted anywhere (mount -t cgroup2 none /mnt)";
	if (root < 0 || get_handle(root, "", &h))
		return root;
	*why = errno == EPERM ? "a seccomp profile forbids name_to_handle_at(2)" : "it needs Linux 4.14 with CONFIG_FHANDLE=y";
	close(root);
	return -1;
}

size_t cgroup_path(int root, int proc, uint64_t id, uint32_t pid, char path[CGROUP_PATH_SIZE])
{
	union id_handle h;

	if (!get_handle(root, "", &h))
		return 0;
	memcpy(h.handle.f_handle, &id, sizeof(id));
	if ((!path_by_handle(root, proc, &h, path, CGROUP_PATH_SIZE) || !is_it(root, path, &h)) &&
	    (!path_by_process(proc, pid, path, CGROUP_PATH_SIZE) || !is_it(root, path, &h)))
		return 0;
	if (!*path)
		strcpy(path, "/");
	return strlen(path);
}

int cgroup_refuse(const char *path, int errnum, int proc, struct error *err)
{
	char text[160] = "it is mounted nowhere: mount -t cgroup2 none /mnt, or use --mntns", root[4096];
	int fd = proc >= 0 ? find_root(proc, root) : -1;

	if (fd >= 0) {
		format_text(text, sizeof(text), "it is mounted at %s; or use --mntns", root);
		close(fd);
	}
	if (errnum)
		return error_set(err, errnum, "--cgroup: cannot open \"%s\": %s; give a directory of the cgroup v2 file system: %s", path,
				 strerror(errnum), text);
	return error_set(err, EINVAL, "--cgroup: \"%s\" is no cgroup v2 directory; give one of the cgroup v2 file system: %s", path, text);
}

int cgroup_number(const char *path, int proc, uint64_t *id, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return cgroup_refuse(path, errno, proc, err);
	*id = !fstatfs(fd, &fs) && (uint32_t)fs.f_type == CGROUP2_SUPER_MAGIC ? cgroup_id(fd, "") : 0;
	close(fd);
	return *id ? 0 : cgroup_refuse(path, 0, proc, err);
}
