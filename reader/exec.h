/* SPDX-License-Identifier: GPL-2.0-only */
/* One exec: every source makes it, every filter and form of output takes it. */
#ifndef EXEC_H
#define EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXEC_COMM 16	   /* bytes of a command's name, not always with a NUL; TASK_COMM_LEN in include/linux/sched.h */
#define EXEC_ANCESTORS 3   /* beyond the parent */
#define EXEC_NAME_MOST 8192 /* bytes of a file's name */
#define EXEC_DIRECTORY 32
#define EXEC_TTY_NAME 24
#define EXEC_DEVICE 16

enum exec_kind {
	EXEC_DONE,
	EXEC_FAILED,
	EXEC_ENDED, /* none, but the end of a process: it has no strings */
};

/* Fields that a source may not know. */
enum exec_field {
	EXEC_PPID = 1 << 0,
	EXEC_PCOMM = 1 << 1,
	EXEC_MNTNS = 1 << 2,
	EXEC_CGROUP = 1 << 3,
	EXEC_RESULT = 1 << 4, /* not known: the thread was killed in the call, or seccomp(2) made the result */
	EXEC_IDS = 1 << 5,  /* uid and gid */
	EXEC_CPU = 1 << 6,
	EXEC_NAMED = 1 << 7, /* comm */
	EXEC_START = 1 << 8,
	EXEC_PARENT_START = 1 << 9,
	EXEC_EIDS = 1 << 10, /* euid and egid */
	EXEC_LOGIN = 1 << 11, /* loginuid and session */
	EXEC_EXE = 1 << 12,
	EXEC_CWD = 1 << 13,
	EXEC_TTY = 1 << 15, /* not if there is none */
	EXEC_NS_PID = 1 << 16,
	EXEC_CHAIN = 1 << 17,
	EXEC_VARIABLES = 1 << 18,
	EXEC_INODE = 1 << 19, /* exe_inode and exe_dev */
	EXEC_STATUS = 1 << 14, /* of EXEC_ENDED */
};

enum text_state { TEXT_WHOLE, TEXT_CUT, TEXT_UNREADABLE };

/* A string without a NUL. */
struct text {
	const char *bytes;
	uint32_t length;
	enum text_state state;
};

enum script { SCRIPT_UNKNOWN, SCRIPT_NO, SCRIPT_YES };

struct arguments {
	struct text *list; /* argv[0], argv[1], … */
	size_t count;
	size_t skip;	 /* number of strings that the caller did not give: argv[0]; of a "#!" script also what the kernel puts
			    before the caller's arguments */
	bool more;	 /* there were more, or more of the last one */
	bool unreadable; /* the rest could not be read */
};

/* The most ancestors of a process. */
#define EXEC_CHAIN_MOST 32

struct exec_ancestor {
	uint32_t pid;
	char comm[EXEC_COMM]; /* "": not known */
};

/* The parent, its parent, and so on. */
struct exec_chain {
	const struct exec_ancestor *list;
	size_t count;
	bool more;
};

/* Environment variables that are wanted: "NAME=VALUE", each with a NUL. */
struct exec_variables {
	const char *bytes;
	size_t length;
	bool more; /* not all are here, or not all of the last one */
};

struct exec {
	enum exec_kind kind;
	unsigned int known; /* enum exec_field */
	uint64_t time; /* CLOCK_MONOTONIC of the initial time namespace, ns */
	int cpu;
	uint32_t pid, ppid, uid, gid; /* of the initial namespaces; real ids */
	uint32_t ancestors[EXEC_ANCESTORS]; /* process ids of the parent's parent and so on; 0: not known */
	int32_t result; /* 0 or -errno */
	uint32_t status;   /* EXEC_ENDED: as wait(2) has it */
	bool filtered; /* EXEC_ENDED: the source's filters do not want the process as it was at its end */
	uint64_t executed; /* EXEC_ENDED: when it executed last, 0: not known */
	uint32_t mntns;	 /* inode number */
	uint64_t cgroup; /* id in the cgroup v2 hierarchy */
	char comm[EXEC_COMM], pcomm[EXEC_COMM];
	bool checks; /* execveat(2) with AT_EXECVE_CHECK, which would not have executed */
	struct text name; /* of the file, as given to the call */
	char directory[EXEC_DIRECTORY]; /* what the kernel puts before the name: of a failed execveat(2), "/dev/fd/N/"; else "" */
	enum script script; /* an interpreter was executed in the file's place */
	struct arguments args;
	uint64_t start, parent_start; /* of the process and of its parent, CLOCK_BOOTTIME of the initial time namespace, ns */
	struct exec_chain chain;
	struct exec_variables variables;
	struct text exe, cwd; /* paths in the process's mount namespace: of the file that runs, of the working directory */
	uint32_t euid, egid; /* effective ids */
	uint64_t exe_inode; /* number of the file that runs */
	char exe_dev[EXEC_DEVICE]; /* its device, as mountinfo has it: "8:1" */
	uint32_t loginuid, session; /* of audit; UINT32_MAX: none */
	char tty[EXEC_TTY_NAME]; /* the controlling terminal: "pts/3" */
	uint32_t ns_pid; /* the process's id in its own pid namespace */
};

static inline bool exec_knows(const struct exec *exec, enum exec_field field)
{
	return exec->known & field;
}

/* Strings one behind the other, each with a NUL; marked: each with its mark in front (remote.h). */
struct block {
	const char *bytes;
	size_t length;
	bool marked;
};

/* Room for the arguments of one exec at a time. */
struct argument_room {
	struct text *list;
	size_t capacity;
};

/* Splits the block into exec->args, in the room: `most` of the caller's strings at least, 0: all. Then finds out what to skip, by
 * exec->script and exec->name; exec->args.more must be set. If there is no memory, there are more. */
void exec_split(struct exec *exec, const struct block *block, size_t most, struct argument_room *room);
void argument_room_free(struct argument_room *room);

/* argv[0], as the caller gave it. NULL: there is none, or it is not known; the kernel replaces a script's. */
const struct text *exec_argv0(const struct exec *exec);

/* Whether it is another name than the file's, by their last components. false: that is not known. */
bool exec_argv0_differs(const struct exec *exec);

/* Cuts the arguments to so many bytes, 0: any number; a string's NUL counts. false: they are no more. */
bool exec_limit(struct exec *exec, uint64_t bytes);

#endif
