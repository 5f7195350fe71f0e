/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/format.h"

/* Where the text goes, and how much of it there has been. */
struct sink {
	char *text;
	size_t size, length;
};

static void add(struct sink *sink, const char *bytes, size_t length)
{
	for (; length; length--, bytes++, sink->length++)
		if (sink->length + 1 < sink->size)
			sink->text[sink->length] = *bytes;
}

static void pad(struct sink *sink, char with, size_t width, size_t length)
{
	for (; length < width; length++)
		add(sink, &with, 1);
}

/* One conversion: "%-08.*llx". */
struct conversion {
	bool left, zeros, has_precision;
	size_t width, precision;
	int longs; /* 0: int, 1: long or size_t, 2: long long */
};

/* A number in the format, or an argument in its place. */
static size_t number(const char **at, va_list *args)
{
	size_t n = 0;

	if (**at == '*') {
		(*at)++;
		return (size_t)va_arg(*args, int);
	}
	for (; **at >= '0' && **at <= '9'; (*at)++)
		n = n * 10 + (size_t)(**at - '0');
	return n;
}

static struct conversion conversion(const char **at, va_list *args)
{
	struct conversion c = {0};

	for (; **at == '-' || **at == '0'; (*at)++) {
		c.left |= **at == '-';
		c.zeros |= **at == '0';
	}
	c.width = number(at, args);
	if (**at == '.') {
		(*at)++;
		c.has_precision = true;
		c.precision = number(at, args);
	}
	for (; **at == 'l' || **at == 'z'; (*at)++)
		c.longs++;
	return c;
}

static void add_text(struct sink *sink, const struct conversion *c, const char *text)
{
	size_t length = c->has_precision ? strnlen(text, c->precision) : strlen(text);

	if (!c->left)
		pad(sink, ' ', c->width, length);
	add(sink, text, length);
	if (c->left)
		pad(sink, ' ', c->width, length);
}

static void add_number(struct sink *sink, const struct conversion *c, uint64_t value, unsigned int base, bool negative)
{
	char digits[24], *at = digits + sizeof(digits);
	struct conversion text = *c;

	*--at = '\0';
	do
		*--at = "0123456789abcdef"[value % base];
	while (value /= base);
	if (c->zeros && !c->left) {
		if (negative)
			add(sink, "-", 1);
		pad(sink, '0', c->width, strlen(at) + negative);
		text.width = 0;
	} else if (negative) {
		*--at = '-';
	}
	add_text(sink, &text, at);
}

size_t format_args(char *text, size_t size, const char *format, va_list given)
{
	struct sink sink = {text, size, 0};
	va_list args;

	va_copy(args, given);
	while (*format) {
		size_t plain = strcspn(format, "%");
		struct conversion c;
		char single[2] = "";
		uint64_t value;
		int64_t number;

		add(&sink, format, plain);
		format += plain;
		if (!*format)
			break;
		format++;
		c = conversion(&format, &args);
		switch (*format++) {
		case 's':
			add_text(&sink, &c, va_arg(args, const char *));
			break;
		case 'c':
			*single = (char)va_arg(args, int);
			add_text(&sink, &c, single);
			break;
		case 'd':
			number = c.longs > 1 ? va_arg(args, long long) : c.longs ? va_arg(args, long) : va_arg(args, int);
			add_number(&sink, &c, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, number < 0);
			break;
		case 'u':
		case 'x':
			value = c.longs > 1 ? va_arg(args, unsigned long long)
				: c.longs   ? va_arg(args, unsigned long)
					    : va_arg(args, unsigned int);
			add_number(&sink, &c, value, format[-1] == 'u' ? 10 : 16, false);
			break;
		default: /* %% */
			add(&sink, format - 1, 1);
		}
	}
	va_end(args);
	if (size)
		text[sink.length < size ? sink.length : size - 1] = '\0';
	return sink.length;
}

size_t format_text(char *text, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = format_args(text, size, format, args);
	va_end(args);
	return length;
}
