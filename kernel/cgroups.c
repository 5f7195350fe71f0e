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

/* A line of mountinfo: id, parent, device, root, mount point, options, …, " - ", type (proc(5)). A space in a path is "\040",
 * and such a mount point is not looked for. false: it is not the whole hierarchy. */
static bool take_mount_point(const char *line, const char *end, char *path, size_t size)
{
	const char *type = memmem(line, (size_t)(end - line), " - cgroup2 ", 11), *root = line, *point, *behind;

	for (int i = 0; type && root && i < 3; i++)
		root = memchr(root, ' ', (size_t)(end - root)) ? (const char *)memchr(root, ' ', (size_t)(end - root)) + 1 : NULL;
	if (!type || !root || root[0] != '/' || root[1] != ' ')
		return false;
	point = root + 2;
	behind = memchr(point, ' ', (size_t)(end - point));
	if (!behind || (size_t)(behind - point) >= size)
		return false;
	format_text(path, size, "%.*s", (int)(behind - point), point);
	return true;
}

#define MOUNTS_SIZE (1U << 20)

int cgroup_root(int proc)
{
	char *text = malloc(MOUNTS_SIZE), path[4096];
	int length = text ? read_file(proc, "self/mountinfo", text, MOUNTS_SIZE) : -1, fd = -1;

	for (const char *line = text, *end; length > 0 && fd < 0 && (end = strchr(line, '\n')); line = end + 1)
		if (take_mount_point(line, end, path, sizeof(path)))
			fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(text);
	return fd;
}

#define HANDLE_ID 8 /* FILEID_KERNFS: the id, from Linux 5.5 on; 4.18 has the inode and its generation, which are the id, too */

uint64_t cgroup_id(int dir, const char *path)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + HANDLE_ID];
	} u = {.handle = {.handle_bytes = HANDLE_ID}};
	struct stat st;
	uint64_t id;
	int mount;

	if (!name_to_handle_at(dir, path, &u.handle, &mount, AT_EMPTY_PATH) && u.handle.handle_bytes == HANDLE_ID) {
		memcpy(&id, u.handle.f_handle, sizeof(id));
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

int cgroup_number(const char *path, uint64_t *id, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return error_set(err, errno, "--cgroup: cannot open \"%s\": %s; give a directory of the cgroup v2 file system "
				 "(grep cgroup2 /proc/mounts)", path, strerror(errno));
	*id = !fstatfs(fd, &fs) && (uint32_t)fs.f_type == CGROUP2_SUPER_MAGIC ? cgroup_id(fd, "") : 0;
	close(fd);
	return *id ? 0 : error_set(err, EINVAL, "--cgroup: \"%s\" is no cgroup v2 directory; where there is only cgroup v1, use "
				   "--mntns", path);
}
