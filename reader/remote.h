/* SPDX-License-Identifier: GPL-2.0-only */
/* A process's memory, read from outside. The kernel side could not read what was not mapped
 * in at that moment; reading from here maps it in. That can take as long as whoever serves the page likes
 * (userfaultfd, FUSE, a dead file server), so a child process reads, and does not get long for it. */
#ifndef REMOTE_H
#define REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* In front of each string of a list: it is whole, or what could be read of it, or nothing could be. */
#define MARK_READ '+'
#define MARK_CUT '~'
#define MARK_UNREADABLE '!'

/* The most strings of a failed exec that are read, here and by the kernel side together with little more, and
 * the most bytes: what the kernel would take at most for arguments (bprm_stack_limits). */
#define LIST_STRINGS 20000
#define LIST_BYTES (6U << 20)

/* The longest string that a kernel takes, MAX_ARG_STRLEN of 32 pages of 64 KiB. */
#define STRING_MOST (2U << 20)

enum ask_kind {
	ASK_STRING, /* up to its NUL, which is not in the answer */
	ASK_LIST,   /* the strings of an argv from a slot on, each with its mark and NUL */
	ASK_RANGE,  /* so many bytes */
	ASK_IMAGE,  /* what asker->image() makes of the process tid */
};

struct ask {
	enum ask_kind kind;
	uint32_t tid;	    /* the thread, or any that shares its memory */
	uint32_t slot_size; /* of a pointer in a list */
	uint64_t arg_start; /* by which the process is known: what it executes next has another */
	uint64_t address, length;
};

struct answer {
	const char *bytes; /* valid until the next question */
	size_t length;
	bool complete; /* nothing was missing */
	bool cut;      /* but there was more than is taken */
	bool late;     /* it took too long; all 0: it was not asked */
};

struct asker {
	int proc; /* /proc, which has the ids that the questions have, or -1: then nobody is asked */
	bool args_alone; /* of a process nothing may be asked for but its argument block */
	/* In the child, for ASK_IMAGE: writes LIST_BYTES + STRING_MOST bytes at most; how many. NULL: that is not asked. */
	size_t (*image)(const void *context, int proc, uint32_t pid, char *buffer);
	const void *context;
	unsigned int share; /* of the time that passes one part in so many may be spent */
	pid_t child;
	pid_t killed[8]; /* children that have not been seen to end */
	int to, from; /* pipes */
	char *shared;
	size_t touched; /* bytes of it, at most */
	uint64_t allowed; /* nanoseconds that may still be spent */
	uint64_t last;	  /* when that was looked at, CLOCK_MONOTONIC */
};

void asker_init(struct asker *asker, int proc);
/* Makes the child now, which else is made when something is asked, and waits until it is there. */
void asker_ready(struct asker *asker);
void asker_free(struct asker *asker);

/* Asks. Nothing is complete, and no bytes are there, if the process has ended or executes something else by now,
 * or if it takes too long: 50 ms for one question, and a share (a fifth, if it is not set) of the time for all. */
struct answer asker_ask(struct asker *asker, const struct ask *ask);

/* Gives back the memory that a long answer took. Its bytes are no longer valid. */
void asker_rest(struct asker *asker);

/* Who is asked. */
struct asking {
	struct answer (*ask)(void *context, const struct ask *ask); /* as asker_ask() */
	void (*rest)(void *context); /* as asker_rest() */
	void *context;
};
struct asking asking_of(struct asker *asker);

/* The parent of a process that still lives, by its status file. 0: not known. proc: /proc, or -1. */
uint32_t caller_parent(int proc, uint32_t pid);

#endif
