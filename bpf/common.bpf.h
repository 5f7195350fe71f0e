/* SPDX-License-Identifier: GPL-2.0-only */
/* Common to all BPF programs: helpers, maps, filters, the fields of every exec. */
#ifndef COMMON_BPF_H
#define COMMON_BPF_H

#include <asm/errno.h>
#include <linux/bpf.h>
#include "bpf/maps.h"
#include "bpf/record.h"
#include "bpf/settings.h"
#include "bpf/user.h"

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

/* Weak, or clang takes the address to be non-zero and folds the comparisons away. */
#define SETTING(name) extern const char name##_setting __attribute__((weak));
#define VALUE(name) ((__u64)&name##_setting)

SETTINGS_LIST(SETTING)

/* As elf.c reads the section "maps". */
struct map {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)BPF_FUNC_map_update_elem;
static long (*const map_delete_elem)(void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static __u64 (*const ktime_get_ns)(void) = (void *)BPF_FUNC_ktime_get_ns;
static long (*const tail_call)(void *ctx, void *map, __u32 index) = (void *)BPF_FUNC_tail_call;
static __u64 (*const get_pid_tgid)(void) = (void *)BPF_FUNC_get_current_pid_tgid;
static __u64 (*const get_uid_gid)(void) = (void *)BPF_FUNC_get_current_uid_gid;
static long (*const get_comm)(void *buf, __u32 size) = (void *)BPF_FUNC_get_current_comm;
static long (*const perf_output)(void *ctx, void *map, __u64 flags, void *data,
				 __u64 size) = (void *)BPF_FUNC_perf_event_output;
static __u64 (*const get_task)(void) = (void *)BPF_FUNC_get_current_task;
static __u32 (*const get_cpu)(void) = (void *)BPF_FUNC_get_smp_processor_id;
/* Below Linux 6.4 the JIT calls functions of the map that return an int: above that are any 32 bits. */
INLINE int map_update(void *map, const void *key, const void *value, __u64 flags)
{
	return (int)map_update_elem(map, key, value, flags);
}

INLINE int map_delete(void *map, const void *key)
{
	return (int)map_delete_elem(map, key);
}

/* Where the kernel lacks these two, elf.c puts another in their place that is never run. */
static __u64 (*const get_cgroup_id)(void) = (void *)BPF_FUNC_get_current_cgroup_id;
static long (*const is_under_cgroup)(void *map,
				     __u32 index) = (void *)BPF_FUNC_current_task_under_cgroup;
/* Where the kernel lacks these (below 5.5) elf.c puts the older probe_read in their place. */
static long (*const unchecked_read_user)(void *dst, __u32 size, __u64 addr) = (void *)BPF_FUNC_probe_read_user;
static long (*const read_kernel)(void *dst, __u32 size,
				 __u64 addr) = (void *)BPF_FUNC_probe_read_kernel;
static long (*const read_kernel_str)(void *dst, __u32 size,
				     __u64 addr) = (void *)BPF_FUNC_probe_read_kernel_str;
static long (*const unchecked_read_user_str)(void *dst, __u32 size,
					     __u64 addr) = (void *)BPF_FUNC_probe_read_user_str;

/* Slots of a failed call's argv that are read in one go. A power of 2. */
#define SLOTS 16

/* A lane: what a CPU is about to send, how far it has come with it, and the ring that it sends it to. Programs that can be
 * preempted by one another have lanes of their own (enum lane_kind in tracer.h). Whole cache lines. */
struct __attribute__((aligned(64))) scratch {
	struct counts counts;
	__u64 part;  /* records of this exec sent so far */
	__u64 ring;  /* its number in the map rings */
	__u64 used;  /* bytes of pieces not sent yet; arguments: the next address to count strings at */
	__u64 strings; /* that may still be sent */
	__u64 sent; /* bytes of strings; arguments: how often strings were counted */
	__u64 next;  /* arguments: the next address to read; pieces: the next argv slot */
	__u64 end;   /* arguments: their end; pieces: the rest of a long string, 0, or an END_… */
	__u64 flags; /* arguments: of the last record */
	__u64 dentry, mnt; /* a path: where it is followed */
	__u64 root; /* of that mount */
	__u64 path_kind, path_used, path_flags, walks, names;
	__u64 variable, variables_end; /* of the environment: the next address to look at, and its end */
	__u64 variables_used, variables_flags, within, looks; /* within: where in a string the address is (variables.bpf.h) */
	__u64 filtered; /* 1: the filters do not want it (keep_filtered) */
	__u64 parent; /* leader of the parent process, 0: not known */
	__u64 last; /* 1: the thread that ends is the last one of its process */
	__u64 at, have; /* pieces: the next of the slots that have been read, and their number */
	__u64 slots[SLOTS]; /* of argv, each of slot_size bytes */
	union {
		struct {
			struct exec_record exec;
			struct exec_facts facts;
			char exec_data[NAME_SIZE + CHUNK_SIZE];
		};
		struct {
			struct more_record more;
			char more_data[NAME_SIZE + CHUNK_SIZE];
		};
	};
};

enum path_kind { PATH_EXE, PATH_CWD };

/* Places in the map args_program. */
enum { TAIL_ARGS, TAIL_COUNT, TAIL_PATH, TAIL_CHAIN, TAIL_VARIABLES };

/* include/uapi/linux/fcntl.h */
#define AT_EXECVE_CHECK 0x10000 /* 6.14 */
#define AT_FDCWD (-100)

#define MAP(name, type, key, value, entries) SEC("maps") struct map name = {type, key, value, entries};
MAPS_LIST(MAP)

/* Hides a number from clang. Clang would remove a comparison or a mask that it can prove to be unnecessary; the verifier
 * cannot prove it, and needs the instruction (docs/INTERNALS.md). */
#define FORGET(x) __asm__ volatile("" : "+r"(x))

/* Behind the check that a pointer from a map is there: or clang may put it on the stack before the check, and below
 * 4.11 the verifier does not know of what is there that it has been checked since. */
#define FORGET_UNCHECKED(pointer) FORGET(pointer)

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

/* Some longs in a row, read in one go. */
struct longs {
	union {
		__u64 of_8[4];
		__u32 of_4[4];
	};
};

INLINE void read_longs(struct longs *longs, __u32 count, __u64 addr)
{
	__u32 size = 8 * count;

	if (VALUE(long_size) == 4) {
		size = 4 * count;
		__asm__ volatile(""); /* a branch: not all verifiers know that a product is constant */
	}
	read_kernel(longs, size, addr);
}

INLINE __u64 nth_long(const struct longs *longs, int n)
{
	return VALUE(long_size) == 4 ? longs->of_4[n] : longs->of_8[n];
}

/* Copies `size` bytes from user space: 0 or -errno. This and read_string() are the only ones that read at an address that
 * came from a program. */
INLINE long read_user(void *to, __u32 size, __u64 addr)
{
	if (user_room(addr, VALUE(user_mask), VALUE(user_end)) < size)
		return -EFAULT;
	return unchecked_read_user(to, size, addr);
}

/* A string from user space, of which at most `size` (a power of 2) bytes are read: the bytes with the NUL, or -errno. For
 * an empty one some kernels say 0 (6.1), others 1 (6.18): strncpy_from_user_nofault in mm/maccess.c. */
INLINE long read_string(char *to, __u32 size, __u64 addr)
{
	__u64 room, masked = addr & VALUE(user_mask);
	long len;

	if (masked >= VALUE(user_end))
		return -EFAULT;
	room = VALUE(user_end) - masked;
	if (room > size)
		room = size;
	len = unchecked_read_user_str(to, bounded(room, size), addr);
	if (len == 0) {
		*to = 0;
		len = 1;
	}
	return len;
}

INLINE struct scratch *get_scratch(void)
{
	__u32 lane = get_cpu() + (__u32)VALUE(first_lane);

	return map_lookup(&scratches, &lane);
}

/* Sends a record to the lane's ring. */
INLINE void output(void *ctx, struct scratch *s, void *record, __u64 size)
{
	s->counts.result = perf_output(ctx, &rings, s->ring, record, size);
}

/* Sends a record to the lane's ring for the rest. 0, or -errno: it was full. */
INLINE long output_bulk(void *ctx, struct scratch *s, void *record, __u64 size)
{
	return perf_output(ctx, &bulk_rings, s->ring, record, size);
}

/* Says that the rest of an exec did not get through. */
INLINE void output_lost(void *ctx, struct scratch *s, __u16 type)
{
	struct more_record lost = {};

	lost.head.type = type;
	lost.head.flags = RECORD_LAST | RECORD_LOST;
	lost.head.seq = s->counts.seq;
	lost.head.part = ++s->part;
	output(ctx, s, &lost, sizeof(lost));
}

/* The address of the current task_struct, as it stands in memory: the helper extends the sign of a 32-bit one. */
INLINE __u64 current_task(void)
{
	return VALUE(long_size) == 4 ? (__u32)get_task() : get_task();
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

INLINE int cgroup_is_filtered(__u64 cgroup)
{
	if (VALUE(cgroupmap_filter) && !map_lookup(&cgroupmap, &cgroup))
		return 1;
	if (!VALUE(cgroup_filter))
		return 0;
#pragma unroll
	for (__u32 i = 0; i < CGROUPS_MOST; i++)
		if (is_under_cgroup(&cgroups, i) == 1) /* where the map has no such place, -E2BIG */
			return 0;
	return 1;
}

/* Makes the task a member; tid: its id, by which it can be looked for in /proc. */
INLINE void add_member(struct scratch *s, __u64 task, __u64 tid)
{
	long ret = map_update(&members, &task, &tid, BPF_NOEXIST);

	/* Another that was there has ended unseen, or a copy of this program was first: it is counted already. */
	if (ret == -EEXIST)
		map_update(&members, &task, &tid, BPF_ANY);
	else if (ret)
		s->counts.forgotten++;
	else
		s->counts.added++;
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
	for (int i = 0; i < 8; i++) { /* all unrolled only if nothing else ends it: clang 14 */
		if (task && is_root(task))
			return 1;
		if (task)
			task = read_long(task + VALUE(task_real_parent));
	}
	return 0;
}

/* Makes the current task a member if it is to be one; tid: its id, before an exec changed that. */
INLINE int is_member(struct scratch *s, __u64 task, __u64 tid)
{
	int is_newcomer;

	if (map_lookup(&members, &task))
		return 1;
	is_newcomer = map_lookup(&newcomers, &tid) != 0;
	if (!is_newcomer && !(VALUE(root_filter) && under_root(task)))
		return 0;
	/* First the one, then the other: whoever looks must never find it in neither. */
	add_member(s, task, tid);
	if (is_newcomer && !map_delete(&newcomers, &tid))
		s->counts.removed++;
	return 1;
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

/* Fills what all records have in common. 0: a filter does not want it. */
INLINE int describe(struct scratch *s, struct exec_record *e, __u64 task)
{
	__u64 parent, leader, ids, mntns = 0, cgroup = 0, filtered = uid_is_filtered();
	__u32 ppid = 0;

	if (filtered && !VALUE(keep_filtered))
		return 0;
	if (VALUE(want_cgroup))
		cgroup = get_cgroup_id();
	filtered |= cgroup_is_filtered(cgroup);
	if (filtered && !VALUE(keep_filtered))
		return 0;
	if (VALUE(want_mntns) && VALUE(task_nsproxy))
		mntns = mount_namespace(task);
	filtered |= mntns_is_filtered(mntns);
	if (filtered && !VALUE(keep_filtered))
		return 0;
	parent = VALUE(task_real_parent) ? read_long(task + VALUE(task_real_parent)) : 0;
	if (parent)
		read_kernel(&ppid, sizeof(ppid), parent + VALUE(task_tgid));
	filtered |= VALUE(ppid_filter) && ppid != VALUE(ppid_filter);
	if (filtered && !VALUE(keep_filtered))
		return 0;
	s->filtered = filtered;
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
	/* The parent is the thread that forked; its process has the name of its leader. */
	leader = parent && VALUE(task_group_leader) ? read_long(parent + VALUE(task_group_leader)) : 0;
	if (!VALUE(want_pcomm) || !leader || !VALUE(task_comm) ||
	    read_kernel(e->pcomm, sizeof(e->pcomm), leader + VALUE(task_comm)))
		e->pcomm[0] = 0;
	s->parent = leader;
	e->head.seq = ++s->counts.seq;
	e->head.part = 0;
	s->part = 0;
	s->ring = get_cpu() + VALUE(first_lane);
	return 1;
}

/* The task's call has succeeded. */
INLINE void forget_call(struct scratch *s, __u64 task)
{
	if (map_delete(&calls, &task))
		s->counts.unentered++;
}

/* 1: the task is a member, and still known as one. A thread that executes and is not the leader takes the leader's id (de_thread in
 * fs/exec.c). */
INLINE int keep_membership(__u64 *ctx, struct scratch *s, __u64 task)
{
	__u64 old, tid = (__u32)get_pid_tgid();
	__u32 old_pid = 0;

	if (VALUE(exec_old_pid))
		read_kernel(&old_pid, sizeof(old_pid), (__u64)ctx + VALUE(exec_old_pid));
	else
		old_pid = ctx[1];
	old = old_pid;
	if (!is_member(s, task, old))
		return 0;
	/* It may be known in both ways, and nobody will remove the old id. */
	if (!map_delete(&newcomers, &old))
		s->counts.removed++;
	if (tid != old)
		map_update(&members, &task, &tid, BPF_EXIST);
	return 1;
}

/* A result that says why a call failed (MAX_ERRNO, include/linux/err.h). Where seccomp(2) traps or kills the caller, its
 * registers are as they were before the call, so the result is no errno: the call's number, its first argument. The latter
 * may be AT_FDCWD, -100, which as an errno (ENETDOWN) no exec has. */
INLINE int is_errno(long ret)
{
	return ret < 0 && ret >= -4095 && ret != AT_FDCWD;
}

/* The mm_struct that a task has, or had: do_exit() takes it from the task before the tracepoint sched_process_exit fires
 * (after it from Linux 6.16 on), but leaves active_mm. 0: not known. */
INLINE __u64 image(__u64 task)
{
	__u64 mm = read_long(task + VALUE(task_mm));

	if (!mm && VALUE(task_active_mm))
		mm = read_long(task + VALUE(task_active_mm));
	return mm;
}

/* Fills what all failed calls have in common, behind describe(). */
INLINE void describe_failure(struct exec_record *e, __u64 task, long ret)
{
	__u64 mm = image(task);
	__u64 parent = VALUE(task_real_parent) ? read_long(task + VALUE(task_real_parent)) : 0;

	e->head.type = RECORD_FAIL;
	e->head.flags = parent && read_long(parent + VALUE(task_mm)) == mm ? RECORD_PARENTS_MEMORY : 0;
	if (VALUE(slot_size) == 4)
		e->head.flags |= RECORD_32_BIT;
	e->head.data_len = 0;
	e->args_len = 0;
	if (!is_errno(ret)) {
		e->head.flags |= RECORD_NO_RESULT;
		ret = 0;
	}
	e->ret = ret;
	e->dirfd = 0;
	e->arg_start = read_long(mm + VALUE(mm_arg_start));
	e->name_address = 0;
}

/* And what the call was entered with. */
INLINE void describe_call(struct exec_record *e, const struct call *call)
{
	e->name_address = call->filename;
	if (call->flags & CALL_HAS_DIRFD) {
		e->head.flags |= RECORD_HAS_DIRFD;
		e->dirfd = call->dirfd;
	}
	if (call->flags & CALL_CHECKS)
		e->head.flags |= RECORD_CHECK;
}

/* A long of the record, or of the registers, that a program is given. */
INLINE __u64 argument(void *ctx, __u64 offset)
{
	return read_long((__u64)ctx + offset);
}

/* No errno is larger (EDQUOT of MIPS, 1133), and no number of its calls is smaller. */
#define POSITIVE_MOST 1200

/* The result of an execve(2) or execveat(2): 0, -errno, or a number that is_errno() refuses. At the tracepoints of
 * PowerPC and MIPS it is the errno itself, with a flag beside it that is not handed on (syscall_get_return_value in their
 * asm/syscall.h). */
INLINE long call_result(void *ctx)
{
	long ret = argument(ctx, VALUE(exit_ret));

	if (VALUE(long_size) == 4)
		ret = (__s32)ret;
	return VALUE(errnos_are_positive) && ret > 0 && ret <= POSITIVE_MOST ? -ret : ret;
}

/* ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK (include/linux/errno.h): the caller never
 * sees them; the call begins anew, or a signal ends the thread. */
INLINE int is_restart(long ret)
{
	return ret == -512 || ret == -513 || ret == -514 || ret == -516;
}

#endif
