// SPDX-License-Identifier: GPL-2.0
/* The BPF programs, one text for every kernel from 4.11 up: -mcpu=v1, no loop, no call, no global
 * data, at most 4096 instructions a program (tests/floor.sh holds the line).
 *
 * Settings are external symbols whose *address* is the value; elf.c writes it into the ld_imm64
 * that loads it. So the verifier sees a constant, and a filter that is off costs nothing. */
#include <linux/bpf.h>
#include "record.h"

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

/* Weak, or clang takes the address to be non-zero and folds the comparisons away. */
#define SETTING(name) extern const char name##_setting __attribute__((weak))
#define VALUE(name) ((__u64)&name##_setting)

/* Options. */
SETTING(uid_filter); /* 0: any; else uid + 1 */
SETTING(ppid_filter); /* 0: any */
SETTING(many_pieces); /* 0: before Linux 4.14 the verifier has patience for few of them */
SETTING(pieces_alone); /* 1: "again" and "end" are not attached */
SETTING(mntnsmap_filter); /* 1: only mount namespaces in the map mntnsmap; so for those below */
SETTING(mntns_filter);
SETTING(cgroupmap_filter);
SETTING(cgroup_filter); /* how many cgroups the map cgroups holds, 0: any will do */
SETTING(member_filter); /* 1: only threads in the map members */
SETTING(root_filter); /* 1: -p, so the map roots can hold something */
SETTING(want_ancestors); /* 1: --tree */
SETTING(cgroup_id_known); /* 1: the kernel has bpf_get_current_cgroup_id (4.18) */

/* The running kernel, learned at start (layout.c, tracefs.c). Offsets are in bytes; none of them can
 * be 0, so 0 means "not known". */
SETTING(long_size);
SETTING(task_tgid);
SETTING(task_real_parent);
SETTING(task_comm);
SETTING(task_mm);
SETTING(mm_arg_start);
SETTING(task_nsproxy);
SETTING(nsproxy_mnt_ns);
SETTING(mnt_ns_inum);
SETTING(bprm_filename); /* known only where there are raw tracepoints */
SETTING(exec_is_raw); /* 1: "exec" is attached to one */
SETTING(execve_filename);
SETTING(execve_argv);
SETTING(execveat_fd);
SETTING(execveat_filename);
SETTING(execveat_argv);
SETTING(exit_ret);
SETTING(slot_size); /* of the caller's argv: 4 for a 32-bit program */
SETTING(call_execve); /* numbers of the calls; 0: by kprobe, which sees no others */
SETTING(call_execveat);
SETTING(call_number); /* in the caller's registers: the call's number */
SETTING(call_mode); /* what tells a caller of the ABI, and its value */
SETTING(call_mode_value);
SETTING(call_direct); /* 1: the probe's registers have the arguments */
SETTING(call_regs); /* else: in the probe's registers the caller's, then in these: */
SETTING(call_has_fd); /* 1: execveat */
SETTING(call_fd);
SETTING(call_filename);
SETTING(call_argv);
SETTING(want_fails); /* 1: -x */
SETTING(exec_filename); /* in the record of sched_process_exec; 0: a raw tracepoint */
SETTING(exec_old_pid); /* in the records of sched_process_exec and _fork; 0: raw tracepoints */
SETTING(fork_child_pid);
SETTING(peek_name); /* the first eight bytes of the asking thread's name */

/* As elf.c reads the section "maps". */
struct map {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const map_update)(void *map, const void *key, const void *value,
				__u64 flags) = (void *)BPF_FUNC_map_update_elem;
