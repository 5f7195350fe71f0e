/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec that is put together from the records of the BPF programs. What they could not read is read from outside, if it is
 * still there. */
#ifndef PARTS_H
#define PARTS_H

#include "bpf/record.h"
#include "reader/assembly.h"
#include "reader/exec.h"
#include "reader/remote.h"
#include "source/more.h"

/* One exec, as its records tell it. */
struct event {
	struct exec_record exec;
	struct exec_facts facts;
	const char *name; /* NUL-terminated; NULL: it could not be read */
	const char *args; /* struct block */
	size_t args_len;
	bool name_cut;	 /* the name is longer than a record carries: it is too long for the kernel */
	bool cut;	 /* there was more than was kept */
	bool unreadable; /* the arguments end where they could no longer be read */
};

/* Shared by all execs of a source that are put together. */
struct gathering {
	struct asking asking;
	uint64_t most;	     /* bytes of arguments that are waited for of an exec, 0: any number */
	unsigned int more; /* records that follow an exec's first one before its arguments, if that says so */
	size_t most_strings; /* of the caller's that are wanted, 0: all */
	uint64_t *cut;	     /* counts execs of which a part did not reach us */
	struct argument_room room;
};

enum parts_state {
	PARTS_MISSING,
	PARTS_IN_PLACE, /* all here, and name and arguments are still in the record */
	PARTS_COPIED,
};

struct parts {
	struct gathering *gathering;
	struct event event;
	uint32_t next_part;
	struct more more;
	struct assembly buffer;
};

/* Whether a record has the bytes that it says it has. */
bool record_is_sound(const struct record_head *head, size_t size);

/* Whether it is an exec's first one. */
bool record_is_first(const struct record_head *head);

/* Begins an exec with its first record. */
enum parts_state parts_begin(struct parts *parts, const struct record_head *head);

/* Adds one of those that follow. */
enum parts_state parts_add(struct parts *parts, const struct record_head *head);

/* Frees what it has. */
void parts_free(struct parts *parts);

/* Makes do with the parts that have come, and what the process still has. */
void parts_give_up(struct parts *parts);

/* Name and arguments are in this record now, of which PARTS_IN_PLACE was said. */
void parts_move(struct parts *parts, const struct record_head *head);

/* The exec, valid until parts_begin(). */
void parts_to_exec(struct parts *parts, struct exec *exec);

#endif
