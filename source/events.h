/* SPDX-License-Identifier: GPL-2.0-only */
/* Events, as a collector's source tells of them: they become execs whose strings are sought. */
#ifndef EVENTS_H
#define EVENTS_H

#include "source/collector.h"

/* The time as execs have it: CLOCK_MONOTONIC of the initial time namespace, ns. */
uint64_t collector_now(const struct collector *collector);

/* A process has been made; one more thread of a process has been. */
void collector_fork(struct collector *collector, uint32_t parent, uint32_t pid, uint64_t time);
void collector_thread(struct collector *collector, uint32_t pid);

/* An event that tells of the end of a thread. */
struct exit_event {
	uint32_t pid, tid; /* process and thread */
	uint64_t time;
	int64_t status; /* of the thread, as wait(2) has it, -1: not known */
	bool last; /* it is the process's last one for sure */
};
void collector_exit(struct collector *collector, const struct exit_event *event);

/* An event that tells of an exec. */
struct exec_event {
	uint32_t pid;
	uint64_t time;
	int cpu; /* -1: not known */
	const char *comm; /* "": not known */
	struct image image; /* all 0: not known */
	const char *name; /* of the file, NULL: not known */
	size_t name_length;
	const char *args; /* all strings of argv, NULL: not known */
	size_t args_length;
};

/* A process has executed. Strings that the event does not tell are read. */
void collector_exec(struct collector *collector, const struct exec_event *event);

/* A call of execve(2) or execveat(2) that failed, or only asked. The strings are those of its caller, who stands. */
struct failed_call {
	uint32_t pid, tid; /* process and thread */
	uint64_t time;
	int32_t result;
	bool checks;
	const char *directory; /* as exec.directory */
	struct image_strings *strings; /* the arguments with their marks; bytes: collector_failed() takes them over */
};
void collector_failed(struct collector *collector, const struct failed_call *call);

/* So many events were lost, each of which may have been an exec. */
void collector_lose(struct collector *collector, uint64_t count);

/* Takes what the threads have read of execs that have been seen here, too. */
void events_take_caught(struct collector *collector);

/* The oldest exec is about to be told without its strings, which no thread has read: they are read now, if it lives. */
void events_read_late(struct collector *collector);

/* Asks for the rest of what /proc tells of those that live, as long as no event comes: strings are more urgent. */
void events_ask_rest(struct collector *collector);

/* For processes_scan() and its like; context: the collector. */
void events_ended(void *context, struct process *process);

#endif
