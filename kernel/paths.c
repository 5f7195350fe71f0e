/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "kernel/paths.h"

#define DENTRY_BYTES 256
#define FILE_BYTES 256
#define AROUND 256 /* bytes before and behind a struct vfsmount that are searched of its struct mount */
#define DEPTH_MOST 64

struct learner {
	struct looker looker;
	const struct paths_facts *facts;
	struct paths_workspace *w;
	struct layout *out;
};

static uint64_t long_at(const struct learner *l, uint64_t address)
{
	char bytes[8];

	return copy_data(&l->looker, address, bytes, l->looker.long_size) == l->looker.long_size ? word(&l->looker, bytes) : 0;
}

static bool is_text_at(const struct learner *l, uint64_t address, const char *text)
{
	char bytes[256];
	size_t length = strlen(text) + 1;

	return copy_data(&l->looker, address, bytes, (uint32_t)length) == length && !memcmp(bytes, text, length);
}

/* Whether it is a dentry with that name: the place of the name is known. */
static bool has_name(const struct learner *l, uint64_t dentry, const char *name)
{
	return could_be_data(&l->looker, dentry) && is_text_at(l, long_at(l, dentry + l->out->dentry_name), name);
}

static uint64_t parent_of(const struct learner *l, uint64_t dentry)
{
	return long_at(l, dentry + l->out->dentry_parent);
}

/* The root of the dentry's file system, or of what can be reached of it. */
static uint64_t top_of(const struct learner *l, uint64_t dentry)
{
	uint64_t parent = dentry;

	for (int i = 0; i < DEPTH_MOST && parent; i++) {
		dentry = parent;
		parent = parent_of(l, dentry);
		if (parent == dentry)
			return dentry;
	}
	return 0;
}

/* ---- the working directory ---- */

/* Copies what the task_struct points to. How many structs. */
static uint32_t copy_pointed(const struct learner *l, uint32_t size)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at + l->looker.long_size <= size && count < POINTERS_MOST; at += l->looker.long_size) {
		uint64_t target = word(&l->looker, l->w->task + at);

		if (could_be_data(&l->looker, target) &&
		    copy_data(&l->looker, target, l->w->pointed[count].before, FS_BYTES) == FS_BYTES)
			l->w->pointed[count++].at = at;
	}
	return count;
}

/* Finds where a dentry with that name has the pointer to it. */
static struct places find_name(const struct learner *l, uint64_t dentry, const char *name)
{
	struct places places = {0};
	char bytes[DENTRY_BYTES];
	uint32_t size = copy_data(&l->looker, dentry, bytes, sizeof(bytes));

	for (uint32_t at = 0; at + l->looker.long_size <= size; at += l->looker.long_size)
		if (is_text_at(l, word(&l->looker, bytes + at), name))
			add_place(&places, at);
	return places;
}

/* fs, the dentry of its pwd, and the dentry's name: a struct of the task's that has another pointer now, to a dentry with the
 * name of the new directory. Behind the task there may be another one, whose fs stands before this one's, so that the same pointer is
 * seen from there, too: it is the nearer struct's. */
static const char *learn_directory(const struct learner *l, uint32_t count)
{
	uint32_t size = l->looker.long_size;
	uint64_t found = 0; /* address of the pointer */
	char after[FS_BYTES];

	for (uint32_t i = 0; i < count; i++) {
		uint64_t fs = word(&l->looker, l->w->task + l->w->pointed[i].at);

		if (copy_data(&l->looker, fs, after, FS_BYTES) < FS_BYTES)
			continue;
		for (uint32_t o = 0; o + size <= FS_BYTES; o += size) {
			uint64_t now = word(&l->looker, after + o);
			struct places name;

			if (now == word(&l->looker, l->w->pointed[i].before + o) || !could_be_data(&l->looker, now))
				continue;
			name = find_name(l, now, l->facts->lower);
			if (!name.count || (fs + o == found && o >= l->out->fs_pwd_dentry))
				continue;
			if ((found && fs + o != found) || name.count > 1)
				return NOT_UNIQUE;
			found = fs + o;
			l->out->task_fs = l->w->pointed[i].at;
			l->out->fs_pwd_dentry = o;
			l->out->dentry_name = name.first;
			memcpy(l->w->fs[PATHS_OUTSIDE], l->w->pointed[i].before, FS_BYTES);
		}
	}
	return found ? NULL : NOT_FOUND;
}

