/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths: of the file that is executed, and of the working directory. */
#ifndef PATH_BPF_H
#define PATH_BPF_H

#include "bpf/common.bpf.h"

/* A path is told as its names, from the last one up to the root of the mount namespace, each with a NUL. */

INLINE void enter_mount(struct scratch *s, __u64 mnt)
{
	s->mnt = mnt;
	s->root = mnt ? read_long(mnt + VALUE(mnt_root)) : 0;
}

/* Steps from the root of a mount to what it is on, which may be the root of another. 0: it is on nothing: the path ends. */
INLINE int cross(struct scratch *s)
{
	__u64 mnt = s->mnt, above = read_long(mnt + VALUE(mnt_parent)) + VALUE(mount_mnt);

	if (above == mnt)
		return 0;
	s->dentry = read_long(mnt + VALUE(mnt_mountpoint));
	enter_mount(s, above);
	return 1;
}

INLINE int take_name_of_path(struct scratch *s)
{
	__u64 parent, used = s->path_used;
	long len;

	if (s->names == PATH_NAMES_MOST || used > PATH_BYTES_MOST) {
		s->path_flags |= RECORD_CUT;
		return 0;
	}
	s->names++;
	parent = read_long(s->dentry + VALUE(dentry_parent));
	FORGET(used);
	used &= CHUNK_SIZE - 1; /* as it is */
	len = read_kernel_str(s->more_data + used, NAME_MOST + 1, read_long(s->dentry + VALUE(dentry_name)));
	/* Some file systems have longer names. The root of a file system has "/": it cannot be reached from here. */
	if (len <= 0 || len > NAME_MOST || s->more_data[used] == '/') {
		s->path_flags |= RECORD_UNREADABLE;
		return 0;
	}
	s->path_used += len;
	/* In no directory: memory (d_alloc_pseudo in fs/dcache.c). */
	if (s->dentry == parent) {
		s->path_flags |= RECORD_DELETED;
		return 0;
	}
	s->dentry = parent;
	return 1;
}

/* One step: to the next name, or over the edge of a mount. 0: that was all, or no more can be read. */
INLINE int walk_up(struct scratch *s)
{
	if (!s->dentry || !s->mnt) {
		s->path_flags |= RECORD_UNREADABLE;
		return 0;
	}
	return s->dentry == s->root ? cross(s) : take_name_of_path(s);
}

#define SIX_STEPS(s) (walk_up(s) && walk_up(s) && walk_up(s) && walk_up(s) && walk_up(s) && walk_up(s))

/* How often "path" follows itself for one path, with 24 steps each time: the names, and 32 mounts. */
#define WALKS_MOST 4

/* Marks a path that leads nowhere any more (d_unlinked in include/linux/dcache.h). */
INLINE void mark_deleted(struct scratch *s)
{
	if (s->dentry && read_long(s->dentry + VALUE(dentry_parent)) != s->dentry && !read_long(s->dentry + VALUE(dentry_hashed)))
		s->path_flags |= RECORD_DELETED;
}

/* Begins with the path of that kind. */
INLINE void begin_path(struct scratch *s, __u64 kind, __u64 task)
{
	__u64 of;

	s->path_kind = kind;
	s->path_used = s->path_flags = s->walks = s->names = 0;
	if (kind == PATH_EXE) {
		of = read_long(read_long(task + VALUE(task_mm)) + VALUE(mm_exe_file));
		s->dentry = read_long(of + VALUE(file_dentry));
		enter_mount(s, read_long(of + VALUE(file_mnt)));
	} else {
		of = read_long(task + VALUE(task_fs));
		s->dentry = read_long(of + VALUE(fs_pwd_dentry));
		enter_mount(s, read_long(of + VALUE(fs_pwd_mnt)));
	}
	mark_deleted(s);
}

#endif
