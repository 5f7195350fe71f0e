/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that the BPF programs write into a CPU's ring and the reader takes out of it. Included by both
 * sides, so: fixed-width types, no pointers, no padding. */
#ifndef RECORD_H
#define RECORD_H

#include <linux/types.h>

#define COMM_LEN 16 /* TASK_COMM_LEN, include/linux/sched.h */
#define TTY_LEN 16  /* of a terminal's name, with the NUL: the kernel has room for 64 bytes */

/* The longest file name a record carries, with its NUL. PATH_MAX is 4096; execveat(2) puts
 * "/dev/fd/N/" in front of it (do_open_execat and alloc_bprm in fs/exec.c). */
#define NAME_SIZE 8192

/* The most argument bytes that stand in an exec's first record, which goes to the ring of all first records. The rest goes to
 * another ring, so that long command lines push out no exec. A power of 2. */
#define FIRST_SIZE 4096

/* The most argument bytes one record carries. With the name and the head it stays under the 64 KiB that the size in a
 * struct perf_event_header can tell. */
#define CHUNK_SIZE 16384

/* A string of a failed exec is read in pieces of at most this many bytes, NUL included. */
#define PIECE_SIZE 4096

/* The most bytes of a name in a path, with its NUL (NAME_MAX), and of the names of a path that are sent together. */
#define NAME_MOST 256
#define PATH_BYTES_MOST (CHUNK_SIZE - 2 * NAME_MOST)
#define PATH_NAMES_MOST 64

/* The most bytes that are told of an environment variable, with its name and a NUL, and of all that are sent together; of those
 * names. */
#define VARIABLE_MOST 4096
#define VARIABLES_BYTES_MOST (CHUNK_SIZE - VARIABLE_MOST - 1)
#define VARIABLE_NAME_MOST 63

/* The most ancestors that are told of a process. */
#define CHAIN_MOST 32

/* Bytes of a record on kernels whose helpers write to the stack alone (stack.bpf.h). A power of 2. */
#define STACK_CHUNK_SIZE 256

/* How many times the program "exec" is there where it can be preempted (exec.bpf.h). */
#define EXEC_COPIES 4

enum record_type {
	RECORD_EXEC = 1, /* struct exec_record: a program was executed */
	/* In the ring for the rest: */
	RECORD_FAIL,	 /* struct exec_record: a call failed; its arguments follow as RECORD_PIECES */
	RECORD_ARGS,	 /* struct more_record: the next bytes of a RECORD_EXEC's argument block */
	RECORD_PIECES,	 /* struct more_record: the next struct pieces of a RECORD_FAIL */
	RECORD_PATH,	 /* struct more_record: the names of a RECORD_EXEC's path, before its RECORD_ARGS */
	RECORD_CHAIN,	 /* struct more_record: each struct ancestor of a RECORD_EXEC's process, the parent first; likewise */
	RECORD_VARIABLES, /* struct more_record: variables of its environment, "NAME=VALUE", each with a NUL; likewise */
	RECORD_END,	 /* struct exec_record: a process ended, with the status in ret; it has no name */
};