static const char *learn_parent(const struct learner *l, uint64_t dentry)
{
	struct places places = {0};
	char bytes[DENTRY_BYTES];
	uint32_t size = copy_data(&l->looker, dentry, bytes, sizeof(bytes));

	for (uint32_t at = 0; at + l->looker.long_size <= size; at += l->looker.long_size)
		if (has_name(l, word(&l->looker, bytes + at), l->facts->upper))
			add_place(&places, at);
	l->out->dentry_parent = places.first;
	return why_not_one(&places);
}

/* ---- mounts ---- */

static uint64_t fs_word(const struct learner *l, enum paths_state state, uint32_t at)
{
	return word(&l->looker, l->w->fs[state] + at);
}

/* The pointer to the vfsmount beside that to the dentry, and in it the one to the root of the mount. */
static const char *learn_mount_root(const struct learner *l, uint64_t first_root, uint64_t second_root)
{
	uint32_t size = l->looker.long_size;
	bool found = false;

	for (uint32_t o = 0; o + size <= FS_BYTES; o += size) {
		uint64_t mounts[] = {fs_word(l, PATHS_FIRST, o), fs_word(l, PATHS_SECOND, o)};
		uint32_t copied = AROUND;

		if (o == l->out->fs_pwd_dentry || mounts[0] == mounts[1] || mounts[0] == fs_word(l, PATHS_OUTSIDE, o))
			continue;
		for (int i = 0; i < 2; i++) {
			uint32_t n = copy_data(&l->looker, mounts[i], l->w->around[i], AROUND);

			copied = n < copied ? n : copied;
		}
		for (uint32_t at = 0; at + size <= copied; at += size) {
			if (word(&l->looker, l->w->around[0] + at) != first_root || word(&l->looker, l->w->around[1] + at) != second_root)
				continue;
			if (found)
				return NOT_UNIQUE;
			found = true;
			l->out->fs_pwd_mnt = o;
			l->out->mnt_root = at;
		}
	}
	return found ? NULL : NOT_FOUND;
}

/* In the struct mount, which the vfsmount is a member of: the dentry that it is mounted on, and the mount which that is in. */
static const char *learn_mount_parent(const struct learner *l, uint64_t first_root)
{
	const uint64_t outside = fs_word(l, PATHS_OUTSIDE, l->out->fs_pwd_mnt), first = fs_word(l, PATHS_FIRST, l->out->fs_pwd_mnt),
		       second = fs_word(l, PATHS_SECOND, l->out->fs_pwd_mnt);
	struct places mountpoint = {0}, parent = {0};
	uint32_t member = 0, size = l->looker.long_size;
	const char *why;

	if (copy_data(&l->looker, first - AROUND, l->w->around[0], 2 * AROUND) < 2 * AROUND ||
	    copy_data(&l->looker, second - AROUND, l->w->around[1], 2 * AROUND) < 2 * AROUND)
		return NOT_FOUND;
	for (uint32_t at = 0; at + size <= 2 * AROUND; at += size) {
		uint64_t of_first = word(&l->looker, l->w->around[0] + at), of_second = word(&l->looker, l->w->around[1] + at);

		if (has_name(l, of_second, l->facts->mountpoint) && parent_of(l, of_second) == first_root)
			add_place(&mountpoint, at);
		if (outside - of_first == first - of_second && outside - of_first <= AROUND) {
			member = (uint32_t)(outside - of_first);
			add_place(&parent, at);
		}
	}
	why = why_not_one(&mountpoint);
	if (!why)
		why = why_not_one(&parent);
	l->out->mnt_mountpoint = (int32_t)mountpoint.first - AROUND;
	l->out->mnt_parent = (int32_t)parent.first - AROUND;
	l->out->mount_mnt = member;
	return why;
}

/* d_hash.pprev, which is NULL from when the directory has been removed (d_unlinked in include/linux/dcache.h). The one above has
 * not been. */
static const char *learn_hashed(const struct learner *l, uint64_t directory)
{
	struct places places = {0};
	char before[DENTRY_BYTES], after[DENTRY_BYTES], above[DENTRY_BYTES];
	uint32_t size = l->looker.long_size;

	if (copy_data(&l->looker, parent_of(l, directory), above, DENTRY_BYTES) < DENTRY_BYTES ||
	    copy_data(&l->looker, directory, before, DENTRY_BYTES) < DENTRY_BYTES)
		return NOT_FOUND;
	if (!l->facts->enter(l->facts->context, PATHS_REMOVED))
		return "a directory cannot be removed";
	if (copy_data(&l->looker, directory, after, DENTRY_BYTES) < DENTRY_BYTES)
		return NOT_FOUND;
	for (uint32_t at = 0; at + size <= DENTRY_BYTES; at += size)
		if (word(&l->looker, before + at) && word(&l->looker, above + at) && !word(&l->looker, after + at))
			add_place(&places, at);
	l->out->dentry_hashed = places.first;
	return why_not_one(&places);
}

