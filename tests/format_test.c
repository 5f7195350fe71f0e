/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's printf(3) is right. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/format.h"
#include "lib/say.h"

/* Both say the same of it, whatever room there is. */
#define SAME(...)                                                                                          \
	do {                                                                                               \
		for (size_t size_ = 0; size_ < 80; size_++) {                                              \
			char wanted_[80], got_[80];                                                        \
			int length_;                                                                       \
			memset(wanted_, '~', sizeof(wanted_));                                             \
			memset(got_, '~', sizeof(got_));                                                   \
			length_ = snprintf(wanted_, size_, __VA_ARGS__);                                   \
			CHECK(format_text(got_, size_, __VA_ARGS__) == (size_t)length_);                   \
			CHECK(!memcmp(wanted_, got_, sizeof(got_)));                                       \
		}                                                                                          \
	} while (0)

/* Runs say() with the text; what it writes ends in a terminator. */
static void said(const char *text, char *out, size_t size)
{
	int ends[2], status = -1;
	size_t used = 0;
	ssize_t n;
	pid_t child;

	if (pipe(ends))
		abort();
	fflush(stdout);
	child = fork();
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		say("%s", text);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	CHECK(!status);
}

int main(void)
{
	static const char *const texts[] = {"", "a", "abcdef", "abcdefghijklmnop"};
	static const long long numbers[] = {0, 1, -1, 9, 10, -10, 4095, INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN};

#pragma clang diagnostic ignored "-Wformat"
	CASE("text without conversions, and %%%%") {
		SAME("");
		SAME("plain");
		SAME("100%%, and %%s");
	}
	CASE("%%s with widths and precisions") {
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			SAME("<%s>", texts[i]);
			SAME("<%8s>%s", texts[i], "x");
			SAME("<%-8s>", texts[i]);
			SAME("<%.3s>", texts[i]);
			SAME("<%-10.4s>", texts[i]);
			SAME("<%*s|%-*s|%.*s>", 7, texts[i], 9, texts[i], 2, texts[i]);
		}
		SAME("%c%5c|%-3c|", 'a', 'b', 'c');
	}
	CASE("a precision is the most that is read") {
		char *three = malloc(3);

		memcpy(three, "abc", 3); /* no terminator: the sanitizer would see */
		SAME("<%.3s>", three);
		free(three);
	}
	CASE("numbers of every length") {
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			long long n = numbers[i];

			SAME("%d %u %x", (int)n, (unsigned int)n, (unsigned int)n);
			SAME("%ld %lu %lx", (long)n, (unsigned long)n, (unsigned long)n);
			SAME("%lld %llu %llx", n, (unsigned long long)n, (unsigned long long)n);
			SAME("%zu|%s", (size_t)n, "behind");
			SAME("<%8d> <%-8d> <%08d> <%03d>", (int)n, (int)n, (int)n, (int)n);
			SAME("%02x %04x %-6x|", (unsigned int)n & 0xff, (unsigned int)n & 0xffff, (unsigned int)n & 0xff);
			SAME("%llu.%03llu", (unsigned long long)n, (unsigned long long)n % 1000);
		}
	}
	CASE("a message is a line that begins with the program's name") {
		char out[4096];

		said("it failed: 100%", out, sizeof(out));
		CHECK_TEXT(out, "execsnoop: it failed: 100%\n");
	}
	CASE("a message of any length is whole") {
		char out[5000], wanted[5000], text[4000];

		memset(text, 'x', sizeof(text));
		for (size_t length = 0; length < sizeof(text); length += length > 1000 && length < 1030 ? 1 : 10) {
			text[length] = '\0';
			said(text, out, sizeof(out));
			snprintf(wanted, sizeof(wanted), "execsnoop: %s\n", text);
			CHECK_TEXT(out, wanted);
			text[length] = 'x';
		}
	}
	return 0;
}
