/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints the offsets that the product learns on this machine, for tests/btf.sh. */
#include <stdio.h>

#include "kernel/layout.h"
#include "source/bpf.h"

/* Or the process has no login uid to be found. */
static void login(void)
{
	FILE *file = fopen("/proc/self/loginuid", "w");

	if (file && (fputs("4711", file) < 0 || fclose(file)))
		perror("/proc/self/loginuid");
}

int main(int argc, char **argv)
{
	const struct request request = {.want_login = true, .want_exe = true, .want_ns_pid = true, .want_tty = true};
	const struct layout *l;
	struct source *source;
	struct error err = {0};

	if (argc > 1) /* the exec that the learner looks at, of this very program */
		return 0;
	login();
	source = bpf_open(&request, &err);
	if (!source || source->ops->start(source, argv, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	l = bpf_layout(source);
	printf("task_struct.tgid %u\ntask_struct.real_parent %u\ntask_struct.comm %u\n", l->task_tgid,
	       l->task_real_parent, l->task_comm);
	printf("task_struct.mm %u\nmm_struct.arg_start %u\ntask_struct.nsproxy %u\n", l->task_mm,
	       l->mm_arg_start, l->task_nsproxy);
	printf("nsproxy.mnt_ns %u\nmnt_namespace.ns.inum %u\n", l->nsproxy_mnt_ns, l->mnt_ns_inum);
	printf("linux_binprm.filename %u\n", l->bprm_filename);
	printf("task_struct.start_boottime %u\ntask_struct.real_cred %u\ncred.euid %u\ncred.egid %u\n", l->task_start,
	       l->task_cred, l->cred_euid, l->cred_egid);
	printf("task_struct.exit_code %u\ntask_struct.signal %u\nsignal_struct.group_exit_code %u\nsignal_struct.flags %u\n"
	       "signal_struct.live %u\n", l->task_exit_code, l->task_signal, l->signal_exit_code, l->signal_flags, l->signal_live);
	printf("task_struct.thread_pid %u\npid.level %u\npid.numbers %u\nsignal_struct.tty %u\ntty_struct.name %u\n", l->task_thread_pid,
	       l->pid_level, l->pid_numbers, l->signal_tty, l->tty_name);
	printf("task_struct.loginuid %u\ntask_struct.sessionid %u\n", l->task_loginuid, l->task_session);
	printf("task_struct.fs %u\nfs_struct.pwd.dentry %u\nfs_struct.pwd.mnt %u\n",
	       l->task_fs, l->fs_pwd_dentry, l->fs_pwd_mnt);
	printf("dentry.d_name.name %u\ndentry.d_parent %u\nvfsmount.mnt_root %u\n", l->dentry_name, l->dentry_parent, l->mnt_root);
	printf("dentry.d_hash.pprev %u\n", l->dentry_hashed);
	printf("mount.mnt %u\nmount.mnt_parent %d\nmount.mnt_mountpoint %d\n", l->mount_mnt, (int)l->mount_mnt + l->mnt_parent,
	       (int)l->mount_mnt + l->mnt_mountpoint);
	printf("mm_struct.exe_file %u\nfile.f_path.dentry %u\nfile.f_path.mnt %u\n", l->mm_exe_file, l->file_dentry, l->file_mnt);
	printf("dentry.d_inode %u\ninode.i_ino %u\ndentry.d_sb %u\nsuper_block.s_dev %u\n", l->dentry_inode, l->inode_number, l->dentry_sb,
	       l->sb_dev);
	for (int i = 0; i < LAYOUT_PARTS; i++)
		if (l->missing[i])
			fprintf(stderr, "# part %d is missing: %s\n", i, l->missing[i]);
	return 0;
}
