/* SPDX-License-Identifier: GPL-2.0-only */
/* The output, to the letter. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "run/filter.h"
#include "show/escape.h"
#include "show/fields.h"
#include "show/print.h"

static char text[1 << 20];

/* Reads the pipe that a printer's output writes to. */
static const char *drain(struct output *out, int from)
{
	ssize_t n;

	output_flush(out);
	n = read(from, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static struct output out;
static int from;

static const char *escaped(const char *bytes, size_t length, enum escape_style style)
{
	escape_text(&out, bytes, length, style);
	return drain(&out, from);
}
#define ESCAPED(literal) escaped(literal, sizeof(literal) - 1, ESCAPE_PLAIN)
#define QUOTED(literal) escaped(literal, sizeof(literal) - 1, ESCAPE_QUOTED)

static struct argument_room room;

/* An exec of `name` with the strings given; of a failed call each has its mark in front. */
static struct exec make(enum exec_kind kind, const char *name, const char *strings, size_t size)
{
	struct exec e = {
		.kind = kind,
		.known = EXEC_PPID | EXEC_PCOMM | EXEC_RESULT | EXEC_IDS | EXEC_CPU | EXEC_NAMED,
		.cpu = 3,
		.pid = 1234,
		.ppid = 99,
		.uid = 1000,
		.time = 2500000000,
		.comm = "comm",
		.pcomm = "parent",
		.name = {name ? name : "", name ? (uint32_t)strlen(name) : 0, name ? TEXT_WHOLE : TEXT_UNREADABLE},
	};

	exec_split(&e, &(struct block){strings, size, kind == EXEC_FAILED}, 0, &room);
	return e;
}
#define DONE(name, strings) make(EXEC_DONE, name, strings, sizeof(strings) - 1)
#define FAILED(name, strings) make(EXEC_FAILED, name, strings, sizeof(strings) - 1)

/* The path of the cgroup by any id but 13, which has gone. */
static const char *cgroup;
static size_t path_of(void *context, uint64_t id, uint32_t pid, char *path, size_t size)
{
	(void)context;
	(void)pid;
	return id == 13 ? 0 : (size_t)snprintf(path, size, "%s", cgroup);
}

static const char passwd[] = "root:x:0:0::/:\nwww-data:x:33:33::/:\na \x1b\xff:x:1001:0::/:\n";

static const char *printed(const struct form *form, struct exec *e)
{
	struct printer printer;

	print_init(&printer, form, &out, &(struct print_setup){.source = "bpf"});
	printer.start = 1000000000;
	printer.cgroups.ask = cgroup ? path_of : NULL;
	users_parse(&printer.users, strdup(passwd), sizeof(passwd) - 1);
	print_exec(&printer, e);
	print_free(&printer);
	return drain(&out, from);
}

static void test_escapes(void)
{
	CASE("plain text stays as it is")
		CHECK_TEXT(ESCAPED("/bin/ls -l \"x\" \\n ~"), "/bin/ls -l \"x\" \\n ~");
	CASE("control characters are escaped")
		CHECK_TEXT(ESCAPED("\n\t\r\x1b[2J\x07\x7f\x01"), "\\n\\t\\r\\x1b[2J\\x07\\x7f\\x01");
	CASE("quotation marks and backslashes are escaped in quotes only")
		CHECK_TEXT(QUOTED("a\"b\\c\n"), "a\\\"b\\\\c\\n");
	CASE("printable UTF-8 of two, three and four bytes stays")
		CHECK_TEXT(ESCAPED("\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xa7"),
			   "\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xa7");
	CASE("C1 controls are escaped, as characters and as bytes")
		CHECK_TEXT(ESCAPED("\xc2\x9b""0m \x9b"), "\\xc2\\x9b0m \\x9b");
	CASE("bidirectional overrides and invisible characters are escaped")
		CHECK_TEXT(ESCAPED("\xe2\x80\xae \xe2\x81\xa6 \xe2\x80\x8b \xef\xbb\xbf"),
			   "\\xe2\\x80\\xae \\xe2\\x81\\xa6 \\xe2\\x80\\x8b \\xef\\xbb\\xbf");
	CASE("so are those that mean nothing, and spaces that only look like one") {
		/* U+0378, U+FFFF, U+1FFFE, U+10FFFF, U+FDD0, U+E000; U+00A0, U+2003, U+2800, U+070F */
		const char *escapes = ESCAPED("\xcd\xb8\xef\xbf\xbf\xf0\x9f\xbf\xbe\xf4\x8f\xbf\xbf\xef\xb7\x90"
					      "\xee\x80\x80\xc2\xa0\xe2\x80\x83\xe2\xa0\x80\xdc\x8f");

		for (const char *p = escapes; *p; p++)
			CHECK((unsigned char)*p < 0x7f);
		CHECK(strlen(escapes) == 4 * 29);
	}
	CASE("what only looks like UTF-8 is escaped: overlong, surrogate, too large, cut")
		CHECK_TEXT(ESCAPED("\xc0\xaf \xe0\x80\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82"),
			   "\\xc0\\xaf \\xe0\\x80\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xe2\\x82");
	CASE("every byte is escaped or not wherever it stands") {
		char bytes[32], want[64];
		bool as_expected = true;

		for (int byte = 1; byte < 256; byte++)
			for (size_t length = 1; length <= sizeof(bytes); length++)
				for (size_t at = 0; at < length; at++) {
					bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
					const char *format = plain ? "%c" : byte == '"' || byte == '\\' ? "\\%c" : byte == '\n' ? "\\n"
							     : byte == '\t' ? "\\t" : byte == '\r' ? "\\r" : "\\x%02x";
					int n;

					memset(bytes, "a !~"[at & 3], sizeof(bytes));
					bytes[at] = (char)byte;
					memcpy(want, bytes, at);
					n = sprintf(want + at, format, byte);
					memcpy(want + at + n, bytes + at + 1, length - at - 1);
					want[length - 1 + (size_t)n] = '\0';
					as_expected &= !strcmp(escaped(bytes, length, ESCAPE_QUOTED), want);
				}
		CHECK(as_expected);
	}
	CASE("letters of right-to-left scripts are escaped, since they would reorder the line")
		CHECK_TEXT(ESCAPED("a\xd7\x90 \xd8\xa7 \xd9\xa1"), "a\\xd7\\x90 \\xd8\\xa7 \\xd9\\xa1");
	CASE("a mark stays on its letter, and is escaped where it has none")
		CHECK_TEXT(ESCAPED("e\xcc\x81\xcc\x82 \xc3\xa9\xcc\x81 \xcc\x81"), "e\xcc\x81\xcc\x82 \xc3\xa9\xcc\x81 \\xcc\\x81");
	CASE("marks that show as nothing are escaped: U+16FE4, U+1107F, U+1039, U+2D7F")
		CHECK_TEXT(ESCAPED("\xf0\x96\xbf\xa4 \xf0\x91\x81\xbf \xe1\x80\xb9 \xe2\xb5\xbf"),
			   "\\xf0\\x96\\xbf\\xa4 \\xf0\\x91\\x81\\xbf \\xe1\\x80\\xb9 \\xe2\\xb5\\xbf");
	CASE("no byte of 1 … 255 reaches the terminal as a control") {
		char all[256];

		for (int i = 1; i < 256; i++)
			all[i - 1] = (char)i;
		for (const char *p = escaped(all, 255, ESCAPE_PLAIN); *p; p++)
			CHECK((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
	}
}

static void test_lines(void)
{
	struct form o = {.max_args = 20};
	struct exec e = DONE("/bin/x", "x\0one\0two\0");

	CASE("a line has the original's columns")
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one two\n");
	CASE("every column has its width") {
		struct form all = {.max_args = 20, .timestamp = true, .print_uid = true,
				      .print_cpu = true, .print_pcomm = true};

		CHECK_TEXT(printed(&all, &e), "1.500   1000  comm             1234   parent           "
					      "99     3      0 /bin/x one two\n");
	}
	CASE("argv[0] stands behind the file's name if it is another, as it is wanted") {
		struct form form = {.max_args = 20};
		struct exec other = DONE("/bin/x", "-x\0one\0");

		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /bin/x [-x] one\n");
		form.quote = true;
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 \"/bin/x\" [\"-x\"] \"one\"\n");
		form = (struct form){.max_args = 20, .argv0 = ARGV0_NEVER};
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /bin/x one\n");
		form.argv0 = ARGV0_ALWAYS;
		other = DONE("/bin/x", "x\0one\0");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /bin/x [x] one\n");
		form.argv0 = ARGV0_IF_OTHER;
		other = DONE("/bin/x", "/usr/bin/x\0one\0");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /bin/x one\n");
		other = DONE("x", "\0one\0");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 x [] one\n");
		other = DONE("/x", "");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /x\n");
		other = DONE("/tmp/s", "/bin/sh\0-e\0/tmp/s\0one\0");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /tmp/s one\n");
		other = FAILED("/bin/x", "+y\n\0+one\0");
		CHECK_TEXT(printed(&form, &other), "comm             1234   99       0 /bin/x [y\\n] one\n");
		e = DONE("/bin/x", "x\0one\0two\0");
	}
	CASE("a number that fills its column keeps off the next one") {
		struct form two = {.max_args = 20, .timestamp = true, .print_uid = true};
		struct exec late = e;

		late.uid = 100000;
		late.time += 1000000000000ULL;
		CHECK_TEXT(printed(&two, &late), "1001.500 100000 comm             1234   99       0 /bin/x one two\n");
	}
	CASE("mount namespace and cgroup have their columns, ? where they are not known") {
		struct form which = {.max_args = 20, .print_mntns = true, .print_cgroup = true};

		CHECK_TEXT(printed(&which, &e), "comm             1234   99     ?          ?            0 "
						"/bin/x one two\n");
		e.mntns = 4026531840;
		e.known |= EXEC_MNTNS | EXEC_CGROUP;
		e.cgroup = 1ULL << 40;
		CHECK_TEXT(printed(&which, &e), "comm             1234   99     4026531840 1099511627776   0 "
						"/bin/x one two\n");
	}
	CASE("a last empty argument is kept") {
		e = DONE("/bin/x", "x\0\0a\0\0");
		o.quote = true;
		CHECK_TEXT(printed(&o, &e),
			   "comm             1234   99       0 \"/bin/x\" \"\" \"a\" \"\"\n");
		o.quote = false;
	}
	CASE("no argument at all, not even argv[0]") {
		e = DONE("/bin/x", "");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x\n");
	}
	CASE("what --max-args cuts shows as ...") {
		e = DONE("/bin/x", "x\0one\0two\0");
		o.max_args = 2;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one ...\n");
		o.max_args = 3;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one two\n");
		o.max_args = 20;
	}
	CASE("what was cut on the way shows as ...") {
		e = DONE("/bin/x", "x\0one\0tw");
		e.args.more = true;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one tw...\n");
		e = DONE("/bin/x", "x\0one\0two\0");
		e.args.more = true;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one two ...\n");
	}
	CASE("a script shows its name and the caller's arguments") {
		e = DONE("./run", "/bin/sh\0-e\0./run\0arg\0");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 ./run arg\n");
		e = DONE("./run", "/bin/sh\0./run\0");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 ./run\n");
		e = DONE("/bin/sh", "sh\0/bin/sh\0x\0");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/sh /bin/sh x\n");
	}
	CASE("the parent that is not known shows as ?") {
		e = DONE("/bin/x", "x\0");
		e.ppid = 0;
		e.known = EXEC_RESULT | EXEC_IDS | EXEC_CPU | EXEC_NAMED;
		CHECK_TEXT(printed(&o, &e), "comm             1234   ?        0 /bin/x\n");
	}
	CASE("what could not be read is told from what is empty") {
		e = FAILED(NULL, "+x\0+\0!\0+b\0");
		e.result = -14;
		o.quote = true;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     -14 <unreadable> \"\" "
					    "<unreadable> \"b\"\n");
		o.quote = false;
	}
	CASE("a failed execveat is named as the kernel would") {
		e = FAILED("prog", "+prog\0");
		strcpy(e.directory, "/dev/fd/5/");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /dev/fd/5/prog\n");
	}
	CASE("a call that only asks whether it could execute says so, and a result that is no errno is none") {
		e = FAILED("/bin/x", "+x\0+y\0");
		e.checks = true;
		e.result = -13;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     -13 /bin/x y <AT_EXECVE_CHECK>\n");
		e.checks = false;
		e.known &= ~(unsigned int)EXEC_RESULT;
		e.result = 0;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       ? /bin/x y\n");
	}
	CASE("a hostile command name stays in its column") {
		e = DONE("/bin/x", "x\0");
		memcpy(e.comm, "a\x1b[31m\nb", 9);
		CHECK_TEXT(printed(&o, &e), "a\\x1b[31m\\nb     1234   99       0 /bin/x\n");
	}
	CASE("nor does one with spaces forge a column, nor an empty one lack its own") {
		strcpy(e.comm, "ls 1 1 0 /bin/l");
		CHECK_TEXT(printed(&o, &e), "ls\\x201\\x201\\x200\\x20/bin/l 1234   99       0 /bin/x\n");
		strcpy(e.comm, "");
		CHECK_TEXT(printed(&o, &e), "\"\"               1234   99       0 /bin/x\n");
		strcpy(e.comm, "\"\"\\");
		CHECK_TEXT(printed(&o, &e), "\\\"\\\"\\\\           1234   99       0 /bin/x\n");
	}
	CASE("--max-bytes cuts the arguments of a line") {
		e = DONE("/bin/x", "x\0one\0two\0");
		o.max_bytes = 8;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one tw...\n");
		o.max_bytes = 6;
		e = DONE("/bin/x", "x\0one\0two\0");
		CHECK_TEXT(printed(&o, &e), "comm             1234   99       0 /bin/x one ...\n");
		o.max_bytes = 0;
	}
}

static void test_names(void)
{
	struct form o = {.max_args = 20, .names = true};
	struct exec e = DONE("/bin/x", "x\0");

	CASE("a user's name has the column of the id, which stands for one without a name") {
		e.uid = 33;
		CHECK_TEXT(printed(&o, &e), "www-data     comm             1234   99       0 /bin/x\n");
		e.uid = 4242;
		CHECK_TEXT(printed(&o, &e), "4242         comm             1234   99       0 /bin/x\n");
		e.uid = 1001;
		CHECK_TEXT(printed(&o, &e), "a\\x20\\x1b\\xff comm             1234   99       0 /bin/x\n");
		e.known &= ~(unsigned int)EXEC_IDS;
		CHECK_TEXT(printed(&o, &e), "?            comm             1234   99       0 /bin/x\n");
	}
	CASE("a cgroup's path forges no column and moves no terminal, and is ? where it is not known") {
		o = (struct form){.max_args = 20, .print_cgroup_path = true};
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     ?                                0 /bin/x\n");
		e.known |= EXEC_CGROUP;
		e.cgroup = 7;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     ?                                0 /bin/x\n");
		cgroup = "/a b/\x1b[2J\n\xff";
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     /a\\x20b/\\x1b[2J\\n\\xff            0 /bin/x\n");
		e.cgroup = 13;
		CHECK_TEXT(printed(&o, &e), "comm             1234   99     ?                                0 /bin/x\n");
		cgroup = NULL;
	}
}

static uint64_t keys_of(const char *list)
{
	uint64_t keys = 0;

	for (size_t n; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		CHECK(fields_key(list, n));
		keys |= fields_key(list, n);
	}
	return keys;
}

static const char *chosen(const char *list, struct exec *e)
{
	const struct form json = {.json = true, .keys = keys_of(list)};

	return printed(&json, e);
}

static void test_keys(void)
{
	struct exec e = DONE("/bin/x", "x\0one\0");

	CASE("--fields prints the keys that are chosen, in the order of all") {
		CHECK_TEXT(chosen("argv,pid", &e), "{\"pid\":1234,\"argv\":[\"x\",\"one\"]}\n");
		CHECK_TEXT(chosen("source", &e), "{\"source\":\"bpf\"}\n");
		CHECK_TEXT(chosen("filename,ret,gid", &e), "{\"gid\":0,\"ret\":0,\"filename\":\"/bin/x\"}\n");
	}
	CASE("without it the keys are the usual ones") {
		CHECK_TEXT(chosen("", &e), chosen("time,pid,ppid,uid,gid,comm,pcomm,cpu,mntns,cgroup,ret,filename,argv,source", &e));
	}
	CASE("all has each") {
		const struct form all = {.json = true, .keys = fields_key("all", 3)};
		char names[512], key[64];

		cgroup = "/";
		CHECK(strstr(printed(&all, &e), ",\"uid\":1000,\"user\":null,\"gid\":0,\"euid\":null,\"egid\":null,\"loginuid\":null,"
						"\"session\":null,\"tty\":null,\"ns_pid\":null,\"start\":null,\"parent_start\":null,"));
		CHECK(strstr(printed(&all, &e), ",\"cgroup\":null,\"cgroup_path\":null,\"container\":null,\"ret\":0,"));
		fields_names(names, sizeof(names));
		for (char *name = strtok(names, ", "); name; name = strtok(NULL, ", ")) {
			static const char of_ends[] = "event exit_status duration_ns age_ns";

			snprintf(key, sizeof(key), "\"%s\":", name);
			CHECK(!strstr(printed(&all, &e), key) == !!strstr(of_ends, name));
		}
		cgroup = NULL;
	}
	CASE("ancestors and variables, and what is odd in them") {
		static const struct exec_ancestor list[] = {{12, "a b(1)<"}, {3, "\xff"}, {1, ""}};
		const struct form columns = {.ancestors = true, .variables = true};
		struct exec with = e;

		with.chain = (struct exec_chain){list, 3, false};
		with.variables = (struct exec_variables){"A=1 2\0B=\xff\n", 11, true};
		with.known |= EXEC_CHAIN | EXEC_VARIABLES;
		CHECK_TEXT(chosen("ancestors", &with), "{\"ancestors\":[{\"pid\":12,\"comm\":\"a b(1)<\"},{\"pid\":3,\"comm\":\"\xef\xbf\xbd\","
						       "\"comm_base64\":\"/w==\"},{\"pid\":1,\"comm\":null}]}\n");
		CHECK_TEXT(chosen("env", &with), "{\"env\":[\"A=1 2\",\"B=\xef\xbf\xbd\\n\"],\"env_base64\":[\"QT0xIDI=\",\"Qj3/Cg==\"],"
						 "\"env_truncated\":true}\n");
		CHECK_TEXT(printed(&columns, &with), "comm             1234   99     a\\x20b\\x281)\\x3c(12)<\\xff(3)<?(1)   0 A=1\\x202 B=\\xff\\n ... /bin/x one\n");
	}
	CASE("nothing else is a key, and no key that goes with another") {
		CHECK(!fields_key("", 0) && !fields_key("pi", 2) && !fields_key("pidx", 4) && !fields_key("PID", 3));
		CHECK(!fields_key("error", 5) && !fields_key("comm_base64", 11) && !fields_key("interp", 6) && !fields_key("lost", 4));
		CHECK(fields_key("pid,uid", 3) && fields_key("all,pid", 3) == fields_key("all", 3));
	}
	CASE("keys that say more of another go with it") {
		e = FAILED("/bin/x", "+x\0!\0");
		e.checks = true;
		e.result = -13;
		memcpy(e.comm, "\xff", 2);
		CHECK_TEXT(chosen("ret", &e), "{\"ret\":-13,\"error\":\"EACCES\",\"check\":true}\n");
		CHECK_TEXT(chosen("comm", &e), "{\"comm\":\"\xef\xbf\xbd\",\"comm_base64\":\"/w==\"}\n");
		CHECK_TEXT(chosen("argv", &e), "{\"argv\":[\"x\",null],\"unreadable\":[\"argv\"]}\n");
		CHECK_TEXT(chosen("filename,pid", &e), "{\"pid\":1234,\"filename\":\"/bin/x\"}\n");
		e = FAILED(NULL, "+x\0!\0");
		e.args.more = true;
		CHECK_TEXT(chosen("filename", &e), "{\"filename\":null,\"unreadable\":[\"filename\"]}\n");
		CHECK_TEXT(chosen("argv,filename", &e), "{\"filename\":null,\"argv\":[\"x\",null],\"truncated\":true,"
			   "\"unreadable\":[\"filename\",\"argv\"]}\n");
		CHECK_TEXT(chosen("source", &e), "{\"source\":\"bpf\"}\n");
		e = DONE("/bin/x\xff", "sh\0/bin/x\xff\0");
		e.script = SCRIPT_YES;
		e.name.state = TEXT_CUT;
		CHECK_TEXT(chosen("filename", &e), "{\"filename\":\"/bin/x\xef\xbf\xbd\",\"filename_base64\":\"L2Jpbi94/w==\",\"truncated\":true}\n");
		CHECK_TEXT(chosen("argv", &e), "{\"argv\":[\"sh\",\"/bin/x\xef\xbf\xbd\"],\"argv_base64\":[\"c2g=\",\"L2Jpbi94/w==\"],\"interp\":\"sh\"}\n");
	}
	CASE("the user's name, the cgroup's path and its container are keys that have to be asked for") {
		const struct form both = {.json = true, .names = true, .print_cgroup_path = true};

		e.uid = 1001;
		e.known |= EXEC_CGROUP;
		e.cgroup = 7;
		cgroup = "/libpod-0123456789abcdef0123456789abcdef.scope/\xff";
		CHECK_TEXT(chosen("uid,user", &e), "{\"uid\":1001,\"user\":\"a \\u001b\xef\xbf\xbd\",\"user_base64\":\"YSAb/w==\"}\n");
		CHECK_TEXT(chosen("container,cgroup_path", &e),
			   "{\"cgroup_path\":\"/libpod-0123456789abcdef0123456789abcdef.scope/\xef\xbf\xbd\","
			   "\"cgroup_path_base64\":\"L2xpYnBvZC0wMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZi5zY29wZS//\","
			   "\"container\":\"0123456789abcdef0123456789abcdef\"}\n");
		cgroup = "/system.slice";
		CHECK_TEXT(chosen("container,cgroup_path", &e), "{\"cgroup_path\":\"/system.slice\",\"container\":null}\n");
		CHECK(strstr(printed(&both, &e), ",\"uid\":1001,\"user\":\"a "));
		CHECK(strstr(printed(&both, &e), ",\"cgroup\":7,\"cgroup_path\":\"/system.slice\",\"ret\":"));
		e.cgroup = 13;
		CHECK_TEXT(chosen("container,cgroup_path", &e), "{\"cgroup_path\":null,\"container\":null}\n");
		e.known = 0;
		CHECK_TEXT(chosen("container,cgroup_path,user", &e), "{\"user\":null,\"cgroup_path\":null,\"container\":null}\n");
		cgroup = NULL;
	}
}

/* Whether the JSON of the exec has the text. */
static bool in_json(struct exec *e, const char *part)
{
	const struct form json = {.json = true};

	return strstr(printed(&json, e), part);
}

static void test_json(void)
{
	struct exec e = DONE("/bin/x", "x\0one\0");

	CASE("in JSON a name that is not UTF-8 has its bytes beside it") {
		CHECK(in_json(&e, ",\"comm\":\"comm\",\"pcomm\":\"parent\",\"cpu\":"));
		memcpy(e.comm, "a\xff", 3);
		memcpy(e.pcomm, "\xc3", 2);
		CHECK(in_json(&e, ",\"comm\":\"a\xef\xbf\xbd\",\"comm_base64\":\"Yf8=\",\"pcomm\":\"\xef\xbf\xbd\",\"pcomm_base64\":\"ww==\","));
	}
	CASE("a number that a double cannot hold has its digits as a string beside it") {
		e.cgroup = 1ULL << 53;
		e.known |= EXEC_CGROUP;
		CHECK(in_json(&e, ",\"cgroup\":9007199254740992,\"ret\":0,"));
		e.cgroup++;
		CHECK(in_json(&e, ",\"cgroup\":9007199254740993,\"cgroup_string\":\"9007199254740993\",\"ret\":0,"));
	}
	CASE("so has a call that only asks, and one without an errno") {
		e = FAILED("/bin/x", "+x\0");
		e.checks = true;
		e.result = -13;
		CHECK(in_json(&e, ",\"ret\":-13,\"error\":\"EACCES\",\"check\":true,\"filename\":"));
		e.checks = false;
		e.known &= ~(unsigned int)EXEC_RESULT;
		e.result = 0;
		CHECK(in_json(&e, ",\"ret\":null,\"filename\":"));
	}
}

/* Whether the exec is wanted with --line, or --not-line. */
static bool wanted(struct exec *e, const char *regex, bool not)
{
	regex_t compiled, *list[] = {&compiled};
	const struct patterns patterns = {list, 1}, none = {0};
	const struct options options = {.lines = not ? none : patterns, .not_lines = not ? patterns : none};
	struct filter filter = {.options = &options};
	bool is_wanted;

	CHECK(!regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB));
	is_wanted = filter_wants(&filter, e);
	filter_free(&filter);
	regfree(&compiled);
	return is_wanted;
}

/* The same with --name and --not-name. */
static bool wanted_by_name(struct exec *e, const char *regex, bool not)
{
	regex_t compiled, *list[] = {&compiled};
	const struct patterns patterns = {list, 1}, none = {0};
	const struct options options = {.names = not ? none : patterns, .not_names = not ? patterns : none};
	bool is_wanted;

	CHECK(!regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB));
	is_wanted = filter_wants(&(struct filter){.options = &options}, e);
	regfree(&compiled);
	return is_wanted;
}

static bool shown(struct exec *e, const char *regex) { return wanted(e, regex, false); }
static bool left_out(struct exec *e, const char *regex) { return !wanted(e, regex, true); }

static void test_undecided(void)
{
	struct exec e = DONE("/bin/x", "x\0one\0two\0");

	CASE("--line drops what does not match") {
		CHECK(shown(&e, "one two$") && !shown(&e, "three"));
	}
	CASE("it looks at the line with argv[0], and without it") {
		struct exec other = DONE("/bin/x", "-y\0one\0");

		CHECK(shown(&other, "^/bin/x one$") && shown(&other, "^/bin/x -y one$") && !shown(&other, "[[]-y"));
		CHECK(!shown(&e, "^/bin/x x one"));
		CHECK(left_out(&other, "^/bin/x one$") && left_out(&other, "^/bin/x -y one$") && !left_out(&other, "two"));
	}
	CASE("--name and --not-name show what has a name that is not known") {
		struct exec x = DONE("/bin/x", "x\0");

		strcpy(x.comm, "sh");
		CHECK(wanted_by_name(&x, "^sh$", false) && !wanted_by_name(&x, "^sh$", true) && !wanted_by_name(&x, "^ls$", false));
		x.known &= ~(unsigned int)EXEC_NAMED;
		CHECK(wanted_by_name(&x, "^ls$", false) && wanted_by_name(&x, "^ls$", true));
	}
	CASE("but shows what might match, had all of it been there") {
		e.args.more = true;
		CHECK(shown(&e, "three") && !left_out(&e, "three") && !left_out(&e, "one two$"));
		e.args.more = false;
		e.args.unreadable = true;
		CHECK(shown(&e, "three"));
		e.args.unreadable = false;
		e.name.state = TEXT_CUT;
		CHECK(shown(&e, "three"));
		e = DONE("/bin/x", "x\0one\0tw"); /* cut within an argument */
		CHECK(shown(&e, "three"));
		e = FAILED("/bin/x", "+x\0!\0");
		CHECK(shown(&e, "three"));
		e = DONE(NULL, "x\0one\0");
		CHECK(shown(&e, "three"));
	}
}

#define UNKNOWN UINT32_MAX

/* An end with that status, 1.5 s after an exec and some 2 s after the start. */
static const char *ended(const struct form *form, uint32_t status, bool executed, bool started)
{
	struct exec e = make(EXEC_ENDED, NULL, "", 0);
	struct printer printer;

	e.status = status;
	e.executed = executed ? e.time - 1500000000 : 0;
	e.known |= (started ? EXEC_START : 0U) | (status != UNKNOWN ? EXEC_STATUS : 0U);
	print_init(&printer, form, &out, &(struct print_setup){.source = "bpf"});
	e.start = e.time + printer.asleep - 2000000000;
	print_exec(&printer, &e);
	CHECK(printer.ended == 1 && !printer.printed);
	print_free(&printer);
	return drain(&out, from);
}

static void test_ends(void)
{
	const struct form text_form = {.max_args = 20}, json = {.json = true};

	CASE("an end has the columns of an exec, how it came, and the time since the exec") {
		CHECK_TEXT(ended(&text_form, 0, true, true), "comm             1234   99       - EXIT 0 1.500s\n");
		CHECK_TEXT(ended(&text_form, 0xff00, true, true), "comm             1234   99       - EXIT 255 1.500s\n");
		CHECK_TEXT(ended(&text_form, 9, true, true), "comm             1234   99       - EXIT SIGKILL 1.500s\n");
		CHECK_TEXT(ended(&text_form, 0x80 | 11, true, true),
			   "comm             1234   99       - EXIT SIGSEGV (core dumped) 1.500s\n");
		CHECK_TEXT(ended(&text_form, 40, true, true), "comm             1234   99       - EXIT SIG40 1.500s\n");
	}
	CASE("the time is since the start if no exec was seen, and missing if nothing is known") {
		CHECK_TEXT(ended(&text_form, 0, false, true), "comm             1234   99       - EXIT 0 2.000s\n");
		CHECK_TEXT(ended(&text_form, 0, false, false), "comm             1234   99       - EXIT 0\n");
	}
	CASE("a status that is not known is not told") {
		CHECK_TEXT(ended(&text_form, UNKNOWN, true, true), "comm             1234   99       - EXIT ? 1.500s\n");
		CHECK(strstr(ended(&json, UNKNOWN, true, true), ",\"event\":\"exit\",\"exit_status\":null,\"duration_ns\":1500000000,"));
	}
	CASE("in JSON it has keys of its own") {
		CHECK(strstr(ended(&json, 0x700, true, true),
			     ",\"event\":\"exit\",\"exit_status\":7,\"duration_ns\":1500000000,\"age_ns\":2000000000,\"source\":\"bpf\"}\n"));
		CHECK(strstr(ended(&json, 9, false, false),
			     ",\"event\":\"exit\",\"exit_status\":null,\"signal\":\"SIGKILL\",\"duration_ns\":null,\"age_ns\":null,"));
		CHECK(strstr(ended(&json, 0x86, true, true), "\"signal\":\"SIGABRT\",\"core\":true,"));
		CHECK(!strstr(ended(&json, 0, true, true), "\"ret\""));
	}
	CASE("an end has its event and no key that only execs have") {
		const struct form argv = {.json = true, .keys = fields_key("argv", 4)};
		const struct form status = {.json = true, .keys = fields_key("exit_status", 11)};
		struct exec e = DONE("/bin/x", "x\0");

		CHECK_TEXT(ended(&argv, 0, true, true), "{\"event\":\"exit\"}\n");
		CHECK_TEXT(ended(&status, 0x100, true, true), "{\"event\":\"exit\",\"exit_status\":1}\n");
		CHECK_TEXT(printed(&argv, &e), "{\"argv\":[\"x\"]}\n");
	}
}

/* The lives of processes, beside an array that remembers them all. */
static void test_lives(void)
{
	static uint64_t executed[5000];
	struct lives lives = {0};
	uint32_t random = 1;
	bool same = true;

	CASE("what is remembered of a process is its own, whatever is added and removed") {
		for (int i = 0; i < 200000; i++) {
			uint32_t pid = (random = random * 1664525 + 1013904223) >> 12 & 4095, other = random >> 5 & 4095;
			struct life *life = pid ? lives_add(&lives, pid) : NULL;

			if (life)
				executed[pid] = life->executed = (uint64_t)i + 1;
			if (other && i & 1024) {
				lives_remove(&lives, other);
				executed[other] = 0;
			}
			other = random & 4095;
			life = other ? lives_find(&lives, other) : NULL;
			same &= (life ? life->executed : 0) == (other ? executed[other] : 0);
		}
		CHECK(same);
		for (uint32_t pid = 1; pid < 4096; pid++)
			lives_remove(&lives, pid);
		CHECK(!lives.count);
		lives_free(&lives);
	}
}

int main(void)
{
	int ends[2];

	if (pipe(ends))
		return 1;
	if (output_init(&out, ends[1]))
		return 1;
	from = ends[0];
	test_escapes();
	test_lines();
	test_names();
	test_keys();
	test_json();
	test_undecided();
	test_ends();
	test_lives();
	return 0;
}
