/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs to events. What is tried is noted among the features. */
#ifndef ATTACH_H
#define ATTACH_H

#include "source/tracer.h"

/* A program that is attached, and where. */
struct hook {
	enum program program;
	const char *event, *other_event; /* "category/name", NULL: none */
	enum lane_kind lane;
	enum misses misses; /* the meaning of its misses */
};

/* Opens tracefs, if it is not open yet. 0 or -errno with err filled, as all here. */
int need_tracefs(struct tracer *tracer, struct error *err);

/* Finds out whether programs can be preempted, and notes it. */
void note_preemption(struct tracer *tracer);

/* The type of the programs at tracepoints of the kernel proper: raw ones if there are such. Those of system calls have no
 * raw form. */
enum bpf_prog_type program_type(const struct tracer *tracer);

/* Loads the hook's program, linked with that and the hook's lane; the program, for the caller to close, or -errno. */
int hook_load(struct tracer *tracer, const struct hook *hook, const struct link *link, enum bpf_prog_type type, struct error *err);

/* Loads the hook's program, and attaches it. The program is kept if its misses mean something. 0 or -errno. */
int hook_attach(struct tracer *tracer, const struct hook *hook, const struct link *link, enum bpf_prog_type type, struct error *err);

/* Attaches a program of that type to "category/name"; the attachment or -errno. */
int attach(struct tracer *tracer, const char *event, int program, enum bpf_prog_type type, struct error *err);

/* Keeps an attachment until tracing ends; hands -errno through. */
int keep(struct tracer *tracer, int attachment);

/* Keeps a program whose misses mean that, or closes it. */
void keep_program(struct tracer *tracer, int program, enum misses misses);

#endif
