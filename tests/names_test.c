/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for numbers: users, paths of cgroups, containers. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "kernel/ttys.h"
#include "show/cgroup_paths.h"
#include "show/users.h"

/* ---- users ---- */

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

/* ---- containers ---- */

#define A "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff0000000011111111"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *container(const char *path)
{
	static char text[128];
	struct part id = container_in(path, (uint32_t)strlen(path));

	snprintf(text, sizeof(text), "%.*s", (int)id.length, path + id.at);
	return text;
}

static void test_containers(void)
{
	CASE("each runtime's name for a container is known, under systemd and without it")
		for (const char *const *path = (const char *const[]){
			     "/system.slice/docker-" B ".scope",
			     "/docker/" B,
			     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab_12.slice/cri-containerd-" B ".scope",
			     "/kubepods.slice/kubepods-pod12.slice/crio-" B ".scope",
			     "/machine.slice/libpod-" B ".scope/container",
			     "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" B ".scope",
			     "/libpod_parent/libpod-" B,
			     "/kubepods/burstable/pod0f-12/crio-" B,
			     "/kubepods/besteffort/pod0f-12/" B,
			     "/k8s.io/" B,
			     "/ecs/task/" B "/init.scope",
			     NULL}; *path; path++)
			CHECK_TEXT(container(*path), B);
	CASE("a cgroup below the container's is in the container")
		CHECK_TEXT(container("/docker/" B "/system.slice/x.service"), B);
	CASE("of nested containers it is the innermost") {
		CHECK_TEXT(container("/docker/" A "/docker/" B), B);
		CHECK_TEXT(container("/system.slice/docker-" A ".scope/kubelet/kubepods/pod1/" B "/x"), B);
		CHECK_TEXT(container("/docker/" A "/system.slice/libpod-" B ".scope"), B);
	}
	CASE("32 digits will do for podman and CRI-O") {
		CHECK_TEXT(container("/libpod-0123456789abcdef0123456789abcdef.scope"), "0123456789abcdef0123456789abcdef");
		CHECK_TEXT(container("/libpod-0123456789abcdef0123456789abcde.scope"), "");
		CHECK_TEXT(container("/docker-0123456789abcdef0123456789abcdef.scope"), "");
	}
	CASE("what is no container is none: monitors, other names, digits elsewhere, too many, upper case")
		for (const char *const *path = (const char *const[]){
			     "/", "", "/system.slice/cron.service",
			     "/machine.slice/libpod-conmon-" B ".scope",
			     "/system.slice/crio-conmon-" B ".scope",
			     "/" B, "/user.slice/" B, "/dockers.slice-" B,
			     "/docker/" B "0", "/docker/x" B, "/docker/" B "x", "/docker-" B, "/docker-" B ".scope.x", "/docker-" B ".slice",
			     "/docker-0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef.scope",
			     "/docker-.scope", "/libpod-", "docker/" B, "/not-docker/" B, "/docker-engine/" B, "/kubepods.slice/" B,
			     NULL}; *path; path++)
			CHECK_TEXT(container(*path), "");
}

/* ---- paths of cgroups ---- */

static unsigned int asked;
static size_t long_paths;

/* Each cgroup but number 13 has a path. */
static size_t answer(void *context, uint64_t id, uint32_t pid, char *path, size_t size)
{
	size_t length = (size_t)snprintf(path, size, "/docker/%016llx%016llx%016llx%016llx", (unsigned long long)id,
					 (unsigned long long)id, (unsigned long long)id, (unsigned long long)id);

	CHECK(context == &asked && pid == 1234);
	asked++;
	if (id != 13 && long_paths) {
		memset(path + length, 'x', size - length);
		return size;
	}
	return id == 13 ? 0 : length;
}

static bool is_right(struct cgroup_paths *paths, uint64_t id)
{
	const struct cgroup_path *path = cgroup_paths_find(paths, id, 1234);
	char wanted[128];
	int n = snprintf(wanted, sizeof(wanted), "/docker/%016llx", (unsigned long long)id);

	return path && path->id == id && !memcmp(path->bytes, wanted, (size_t)n);
}

