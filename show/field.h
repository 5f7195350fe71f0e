/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of fields, for the files that print them. */
#ifndef FIELD_H
#define FIELD_H

#include <stddef.h>

#include "show/printer.h"

enum field_kind {
	KIND_TIME,  /* wall time */
	KIND_SINCE, /* seconds since the start */
	KIND_NUMBER,
	KIND_PID, /* a number, of which the kernel says how long it can be */
	KIND_NAME, /* a command's */
	KIND_RESULT,
	KIND_EVENT, /* of ends alone: that it is one; how it came; ns since the exec, since the start */
	KIND_END,
	KIND_DURATION,
	KIND_AGE,
	KIND_USER,   /* a user's name, by the id */
	KIND_CGROUP, /* a cgroup's path, by the id */
	KIND_CONTAINER, /* the container that it names */
	KIND_PATH,
	KIND_CHAIN,
	KIND_VARIABLES,
	KIND_FILENAME,
	KIND_ARGV,
	KIND_SOURCE,
};

enum {
	TIME, SINCE, PID, PPID, UID, USER, GID, EUID, EGID, LOGINUID, SESSION, TTY, NS_PID, START, PARENT_START, COMM, PCOMM, CPU, MNTNS, CGROUP,
	CGROUP_PATH, CONTAINER, RESULT, EXE, EXE_INODE, EXE_DEV, CWD, ANCESTORS, ENV, FILENAME, ARGV, EVENT, EXIT_STATUS, DURATION, AGE, SOURCE, FIELDS,
};

struct field {
	enum field_kind kind;
	size_t offset, size; /* of the value, in struct exec */
	unsigned int known;  /* enum exec_field, 0: always */
	const char *key;     /* NULL: not in JSON */
	const char *other;   /* key of the base64 of a name that is no UTF-8, of the digits of a number above 2^53 */
	const char *heading; /* of the column, NULL: none */
	int width;
	size_t option;
	const char *empty; /* in the place of an empty name */
};

/* In the order of JSON's keys. */
extern const struct field fields[FIELDS];

/* A column that is always there. */
#define ALWAYS SIZE_MAX

#define BIT(field) (1ULL << (field))
_Static_assert(FIELDS <= 64, "a set of fields is a uint64_t");

/* Of execs alone. */
#define SURROUNDING (BIT(EXE) | BIT(EXE_INODE) | BIT(EXE_DEV) | BIT(CWD) | BIT(ANCESTORS) | BIT(ENV))

/* Keys that only execs and failed calls have, and those that only ends have. */
#define OF_EXECS (SURROUNDING | BIT(RESULT) | BIT(FILENAME) | BIT(ARGV))
#define OF_ENDS (BIT(EVENT) | BIT(EXIT_STATUS) | BIT(DURATION) | BIT(AGE))

/* Columns, from left to right. */
extern const unsigned char columns[];
extern const size_t column_count;

static inline bool has_column(const struct form *form, const struct field *field)
{
	return field->option == ALWAYS || *(const bool *)((const char *)form + field->option);
}

static inline const void *value_of(const struct exec *exec, const struct field *field)
{
	return (const char *)exec + field->offset;
}

static inline uint64_t number_of(const struct exec *exec, const struct field *field)
{
	const void *value = value_of(exec, field);

	return field->size == sizeof(uint32_t) ? *(const uint32_t *)value : *(const uint64_t *)value;
}

static inline bool is_known(const struct exec *exec, const struct field *field)
{
	return !field->known || exec->known & field->known;
}

#endif
