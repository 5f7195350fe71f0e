/* SPDX-License-Identifier: GPL-2.0-only */
/* A rule of a time zone: what is taken for one must do libc no harm. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "show/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	time_t t = 1700000000;
	struct tm tm;

	memcpy(text, data, size);
	text[size] = '\0';
	if (tz_is_rule(text)) {
		setenv("TZ", text, 1);
		tzset();
		localtime_r(&t, &tm);
	}
	free(text);
	return 0;
}
