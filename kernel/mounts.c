/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/mounts.h"
#include "lib/files.h"

struct file_system {
	const char *type;
	uint32_t magic;
	const char *place;
	const char *other_place; /* or NULL */
	const char *advice;
};

/* Any directory will do to mount on: nobody sees it. */
static const char *const mount_points[] = {"/sys/kernel/tracing", "/sys", "/proc", "/dev", "/tmp",
					   "/run", "/mnt", "/etc", "/bin", "/root"};

static int open_directory(const char *path, uint32_t magic)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &fs) && (uint32_t)fs.f_type == magic)
		return fd;
	close(fd);
	return -ENODEV;
}

struct private_mount {
	const struct file_system *fs;
	int fd;
};

/* In a new mount namespace, but with the parent's memory and descriptors. */
static int mount_in_namespace(void *arg)
{
	struct private_mount *m = arg;
	/* A mount that is not private travels back into the namespace that this one was copied from. In a
	 * chroot "/" may be no mount point; then only a mount point can be mounted on, which is made
	 * private itself. */
	bool all_private = !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

	m->fd = -errno;
	for (size_t i = 0; i < sizeof(mount_points) / sizeof(mount_points[0]); i++) {
		if (!all_private && mount(NULL, mount_points[i], NULL, MS_PRIVATE, NULL))
			continue;
		if (!mount(m->fs->type, mount_points[i], m->fs->type, MS_NOSUID | MS_NOEXEC, NULL)) {
			m->fd = open_directory(mount_points[i], m->fs->magic);
			return 0;
		}
		m->fd = -errno;
		if (errno != ENOENT && errno != ENOTDIR)
			return 0;
	}
	return 0;
}

/* A mount that is in no namespace at all: Linux 5.2. */
static int mount_detached(const struct file_system *fs)
{
	int context = (int)syscall(SYS_fsopen, fs->type, FSOPEN_CLOEXEC), fd = -1;

	if (context < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = -errno;
	close(context);
	return fd;
}

static int open_privately(const struct file_system *fs)
{
	struct private_mount m = {.fs = fs, .fd = -EPERM};
	_Alignas(16) char stack[16384];
	sigset_t all, old;
	pid_t pid;

	m.fd = mount_detached(fs);
	if (m.fd != -ENOSYS)
		return m.fd;
	/* No handler may run in the child: it has our memory. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = clone(mount_in_namespace, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS | SIGCHLD, &m);
	if (pid < 0)
		m.fd = -errno;
	else
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return m.fd;
}

static int open_file_system(const struct file_system *fs, const char **where, struct error *err)
{
	int fd = open_directory(fs->place, fs->magic), private;

	*where = fs->place;
	if (fd >= 0)
		return fd;
	private = open_privately(fs);
	*where = "mounted privately";
	if (private >= 0)
		return private;
	if (fs->other_place) {
		*where = fs->other_place;
		fd = open_directory(fs->other_place, fs->magic);
		if (fd >= 0)
			return fd;
	}
	return error_set(err, -private, "%s is not mounted at %s, and mounting it privately failed: %s; %s",
			 fs->type, fs->place, strerror(-private),
			 private == -EPERM || private == -EACCES ? "run it as root"
			 : private == -EMFILE			  ? "raise the limit of open files (ulimit -n)"
								  : fs->advice);
}

/* Nobody may see events then, and a kernel may end when a tracefs goes that was mounted for a moment (seen with 6.12 and 7.2,
 * tracefs_destroy_inode). */
static bool is_confidential(void)
{
	char text[4096];

	return (read_file(AT_FDCWD, "/sys/kernel/security/lockdown", text, sizeof(text)) > 0 && strstr(text, "[confidentiality]")) ||
	       (read_file(AT_FDCWD, "/proc/cmdline", text, sizeof(text)) > 0 && strstr(text, "lockdown=confidentiality"));
}

int open_tracefs(const char **where, struct error *err)
{
	/* The other place comes last: to look at it makes the kernel mount tracefs there for all to
	 * see (trace_automount in kernel/trace/trace.c). */
	static const struct file_system tracefs = {
		"tracefs", TRACEFS_MAGIC, "/sys/kernel/tracing", "/sys/kernel/debug/tracing",
		"the kernel needs CONFIG_FTRACE=y and CONFIG_EVENT_TRACING=y"};

	int fd = open_directory(tracefs.place, tracefs.magic);

	*where = tracefs.place;
	if (fd >= 0)
		return fd;
	if (is_confidential())
		return error_set(err, EPERM, "cannot look for tracepoints: the kernel is locked down (lockdown=confidentiality); boot it "
				 "with lockdown=integrity or less");
	return open_file_system(&tracefs, where, err);
}

int open_sysfs(struct error *err)
{
	const char *where;
	static const struct file_system sysfs = {"sysfs", SYSFS_MAGIC, "/sys", NULL,
						 "the kernel needs CONFIG_SYSFS=y"};

	return open_file_system(&sysfs, &where, err);
}

int open_procfs(struct error *err)
{
	const char *where;
	static const struct file_system procfs = {"proc", PROC_SUPER_MAGIC, "/proc", NULL,
						  "the kernel needs CONFIG_PROC_FS=y"};

	return open_file_system(&procfs, &where, err);
}