enum record_flags {
	RECORD_LAST = 1 << 0,	     /* RECORD_ARGS, RECORD_PIECES: no other follows */
	RECORD_UNREADABLE = 1 << 1,  /* the argument bytes (or argv itself) could not be read */
	RECORD_CUT = 1 << 2,	     /* RECORD_CHAIN, _PATH, _VARIABLES: there is more; RECORD_PIECES: there is more than is carried; the last piece says where */
	RECORD_NO_NAME = 1 << 3,     /* the file name could not be read */
	RECORD_HAS_DIRFD = 1 << 4,   /* RECORD_FAIL: from execveat(2); dirfd is set */
	RECORD_SCRIPT = 1 << 5,	     /* an interpreter was executed in the named file's place */
	RECORD_SCRIPT_KNOWN = 1 << 6, /* the kernel could tell whether it was so */
	RECORD_PARENTS_MEMORY = 1 << 7, /* RECORD_FAIL: the parent has the same memory (vfork(2)) */
	RECORD_NO_RESULT = 1 << 8, /* RECORD_FAIL: no errno: the thread was killed in the call, or seccomp(2) made the result */
	RECORD_ON_STACK = 1 << 9, /* from stack.bpf.h: the name, or the bytes, are a chunk of its kind */
	RECORD_32_BIT = 1 << 10, /* RECORD_FAIL: pointers in the argv of the caller have 4 bytes */
	RECORD_ENOUGH = 1 << 12, /* with RECORD_LAST: there is more, but nobody wants it (--max-bytes, --max-args) */
	RECORD_FILTERED = 1 << 14, /* RECORD_END: the filters do not want the process as it is now; its exec may have passed them */
	RECORD_MORE = 1 << 15, /* RECORD_EXEC: what is wanted of RECORD_CHAIN, RECORD_PATH, RECORD_VARIABLES follows, one of each kind */
	RECORD_OF_CWD = 1 << 4, /* RECORD_PATH: of the working directory, not of the file */
	RECORD_DELETED = 1 << 5, /* RECORD_PATH: it has been removed, or was never in a directory */
	RECORD_LOST = 1 << 13, /* with RECORD_LAST, in the ring of first records: the ring for the rest was full */
	RECORD_CHECK = 1 << 11, /* RECORD_FAIL: execveat(2) with AT_EXECVE_CHECK, which would not have executed */
};

/* The most cgroups of --cgroup. */
#define CGROUPS_MOST 16

/* How far beyond the parent a process's ancestors are told. */
#define ANCESTORS 3

/* Counts of a lane, for user space. */
struct counts {
	__u32 seq;	 /* execs that it has reported */
	__u32 forgotten; /* threads for which the map members had no room */
	__u64 filtered;	 /* execs that the filters did not let pass */
	__u64 added, removed; /* members */
	__s64 result;	 /* what bpf_perf_event_output() said last: -EOPNOTSUPP, the CPU has been offline since its ring was opened */
	__u64 missed;	 /* failed calls whose return no tracepoint showed */
	__u64 missed_by_probe; /* the same of those that a kprobe has seen begin */
	__u64 unentered; /* execs whose call's entry was not seen, or was not by a call */
	__u64 unentered_failures; /* failed calls whose entry no kprobe has shown, but whose return one has */
	__u64 unnoted;	 /* calls for which the map calls had no room */
	__u64 dropped;	 /* execs that the first of several programs "exec" could not send */
	__u64 recovered; /* execs that another of them sent */
};

/* Every record starts so. seq counts the execs this lane has reported, from 1: a gap in it is a
 * loss. The records of one exec share its seq, and stand in both rings before the lane's next exec: nothing else writes to
 * the lane meanwhile. */
struct record_head {
	__u16 type;
	__u16 flags;
	__u32 seq;
	__u32 part;	/* number of this record among those of its exec, from 0 */
	__u32 data_len; /* argument bytes (or bytes of pieces) in this record */
};

struct exec_record {
	struct record_head head;
	__u64 time; /* CLOCK_MONOTONIC of the initial time namespace, ns */
	__u32 pid;  /* in the initial pid namespace, as all ids here; the thread group's */
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__s32 ret;
	__u32 mntns;	/* inode number of the mount namespace, 0: not known */
	__u32 name_len; /* bytes of the file name, NUL included */
	__s32 dirfd;
	__u64 args_len; /* RECORD_EXEC: arg_end - arg_start, this record and those that follow */
	__u64 arg_start; /* of the process: tells the same process from what it executes next */
	__u64 name_address; /* RECORD_FAIL: where the caller has the name */
	__u64 cgroup;	    /* id in the cgroup v2 hierarchy, 0: not known */
	__u32 tid;
	__u32 ancestors[ANCESTORS]; /* process ids of the parent's parent and so on; for --tree alone */
	char comm[COMM_LEN];
	char pcomm[COMM_LEN];
	/* then struct exec_facts, unless RECORD_ON_STACK, then the file name, then data_len bytes of arguments */
};

