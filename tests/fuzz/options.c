/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines: words that end in a NUL. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "run/command_line.h"

#define WORDS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options;
	char *text = malloc(size + 1), *argv[WORDS + 2] = {"execsnoop"};
	int argc = 1;

	memcpy(text, data, size);
	text[size] = '\0';
	/* glibc's regcomp(3) takes gigabytes for some repetitions of repetitions; the product has musl's. */
	for (size_t i = 0; i < size; i++)
		if (strchr("{*+", text[i]) && text[i])
			text[i] = '.';
	for (size_t at = 0; at < size && argc <= WORDS; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	optind = 0; /* glibc: anew */
	if (!options_parse(&options, argc, argv) && options.keep < 1)
		abort();
	options_free(&options);
	free(text);
	return 0;
}
