/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's C locale is right. */
#include <locale.h>
#include <wctype.h>

#include "check.h"

#define wctype our_wctype
#define iswctype our_iswctype
#define iswalnum our_iswalnum
#define iswlower our_iswlower
#define iswupper our_iswupper
#define towlower our_towlower
#define towupper our_towupper
wctype_t our_wctype(const char *name);
int our_iswctype(wint_t c, wctype_t class);
#include "lib/wctype.c"
#undef wctype
#undef iswctype
#undef iswalnum
#undef iswlower
#undef iswupper
#undef towlower
#undef towupper

int main(void)
{
	static const char *const names[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower",
					    "print", "punct", "space", "upper", "xdigit", "other", ""};

	setlocale(LC_ALL, "C");
	CASE("the classes are the C locale's, and have nothing above 127") {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			CHECK(!our_wctype(names[i]) == !wctype(names[i]));
			for (wint_t c = 0; c < 0x1000; c++)
				CHECK(!our_iswctype(c, our_wctype(names[i])) ==
				      (c > 127 || !iswctype(c, wctype(names[i]))));
		}
	}
	CASE("so are the functions and the cases") {
		for (wint_t c = 0; c < 128; c++) {
			CHECK(!our_iswalnum(c) == !iswalnum(c) && !our_iswlower(c) == !iswlower(c) &&
			      !our_iswupper(c) == !iswupper(c));
			CHECK(our_towlower(c) == towlower(c) && our_towupper(c) == towupper(c));
		}
		for (wint_t c = 128; c < 0xe000; c++) {
			CHECK(!our_iswalnum(c) && !our_iswlower(c) && !our_iswupper(c));
			CHECK(our_towlower(c) == c && our_towupper(c) == c);
		}
		CHECK(!our_iswctype(WEOF, our_wctype("print")) && our_towupper(WEOF) == WEOF);
	}
	return 0;
}
