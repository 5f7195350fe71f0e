/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel made of memory, as in states_test.c, with a process that walks between mounts. */
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "kernel/paths.h"

#define MEMORY 0x40000
#define FILE_NAME "execsnoop"

/* Addresses in it. The neighbours stand where a slab has them: right behind, or before. */
enum {
	TASK = 0x1000, TASK_SIZE = 0x1800, NEIGHBOUR_TASK = TASK + TASK_SIZE,
	FS_SIZE = 64, NEIGHBOUR_FS = 0x8000, FS = NEIGHBOUR_FS + FS_SIZE,
	MM = 0x9000, MM_SIZE = 0x280, NEIGHBOUR_MM = MM + MM_SIZE, STRANGERS_MM = NEIGHBOUR_MM + MM_SIZE,
	OPEN_FILE = 0xa000, FILE_SIZE = 128, NEIGHBOUR_FILE = OPEN_FILE + FILE_SIZE,
	DENTRIES = 0xb000, DENTRY_SIZE = 192, MOUNTS = 0xc000, MOUNT_SIZE = 320,
	INODES = 0xd000, INODE_SIZE = 600, SUPERS = 0x10000, SUPER_SIZE = 1024,
};

/* Dentries: the machine's root, a directory of it, the program's file; the root of the first mount and the directory in it that the
 * second one is on; the root of that one, and the directories in it. */
enum { ROOT, OUTSIDE, PROGRAM, FIRST_ROOT, MOUNTPOINT, SECOND_ROOT, UPPER, LOWER, DENTRY_COUNT };
enum { MACHINE, FIRST, SECOND, MOUNT_COUNT };

/* Where structs have their members, in words of the kernel. */
enum {
	TASK_PARENT = 20, TASK_MM = 30, TASK_FS = 60, FS_PWD_MNT = 5, FS_PWD_DENTRY, MM_EXE_FILE = 40, FILE_MNT = 2, FILE_DENTRY,
	HASHED = 2, PARENT, NAME = 5, INODE, INLINE_NAME, SUPER = 13, MNT_PARENT = 2, MNT_MOUNTPOINT, VFSMOUNT, MNT_ROOT = VFSMOUNT,
	INODE_NUMBER = 8, DEVICE = 2
};

struct kernel {
	uint32_t long_size;
	char bytes[MEMORY];
};

static uint64_t base(const struct kernel *k)
{
	return k->long_size == 8 ? 0xffff888012340000 : 0xc1200000;
}

static int read_memory(void *context, uint64_t from, void *buffer, size_t length)
{
	const struct kernel *k = context;
	uint64_t at = from - base(k);

	if (from < base(k) || at > MEMORY || length > MEMORY - at)
		return -EFAULT;
	memcpy(buffer, k->bytes + at, length);
	return 0;
}

static void set(struct kernel *k, uint32_t object, uint32_t place, uint64_t value)
{
	memcpy(k->bytes + object + place * k->long_size, &value, k->long_size);
}

static void point(struct kernel *k, uint32_t object, uint32_t place, uint32_t to)
{
	set(k, object, place, base(k) + to);
}

static uint32_t dentry(int i) { return DENTRIES + (uint32_t)i * DENTRY_SIZE; }
static uint32_t mount(int i) { return MOUNTS + (uint32_t)i * MOUNT_SIZE; }
static uint32_t vfsmount(const struct kernel *k, int i) { return mount(i) + VFSMOUNT * k->long_size; }

static void make_dentry(struct kernel *k, int i, int parent, const char *name, int super)
{
	uint32_t number = 100 + (uint32_t)i, inode = INODES + (uint32_t)i * INODE_SIZE;

	point(k, dentry(i), HASHED, 0x20000 + number);
	point(k, dentry(i), PARENT, dentry(parent));
	point(k, dentry(i), NAME, dentry(i) + INLINE_NAME * k->long_size);
	strcpy(k->bytes + dentry(i) + INLINE_NAME * k->long_size, name);
	point(k, dentry(i), INODE, inode);
	point(k, dentry(i), SUPER, SUPERS + (uint32_t)super * SUPER_SIZE);
	set(k, inode, INODE_NUMBER, number);
}