static long (*const map_delete)(void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static __u64 (*const ktime_get_ns)(void) = (void *)BPF_FUNC_ktime_get_ns;
static long (*const tail_call)(void *ctx, void *map, __u32 index) = (void *)BPF_FUNC_tail_call;
static __u64 (*const get_pid_tgid)(void) = (void *)BPF_FUNC_get_current_pid_tgid;
static __u64 (*const get_uid_gid)(void) = (void *)BPF_FUNC_get_current_uid_gid;
static long (*const get_comm)(void *buf, __u32 size) = (void *)BPF_FUNC_get_current_comm;
static long (*const output)(void *ctx, void *map, __u64 flags, void *data,
			    __u64 size) = (void *)BPF_FUNC_perf_event_output;
static __u64 (*const get_task)(void) = (void *)BPF_FUNC_get_current_task;
/* Where the kernel lacks these two, elf.c puts another in their place that is never run. */
static __u64 (*const get_cgroup_id)(void) = (void *)BPF_FUNC_get_current_cgroup_id;
static long (*const is_under_cgroup)(void *map,
				     __u32 index) = (void *)BPF_FUNC_current_task_under_cgroup;
/* Where the kernel lacks these (below 5.5) elf.c puts the older probe_read in their place. */
static long (*const read_user)(void *dst, __u32 size, __u64 addr) = (void *)BPF_FUNC_probe_read_user;
static long (*const read_kernel)(void *dst, __u32 size,
				 __u64 addr) = (void *)BPF_FUNC_probe_read_kernel;
static long (*const read_kernel_str)(void *dst, __u32 size,
				     __u64 addr) = (void *)BPF_FUNC_probe_read_kernel_str;
static long (*const read_user_str)(void *dst, __u32 size,
				   __u64 addr) = (void *)BPF_FUNC_probe_read_user_str;

/* A CPU's working memory: what it is about to send, and how far it has come with it. */
struct scratch {
	__u32 seq;
	__u32 forgotten; /* threads for which the map members had no room */
	__u64 filtered;	 /* execs that the filters did not let pass */
	__u64 added, removed; /* members */
	__u64 part;  /* records of this exec sent so far */
	__u64 unfinished; /* a failed call's argument list has not been read to its end */
	__u64 script; /* what "script" has seen last: the task_struct, and 1 more if it was one */
	__u64 used;  /* bytes of pieces not sent yet */
	__u64 next;  /* arguments: the next address to read; pieces: the next argv slot */
	__u64 end;   /* arguments: arg_end; pieces: the rest of a long string, or 0 */
	union {
		struct {
			struct exec_record exec;
			char exec_data[NAME_SIZE + CHUNK_SIZE];
		};
		struct {
			struct more_record more;
			char more_data[CHUNK_SIZE];
		};
	};
};

/* The arguments of an execve(2) or execveat(2) that has not returned yet, by task_struct: the one
 * name of a thread that an exec does not change. */
struct call {
	__u64 filename;
	__u64 argv;
	__s32 dirfd;
	__u32 has_dirfd; /* it was execveat(2) */
};

SEC("maps") struct map rings = {BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0};
SEC("maps") struct map scratches = {BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct scratch), 1};
/* One program each: those in one map must be of one type. */
SEC("maps") struct map args_program = {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1};
SEC("maps") struct map pieces_program = {BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1};
SEC("maps") struct map calls = {BPF_MAP_TYPE_HASH, 8, sizeof(struct call), 4096};
/* Whom the filters let pass: what stands in these. The first two are the user's, pinned by others. */
SEC("maps") struct map mntnsmap = {BPF_MAP_TYPE_HASH, 8, 8, 1};
SEC("maps") struct map cgroupmap = {BPF_MAP_TYPE_HASH, 8, 8, 1};
SEC("maps") struct map mntns_set = {BPF_MAP_TYPE_HASH, 8, 8, 1};
SEC("maps") struct map cgroups = {BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 1};
/* The threads that are followed, by task_struct, the one name that an exec does not change; and those of which only
 * the id is known yet. */
SEC("maps") struct map members = {BPF_MAP_TYPE_HASH, 8, 8, 1};
SEC("maps") struct map newcomers = {BPF_MAP_TYPE_HASH, 8, 8, 1};
/* The processes of -p, while their descendants are looked for in /proc: some come and go meanwhile. */
SEC("maps") struct map roots = {BPF_MAP_TYPE_HASH, 8, 8, 1};
SEC("maps") struct map peeks = {BPF_MAP_TYPE_ARRAY, 4, sizeof(struct peek), 1};

/* Keeps clang from using what it knows of a number: the verifier does not know it, and wants the
 * comparison or the mask in the instructions. */
#define FORGET(x) __asm__ volatile("" : "+r"(x))

/* n, which is 1 … max, in a form that the verifiers since 4.11 see is 1 … max. max: a power of 2. */
INLINE __u64 bounded(__u64 n, __u64 max)
{
	n -= 1;
	FORGET(n);
	return (n & (max - 1)) + 1;
}

