/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of printf(3) that this program needs, since floating point is a tenth of a static binary: %d %u %x %c %s %%
 * with l, ll or z, '-' and '0', widths, and the precision of %s. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf(3) and vsnprintf(3): at most `size` bytes with the terminator; returns how long the whole text is. */
size_t format_text(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_args(char *text, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
