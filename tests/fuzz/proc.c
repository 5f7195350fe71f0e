/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts of /proc and /sys. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cpulist.h"
#include "lib/files.h"
#include "lib/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	int cpus;

	memcpy(text, data, size);
	text[size] = '\0';
	for (int field = 3; field < 60; field++)
		stat_field(text, field);
	cpus = cpus_in_list(text, size);
	if (cpus < 0)
		abort();
	cpus_in_softirqs(text);
	cpu_in_list(text, size, size ? data[0] : 0);
	clock_offset(text, 1, 1000);
	free(text);
	return 0;
}
