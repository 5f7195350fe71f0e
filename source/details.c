/* SPDX-License-Identifier: GPL-2.0-only */
#include <limits.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/details.h"
#include "bpf/record.h"
#include "kernel/process_status.h"
#include "lib/files.h"
#include "lib/format.h"

struct details_wanted details_wanted(const struct request *r, bool ids)
{
	return (struct details_wanted){.ids = ids, .eids = r->want_eids, .login = r->want_login, .exe = r->want_exe, .cwd = r->want_cwd,
				      .ns_pid = r->want_ns_pid, .inode = r->want_inode, .variables = &r->variables};
}

static void read_ids(int proc, uint32_t pid, const struct details_wanted *wanted, struct details *d)
{
	struct process_status status;

	if (process_status(proc, pid, &status))
		return;
	d->uid = status.uid;
	d->gid = status.gid;
	d->euid = status.euid;
	d->egid = status.egid;
	d->ns_pid = status.inner;
	d->known |= (wanted->ids ? EXEC_IDS : 0U) | (status.inner ? EXEC_NS_PID : 0U) | (wanted->eids ? EXEC_EIDS : 0U);
}

/* A file with a number alone. */
static bool read_number(int proc, uint32_t pid, const char *name, uint32_t *number)
{
	char path[40], text[16], *end;

	format_text(path, sizeof(path), "%u/%s", pid, name);
	if (read_file(proc, path, text, sizeof(text)) <= 0)
		return false;
	*number = (uint32_t)strtoul(text, &end, 10);
	return end > text;
}

/* With CONFIG_AUDIT. A process of which nobody has logged in has all ones. */
static void read_login(int proc, uint32_t pid, struct details *d)
{
	if (read_number(proc, pid, "loginuid", &d->loginuid) && d->loginuid != UINT32_MAX &&
	    read_number(proc, pid, "sessionid", &d->session))
		d->known |= EXEC_LOGIN;
}

/* include/uapi/linux/fcntl.h */
#define AT_STATX_DONT_SYNC 0x4000

/* Of the file that runs, as the kernel has it, without asking whoever serves the file: statx(2), Linux 4.11. */
static void read_inode(int proc, uint32_t pid, struct details *d)
{
	struct statx stx;
	char path[40];

	format_text(path, sizeof(path), "%u/exe", pid);
	if (syscall(SYS_statx, proc, path, AT_STATX_DONT_SYNC, STATX_INO, &stx) || !(stx.stx_mask & STATX_INO))
		return;
	d->exe_inode = stx.stx_ino;
	format_text(d->exe_dev, sizeof(d->exe_dev), "%u:%u", stx.stx_dev_major, stx.stx_dev_minor);
	d->known |= EXEC_INODE;
}

/* Gives back what is not used. */
static char *trim(char *bytes, size_t used)
{
	char *smaller = realloc(bytes, used + 1);

	return smaller ? smaller : bytes;
}

/* Adds what the link says. 0: it cannot be read, or is too long for /proc. */
static uint32_t add_link(int proc, uint32_t pid, const char *name, struct details *d)
{
	uint32_t used = d->exe_length + d->cwd_length;
	char path[40], *bytes;
	ssize_t n;

	bytes = realloc(d->paths, used + PATH_MAX);
	if (!bytes)
		return 0;
	d->paths = bytes;
	format_text(path, sizeof(path), "%u/%s", pid, name);
	n = readlinkat(proc, path, bytes + used, PATH_MAX);
	return n > 0 && n < PATH_MAX ? (uint32_t)n : 0;
}

void details_read(int proc, uint32_t pid, const struct details_wanted *wanted, struct details *d)
{
	*d = (struct details){0};
	if (wanted->ids || wanted->eids || wanted->ns_pid)
		read_ids(proc, pid, wanted, d);
	if (wanted->login)
		read_login(proc, pid, d);
	if (wanted->inode)
		read_inode(proc, pid, d);
	if (wanted->exe)
		d->exe_length = add_link(proc, pid, "exe", d);
	if (wanted->cwd)
		d->cwd_length = add_link(proc, pid, "cwd", d);
	if (d->paths)
		d->paths = trim(d->paths, d->exe_length + d->cwd_length);
	d->known |= (d->exe_length ? EXEC_EXE : 0U) | (d->cwd_length ? EXEC_CWD : 0U);
}

static bool is_wanted(const struct strings *names, const char *variable, size_t length)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t n = strlen(names->items[i]);

		if (length > n && variable[n] == '=' && !memcmp(variable, names->items[i], n))
			return true;
	}
	return false;
}

void details_take_variables(struct details *d, const struct strings *names, const char *bytes, size_t length, bool cut)
{
	const char *at = bytes, *end = bytes + length;

	d->variables = malloc(VARIABLES_BYTES_MOST);
	if (!d->variables)
		return;
	d->known |= EXEC_VARIABLES;
	d->more_variables = cut;
	for (size_t n, told; at < end; at += n + 1) {
		n = strnlen(at, (size_t)(end - at));
		if (!is_wanted(names, at, n))
			continue;
		told = n < VARIABLE_MOST ? n : VARIABLE_MOST - 1;
		d->more_variables |= told < n;
		if (d->variables_length + told + 1 > VARIABLES_BYTES_MOST) {
			d->more_variables = true;
			break;
		}
		memcpy(d->variables + d->variables_length, at, told);
		d->variables[d->variables_length + told] = '\0';
		d->variables_length += (uint32_t)told + 1;
	}
	d->variables = trim(d->variables, d->variables_length);
}

void details_forget(struct details *d)
{
	free(d->paths);
	free(d->variables);
	*d = (struct details){0};
}

void details_to_exec(const struct details *d, struct exec *exec)
{
	exec->known |= d->known & ~(unsigned int)(EXEC_IDS | (d->exe_length ? 0 : EXEC_EXE) | (d->cwd_length ? 0 : EXEC_CWD));
	exec->euid = d->euid;
	exec->egid = d->egid;
	exec->loginuid = d->loginuid;
	exec->session = d->session;
	exec->ns_pid = d->ns_pid;
	exec->exe_inode = d->exe_inode;
	memcpy(exec->exe_dev, d->exe_dev, sizeof(exec->exe_dev));
	exec->exe = (struct text){d->paths ? d->paths : "", d->exe_length, TEXT_WHOLE};
	exec->cwd = (struct text){exec->exe.bytes + d->exe_length, d->cwd_length, TEXT_WHOLE};
	exec->variables = (struct exec_variables){d->variables, d->variables_length, d->more_variables};
}