/* A long or a pointer of the running kernel. 4-byte ones only on little-endian machines. */
INLINE __u64 read_long(__u64 addr)
{
	__u64 value = 0;

	read_kernel(&value, VALUE(long_size), addr);
	return value;
}

/* A string from user space: the bytes with the NUL, or -errno. For an empty one some kernels
 * say 0 (6.1), others 1 (6.18): strncpy_from_user_nofault in mm/maccess.c. */
INLINE long read_string(char *to, __u32 size, __u64 addr)
{
	long len = read_user_str(to, size, addr);

	if (len == 0) {
		*to = 0;
		len = 1;
	}
	return len;
}

INLINE struct scratch *get_scratch(void)
{
	__u32 zero = 0;

	return map_lookup(&scratches, &zero);
}

INLINE int uid_is_filtered(void)
{
	return VALUE(uid_filter) && (__u32)get_uid_gid() != (__u32)(VALUE(uid_filter) - 1);
}

/* The inode number of the task's mount namespace, as /proc/PID/ns/mnt shows it. */
INLINE __u64 mount_namespace(__u64 task)
{
	__u64 nsproxy = read_long(task + VALUE(task_nsproxy));
	__u32 inum = 0;

	read_kernel(&inum, sizeof(inum),
		    read_long(nsproxy + VALUE(nsproxy_mnt_ns)) + VALUE(mnt_ns_inum));
	return inum;
}

INLINE int mntns_is_filtered(__u64 mntns)
{
	return (VALUE(mntnsmap_filter) && !map_lookup(&mntnsmap, &mntns)) ||
	       (VALUE(mntns_filter) && !map_lookup(&mntns_set, &mntns));
}

INLINE int under_cgroup(__u32 index)
{
	return VALUE(cgroup_filter) > index && is_under_cgroup(&cgroups, index) == 1;
}

INLINE int cgroup_is_filtered(__u64 cgroup)
{
	if (VALUE(cgroupmap_filter) && !map_lookup(&cgroupmap, &cgroup))
		return 1;
#define FOUR_CGROUPS(i) \
	(under_cgroup(i) || under_cgroup((i) + 1) || under_cgroup((i) + 2) || under_cgroup((i) + 3))
	return VALUE(cgroup_filter) && !FOUR_CGROUPS(0) && !FOUR_CGROUPS(4) && !FOUR_CGROUPS(8) &&
	       !FOUR_CGROUPS(12);
}

/* Makes the task a member. */
INLINE void add_member(struct scratch *s, __u64 task)
{
	__u64 one = 1;

	if (map_update(&members, &task, &one, BPF_ANY))
		s->forgotten++;
	else
		s->added++;
}

INLINE int is_root(__u64 task)
{
	__u64 key;
	__u32 tgid = 0;

	read_kernel(&tgid, sizeof(tgid), task + VALUE(task_tgid));
	key = tgid;
	return map_lookup(&roots, &key) != 0;
}

/* Whether the task belongs to a root, or to what descends from one. */
INLINE int under_root(__u64 task)
{
#pragma unroll
	for (int i = 0; i < 8 && task; i++) {
		if (is_root(task))
			return 1;
		task = read_long(task + VALUE(task_real_parent));
	}
	return 0;
}

/* Whether the current task is a member; tid: its id, before an exec changed that. */
INLINE int is_member(struct scratch *s, __u64 task, __u64 tid)
{
	if (map_lookup(&members, &task))
		return 1;
	if (!map_delete(&newcomers, &tid)) {
		s->removed++;
		add_member(s, task);
		return 1;
	}
	if (VALUE(root_filter) && under_root(task)) {
		add_member(s, task);
		return 1;
	}
	return 0;
}

INLINE int member_is_filtered(struct scratch *s, __u64 task)
{
	return VALUE(member_filter) && !is_member(s, task, (__u32)get_pid_tgid());
}

INLINE void add_ancestors(struct exec_record *e, __u64 parent)
{
#pragma unroll
	for (int i = 0; i < ANCESTORS; i++) {
		__u32 pid = 0;

		if (parent)
			parent = read_long(parent + VALUE(task_real_parent));
		if (parent)
			read_kernel(&pid, sizeof(pid), parent + VALUE(task_tgid));
		e->ancestors[i] = pid;
	}
}

