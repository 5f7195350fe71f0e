/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on the standard error, which nobody waits for: what it does not take is dropped. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>
#include <stdbool.h>

/* To be called first: a full pipe or terminal at the standard error is not waited for from then on. */
void say_open(void);

/* Writes "execsnoop: ", the text and a newline, in one write(2), so that messages of two processes do not mix. */
void say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void say_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* The descriptor that is written to. */
int say_descriptor(void);

/* Whether a person reads them at a terminal. */
bool say_is_terminal(void);

/* Writes whole lines: the verifier's log. */
void say_as_it_is(const char *text);

#endif
