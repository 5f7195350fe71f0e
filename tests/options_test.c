/* SPDX-License-Identifier: GPL-2.0-only */
/* The meaning of the options, and those that are refused. */
#include <getopt.h>
#include <stdlib.h>

#include "check.h"
#include "run/command_line.h"

static struct options o;

/* Parses a command line that is split at its spaces. */
static int parse(const char *line)
{
	static char copy[512];
	static char *argv[160]; /* the options point into it */
	int argc = 1;

	memset(argv, 0, sizeof(argv));
	argv[0] = "execsnoop";

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	options_free(&o);
	optind = 0; /* getopt(3): begin anew */
	return options_parse(&o, argc, argv);
}

int main(void)
{
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	CASE("no option: 20 arguments, everything else off") {
		CHECK(!parse(""));
		CHECK(o.form.max_args == 20 && !o.request.fails && !o.request.ids.uids.count && !o.request.ids.ppids.count && !o.duration &&
		      !o.names.count && !o.lines.count && !o.ebpf && !o.form.quote);
	}
	CASE("short options can stand together") {
		CHECK(!parse("-xTtUCMq"));
		CHECK(o.request.fails && o.form.time && o.form.timestamp && o.form.print_uid && o.form.print_cpu && o.form.print_pcomm &&
		      o.form.quote);
	}
	CASE("a long option takes its argument after = or a space") {
		CHECK(!parse("--max-args=0 --ppid 7 --duration=1.5"));
		CHECK(o.form.max_args == 0 && o.request.ids.ppids.items[0] == 7 && o.duration == 1500000000);
	}
	CASE("-u takes a number or a name") {
		CHECK(!parse("-u 1000") && o.request.ids.uids.count == 1 && o.request.ids.uids.items[0] == 1000);
		CHECK(!parse("-u root") && o.request.ids.uids.count == 1 && o.request.ids.uids.items[0] == 0);
		CHECK(!parse("-u 0") && o.request.ids.uids.count == 1 && o.request.ids.uids.items[0] == 0);
		CHECK(!parse("-u 4294967294") && o.request.ids.uids.items[0] == 4294967294u);
		CHECK(parse("-u 4294967295") == 2);
		CHECK(parse("-u 1x") == 2);
	}
	CASE("regular expressions are extended and unanchored") {
		CHECK(!parse("-n b(c|d)+e -l ^x"));
		CHECK(!regexec(o.names.items[0], "abcdcez", 0, NULL, 0));
		CHECK(regexec(o.names.items[0], "abe", 0, NULL, 0));
		CHECK(!regexec(o.lines.items[0], "xy", 0, NULL, 0) && regexec(o.lines.items[0], "yx", 0, NULL, 0));
	}
	CASE("regular expressions, users and parents are lists, too, of so many at most") {
		char many[65 * 5 + 1] = "";

		CHECK(!parse("-n aa -n bb --not-line c") && o.names.count == 2 && o.not_lines.count == 1 && !o.lines.count);
		CHECK(!regexec(o.names.items[0], "aa", 0, NULL, 0) && !regexec(o.names.items[1], "bb", 0, NULL, 0));
		CHECK(!parse("-u 1 -u root --not-uid 7 -P 3 -P 4") && o.request.ids.uids.count == 2 && o.request.ids.not_uids.items[0] == 7);
		CHECK(o.request.ids.uids.items[1] == 0 && o.request.ids.ppids.items[1] == 4);
		for (int i = 0; i < 65; i++)
			strcat(many, i ? " -u 1" : "-u 1");
		CHECK(parse(many) == 2);
	}
	CASE("a bad number, regular expression or option is a usage error")
		for (const char *const *bad =
			     (const char *const[]){"-d 0",	  "-d -1",  "-d 1e3",	  "-d nan",
						   "-d 1.2.3",	  "-P 0",   "-P 99999999", "-P a",
						   "--max-args x", "-n (",   "-l *[",	  "-z",
						   "--zzz",	  "-n",	    "word",	  "-x word",
						   "--fails=1",	  "--",	    "-p 0",	   "-p x",
						   "-x --",	  "--user root", NULL};
		     *bad; bad++)
			if (parse(*bad) != 2) {
				printf("# taken: %s\n", *bad);
				check_failures++;
			}
	CASE("filters that can be given more than once are lists, in order") {
		CHECK(!parse("-p 12 --pid=7 -c /a --cgroup /b --mntns 1 --mntns /ns"));
		CHECK(o.request.pids.count == 2 && !strcmp(o.request.pids.items[0], "12") && !strcmp(o.request.pids.items[1], "7"));
		CHECK(o.request.cgroups.count == 2 && !strcmp(o.request.cgroups.items[1], "/b"));
		CHECK(o.request.mntns.count == 2 && !strcmp(o.request.mntns.items[0], "1"));
		CHECK(!parse("--mntnsmap /m --cgroupmap /c") && !strcmp(o.request.mntnsmap, "/m") &&
		      !strcmp(o.request.cgroupmap, "/c") && !o.request.pids.count);
	}
	CASE("what stands behind -- is a command, options and all") {
		CHECK(!parse("-x -- ls -l -- -x") && !strcmp(o.command[0], "ls") &&
		      !strcmp(o.command[3], "-x") && !o.command[4]);
		CHECK(!parse("-x") && !o.command);
		CHECK(parse("ls -- -l") == 2);
	}
	CASE("-- can be an option's argument") {
		CHECK(!parse("-n --") && !o.command && o.names.count);
		CHECK(!parse("-n -- -- ls") && !strcmp(o.command[0], "ls"));
		CHECK(parse("-n -- ls") == 2);
	}
	CASE("--user takes a name or a number of a user that there is") {
		CHECK(!parse("--user root -- id") && o.user && !o.user_uid && !o.user_gid);
		CHECK(!parse("--user 0 -- id") && !strcmp(o.user, "root"));
		CHECK(parse("--user no_such_user -- id") == 2);
	}
	CASE("--fields takes names of keys, the last list counts, and only with --json") {
		CHECK(!parse("--fields pid,argv -J") && o.form.keys && !o.request.want_cgroup && !o.request.want_mntns && !o.request.want_pcomm);
		CHECK(!parse("-J --fields cgroup --fields pcomm") && o.request.want_pcomm && !o.request.want_cgroup);
		CHECK(!parse("-J --fields container") && o.request.want_cgroup);
		CHECK(!parse("-J --fields all") && o.request.want_cgroup && o.request.want_mntns && o.request.want_pcomm);
		CHECK(!parse("-J") && !o.form.keys && o.request.want_cgroup && o.request.want_mntns && o.request.want_pcomm);
		CHECK(parse("--fields pid") == 2 && parse("-J --fields pid,nonsense") == 2 && parse("-J --fields pid,") == 2 &&
		      parse("-J --fields ,pid") == 2 && parse("-J --fields=") == 2 && parse("-J --fields pid,,uid") == 2 && parse("-J --fields error") == 2);
	}
	CASE("a column wants what is in it") {
		CHECK(!parse("") && !o.request.want_cgroup && !o.request.want_mntns && !o.request.want_pcomm && !o.request.print_cgroup);
		CHECK(!parse("--print-cgroup-path") && o.request.want_cgroup && o.request.print_cgroup && !o.request.want_mntns);
		CHECK(!parse("-M --print-mntns") && o.request.want_pcomm && o.request.want_mntns && !o.request.want_cgroup);
		CHECK(!parse("-U --names") && o.form.names && !o.form.print_uid);
	}
	CASE("-h and -V are noted") {
		CHECK(!parse("-h") && o.help);
		CHECK(!parse("-V") && o.version);
	}
	options_free(&o);
	return 0;
}