/* Fills what a success and a failure have in common. 0: a filter does not want it. */
INLINE int describe(struct scratch *s, __u64 task)
{
	struct exec_record *e = &s->exec;
	__u64 parent, ids, mntns = 0, cgroup = 0;
	__u32 ppid = 0;

	if (uid_is_filtered() || member_is_filtered(s, task))
		return 0;
	if (VALUE(cgroup_id_known))
		cgroup = get_cgroup_id();
	if (cgroup_is_filtered(cgroup))
		return 0;
	if (VALUE(task_nsproxy))
		mntns = mount_namespace(task);
	if (mntns_is_filtered(mntns))
		return 0;
	parent = VALUE(task_real_parent) ? read_long(task + VALUE(task_real_parent)) : 0;
	if (parent)
		read_kernel(&ppid, sizeof(ppid), parent + VALUE(task_tgid));
	if (VALUE(ppid_filter) && ppid != VALUE(ppid_filter))
		return 0;
	e->ppid = ppid;
	if (VALUE(want_ancestors))
		add_ancestors(e, parent);
	e->mntns = mntns;
	e->cgroup = cgroup;
	e->time = ktime_get_ns();
	ids = get_pid_tgid();
	e->pid = ids >> 32;
	e->tid = ids;
	ids = get_uid_gid();
	e->uid = ids;
	e->gid = ids >> 32;
	get_comm(e->comm, sizeof(e->comm));
	if (!parent || !VALUE(task_comm) ||
	    read_kernel(e->pcomm, sizeof(e->pcomm), parent + VALUE(task_comm)))
		e->pcomm[0] = 0;
	e->head.seq = ++s->seq;
	e->head.part = 0;
	s->part = 0;
	return 1;
}

/* Sends the exec record with its name and len bytes of arguments behind it. */
INLINE void send_exec(void *ctx, struct scratch *s, __u64 name_len, __u64 len)
{
	__u64 size = name_len + len;

	FORGET(size);
	if (size > sizeof(s->exec_data))
		return;
	size += sizeof(s->exec);
	output(ctx, &rings, BPF_F_CURRENT_CPU, &s->exec, size);
}

/* ---- a success: sched:sched_process_exec ---- */

/* Whether an interpreter is executed in the place of the file; a raw tracepoint's arguments are the task, its old
 * pid, the struct linux_binprm. */
INLINE int is_script(const __u64 *ctx)
{
	__u64 filename = ctx[2] + VALUE(bprm_filename);

	return read_long(filename) != read_long(filename + VALUE(long_size));
}

/* Copies the name as it was given to the call, and finds out whether it is a script's. The bytes with the NUL, or
 * -errno. */
INLINE long take_name(const __u64 *ctx, struct scratch *s, __u64 task, __u64 env_end)
{
	__u32 where = 0; /* __data_loc: the offset, and the length above it */

	if (VALUE(exec_is_raw) && VALUE(bprm_filename)) {
		s->exec.head.flags = is_script(ctx) ? RECORD_SCRIPT_KNOWN | RECORD_SCRIPT : RECORD_SCRIPT_KNOWN;
		return read_kernel_str(s->exec_data, NAME_SIZE, read_long(ctx[2] + VALUE(bprm_filename)));
	}
	if (s->script == task)
		s->exec.head.flags = RECORD_SCRIPT_KNOWN;
	if (s->script == task + 1)
		s->exec.head.flags = RECORD_SCRIPT_KNOWN | RECORD_SCRIPT;
	s->script = 0;
	if (VALUE(exec_filename)) {
		read_kernel(&where, sizeof(where), (__u64)ctx + VALUE(exec_filename));
		return read_kernel_str(s->exec_data, NAME_SIZE, (__u64)ctx + (where & 0xffff));
	}
	/* The string stands behind the environment, too: bprm->exec (do_execveat_common puts it
	 * there, create_elf_tables sets env_end). */
	return read_string(s->exec_data, NAME_SIZE, env_end);
}

