/* SPDX-License-Identifier: GPL-2.0-only */
/* The C locale's character classes and cases (POSIX, XBD 7.3.1), in the place of musl's, whose tables of all Unicode are
 * 13 KiB. It is regcomp(3) that asks for them; without setlocale(3) its characters are bytes, and those above 127 are of no
 * class. */
#include <ctype.h>
#include <string.h>
#include <wctype.h>

static const struct {
	char name[8];
	int (*has)(int);
} classes[] = {
	{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
	{"lower", islower}, {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

wctype_t wctype(const char *name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (!strcmp(classes[i].name, name))
			return i + 1;
	return 0;
}

int iswctype(wint_t c, wctype_t class)
{
	return class && c < 128 && classes[class - 1].has((int)c);
}

int iswalnum(wint_t c)
{
	return c < 128 && isalnum((int)c);
}

int iswlower(wint_t c)
{
	return c < 128 && islower((int)c);
}

int iswupper(wint_t c)
{
	return c < 128 && isupper((int)c);
}

wint_t towlower(wint_t c)
{
	return c < 128 ? (wint_t)tolower((int)c) : c;
}

wint_t towupper(wint_t c)
{
	return c < 128 ? (wint_t)toupper((int)c) : c;
}
