/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of perf events without BPF (perf_event_open(2), "MMAP layout"): what they say, out of bytes that may be anything. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/image.h"

/* Each sample has these, and a record that is none has them at its end (sample_id_all). */
#define SAMPLE_COMMON (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU)
/* Of the event that shows an exec, where the kernel copies user stacks. */
#define SAMPLE_STACK (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

/* Bytes of the stack that are asked for, from argc on. The kernel ends it where the stack ends, or where a page has never
 * been touched. */
#define STACK_BYTES 16384

/* The mask of the one register that is asked for, the stack pointer, by architecture (asm/perf_regs.h). 0: none. */
uint64_t stack_register(void);

struct perf_record {
	uint32_t type, misc;
	uint32_t pid, tid;   /* the process and the thread, in our pid namespace */
	uint64_t time;	     /* ns */
	uint32_t cpu;
	uint32_t other_pid;  /* FORK: the parent process; EXIT: likewise */
	const char *text;    /* COMM: the name, with a NUL */
	uint64_t lost;	     /* LOST: so many records */
	/* SAMPLE: */
	const char *raw; /* the tracepoint's record */
	size_t raw_size;
	uint32_t slot_size; /* of the program's pointers, 4 or 8; 0: there is no stack */
	uint64_t stack_pointer;
	const char *stack; /* bytes from there on */
	size_t stack_size;
};

/* Fills *record from the bytes of one, its header included. stack: samples have SAMPLE_STACK. false: they are none that is known. */
bool sample_parse(const void *bytes, size_t size, bool stack, struct perf_record *record);

/* The file's name in a record of sched:sched_process_exec; offset: of the field "filename". Its length; *name: NULL if there is
 * none. */
size_t sample_filename(const struct perf_record *record, uint64_t offset, const char **name);

/* The strings of argv out of a stack as a program finds it. What is behind them, the environment, is not looked at. false: they
 * are not all there. *image: by which the image is known, its arg_end and env_end without meaning. The strings are not copied. */
bool sample_arguments(const struct perf_record *record, const char **args, size_t *length, struct image *image);

#endif