static void test_paths(void)
{
	struct cgroup_paths paths = {.ask = answer, .context = &asked};
	struct cgroup_paths nobody = {0};

	CASE("a cgroup is asked for once") {
		CHECK(is_right(&paths, 1) && is_right(&paths, 2) && is_right(&paths, 1) && is_right(&paths, 1ULL << 32 | 1));
		CHECK(asked == 3);
		CHECK(cgroup_paths_find(&paths, 1, 1234)->container.at == 8 && cgroup_paths_find(&paths, 1, 1234)->container.length == 64);
	}
	CASE("one that is not found is asked for again, but not at once") {
		asked = 0;
		CHECK(!cgroup_paths_find(&paths, 13, 1234) && !cgroup_paths_find(&paths, 13, 1234) && asked == 1);
		usleep(1100000);
		CHECK(!cgroup_paths_find(&paths, 13, 1234) && asked == 2);
	}
	CASE("any number of cgroups is right, in bounded memory") {
		bool right = true, bounded = true;

		for (uint64_t id = 100; id < 100000; id++) {
			right &= is_right(&paths, id) && is_right(&paths, id - 1);
			bounded &= paths.count <= 1024 && paths.bytes <= 1 << 20;
		}
		CHECK(right);
		CHECK(bounded);
	}
	CASE("so are long paths") {
		bool right = true, bounded = true;

		long_paths = 1;
		for (uint64_t id = 200000; id < 202000; id++) {
			right &= is_right(&paths, id);
			bounded &= paths.bytes <= 1 << 20;
		}
		CHECK(right);
		CHECK(bounded);
	}
	CASE("where nobody can be asked nothing is known")
		CHECK(!cgroup_paths_find(&nobody, 1, 1234));
	cgroup_paths_free(&paths);
	cgroup_paths_free(&nobody);
}

/* ---- terminals ---- */

static const char *tty(const char *drivers, uint32_t number)
{
	static char name[TTY_NAME];
	struct ttys ttys;

	ttys_parse(&ttys, drivers);
	return ttys_name(&ttys, number, name) ? name : "";
}

static void test_terminals(void)
{
	static const char drivers[] = "/dev/tty             /dev/tty        5       0 system:/dev/tty\n"
				      "/dev/console         /dev/console    5       1 system:console\n"
				      "usbserial            /dev/ttyUSB   188 0-511 serial\n"
				      "pl011                /dev/ttyAMA   204 64-77 serial\n"
				      "serial               /dev/ttyS       4      64 serial\n"
				      "hvc                  /dev/hvc      229 0-7 system\n"
				      "pty_slave            /dev/pts      136 0-1048575 pty:slave\n"
				      "unknown              /dev/tty        4 1-63 console\n";

	CASE("names terminals as ps(1) does") {
		CHECK_TEXT(tty(drivers, 136 << 8 | 3), "pts/3");
		CHECK_TEXT(tty(drivers, 136 << 8 | 0x44 | 0x1200 << 12), "pts/4676");
		CHECK_TEXT(tty(drivers, 4 << 8 | 1), "tty1");
		CHECK_TEXT(tty(drivers, 4 << 8 | 63), "tty63");
		CHECK_TEXT(tty(drivers, 4 << 8 | 64), "ttyS0");
		CHECK_TEXT(tty(drivers, 5 << 8 | 1), "console");
		CHECK_TEXT(tty(drivers, 204 << 8 | 65), "ttyAMA1");
		CHECK_TEXT(tty(drivers, 229 << 8), "hvc0");
		CHECK_TEXT(tty(drivers, 188 << 8 | 0xff | 0x100 << 12), "ttyUSB511");
	}
	CASE("names none that there is not") {
		CHECK_TEXT(tty(drivers, 0), "");
		CHECK_TEXT(tty(drivers, 204 << 8 | 63), "");
		CHECK_TEXT(tty("", 136 << 8), "");
		CHECK_TEXT(tty("a /dev/b\n\nc /dev/d 1 2\n /dev/ 136 0-9 serial\n", 136 << 8), "");
		CHECK_TEXT(tty("x /dev/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 7 0-9 serial\n", 7 << 8), "");
	}
	CASE("takes the kernel's names") {
		char name[TTY_NAME];

		ttys_from_kernel("pts12\0x", 8, name);
		CHECK_TEXT(name, "pts/12");
		ttys_from_kernel("ttyS0", 5, name);
		CHECK_TEXT(name, "ttyS0");
		ttys_from_kernel("pts1234567890123", 16, name);
		CHECK_TEXT(name, "pts/1234567890123");
	}
}

int main(void)
{
	test_terminals();
	test_users();
	test_passwd();
	users_free(&users);
	test_containers();
	test_paths();
	return 0;
}
