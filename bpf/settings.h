/* SPDX-License-Identifier: GPL-2.0-only */
/* The settings of the BPF programs: one list, from which common.bpf.h declares symbols and plan.h numbers values.
 *
 * A setting is an undefined symbol whose *address* is the value. elf.c writes it into the ld_imm64 that loads it, so the verifier
 * sees a constant, and a filter that is off costs nothing. Offsets are in bytes. No offset can be 0, so 0 means "not known". */
#ifndef SETTINGS_H
#define SETTINGS_H

/* X(name) */
#define SETTINGS_LIST(X) \
	/* Options. */ \
	X(uid_filter)	   /* 0: any; else uid + 1 */ \
	X(ppid_filter)	   /* 0: any */ \
	X(many_pieces)	   /* 0: a slow verifier (below Linux 4.14), or little memory */ \
	X(mntnsmap_filter) /* 1: only mount namespaces in the map mntnsmap; so for those below */ \
	X(mntns_filter) \
	X(cgroupmap_filter) \
	X(cgroup_filter)   /* number of cgroups in the map cgroups, 0: any cgroup */ \
	X(member_filter)   /* 1: only threads in the map members */ \
	X(root_filter)	   /* 1: -p, so the map roots can hold something */ \
	X(max_bytes)	   /* --max-bytes: of an exec's arguments, 0: any number */ \
	X(max_strings)	   /* of argv that --max-args can show, 0: any number */ \
	X(want_ancestors)  /* 1: --tree */ \
	X(want_cgroup)	   /* 1: the cgroup's id is shown or filtered, and the kernel has bpf_get_current_cgroup_id (4.18) */ \
	X(want_mntns)	   /* 1: the mount namespace is shown or filtered */ \
	X(want_pcomm)	   /* 1: the parent's name is shown */ \
	X(want_fails)	   /* 1: -x */ \
	X(want_exits)	   /* 1: --exits */ \
	X(want_start)	   /* 1: the starts of the process and of its parent are shown, or needed for --exits */ \
	X(want_eids)	   /* 1: the effective ids are shown */ \
	X(want_exe)	   /* 1: the path of the file that is executed is shown */ \
	X(want_cwd)	   /* 1: the working directory is shown */ \
	X(want_ns_pid)	   /* 1: the process's id in its pid namespace is shown */ \
	X(want_tty)	   /* 1: the terminal is shown */ \
	X(want_inode)	   /* 1: the inode of the file that is executed is shown */ \
	X(want_chain)	   /* number of ancestors that are shown */ \
	X(want_variables)  /* environment variables are shown: a bit for the first byte of each name, modulo 64 */ \
	X(want_login)	   /* 1: the login uid and the audit session are shown */ \
	/* Layout of the running kernel (layout.c). */ \
	X(long_size) \
	X(task_tgid) \
	X(task_pid) \
	X(task_real_parent) \
	X(task_comm) \
	X(task_group_leader) \
	X(task_mm) \
	X(task_active_mm) \
	X(mm_arg_start) \
	X(mm_arg_end) \
	X(mm_env_end) \
	X(args_in_a_row)   /* 1: arg_start, arg_end, env_start, env_end are neighbours */ \
	X(task_nsproxy) \
	X(nsproxy_mnt_ns) \
	X(mnt_ns_inum) \
	X(bprm_filename)   /* known only where there are raw tracepoints */ \
	X(bprm_interp) \
	X(names_in_a_row)  /* 1: the two are neighbours */ \
	X(task_start) \
	X(task_cred) \
	X(cred_euid) \
	X(cred_egid) \
	X(eids_in_a_row)   /* 1: the two are neighbours; so below */ \
	X(task_loginuid) \
	X(task_session) \
	X(login_in_a_row) \
	X(task_fs) \
	X(fs_pwd_dentry) \
	X(fs_pwd_mnt) \
	X(mm_exe_file) \
	X(file_dentry) \
	X(file_mnt) \
	X(dentry_name) \
	X(dentry_parent) \
	X(dentry_hashed) \
	X(dentry_inode) \
	X(inode_number) \
	X(dentry_sb) \
	X(sb_dev) \
	X(mnt_root)	   /* these are from the vfsmount on, and may be less than 0 */ \
	X(mnt_parent) \
	X(mnt_mountpoint) \
	X(mount_mnt)	   /* of the vfsmount in the struct mount that mnt_parent points to */ \
	X(task_exit_code) \
	X(task_signal) \
	X(signal_exit_code) \
	X(signal_flags) \
	X(task_thread_pid) \
	X(pid_level) \
	X(pid_numbers) \
	X(pid_step) \
	X(signal_tty) \
	X(tty_name) \
	X(keep_filtered)   /* 1: what the filters do not want is sent, too, with a mark */ \
	X(mark_ends)	   /* 1: the end of a process may be seen twice */ \
	X(signal_live)	   /* 0: the tracepoint tells whether it is the last thread (6.16) */ \
	X(region_shift)	   /* two addresses with the same bits above this one are in one region */ \
	X(user_mask)	   /* struct user_space; all ones where bpf_probe_read_user checks by itself */ \
	X(user_end) \
	X(map_buffers)	   /* 1: a helper can write to a map's value (4.11) */ \
	/* Tracepoints. */ \
	X(exec_is_raw)	   /* 1: "exec" is attached to a raw one */ \
	X(exec_copy)	   /* number of this copy of "exec", from 1; 0: it has no copies */ \
	X(exec_filename)   /* in the record of sched_process_exec; 0: a raw tracepoint */ \
	X(exec_old_pid)	   /* in the records of sched_process_exec and _fork; 0: raw tracepoints */ \
	X(fork_child_pid) \
	X(first_lane)	   /* number of the program's lane for the first CPU */ \
	/* System calls: where a program finds a call's arguments and result. */ \
	X(slot_size)	   /* of the caller's argv: 4 for a 32-bit program */ \
	X(execve_number)	   /* number of the call; 0: the program is attached to that call alone */ \
	X(execveat_number) \
	X(call_number)	   /* in the caller's registers: the call's number */ \
	X(call_mode)	   /* tells the caller's ABI, with its mask and value */ \
	X(call_mode_mask) \
	X(call_mode_value) \
	X(call_direct)	   /* 1: the arguments are in the program's context */ \
	X(call_regs)	   /* else: in the context, the address of the caller's registers, which have them: */ \
	X(call_has_fd)	   /* 1: execveat(2) */ \
	X(call_fd) \
	X(call_filename) \
	X(call_argv) \
	X(call_flags)	   /* 0: not known */ \
	X(call_by_probe)   /* 1: a kprobe */ \
	X(call_killed)	   /* 1: the thread was killed in the call */ \
	X(exit_ret)	   /* in the context: the call's result */ \
	X(errnos_are_positive) /* 1: the result is a failed call's errno (PowerPC, MIPS) */ \
	/* Learning. */ \
	X(peek_name)	   /* first eight bytes of the asking thread's name */

#endif