static void make_mount(struct kernel *k, int i, int parent, int mountpoint, int root)
{
	uint32_t device = 0x12345600 + (uint32_t)i;

	point(k, mount(i), MNT_PARENT, mount(parent));
	point(k, mount(i), MNT_MOUNTPOINT, dentry(mountpoint));
	point(k, mount(i), MNT_ROOT, dentry(root));
	memcpy(k->bytes + SUPERS + (uint32_t)i * SUPER_SIZE + DEVICE * k->long_size, &device, sizeof(device));
}

static void work_in(struct kernel *k, int directory, int on)
{
	point(k, FS, FS_PWD_DENTRY, dentry(directory));
	point(k, FS, FS_PWD_MNT, vfsmount(k, on));
}

static bool enter(void *context, enum paths_state state)
{
	struct kernel *k = context;

	switch (state) {
	case PATHS_OUTSIDE: work_in(k, OUTSIDE, MACHINE); break;
	case PATHS_FIRST: work_in(k, FIRST_ROOT, FIRST); break;
	case PATHS_SECOND: work_in(k, LOWER, SECOND); break;
	default: set(k, dentry(LOWER), HASHED, 0);
	}
	return true;
}

static const struct paths_facts facts = {.mountpoint = "abcdefghammm", .upper = "abcdefghauuu", .lower = "abcdefghalll", .exe = FILE_NAME,
					 .inodes = {100 + FIRST_ROOT, 100 + LOWER}, .devices = {0x12345601, 0x12345602}, .enter = enter};

static void make(struct kernel *k, uint32_t long_size)
{
	*k = (struct kernel){.long_size = long_size};
	point(k, TASK, TASK_MM, MM);
	point(k, TASK, TASK_FS, FS);
	point(k, TASK, TASK_PARENT, NEIGHBOUR_TASK);
	point(k, NEIGHBOUR_TASK, TASK_MM, NEIGHBOUR_MM);
	point(k, NEIGHBOUR_MM, MM_EXE_FILE, OPEN_FILE);
	point(k, MM, MM_EXE_FILE, OPEN_FILE);
	point(k, OPEN_FILE, FILE_DENTRY, dentry(PROGRAM));
	point(k, OPEN_FILE, FILE_MNT, vfsmount(k, MACHINE));
	make_dentry(k, ROOT, ROOT, "/", MACHINE);
	make_dentry(k, OUTSIDE, ROOT, "mnt", MACHINE);
	make_dentry(k, PROGRAM, ROOT, FILE_NAME, MACHINE);
	make_dentry(k, FIRST_ROOT, FIRST_ROOT, "/", FIRST);
	make_dentry(k, MOUNTPOINT, FIRST_ROOT, facts.mountpoint, FIRST);
	make_dentry(k, SECOND_ROOT, SECOND_ROOT, "/", SECOND);
	make_dentry(k, UPPER, SECOND_ROOT, facts.upper, SECOND);
	make_dentry(k, LOWER, UPPER, facts.lower, SECOND);
	make_mount(k, MACHINE, MACHINE, ROOT, ROOT);
	make_mount(k, FIRST, MACHINE, OUTSIDE, FIRST_ROOT);
	make_mount(k, SECOND, FIRST, MOUNTPOINT, SECOND_ROOT);
}

static struct layout learn(struct kernel *k)
{
	static struct paths_workspace workspace;
	const struct layout_memory memory = {.read = read_memory, .context = k};
	struct layout layout = {.long_size = k->long_size, .task_real_parent = TASK_PARENT * k->long_size,
				.task_mm = TASK_MM * k->long_size};
	struct paths_facts of_it = facts;

	of_it.task = base(k) + TASK;
	of_it.context = k;
	memset(&workspace, 0, sizeof(workspace));
	paths_learn(&layout, &memory, &of_it, &workspace);
	return layout;
}