/* A thread that executes and is not the leader takes the leader's id (de_thread in fs/exec.c). */
INLINE void keep_membership(__u64 *ctx, struct scratch *s, __u64 task)
{
	__u32 old_pid = 0;
	__u64 old;

	if (VALUE(exec_old_pid))
		read_kernel(&old_pid, sizeof(old_pid), (__u64)ctx + VALUE(exec_old_pid));
	else
		old_pid = ctx[1];
	old = old_pid;
	/* It may be known in both ways, and nobody will remove the old id. */
	if (is_member(s, task, old) && !map_delete(&newcomers, &old))
		s->removed++;
}

/* The tracepoint fires when the new image stands: its argument strings are resident, whole, and
 * what the program will see. */
SEC("exec")
int on_exec(__u64 *ctx)
{
	__u64 task, mm, start, end, left, len, pos;
	struct scratch *s;
	long name_len;

	task = get_task();
	if (VALUE(want_fails))
		map_delete(&calls, &task);
	s = get_scratch();
	if (!s)
		return 0;
	if (VALUE(member_filter))
		keep_membership(ctx, s, task);
	if (!describe(s, task)) {
		s->filtered++;
		return 0;
	}
	s->exec.head.type = RECORD_EXEC;
	s->exec.head.flags = 0;
	s->exec.ret = 0;
	s->exec.dirfd = 0;
	s->exec.name_address = 0;
	mm = read_long(task + VALUE(task_mm));
	start = read_long(mm + VALUE(mm_arg_start));
	end = read_long(mm + VALUE(mm_arg_start) + VALUE(long_size));
	s->exec.arg_start = start;
	/* arg_start, arg_end, env_start, env_end */
	name_len = take_name(ctx, s, task, read_long(mm + VALUE(mm_arg_start) + 3 * VALUE(long_size)));
	if (name_len <= 0) {
		s->exec.head.flags |= RECORD_NO_NAME;
		name_len = 1;
	}
	s->exec.name_len = name_len;

	left = end > start ? end - start : 0;
	s->exec.args_len = left;
	len = 0;
	if (left) {
		len = left > CHUNK_SIZE ? CHUNK_SIZE : left;
		len = bounded(len, CHUNK_SIZE);
		pos = bounded(s->exec.name_len, NAME_SIZE);
		if (read_user(s->exec_data + pos, len, start))
			s->exec.head.flags |= RECORD_UNREADABLE;
	}
	s->exec.head.data_len = len;
	send_exec(ctx, s, s->exec.name_len, len);
	if (left > CHUNK_SIZE) {
		s->next = start + CHUNK_SIZE;
		s->end = end;
		tail_call(ctx, &args_program, 0);
	}
	return 0;
}

/* Where "exec" cannot see it: in the same task, just before. It may be preempted, and is then not run for
 * others; then it is not known, and nothing worse. */
SEC("script")
int on_script(__u64 *ctx)
{
	struct scratch *s = get_scratch();
	__u64 task = get_task();

	if (s)
		s->script = task + is_script(ctx);
	return 0;
}

/* Sends the next bytes of the argument block. 0: that was the end of it. */
INLINE int send_args(void *ctx, struct scratch *s)
{
	__u64 left = s->end - s->next, len, size;

	len = left > CHUNK_SIZE ? CHUNK_SIZE : left;
	len = bounded(len, CHUNK_SIZE);
	s->more.head.flags = read_user(s->more_data, len, s->next) ? RECORD_UNREADABLE : 0;
	s->more.head.part = ++s->part;
	s->more.head.data_len = len;
	size = sizeof(s->more) + len;
	output(ctx, &rings, BPF_F_CURRENT_CPU, &s->more, size);
	s->next += len;
	return left > CHUNK_SIZE;
}

/* Sixteen chunks, then itself again: 33 times 16 times 16 KiB is more than the 6 MiB that the
 * kernel lets arguments and environment have (bprm_stack_limits in fs/exec.c). */
SEC("args")
int on_args(void *ctx)
{
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
	s->more.head.type = RECORD_ARGS;
	s->more.head.seq = s->seq;
#define TWO_ARGS(ctx, s) (send_args(ctx, s) && send_args(ctx, s))
#define EIGHT_ARGS(ctx, s) \
	(TWO_ARGS(ctx, s) && TWO_ARGS(ctx, s) && TWO_ARGS(ctx, s) && TWO_ARGS(ctx, s))
	if (EIGHT_ARGS(ctx, s) && EIGHT_ARGS(ctx, s))
		tail_call(ctx, &args_program, 0);
	return 0;
}

