/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of a tracepoint's format. */
#include <stdlib.h>
#include <string.h>

#include "kernel/tracefs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint64_t offset;

	memcpy(text, data, size);
	text[size] = '\0';
	format_field(text, "filename", 4, &offset);
	format_field(text, "argv", 8, &offset);
	free(text);
	return 0;
}
