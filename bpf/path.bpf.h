/* Paths: of the file that is executed, and of the working directory. */
#ifndef PATH_BPF_H
#define PATH_BPF_H

#include "bpf/common.bpf.h"

/* A path is told as its names, from the last one up to the root of the mount namespace, each with a NUL. */

/* Steps from the root of a mount to what it is on. 0: it is on nothing, or that cannot be read: the path ends. */
INLINE int cross(struct scratch *s)
{
	__u64 mnt = s->mnt, above;

	if (!s->dentry || !mnt) {
		s->path_flags |= RECORD_UNREADABLE;
		return 0;
	}
	if (s->dentry != read_long(mnt + VALUE(mnt_root)))
		return 1;
	above = read_long(mnt + VALUE(mnt_parent)) + VALUE(mount_mnt);
	if (above == mnt)
		return 0;
	s->dentry = read_long(mnt + VALUE(mnt_mountpoint));
	s->mnt = above;
	return 1;
}

/* Takes the next name. 0: that was all. */
INLINE int walk_up(struct scratch *s)
{
	__u64 parent, used = s->path_used;
	long len;

	/* A mount may be on the root of another. */
	if (!cross(s) || !cross(s) || !cross(s))
		return 0;
	parent = read_long(s->dentry + VALUE(dentry_parent));
	FORGET(used);
	used &= CHUNK_SIZE - 1; /* as it is: PATH_BYTES_MOST */
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

#define FOUR_STEPS(s) (walk_up(s) && walk_up(s) && walk_up(s) && walk_up(s))

/* How often "path" follows itself for one path: sixteen names each time. */
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
	s->path_used = s->path_flags = s->walks = 0;
	if (kind == PATH_EXE) {
		of = read_long(read_long(task + VALUE(task_mm)) + VALUE(mm_exe_file));
		s->dentry = read_long(of + VALUE(file_dentry));
		s->mnt = read_long(of + VALUE(file_mnt));
	} else {
		of = read_long(task + VALUE(task_fs));
		s->dentry = read_long(of + VALUE(fs_pwd_dentry));
		s->mnt = read_long(of + VALUE(fs_pwd_mnt));
	}
	mark_deleted(s);
}

#endif