/* ---- a failure: the syscall's exit, with the pointers seen at its entry ---- */

INLINE __u64 argument(void *ctx, __u64 offset)
{
	return read_long((__u64)ctx + offset);
}

SEC("enter_execve")
int on_enter_execve(void *ctx)
{
	__u64 task = get_task();
	struct call call = {};

	call.filename = argument(ctx, VALUE(execve_filename));
	call.argv = argument(ctx, VALUE(execve_argv));
	map_update(&calls, &task, &call, BPF_ANY);
	return 0;
}

SEC("enter_execveat")
int on_enter_execveat(void *ctx)
{
	__u64 task = get_task();
	struct call call = {};

	call.filename = argument(ctx, VALUE(execveat_filename));
	call.argv = argument(ctx, VALUE(execveat_argv));
	call.dirfd = argument(ctx, VALUE(execveat_fd));
	call.has_dirfd = 1;
	map_update(&calls, &task, &call, BPF_ANY);
	return 0;
}

/* The number of the system call that a caller of the ABI is in, by its registers; 0 for other callers and calls. */
INLINE __u64 call_number(__u64 regs)
{
	__u32 number = 0;
	__u16 mode = 0;

	read_kernel(&number, sizeof(number), regs + VALUE(call_number));
	if (number != VALUE(call_execve) && number != VALUE(call_execveat))
		return 0;
	read_kernel(&mode, sizeof(mode), regs + VALUE(call_mode));
	return mode == VALUE(call_mode_value) ? number : 0;
}

INLINE __u64 call_pointer(__u64 address)
{
	__u64 pointer = read_long(address);

	return VALUE(slot_size) == 4 ? (__u32)pointer : pointer;
}

/* A call that has no tracepoint, or of a 32-bit program on a 64-bit kernel, where it does not fire: a kprobe on the
 * function, or where there are no kprobes the raw tracepoint of all system calls. The call's return runs "exit". */
SEC("enter")
int on_enter(void *ctx)
{
	__u64 task = get_task(), regs = VALUE(call_direct) ? (__u64)ctx : argument(ctx, VALUE(call_regs));
	struct call call = {};

	if (VALUE(call_execve) && call_number(regs) != (VALUE(call_has_fd) ? VALUE(call_execveat) : VALUE(call_execve)))
		return 0;
	call.filename = call_pointer(regs + VALUE(call_filename));
	call.argv = call_pointer(regs + VALUE(call_argv));
	if (VALUE(call_has_fd)) {
		call.dirfd = read_long(regs + VALUE(call_fd));
		call.has_dirfd = 1;
	}
	map_update(&calls, &task, &call, BPF_ANY);
	return 0;
}

/* ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK (include/linux/errno.h): the caller never
 * sees them; the call begins anew, or a signal ends the thread. */
INLINE int is_restart(long ret)
{
	return ret == -512 || ret == -513 || ret == -514 || ret == -516;
}

/* Sends the head of a failed call, whose name has that many bytes with its NUL, or could not be read. */
INLINE void send_failure(void *ctx, struct scratch *s, long name_len)
{
	if (name_len <= 0) {
		s->exec.head.flags |= RECORD_NO_NAME;
		name_len = 1;
	}
	s->exec.name_len = name_len;
	send_exec(ctx, s, name_len, 0);
}