/* All is where it is. */
static void check(const struct kernel *k, const struct layout *l)
{
	const uint32_t size = k->long_size;

	CHECK(!l->missing[LAYOUT_PATHS] && !l->missing[LAYOUT_EXE] && !l->missing[LAYOUT_INODE]);
	CHECK(l->task_fs == TASK_FS * size && l->fs_pwd_dentry == FS_PWD_DENTRY * size && l->fs_pwd_mnt == FS_PWD_MNT * size);
	CHECK(l->dentry_name == NAME * size && l->dentry_parent == PARENT * size && l->dentry_hashed == HASHED * size);
	CHECK(l->mnt_root == 0 && l->mount_mnt == VFSMOUNT * size);
	CHECK(l->mnt_parent == (MNT_PARENT - VFSMOUNT) * (int)size && l->mnt_mountpoint == (MNT_MOUNTPOINT - VFSMOUNT) * (int)size);
	CHECK(l->mm_exe_file == MM_EXE_FILE * size && l->file_dentry == FILE_DENTRY * size && l->file_mnt == FILE_MNT * size);
	CHECK(l->dentry_inode == INODE * size && l->inode_number == INODE_NUMBER * size);
	CHECK(l->dentry_sb == SUPER * size && l->sb_dev == DEVICE * size);
}

static void learn_and_check(struct kernel *k)
{
	struct layout layout = learn(k);

	check(k, &layout);
}

/* Neighbours in the slabs, behind or before. */
static void add_neighbours(struct kernel *k)
{
	point(k, NEIGHBOUR_TASK, TASK_FS, NEIGHBOUR_FS);
	point(k, NEIGHBOUR_FS, FS_PWD_DENTRY, dentry(ROOT));
	point(k, NEIGHBOUR_FS, FS_PWD_MNT, vfsmount(k, MACHINE));
	point(k, STRANGERS_MM, MM_EXE_FILE, NEIGHBOUR_FILE);
	point(k, NEIGHBOUR_FILE, FILE_DENTRY, dentry(PROGRAM));
	point(k, NEIGHBOUR_FILE, FILE_MNT, vfsmount(k, MACHINE));
}

int main(void)
{
	static const uint32_t sizes[] = {4, 8};
	struct kernel *k = malloc(sizeof(*k));
	struct layout layout;

	for (int i = 0; i < 2; i++) {
		CASE("a kernel of %u bits tells paths", 8 * sizes[i]) {
			make(k, sizes[i]);
			learn_and_check(k);
		}
		CASE("neighbours in the slabs are no second place (%u bits)", 8 * sizes[i]) {
			make(k, sizes[i]);
			add_neighbours(k);
			learn_and_check(k);
		}
		CASE("another file of the program is refused (%u bits)", 8 * sizes[i]) {
			make(k, sizes[i]);
			point(k, MM, MM_EXE_FILE + 1, NEIGHBOUR_FILE + FILE_SIZE);
			point(k, NEIGHBOUR_MM, MM_EXE_FILE + 1, NEIGHBOUR_FILE + FILE_SIZE);
			point(k, NEIGHBOUR_FILE + FILE_SIZE, FILE_DENTRY, dentry(PROGRAM));
			point(k, NEIGHBOUR_FILE + FILE_SIZE, FILE_MNT, vfsmount(k, MACHINE));
			layout = learn(k);
			CHECK(!layout.missing[LAYOUT_PATHS]);
			CHECK(layout.missing[LAYOUT_EXE] && !strcmp(layout.missing[LAYOUT_EXE], NOT_UNIQUE));
			CHECK(!layout.mm_exe_file && !layout.file_dentry);
		}
		CASE("what is not there is not found (%u bits)", 8 * sizes[i]) {
			make(k, sizes[i]);
			set(k, MM, MM_EXE_FILE, 0);
			set(k, NEIGHBOUR_MM, MM_EXE_FILE, 0);
			set(k, INODES + LOWER * INODE_SIZE, INODE_NUMBER, 7);
			layout = learn(k);
			CHECK(!layout.missing[LAYOUT_PATHS]);
			CHECK(layout.missing[LAYOUT_EXE] && !strcmp(layout.missing[LAYOUT_EXE], NOT_FOUND));
			CHECK(layout.missing[LAYOUT_INODE] && !strcmp(layout.missing[LAYOUT_INODE], NOT_FOUND));
			make(k, sizes[i]);
			set(k, TASK, TASK_FS, 0);
			layout = learn(k);
			CHECK(layout.missing[LAYOUT_PATHS] && !strcmp(layout.missing[LAYOUT_PATHS], NOT_FOUND));
			CHECK(layout.missing[LAYOUT_EXE] && layout.missing[LAYOUT_INODE] && !layout.task_fs);
		}
	}
	free(k);
	return 0;
}
