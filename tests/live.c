/* SPDX-License-Identifier: GPL-2.0-only */
/* Lives for so many seconds, or half a second: what the tests execute. */
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	double seconds = argc > 1 && isdigit((unsigned char)*argv[1]) ? strtod(argv[1], NULL) : 0.5;
	struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	nanosleep(&time, NULL);
	return 0;
}
