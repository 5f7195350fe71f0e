#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Compares the offsets that execsnoop learns with those in the running kernel's BTF.
# Usage: btf.sh DIRECTORY CLANG
set -eu
name="learns the offsets that the kernel's BTF gives"
if ! [ -r /sys/kernel/btf/vmlinux ]; then
	echo "ok $name # skip: this kernel has no BTF"
	exit 0
fi
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$T/vmlinux.h"
cat >"$T/offsets.c" <<'END'
#include "vmlinux.h"
extern int printf(const char *, ...);
#define SHOW(type, field) \
	printf(#type "." #field " %u\n", (unsigned int)__builtin_offsetof(struct type, field))
int main(void)
{
	SHOW(task_struct, tgid);
	SHOW(task_struct, real_parent);
	SHOW(task_struct, comm);
	SHOW(task_struct, mm);
	SHOW(mm_struct, arg_start);
	SHOW(task_struct, nsproxy);
	SHOW(nsproxy, mnt_ns);
	SHOW(mnt_namespace, ns.inum);
	SHOW(linux_binprm, filename);
	SHOW(task_struct, start_boottime);
	SHOW(task_struct, real_cred);
	SHOW(cred, euid);
	SHOW(cred, egid);
	SHOW(task_struct, exit_code);
	SHOW(task_struct, signal);
	SHOW(signal_struct, group_exit_code);
	SHOW(signal_struct, flags);
	SHOW(signal_struct, live);
	SHOW(task_struct, thread_pid);
	SHOW(pid, level);
	SHOW(pid, numbers);
	SHOW(signal_struct, tty);
	SHOW(tty_struct, name);
	SHOW(task_struct, loginuid);
	SHOW(task_struct, sessionid);
	SHOW(task_struct, fs);
	SHOW(fs_struct, pwd.dentry);
	SHOW(fs_struct, pwd.mnt);
	SHOW(dentry, d_name.name);
	SHOW(dentry, d_parent);
	SHOW(vfsmount, mnt_root);
	SHOW(dentry, d_hash.pprev);
	SHOW(mount, mnt);
	SHOW(mount, mnt_parent);
	SHOW(mount, mnt_mountpoint);
	SHOW(mm_struct, exe_file);
	SHOW(file, f_path.dentry);
	SHOW(file, f_path.mnt);
	SHOW(dentry, d_inode);
	SHOW(inode, i_ino);
	SHOW(dentry, d_sb);
	SHOW(super_block, s_dev);
}
END
"$2" -w -o "$T/offsets" "$T/offsets.c"
"$T/offsets" >"$T/btf"
"$1/layout_live" >"$T/learned"
paste "$T/btf" "$T/learned" | awk '{ print "# " $1 ": BTF " $2 ", learned " $4 }'
if cmp -s "$T/btf" "$T/learned"; then echo "ok $name"; else echo "not ok $name"; fi
name="reads BTF as bpftool does, for the guests"
"$1/btf" >"$T/own"
if cmp "$T/btf" "$T/own"; then echo "ok $name"; else echo "not ok $name"; fi