/* One program for both: the exits of execve(2) and execveat(2) have one format. */
SEC("exit")
int on_exit(void *ctx)
{
	__u64 task = get_task();
	struct call *call;
	struct scratch *s;
	__u64 argv = 0, mm, parent;
	long ret, name_len = 0;

	s = get_scratch();
	if (!s)
		return 0;
	s->unfinished = 0;
	/* A raw tracepoint's arguments: the caller's registers, the result. */
	if (VALUE(call_execve) && !call_number(argument(ctx, 0)))
		return 0;
	ret = argument(ctx, VALUE(exit_ret));
	if (VALUE(long_size) == 4)
		ret = (__s32)ret;
	if (ret >= 0 || is_restart(ret)) {
		map_delete(&calls, &task);
		return 0;
	}
	if (!describe(s, task)) {
		s->filtered++;
		map_delete(&calls, &task);
		return 0;
	}
	s->exec.head.type = RECORD_FAIL;
	s->exec.head.flags = 0;
	s->exec.head.data_len = 0;
	s->exec.args_len = 0;
	s->exec.ret = ret;
	s->exec.dirfd = 0;
	mm = read_long(task + VALUE(task_mm));
	s->exec.arg_start = read_long(mm + VALUE(mm_arg_start));
	s->exec.name_address = 0;
	parent = VALUE(task_real_parent) ? read_long(task + VALUE(task_real_parent)) : 0;
	if (parent && read_long(parent + VALUE(task_mm)) == mm)
		s->exec.head.flags = RECORD_PARENTS_MEMORY;
	call = map_lookup(&calls, &task);
	if (call) {
		argv = call->argv;
		s->exec.name_address = call->filename;
		if (call->has_dirfd) {
			s->exec.head.flags |= RECORD_HAS_DIRFD;
			s->exec.dirfd = call->dirfd;
		}
		name_len = read_string(s->exec_data, NAME_SIZE, call->filename);
	}
	if (!call) /* entered before we were attached, or denied by seccomp(2) before any tracepoint */
		s->exec.head.flags |= RECORD_UNREADABLE;
	send_failure(ctx, s, name_len);
	if (call) {
		s->next = argv;
		s->end = 0;
		s->used = 0;
		map_delete(&calls, &task);
		s->unfinished = 1;
		tail_call(ctx, &pieces_program, 0);
	}
	return 0;
}

INLINE void send_pieces(void *ctx, struct scratch *s, __u32 flags)
{
	__u64 used = s->used;

	s->more.head.flags = flags;
	s->more.head.part = ++s->part;
	s->more.head.data_len = used;
	FORGET(used);
	if (used > sizeof(s->more_data))
		return;
	output(ctx, &rings, BPF_F_CURRENT_CPU, &s->more, sizeof(s->more) + used);
	s->used = 0;
	if (flags & RECORD_LAST)
		s->unfinished = 0;
}

/* Reads one piece of one argument, and sends what has come together when it is much.
 * 0: the list is at its end. */
INLINE int take_piece(void *ctx, struct scratch *s)
{
	__u64 address = s->end, used = s->used;
	struct piece *piece;
	long len = 0;

	FORGET(used);
	used &= CHUNK_SIZE / 2 - 1;
	piece = (void *)(s->more_data + used);
	piece->is_list = 0;
	if (!address) {
		len = read_user(&address, VALUE(slot_size), s->next);
		if (len) {
			piece->is_list = 1;
			address = s->next;
		} else if (!address) {
			send_pieces(ctx, s, RECORD_LAST);
			return 0;
		}
		s->next += VALUE(slot_size);
	}
	piece->address = address;
	if (!len)
		len = read_string((char *)(piece + 1), PIECE_SIZE, address);
	piece->len = len;
	s->end = len == PIECE_SIZE ? address + PIECE_SIZE - 1 : 0;
	if (len < 0)
		len = 0;
	s->used = (used + sizeof(*piece) + len + 7) & ~7ULL;
	if (piece->is_list) {
		send_pieces(ctx, s, RECORD_LAST);
		return 0;
	}
	if (s->used >= CHUNK_SIZE / 2)
		send_pieces(ctx, s, 0);
	return 1;
}

SEC("pieces")
int on_pieces(void *ctx)
{
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
	s->more.head.type = RECORD_PIECES;
	s->more.head.seq = s->seq;
	if (!s->next) { /* argv = NULL is as good as an empty one */
		send_pieces(ctx, s, RECORD_LAST);
		return 0;
	}
#define FOUR_PIECES(ctx, s) \
	(take_piece(ctx, s) && take_piece(ctx, s) && take_piece(ctx, s) && take_piece(ctx, s))
#define EIGHT_PIECES(ctx, s) (FOUR_PIECES(ctx, s) && FOUR_PIECES(ctx, s))
	if (!FOUR_PIECES(ctx, s))
		return 0;
	if (VALUE(many_pieces) && (!FOUR_PIECES(ctx, s) || !EIGHT_PIECES(ctx, s) || !EIGHT_PIECES(ctx, s) ||
				   !EIGHT_PIECES(ctx, s)))
		return 0;
	tail_call(ctx, &pieces_program, 0);
	/* Still here: as often as the kernel lets a program follow itself (MAX_TAIL_CALL_CNT). */
	if (VALUE(pieces_alone))
		send_pieces(ctx, s, RECORD_LAST | RECORD_CUT);
	return 0;
}