static bool enter(const struct learner *l, enum paths_state state)
{
	return l->facts->enter(l->facts->context, state) &&
	       copy_data(&l->looker, word(&l->looker, l->w->task + l->out->task_fs), l->w->fs[state], FS_BYTES) == FS_BYTES;
}

static const char *learn_paths(const struct learner *l)
{
	static const char forbidden[] = "directories cannot be walked between here";
	uint32_t size = copy_data(&l->looker, l->facts->task, l->w->task, TASK_SEARCH), count;
	uint64_t directory, first_root, second_root;
	const char *why;

	if (!l->facts->enter(l->facts->context, PATHS_OUTSIDE))
		return forbidden;
	count = copy_pointed(l, size);
	if (!l->facts->enter(l->facts->context, PATHS_SECOND))
		return forbidden;
	why = learn_directory(l, count);
	if (why)
		return why;
	if (!enter(l, PATHS_FIRST) || !enter(l, PATHS_SECOND))
		return forbidden;
	directory = fs_word(l, PATHS_SECOND, l->out->fs_pwd_dentry);
	first_root = fs_word(l, PATHS_FIRST, l->out->fs_pwd_dentry);
	why = learn_parent(l, directory);
	if (why)
		return why;
	second_root = top_of(l, directory);
	if (!second_root || top_of(l, first_root) != first_root)
		return NOT_FOUND;
	why = learn_mount_root(l, first_root, second_root);
	if (!why)
		why = learn_mount_parent(l, first_root);
	return why ? why : learn_hashed(l, directory);
}

/* ---- inodes ---- */

/* i_ino and s_dev are among the first members in every tree from 4.4 to 6.19. */
#define INODE_BYTES 256
#define SB_BYTES 128

/* Where both dentries have a pointer to a struct that has these numbers, of `width` bytes, at the same place. */
static const char *find_number(const struct learner *l, const uint64_t dentries[2], const uint64_t numbers[2], uint32_t width,
			       uint32_t bytes, uint32_t *pointer, uint32_t *number)
{
	struct places places = {0}, inside;
	char copies[2][DENTRY_BYTES];
	uint32_t size = l->looker.long_size;
	const struct state states[] = {{l->w->around[0], numbers[0]}, {l->w->around[1], numbers[1]}};

	for (int i = 0; i < 2; i++)
		if (copy_data(&l->looker, dentries[i], copies[i], DENTRY_BYTES) < DENTRY_BYTES)
			return NOT_FOUND;
	for (uint32_t at = 0; at + size <= DENTRY_BYTES; at += size) {
		uint64_t targets[] = {word(&l->looker, copies[0] + at), word(&l->looker, copies[1] + at)};
		uint32_t copied = bytes;

		if (targets[0] == targets[1])
			continue;
		for (int i = 0; i < 2; i++) {
			uint32_t n = copy_data(&l->looker, targets[i], l->w->around[i], bytes);

			copied = n < copied ? n : copied;
		}
		inside = find_values(states, 2, width, 0, copied);
		if (inside.count > 1)
			return NOT_UNIQUE;
		if (!inside.count)
			continue;
		add_place(&places, at);
		*pointer = at;
		*number = inside.first;
	}
	return why_not_one(&places);
}

/* d_inode and i_ino, d_sb and s_dev. */
static const char *learn_inode(const struct learner *l)
{
	const uint64_t dentries[] = {fs_word(l, PATHS_FIRST, l->out->fs_pwd_dentry), fs_word(l, PATHS_SECOND, l->out->fs_pwd_dentry)};
	const uint64_t devices[] = {l->facts->devices[0], l->facts->devices[1]};
	const char *why;

	if (!devices[0] || !devices[1])
		return "the devices of directories are not known";
	why = find_number(l, dentries, l->facts->inodes, l->looker.long_size, INODE_BYTES, &l->out->dentry_inode, &l->out->inode_number);
	if (!why)
		why = find_number(l, dentries, devices, 4, SB_BYTES, &l->out->dentry_sb, &l->out->sb_dev);
	return why;
}

/* ---- the file ---- */

