/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>

#include "lib/error.h"
#include "lib/format.h"

int error_set(struct error *err, int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_args(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -errnum;
}
