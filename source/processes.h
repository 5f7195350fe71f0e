/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes that live, as the kernel's events and /proc tell of them: parents, ids, who is followed. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"
#include "source/image.h"

struct sighting;

struct process {
	struct process *next; /* in its bucket */
	uint32_t pid, parent; /* parent: that made it, or that it has been given to, if that has been seen; 0: not known */
	uint64_t number, parents_number; /* no other process has that number; of the parent, 0: not known */
	bool has_ids;
	uint32_t uid, gid; /* real ones */
	char comm[EXEC_COMM]; /* "": not known */
	uint64_t named;	      /* when an event has told that, as an exec's time, 0: none has */
	uint64_t start_time;  /* clock ticks since boot, 0: not known */
	uint32_t tty; /* number of its terminal's device, 0: none, or not known */
	struct image image;   /* as of the last look at it; all 0: not known */
	uint64_t cmdline;     /* hash of its command line then, where the image is not known */
	bool excluded;	  /* it is one of ours: never followed */
	bool followed;	  /* it, or what it descends from, is one of -p or the command */
	bool has_threads; /* has or had: it has not ended for sure when its first thread ends */
	bool counted;	  /* since its exec or fork was seen, it is known how many others than the first it has: */
	uint32_t threads;
	bool leader_ended;
	int64_t status; /* as wait(2) has it, as far as its first thread's end has told it, -1: not known */
	int64_t other_status; /* of the other threads that have ended last, -1: several */
	uint64_t other_time;
	uint64_t last_exit; /* of a thread, 0: none */
	bool named_last; /* its last event was that it got a name, as it does in an exec */
	bool doubted; /* its end was told, at that time, but may not be so; doubt_ended: it had ended when the rings were looked at last */
	bool doubt_ended;
	uint32_t doubt_parent; /* its parent's id then, 0: not known */
	uint64_t doubt_time;
	uint64_t noted; /* when a scan found it, as an exec's time; 0: an event has told of it */
	uint32_t mark; /* of the last scan that has seen it */
	struct sighting *pending; /* its last exec, if that has not been decided */
};

#define PROCESS_BUCKETS 4096

struct processes {
	struct process *buckets[PROCESS_BUCKETS];
	size_t count, followed;
	uint32_t mark;
	uint64_t numbers;
};

/* NULL: none is known by that id. */
struct process *processes_find(const struct processes *processes, uint32_t pid);

/* A process has been made, by the parent: it inherits. NULL: no memory. */
struct process *processes_fork(struct processes *processes, uint32_t parent, uint32_t pid);

/* The one by that id, which is made if there is none. NULL: no memory. */
struct process *processes_note(struct processes *processes, uint32_t pid);

/* Its parent, or NULL: that is not known, or has ended. */
struct process *processes_parent(const struct processes *processes, const struct process *process);

void process_set_parent(const struct processes *processes, struct process *process, uint32_t parent);

/* Notes what its stat file says. */
void process_update(struct processes *processes, struct process *process, const struct process_stat *stat);

/* Reads its ids, if they are not known. proc: /proc. */
void process_ask_ids(struct process *process, int proc);

/* It has ended. Its `pending` must have been decided. */
void processes_remove(struct processes *processes, uint32_t pid);

/* Notes all processes in /proc. What happens meanwhile comes by events. now: as execs' times. */
void processes_scan(struct processes *processes, int proc, uint64_t now);

/* Forgets those that neither the last scan has seen, nor an event since. ended: called for each before. */
void processes_sweep(struct processes *processes, void (*ended)(void *context, struct process *process), void *context);

/* Forgets those that have ended though their first thread's end did not tell that. */
void processes_look(struct processes *processes, int proc, void (*ended)(void *context, struct process *process), void *context);

/* It and all that descends from it are followed. */
void processes_follow(struct processes *processes, struct process *process);

/* It is never followed, nor what it makes, but for what is followed by its own id. */
void processes_exclude(struct processes *processes, uint32_t pid);

/* Fills the list with the process's ancestors, as far as they are known, `most` of them. How many. */
uint32_t processes_chain(const struct processes *processes, const struct process *process, struct exec_ancestor *list, uint32_t most);

/* Fills ppid, pcomm and ancestors of an exec of the process, as far as they are known. */
void processes_describe(const struct processes *processes, const struct process *process, struct exec *exec);

void processes_free(struct processes *processes);

#endif
