/* SPDX-License-Identifier: GPL-2.0-only */
/* Executes FILE with argument lists of hostile bytes: hostile FILE COUNT EXPECTED. Each list is also written to
 * EXPECTED, one line each: argv[0] on, each in base64, separated by spaces. The first has all byte values but NUL,
 * each alone; the second all in one, a long one and what only looks like UTF-8; the others are random, the same in
 * each run. */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MOST 300

static uint32_t state = 1;

/* xorshift32 (Marsaglia 2003). */
static uint32_t random32(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void write_base64(FILE *file, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = (const unsigned char *)text;
	size_t length = strlen(text);

	for (; length >= 3; s += 3, length -= 3)
		fprintf(file, "%c%c%c%c", digits[s[0] >> 2], digits[(s[0] & 3) << 4 | s[1] >> 4],
			digits[(s[1] & 15) << 2 | s[2] >> 6], digits[s[2] & 63]);
	if (length == 2)
		fprintf(file, "%c%c%c=", digits[s[0] >> 2], digits[(s[0] & 3) << 4 | s[1] >> 4],
			digits[(s[1] & 15) << 2]);
	if (length == 1)
		fprintf(file, "%c%c==", digits[s[0] >> 2], digits[(s[0] & 3) << 4]);
}

/* Bytes of one of several kinds: any, control characters, pieces of UTF-8, characters that a terminal acts on. */
static char *random_string(void)
{
	static const char *const pieces[] = {
		"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\xe2\x80\xae", "\xe2\x81\xa6", "\xc2\x9b", "\xef\xbb\xbf",
		"\xe2\x80\xa8", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "\xe2\x82", "\x1b[2J", "\x1b]0;t\x07",
		"\\", "\"", "\n", "\r", "\t", " ", "\x7f", "\xf3\xa0\x81\x81", "a", "0", "\\n", "\\u0041", "{", "}", ",",
	};
	size_t length = random32() % 24, used = 0;
	char *text = calloc(1, 128);

	while (used < length) {
		if (random32() % 2) {
			const char *piece = pieces[random32() % (sizeof(pieces) / sizeof(pieces[0]))];

			strcpy(text + used, piece);
			used += strlen(piece);
		} else {
			text[used++] = (char)(random32() % 255 + 1);
		}
	}
	return text;
}

int main(int argc, char **argv)
{
	static char *args[ARGS_MOST + 1], all[256], longest[100001];
	FILE *expected = argc == 4 ? fopen(argv[3], "w") : NULL;

	if (!expected)
		return 2;
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	memset(longest, 0x9b, sizeof(longest) - 1);
	for (long list = 0; list < atol(argv[2]); list++) {
		int n = 0;
		pid_t pid;

		args[n++] = list ? random_string() : argv[1];
		if (list == 0) {
			for (int i = 1; i < 256; i++) {
				args[n] = calloc(1, 2);
				args[n++][0] = (char)i;
			}
		} else if (list == 1) {
			args[n++] = all;
			args[n++] = longest;
		} else {
			for (int i = (int)(random32() % 8); i > 0; i--)
				args[n++] = random_string();
		}
		args[n] = NULL;
		for (int i = 0; i < n; i++) {
			if (i)
				fputc(' ', expected);
			write_base64(expected, args[i]);
		}
		fputc('\n', expected);
		if (!posix_spawn(&pid, argv[1], NULL, NULL, args, NULL))
			waitpid(pid, NULL, 0);
	}
	return fclose(expected) != 0;
}
