/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "source/filter_maps.h"
#include "kernel/cgroups.h"
#include "kernel/namespaces.h"
#include "lib/files.h"
#include "lib/format.h"
#include "loader.h"

#define KEY_SIZE 8

static bool is_on(const char *path, uint32_t magic)
{
	struct statfs fs;

	return !statfs(path, &fs) && (uint32_t)fs.f_type == magic;
}

/* The name that bpftool has for a type of map. */
static const char *type_name(unsigned long type)
{
	switch (type) {
	case BPF_MAP_TYPE_ARRAY:
		return "an array";
	case BPF_MAP_TYPE_PERCPU_HASH:
		return "a percpu_hash";
	case BPF_MAP_TYPE_LRU_HASH:
		return "an lru_hash";
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return "an lru_percpu_hash";
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		return "a hash_of_maps";
	default:
		return "of another type";
	}
}

/* The number behind "name:" in /proc/PID/fdinfo/FD, in the base that it is written in. false: it is not
 * there. */
static bool fdinfo(const char *text, const char *name, unsigned long *value)
{
	const char *at = strstr(text, name);

	if (!at || (at != text && at[-1] != '\n'))
		return false;
	*value = strtoul(at + strlen(name), NULL, 0);
	return true;
}

/* The map must be one in which what others have put stays, and of which each key has one value: an LRU
 * map forgets, and would hide what it has forgotten. */
static int check_pinned(const char *option, const char *path, int map, int proc, struct error *err)
{
	unsigned long type, key_size, flags = 0;
	char name[40], text[2048];
	int ret = -ENOENT;

	format_text(name, sizeof(name), "self/fdinfo/%d", map);
	if (proc >= 0)
		ret = read_file(proc, name, text, sizeof(text));
	if (ret < 0)
		return error_set(err, -ret, "--%s: cannot find out what is pinned at \"%s\": %s; mount /proc",
				 option, path, strerror(-ret));
	if (!fdinfo(text, "map_type:", &type) || !fdinfo(text, "key_size:", &key_size))
		return error_set(err, EINVAL,
				 "--%s: what is pinned at \"%s\" is no map but a BPF program or link; "
				 "give it a pinned hash map",
				 option, path);
	if (type != BPF_MAP_TYPE_HASH)
		return error_set(err, EINVAL,
				 "--%s: the map pinned at \"%s\" is %s (map_type %lu); only a plain hash "
				 "is accepted (bpftool map create ... type hash)",
				 option, path, type_name(type), type);
	if (key_size != KEY_SIZE)
		return error_set(err, EINVAL,
				 "--%s: the keys of the map pinned at \"%s\" have %lu bytes; it takes keys "
				 "of 8 bytes (bpftool map create ... key 8)",
				 option, path, key_size);
	fdinfo(text, "map_flags:", &flags);
	if (flags & BPF_F_WRONLY_PROG)
		return error_set(err, EINVAL,
				 "--%s: the map pinned at \"%s\" may not be read by programs "
				 "(BPF_F_WRONLY_PROG); create it without that flag",
				 option, path);
	return 0;
}

static int open_pinned(const char *option, const char *path, int proc, struct error *err)
{
	int map = pinned_open(path), ret;
	const char *advice;
	struct stat st;

	if (map >= 0) {
		ret = check_pinned(option, path, map, proc, err);
		if (!ret)
			return map;
		close(map);
		return ret;
	}
	if (map == -ENOENT || map == -ENOTDIR)
		advice = "give the path of a map that is pinned in a bpffs (mount -t bpf bpf "
			 "/sys/fs/bpf; bpftool map create PATH type hash key 8 value 8 entries 1024 "
			 "name NAME)";
	else if (!is_on(path, BPF_FS_MAGIC))
		advice = "this is no file of a bpffs (mount -t bpf bpf /sys/fs/bpf), so no pinned map";
	else if (!stat(path, &st) && S_ISDIR(st.st_mode))
		advice = "this is a directory; give the path of a map that is pinned in it";
	else
		advice = "run it as root";
	return error_set(err, -map, "--%s: cannot open a pinned map at \"%s\": %s; %s", option, path,
			 strerror(-map), advice);
}

static int make_mntns(const struct strings *names, int proc, struct error *err)
{
	const uint64_t one = 1;
	int map = map_create("mntns_set", BPF_MAP_TYPE_HASH, KEY_SIZE, sizeof(one),
			     (uint32_t)names->count, 0, err), ret;
	uint64_t number;

	for (size_t i = 0; map >= 0 && i < names->count; i++) {
		ret = mount_namespace_number(names->items[i], proc, &number, err);
		if (ret)
			return ret;
		ret = map_update(map, &number, &one);
		if (ret)
			return error_set(err, -ret, "--mntns: cannot put \"%s\" into a BPF map: %s",
					 names->items[i], strerror(-ret));
	}
	return map;
}

static int make_cgroups(const struct strings *paths, int proc, struct error *err)
{
	int map = map_create("cgroups", BPF_MAP_TYPE_CGROUP_ARRAY, sizeof(uint32_t), sizeof(uint32_t),
			     (uint32_t)paths->count, 0, err);

	for (uint32_t i = 0; map >= 0 && i < paths->count; i++) {
		const char *path = paths->items[i];
		int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

		if (cgroup < 0)
			return cgroup_refuse(path, errno, proc, err);
		ret = map_update(map, &i, &cgroup);
		close(cgroup); /* the map holds the cgroup */
		if (ret && !is_on(path, CGROUP2_SUPER_MAGIC))
			return cgroup_refuse(path, 0, proc, err);
		if (ret)
			return error_set(err, -ret, "--cgroup: cannot put \"%s\" into a BPF map: %s; %s", path,
					 strerror(-ret),
					 ret == -ENOENT ? "the cgroup has been removed" : "run it as root");
	}
	return map;
}

int filters_open(struct filters *filters, const struct request *request, int proc, bool cgroup_ids,
		 struct error *err)
{
	*filters = (struct filters){-1, -1, -1, -1};
	if (request->mntnsmap) {
		filters->mntnsmap = open_pinned("mntnsmap", request->mntnsmap, proc, err);
		if (filters->mntnsmap < 0)
			return filters->mntnsmap;
	}
	if (request->cgroupmap) {
		if (!cgroup_ids)
			return error_set(err, ENOTSUP,
					 "--cgroupmap: this kernel cannot tell a program its cgroup's id: "
					 "that needs bpf_get_current_cgroup_id (Linux 4.18, "
					 "CONFIG_CGROUPS=y); use --mntnsmap, or --cgroup");
		filters->cgroupmap = open_pinned("cgroupmap", request->cgroupmap, proc, err);
		if (filters->cgroupmap < 0)
			return filters->cgroupmap;
	}
	if (request->mntns.count) {
		filters->mntns = make_mntns(&request->mntns, proc, err);
		if (filters->mntns < 0)
			return filters->mntns;
	}
	if (request->cgroups.count) {
		filters->cgroups = make_cgroups(&request->cgroups, proc, err);
		if (filters->cgroups < 0)
			return filters->cgroups;
	}
	return 0;
}