enum facts_known {
	FACT_START = 1 << 0,
	FACT_PARENT_START = 1 << 1,
	FACT_EIDS = 1 << 2,
	FACT_LOGIN = 1 << 3,
	FACT_NS_PID = 1 << 4,
	FACT_TTY = 1 << 5,
	FACT_INODE = 1 << 6,
};

/* More of the process, as far as it is wanted and known. */
struct exec_facts {
	__u64 start, parent_start; /* CLOCK_BOOTTIME of the initial time namespace, ns */
	__u32 eids[2];	/* effective user and group id */
	__u32 login[2]; /* login uid and session, of audit; all ones: none */
	__u32 known; /* enum facts_known */
	__u32 ns_pid; /* the process's id in its own pid namespace */
	char tty[TTY_LEN]; /* name of its terminal: "pts3" */
	__u64 exe_inode; /* number of the file that runs */
	__u32 exe_dev;	 /* and its device, as the kernel has it: 12 bits, 20 bits */
	__u32 padding;
};

struct more_record {
	struct record_head head;
	/* then data_len bytes */
};

struct ancestor {
	__u32 pid;
	char comm[COMM_LEN];
};

/* A variable that is wanted: its name with "=" behind it, as the key of a BPF_MAP_TYPE_LPM_TRIE. */
struct variable_key {
	__u32 bits;
	char name[VARIABLE_NAME_MOST + 1];
};

/* One string of a failed exec's argv, or a part of it, followed by len bytes. */
struct piece {
	__u64 address; /* where it was read, in the caller */
	__s32 len;     /* bytes with the NUL; PIECE_SIZE: goes on in the next piece; < 0: -errno */
	__u32 is_list; /* the address is that of argv's next slot, and argv could not be read there */
};

/* The arguments of an execve(2) or execveat(2) that has not returned yet, by task_struct: the one
 * name of a thread that an exec does not change. */
struct call {
	__u64 filename;
	__u64 argv;
	__u64 image; /* the mm_struct of the caller: a failed call leaves it as it is */
	__u64 time;  /* when it began, as in an exec_record */
	__s32 dirfd;
	__u32 flags; /* enum call_flags */
	__u32 pid;   /* the caller's process */
	__u32 unused;
};

enum call_flags {
	CALL_HAS_DIRFD = 1 << 0, /* it was execveat(2) */
	CALL_CHECKS = 1 << 1,	 /* with AT_EXECVE_CHECK */
	CALL_BY_PROBE = 1 << 2,	 /* noted by a kprobe, at whose function's return another runs whatever happens */
};

/* Words of a struct linux_binprm that are searched for what it says of the file's name. */
#define BPRM_WORDS 96

/* The value of the map by which user space asks for kernel memory and gets it. */
#define PEEK_SIZE 4096
struct peek {
	__u64 address;
	__u64 length; /* 1 … PEEK_SIZE */
	__u64 answered;
	__u64 task; /* address of a task_struct: "peek" tells the asking thread's; "peek_exec" looks at the exec of this one */
	__u64 pid_tgid;
	__u64 time; /* as in an exec_record */
	__s64 status; /* 0 or -errno of the copy */
	char data[PEEK_SIZE];
};

_Static_assert(sizeof(struct record_head) == 16, "record_head has padding");
_Static_assert(sizeof(struct exec_record) == 136, "exec_record has padding");
_Static_assert(sizeof(struct exec_facts) == 72, "exec_facts has padding");
_Static_assert(sizeof(struct more_record) == 16, "more_record has padding");
_Static_assert(sizeof(struct ancestor) == 20, "ancestor has padding");
_Static_assert(sizeof(struct variable_key) == 68, "variable_key has padding");
_Static_assert(sizeof(struct piece) == 16, "piece has padding");
_Static_assert(sizeof(struct call) == 48, "call has padding");
_Static_assert(sizeof(struct counts) == 96, "counts has padding");
_Static_assert(sizeof(struct peek) == 56 + PEEK_SIZE, "peek has padding");

#endif
