/* Names for numbers: users. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "show/users.h"

static struct users users;
static const char *why;

static void parse(const char *passwd, size_t length)
{
	char *text = malloc(length + 1);

	memcpy(text, passwd, length);
	users_free(&users);
	why = users_parse(&users, text, length);
}
#define PARSE(literal) parse(literal, sizeof(literal) - 1)

static const char *name_of(uint32_t uid)
{
	static char text[512];
	struct user_name name = users_name(&users, uid);

	snprintf(text, sizeof(text), "%.*s", (int)name.length, name.length ? name.bytes : "");
	return text;
}

/* A file of many users, the last of whom has the id `count` - 1. */
static char *many(size_t count, size_t *size)
{
	char *text = malloc(count * 40), *at = text;

	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "u%zu:x:%zu:0::/:/bin/sh\n", i, i);
	*size = (size_t)(at - text);
	return text;
}

static void test_users(void)
{
	CASE("a user's name is found by the id, whatever the order") {
		PARSE("root:x:0:0:root:/root:/bin/sh\nz:x:4294967294:0::/:\nb:x:7:0::/:\na:x:5:0::/:\n");
		CHECK(!why && users.count == 4);
		CHECK_TEXT(name_of(0), "root");
		CHECK_TEXT(name_of(5), "a");
		CHECK_TEXT(name_of(7), "b");
		CHECK_TEXT(name_of(4294967294), "z");
		CHECK_TEXT(name_of(6), "");
	}
	CASE("of two with one id the first counts, as for getpwuid(3)") {
		PARSE("b:x:1:0::/:\na:x:1:0::/:\n");
		CHECK(users.count == 1);
		CHECK_TEXT(name_of(1), "b");
	}
	CASE("what is no line of passwd(5) is passed over") {
		PARSE("\n:x:1::\nno colon\na:x\nb:x:\nc:x:1\nd:x:-1:0\ne:x:1e:0\nf:x:4294967295:0\ng:x:99999999999999999999999:0\n+:::\n"
		      "+@net:x:2:0\nh:x:0x1:0\nok:x:3:0::/:\nlast:x:4:");
		CHECK_TEXT(name_of(1), "");
		CHECK_TEXT(name_of(3), "ok");
		CHECK_TEXT(name_of(4), "last");
		CHECK(users.count == 3); /* with +@net */
	}
	CASE("a name of 255 bytes is taken, a longer one and one with a NUL are not") {
		char text[600];
		int n = sprintf(text, "%0255d:x:1:0\n%0256d:x:2:0\n", 0, 0);

		parse(text, (size_t)n);
		CHECK(strlen(name_of(1)) == 255 && !*name_of(2));
		PARSE("a\0b:x:1:0\n");
		CHECK(!users.count);
	}
	CASE("no text at all has no users") {
		PARSE("");
		CHECK(!why && !users.count);
		CHECK_TEXT(name_of(0), "");
	}
	CASE("65536 users are taken, and it is said if there are more") {
		size_t size;
		char *text = many(65536, &size);

		parse(text, size);
		CHECK(!why && users.count == 65536);
		CHECK_TEXT(name_of(65535), "u65535");
		free(text);
		text = many(65537, &size);
		parse(text, size);
		CHECK(why && users.count == 65536);
		CHECK_TEXT(name_of(65535), "u65535");
		CHECK_TEXT(name_of(65536), "");
		free(text);
	}
}

static void test_passwd(void)
{
	char path[] = "/tmp/names_test-XXXXXX", line[] = "first:x:1:0::/:\n";
	int fd = mkstemp(path);

	CASE("of a file that is too large the beginning is read, and no line of which a part is missing") {
		CHECK(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
		CHECK(!ftruncate(fd, (4 << 20) - 3) && pwrite(fd, "\nlast:x:12:0\n", 13, (4 << 20) - 9) == 13);
		users_free(&users);
		why = users_read(&users, path);
		CHECK(why && strstr(why, "4 MiB"));
		CHECK_TEXT(name_of(1), "first");
		CHECK_TEXT(name_of(12), "");
	}
	close(fd);
	unlink(path);
	CASE("what is no file is not waited for, and said") {
		CHECK(!mkfifo(path, 0600));
		users_free(&users);
		CHECK(users_read(&users, path) && !users.count);
		users_free(&users);
		unlink(path);
		CHECK(users_read(&users, path) && !users.count);
		CHECK(users_read(&users, "/dev/zero") && !users.count);
	}
}

int main(void)
{
	test_users();
	test_passwd();
	users_free(&users);
	return 0;
}
