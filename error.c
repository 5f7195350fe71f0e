#include <stdarg.h>
#include <stdio.h>

#include "error.h"

int error_set(struct error *err, int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -errnum;
}
