/* SPDX-License-Identifier: GPL-2.0-only */
/* A unit test is a program of cases: CASE("sentence") { CHECK(...); }. It prints one line a case, as
 * tests/run reads them. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

static int check_failures; /* of the case that runs */

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);        \
			check_failures++;                                                       \
		}                                                                               \
	} while (0)

/* Two strings are the same. */
#define CHECK_TEXT(got, wanted)                                                                 \
	do {                                                                                    \
		const char *got_ = (got), *wanted_ = (wanted);                                  \
		if (strcmp(got_, wanted_)) {                                                    \
			printf("# %s:%d: got \"%s\", wanted \"%s\"\n", __FILE__, __LINE__, got_, \
			       wanted_);                                                        \
			check_failures++;                                                       \
		}                                                                               \
	} while (0)

/* Runs the block that follows once, as the case of that name. */
#define CASE(...)                                                                               \
	for (int once_ = (check_failures = 0, 1); once_;                                        \
	     once_ = 0, printf("%s ", check_failures ? "not ok" : "ok"), printf(__VA_ARGS__),   \
		 printf("\n"))

#endif