/* Goes on where "pieces" had to stop. Attached behind "exit" several times, each of which may follow
 * itself anew; all run in one go, with preemption off. */
SEC("again")
int on_again(void *ctx)
{
	struct scratch *s = get_scratch();

	if (s && s->unfinished)
		tail_call(ctx, &pieces_program, 0);
	return 0;
}

/* The last of them: what is not finished now is cut. */
SEC("end")
int on_end(void *ctx)
{
	struct scratch *s = get_scratch();

	if (s && s->unfinished)
		send_pieces(ctx, s, RECORD_LAST | RECORD_CUT);
	return 0;
}

/* ---- threads: sched:sched_process_fork and sched_process_exit ---- */

/* Whatever a member makes, thread or process, is a member before it runs. */
SEC("fork")
int on_fork(__u64 *ctx)
{
	struct scratch *s = get_scratch();
	__u64 key, one = 1;
	__u32 pid = 0;

	if (!s || !is_member(s, get_task(), (__u32)get_pid_tgid()))
		return 0;
	/* A raw tracepoint's arguments: the parent's task, the child's. */
	if (!VALUE(fork_child_pid)) {
		add_member(s, ctx[1]);
		return 0;
	}
	read_kernel(&pid, sizeof(pid), (__u64)ctx + VALUE(fork_child_pid));
	key = pid;
	if (map_update(&newcomers, &key, &one, BPF_ANY))
		s->forgotten++;
	else
		s->added++;
	return 0;
}

/* In the context of the thread that ends, before its id can be given to another. */
SEC("thread_exit")
int on_thread_exit(void *ctx)
{
	__u64 tid = (__u32)get_pid_tgid(), task = get_task();
	struct scratch *s = get_scratch();

	if (!s)
		return 0;
	/* Killed in the call: by then it had become a 32-bit task (load_elf_binary, where its old image has
	 * gone), and so the call's exit was not seen. What it was called with has gone, too. */
	if (VALUE(want_fails) && !map_delete(&calls, &task) && describe(s, task)) {
		s->exec.head.type = RECORD_FAIL;
		s->exec.head.flags = RECORD_NO_RESULT | RECORD_UNREADABLE;
		s->exec.head.data_len = 0;
		s->exec.args_len = 0;
		s->exec.ret = 0;
		s->exec.dirfd = 0;
		s->exec.arg_start = 0;
		s->exec.name_address = 0;
		s->exec_data[0] = 0;
		send_failure(ctx, s, 0);
	}
	if (VALUE(member_filter)) {
		if (!map_delete(&members, &task))
			s->removed++;
		if (!map_delete(&newcomers, &tid))
			s->removed++;
	}
	return 0;
}

/* ---- the learner's eye: kernel memory at an address, in the asking thread's own context ---- */

SEC("peek")
int on_rename(void *ctx)
{
	__u32 zero = 0;
	__u64 name[2] = {};
	struct peek *peek;

	(void)ctx;
	get_comm(name, sizeof(name));
	if (name[0] != VALUE(peek_name))
		return 0;
	peek = map_lookup(&peeks, &zero);
	if (!peek)
		return 0;
	peek->task = get_task();
	peek->pid_tgid = get_pid_tgid();
	peek->status = read_kernel(peek->data, bounded(peek->length, PEEK_SIZE), peek->address);
	peek->answered = 1;
	return 0;
}

/* The same for what only an exec shows: the first bytes of the struct linux_binprm, of the exec of
 * the task that peek->task names. A raw tracepoint. */
SEC("peek_exec")
int on_peek_exec(__u64 *ctx)
{
	__u32 zero = 0;
	struct peek *peek = map_lookup(&peeks, &zero);

	if (!peek || peek->task != get_task())
		return 0;
	peek->status = read_kernel(peek->data, BPRM_SEARCH, ctx[2]);
	peek->answered = 1;
	return 0;
}

SEC("license") char gpl[] = "GPL";
