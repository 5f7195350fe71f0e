/* Execs, put together from the records of all CPUs' rings, in the order in which they happened. */
#ifndef EVENT_H
#define EVENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/record.h"
#include "reader/caller.h"
#include "reader/ring.h"

/* One exec. Its strings are valid until the next call of collector_next() or collector_update(). */
struct event {
	struct exec_record exec;
	int cpu;
	const char *name; /* as given to the call, NUL-terminated; NULL: it could not be read */
	const char *args; /* for event_args() */
	size_t args_len;
	bool name_cut;	 /* the name is longer than a record carries: it is too long for the kernel */
	bool cut;	 /* there was more than was kept */
	bool unreadable; /* the arguments end where they could no longer be read */
};

/* Walks over argv: argv[0], argv[1], … */
struct args {
	const char *at, *end;
	bool marked;
	const char *bytes; /* the current one, len bytes, NULL: it could not be read */
	size_t len;
	bool cut; /* there was more of it */
};

struct args event_args(const struct event *event);
/* Steps to the next argument. false: there is none. */
bool args_next(struct args *args);

/* How many of argv's first entries are not the caller's arguments: 1, argv[0]; more for a "#!"
 * script, before whose arguments the kernel puts interpreter, option and script. */
unsigned int event_skip(const struct event *event);

/* Whether the file was a script, in whose place an interpreter was executed. */
bool event_is_script(const struct event *event);

/* What the kernel would have put in front of the name, had an execveat(2) that failed succeeded. The number
 * of bytes, mostly 0. */
#define EVENT_PREFIX 32
size_t event_prefix(const struct event *event, char prefix[EVENT_PREFIX]);

struct source; /* a lane: its rings, and the exec that is being put together from them */

/* Execs of one CPU that were seen in the kernel but did not reach us. */
struct loss {
	uint64_t count;
	int cpu;	   /* -1: of any */
	uint64_t from, to; /* as the time of a record: the last exec before it and the first behind it that came */
};

struct collector {
	struct source *sources; /* by lane */
	size_t count;
	struct source **begun; /* those with an exec, as a heap: the oldest first */
	size_t begun_count;
	struct source *taken; /* whose exec was handed out last, or NULL */
	uint64_t most; /* bytes of arguments that are waited for of an exec, 0: any number */
	uint64_t lost; /* execs that were seen in the kernel but did not reach us */
	uint64_t cut;  /* those of which a part did not */
	int64_t ahead; /* our CLOCK_MONOTONIC is so many ns ahead of the kernel's, which the records have (time_namespaces(7)) */
	uint64_t now;  /* the kernel's, ns, of the last collector_update() */
	bool crowded;  /* a ring is so full that order must wait for nobody */
	struct asker asker;
	/* Ask in the asker's place, if they are set. */
	struct answer (*ask)(void *context, const struct ask *ask);
	void (*rest)(void *context);
	void *context;
};

/* A collector for so many lanes, `cpus` of each kind, none of which has a ring yet. proc: /proc, if it shows the initial
 * pid namespace and we are in it, or -1: then nothing is asked of processes. 0 or -ENOMEM. */
int collector_init(struct collector *collector, size_t lanes, int cpus, int proc, int64_t ahead);
/* Unmaps the rings, frees everything. */
void collector_free(struct collector *collector);
/* Takes over a lane's ring for the first records of execs, and that for the rest. */
void collector_add(struct collector *collector, const struct ring *first, const struct ring *bulk, int lane);
/* Unmaps the rings of a CPU that has gone offline, once they are empty. true: it is done. */
bool collector_remove(struct collector *collector, int lane);
/* Whether the lane has a ring. */
bool collector_has(const struct collector *collector, int lane);

/* Fills two entries for poll(2) for each lane: a ring filled to its watermark is readable. */
void collector_poll_fds(const struct collector *collector, struct pollfd *fds);

/* Sees what has come in. */
void collector_update(struct collector *collector);

/* How long an exec is kept back so that one that happened before it, on another CPU, can still
 * come in: a record is stamped, then written, with preemption off (but from Linux 7.0 on); this is longer than an
 * interrupt (or a hypervisor) keeps the two apart, and short enough for a person. */
#define HOLD_NS 20000000ULL

/* Takes first records out of rings that fill up, so that the kernel has room for more while nobody looks at them. To be called where
 * something else takes time, but not while the exec that collector_next() returned is in use. */
void collector_spill(struct collector *collector);

/* The next exec in order, from what collector_update() has seen; only those older than HOLD_NS,
 * unless `all`. false: none. */
bool collector_next(struct collector *collector, bool all, struct event *event);

/* Nanoseconds until the oldest exec that is kept back may be shown; UINT64_MAX: there is none. */
uint64_t collector_wait(const struct collector *collector);

/* The next loss that has not been taken yet. false: there is none. */
bool collector_take_loss(struct collector *collector, struct loss *loss);

/* Counts as lost what has not come of the execs that the lane has reported, `seq` in all, so long ago that they must
 * have been in the ring at the last collector_update(). */
void collector_expect(struct collector *collector, int lane, uint32_t seq);

#endif
