/* Programs to tracepoints. What is tried is noted among the features. */
#ifndef ATTACH_H
#define ATTACH_H

#include "source/programs.h"

/* Opens tracefs, if it is not open yet. 0 or -errno with err filled, as all here. */
int need_tracefs(struct tracer *tracer, struct error *err);

/* Finds out whether programs can be preempted, and notes it. */
void note_preemption(struct tracer *tracer);

/* The type of the programs at tracepoints of the kernel proper: raw ones if there are such. Those of system calls have no
 * raw form. */
enum bpf_prog_type program_type(const struct tracer *tracer);

/* Loads a program for a raw tracepoint of that name, and attaches it; the attachment or -errno. */
int attach_raw(struct tracer *tracer, const char *name, const char *event, struct error *err);

/* Attaches a program to "category/name"; the attachment or -errno. */
int attach(struct tracer *tracer, const char *event, int program, struct error *err);

/* The same, for a program of that type. */
int attach_as(struct tracer *tracer, const char *event, int program, enum bpf_prog_type type, struct error *err);

/* Keeps an attachment until tracer_detach(); hands -errno through. */
int keep(struct tracer *tracer, int attachment);

/* Loads a program that others tail-call, and puts it into its place in a map. */
int load_tail(struct tracer *tracer, const char *name, enum bpf_prog_type type, int map, uint32_t index,
	      struct error *err);

/* Loads a program for a tracepoint of the kernel proper, and attaches it. */
int attach_to(struct tracer *tracer, const char *name, const char *event, struct error *err);

/* Loads a program for failed calls, and attaches it to one or two tracepoints of system calls. */
int attach_call(struct tracer *tracer, const char *name, const char *event, const char *other_event,
		struct error *err);

#endif