/* Whether the dentry is that one, or below it. */
static bool is_below(const struct learner *l, uint64_t dentry, uint64_t top)
{
	for (int i = 0; i < DEPTH_MOST && dentry; i++) {
		uint64_t parent = parent_of(l, dentry);

		if (dentry == top)
			return true;
		if (parent == dentry)
			break;
		dentry = parent;
	}
	return false;
}

/* Where the struct has the dentry of this program's file and a vfsmount, which are a struct path as pwd is: the dentry is below the
 * mount's root. Behind a small struct file there may be another one, of the same file. UINT32_MAX: nowhere. */
static uint32_t find_file_path(const struct learner *l, uint64_t file)
{
	uint32_t size = l->looker.long_size, in_file = copy_data(&l->looker, file, l->w->around[0], FILE_BYTES);
	uint32_t to_mnt = l->out->fs_pwd_mnt - l->out->fs_pwd_dentry;

	for (uint32_t d = 0; d + size <= in_file; d += size) {
		uint64_t dentry = word(&l->looker, l->w->around[0] + d), mnt;

		if (d + to_mnt > in_file - size || !has_name(l, dentry, l->facts->exe))
			continue;
		mnt = word(&l->looker, l->w->around[0] + (uint32_t)(d + to_mnt));
		if (could_be_data(&l->looker, mnt) && is_below(l, dentry, long_at(l, mnt + l->out->mnt_root)))
			return d;
	}
	return UINT32_MAX;
}

/* Copies the mm_struct of the process, and as far as it can be read that of its parent, which has the same exe_file. Without it they are
 * the same. */
static uint32_t copy_mms(const struct learner *l)
{
	const struct layout *out = l->out;
	uint64_t parent = out->missing[LAYOUT_PARENT] ? 0 : word(&l->looker, l->w->task + out->task_real_parent);
	uint32_t size = copy_data(&l->looker, word(&l->looker, l->w->task + out->task_mm), l->w->mm, MM_SEARCH);

	memcpy(l->w->parents_mm, l->w->mm, MM_SEARCH);
	if (parent)
		copy_data(&l->looker, long_at(l, parent + out->task_mm), l->w->parents_mm, MM_SEARCH);
	return size;
}

/* mm.exe_file, and in a struct file its dentry and its vfsmount. Behind a small mm_struct there may be others, of processes that execute
 * this program, too: of a relative, with the same exe_file, or of a stranger. */
static const char *learn_exe(const struct learner *l)
{
	uint32_t size = l->looker.long_size, in_mm = copy_mms(l);
	uint64_t found = 0;

	if (!*l->facts->exe)
		return "the name of /proc/self/exe is not known";
	for (uint32_t at = 0; at + size <= in_mm; at += size) {
		uint64_t file = word(&l->looker, l->w->mm + at);
		uint32_t d = UINT32_MAX;

		if (file != found && file == word(&l->looker, l->w->parents_mm + at))
			d = find_file_path(l, file);
		if (d == UINT32_MAX)
			continue;
		if (found)
			return NOT_UNIQUE;
		found = file;
		l->out->mm_exe_file = at;
		l->out->file_dentry = d;
		l->out->file_mnt = d + l->out->fs_pwd_mnt - l->out->fs_pwd_dentry;
	}
	return found ? NULL : NOT_FOUND;
}

void paths_learn(struct layout *layout, const struct layout_memory *memory, const struct paths_facts *facts,
		 struct paths_workspace *workspace)
{
	struct layout found = *layout;
	struct learner l = {.looker = {memory, facts->task, layout->long_size}, .facts = facts, .w = workspace, .out = &found};

	layout->missing[LAYOUT_EXE] = layout->missing[LAYOUT_INODE] = "directories were not found";
	layout->missing[LAYOUT_PATHS] = learn_paths(&l);
	if (layout->missing[LAYOUT_PATHS])
		return;
	found.missing[LAYOUT_PATHS] = NULL;
	found.missing[LAYOUT_EXE] = layout->missing[LAYOUT_ARGS] ? layout->missing[LAYOUT_ARGS] : learn_exe(&l);
	if (found.missing[LAYOUT_EXE])
		found.mm_exe_file = found.file_dentry = found.file_mnt = 0;
	found.missing[LAYOUT_INODE] = learn_inode(&l);
	if (found.missing[LAYOUT_INODE])
		found.dentry_inode = found.inode_number = found.dentry_sb = found.sb_dev = 0;
	*layout = found;
}
