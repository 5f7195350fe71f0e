/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of a machine, and what follows from them: where user space ends, which CPUs there are, which version it has, how
 * its clocks stand. */
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

#include "bpf/user.h"
#include "check.h"
#include "kernel/cpulist.h"
#include "lib/timestamp.h"
#include "loader.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* ---- user space ---- */

static const struct user_rule *rule(const char *name)
{
	for (size_t i = 0; i < USER_RULES; i++)
		if (!strcmp(user_rules[i].name, name))
			return &user_rules[i];
	CHECK(!"such an architecture");
	return user_rules;
}

/* On each architecture: a stack that its kernel gives, the last address of user space, and kernel addresses (memory, image,
 * modules, devices) that bpf_probe_read() would read. */
static const struct place {
	const char *arch;
	uint32_t long_size;
	uint64_t stack, last, kernel[4];
} places[] = {
	{"amd64", 8, 0x7ffe12345678, 0x7fffffffffff, {0xffff888000000000, 0xffffffff81000000, 0xffffffffc0000000, 0x800000000000}},
	{"arm64", 8, 0xffffe1234567, 0xffffffffffff, {0xffff000000000000, 0xffff800010000000, 0x7fff000000001234, 0x0080000000000000}},
	{"arm64", 8, 0x7fe1234567, 0x7fffffffff, {0xffffffc010000000, 0xbfffffc010000000, 0x8000000000, 0x7fffffc010000000}},
	{"armhf", 4, 0xbed12345, 0xbeffffff, {0xbf000000, 0xc0008000, 0xf0000000, 0xffff0000}},
	{"armhf", 4, 0x7e812345, 0x7effffff, {0x7f000000, 0x80008000, 0xf0000000, 0xffff0000}},
	{"armel", 4, 0xbe912345, 0xbeffffff, {0xbf000000, 0xc0008000, 0xf0000000, 0xffff0000}},
	{"armel", 8, 0xffd12345, 0xffffffffffff, {0xffff000000000000, 0xffff800010000000, 0xffffffffffffffff, 0x1000000000000}},
	{"i386", 4, 0xbf912345, 0xbfffffff, {0xc0000000, 0xc1000000, 0xf8000000, 0xfffff000}},
	{"i386", 4, 0x7fe12345, 0x7fffffff, {0x80000000, 0xc1000000, 0xf8000000, 0xfffff000}},
	{"i386", 8, 0xffa12345, 0x7fffffffffff, {0xffff888000000000, 0xffffffff81000000, 0xffffffffc0000000, 0x800000000000}},
	{"ppc64el", 8, 0x7fffd1234567, 0x7fffffffffff, {0xc000000000000000, 0xd000000000000000, 0xf000000000000000, 0x800000000000}},
	{"mipsel", 4, 0x7fa12345, 0x7fffffff, {0x80000000, 0xa0000000, 0xb8000000, 0xc0000000}},
	{"mipsel", 8, 0x7fa12345, 0xffffffffff, {0xffffffff80000000, 0x9800000000000000, 0xa800000000000000, 0x10000000000}},
	{"mips64el", 8, 0xffffb12345, 0xffffffffff, {0xffffffff80000000, 0x9800000000000000, 0x9000000000000000, 0x4000000000000000}},
	{"riscv64", 8, 0x3fffd12345, 0x3fffffffff, {0xffffffe000000000, 0xffffffff80000000, 0xffffffc000000000, 0x4000000000}},
	{"loong64", 8, 0x7fffbd123456, 0x7fffffffffff, {0x9000000000000000, 0x8000000000000000, 0xffff800000000000, 0x800000000000}},
};

static void test_user(void)
{
	for (size_t i = 0; i < LENGTH(places); i++)
		CASE("no address of the kernel is a user's on %s with longs of %u bytes and a stack at %llx", places[i].arch,
		     places[i].long_size, (unsigned long long)places[i].stack) {
			const struct place *p = &places[i];
			struct user_space u = user_space(rule(p->arch), p->long_size, p->stack);

			CHECK(user_room(p->stack, u.mask, u.end) == p->last + 1 - p->stack);
			CHECK(user_room(p->last, u.mask, u.end) == 1);
			CHECK(user_room(0, u.mask, u.end) == p->last + 1);
			CHECK(user_room(p->last + 1, u.mask, u.end) == 0);
			for (int j = 0; j < 4; j++)
				CHECK(user_room(p->kernel[j], u.mask, u.end) == 0);
			CHECK(user_room(~0ULL, u.mask, u.end) == 0);
		}
	CASE("all architectures have a rule, and the host's is its own") {
		bool have[USER_RULES] = {false};

		for (size_t i = 0; i < LENGTH(places); i++)
			have[rule(places[i].arch) - user_rules] = true;
		have[rule("s390x") - user_rules] = true;
		for (int i = 0; i < USER_RULES; i++)
			CHECK(have[i]);
		CHECK_TEXT(user_rule_here()->name, "amd64");
	}
	CASE("an arm64 address may have a tag in its uppermost byte, and stays what it is") {
		struct user_space u = user_space(rule("arm64"), 8, 0xffffe1234567);

		CHECK(user_room(0xf400ffffe1234567, u.mask, u.end) == 0x1000000000000 - 0xffffe1234567);
		CHECK(user_room(0xf480ffffe1234567, u.mask, u.end) == 0);
	}
	CASE("on s390x, where the same address is another one in the kernel, none is a user's") {
		struct user_space u = user_space(rule("s390x"), 8, 0x3ffd1234567);

		CHECK(user_room(0x3ffd1234567, u.mask, u.end) == 0 && user_room(0, u.mask, u.end) == 0);
	}
	CASE("a kernel that checks by itself gets nearly all") {
		CHECK(user_room(0x7ffe12345678, USER_UNCHECKED.mask, USER_UNCHECKED.end) > 1 << 20);
		CHECK(user_room(0xff00000000000000, USER_UNCHECKED.mask, USER_UNCHECKED.end) > 1 << 20);
	}
}

/* ---- CPUs ---- */

#define IN(list, cpu) cpu_in_list(list, strlen(list), cpu)

static void test_cpus(void)
{
	static char many[8192], cut[8192];

	for (int cpu = 0; cpu < 1200; cpu += 2)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s%d", cpu ? "," : "", cpu);
	strcat(many, "\n");
	memcpy(cut, many, 2000);
	CASE("a list of CPUs says which are online, also one of 2,886 bytes") {
		CHECK(IN("0-3,8\n", 3) == CPU_ONLINE && IN("0-3,8\n", 8) == CPU_ONLINE);
		CHECK(IN("0-3,8\n", 4) == CPU_OFFLINE && IN("0-3,8\n", 9) == CPU_OFFLINE);
		CHECK(IN(many, 1198) == CPU_ONLINE && IN(many, 1197) == CPU_OFFLINE && IN(many, 1199) == CPU_OFFLINE);
	}
	CASE("what is behind the end of a list that is cut is not known") {
		for (size_t length = 0; length < 2000; length++) {
			cut[length] = '\0';
			for (int cpu = 0; cpu < 700; cpu += 7) {
				enum presence is = IN(cut, cpu);

				CHECK(is == CPU_UNKNOWN || is == (cpu % 2 ? CPU_OFFLINE : CPU_ONLINE));
			}
			CHECK(IN(cut, 1198) == CPU_UNKNOWN);
			cut[length] = many[length];
		}
		CHECK(IN("", 0) == CPU_UNKNOWN);
	}
	CASE("a list says how many CPUs there can be, unless its end is not there") {
		CHECK(cpus_in_list("0\n", 2) == 1 && cpus_in_list("0-1\n", 4) == 2 && cpus_in_list("0-3,8-15\n", 9) == 16);
		CHECK(cpus_in_list(many, strlen(many)) == 1199);
		CHECK(cpus_in_list(many, 1000) == 0 && cpus_in_list("", 0) == 0);
	}
	CASE("so do the columns of /proc/softirqs") {
		CHECK(cpus_in_softirqs("                    CPU0       CPU1       \n          HI:          0          0\n") == 2);
		CHECK(cpus_in_softirqs("                    CPU0       CPU12      CPU255     \n") == 256);
		CHECK(cpus_in_softirqs("HI: 0\n") == 0 && cpus_in_softirqs("") == 0);
		CHECK(cpus_in_softirqs("                    CPU0       CPU1       CPU2") == 0); /* cut */
	}
}

/* ---- the kernel's version ---- */

static void test_version(void)
{
	/* A header, a segment of notes, and in that another's note and Linux's. */
	struct {
		ElfW(Ehdr) header;
		ElfW(Phdr) segment;
		struct {
			ElfW(Nhdr) head;
			char name[8];
			uint32_t words[3];
		} other;
		struct {
			ElfW(Nhdr) head;
			char name[8];
			uint32_t version;
		} note;
	} image = {
		.header = {.e_ident = ELFMAG, .e_phoff = sizeof(ElfW(Ehdr)), .e_phnum = 1},
		.segment = {.p_type = PT_NOTE, .p_offset = offsetof(__typeof__(image), other),
			    .p_filesz = sizeof(image.other) + sizeof(image.note)},
		.other = {{4, 12, 3}, "GNU", {1, 2, 3}},
		.note = {{6, 4, 0}, "Linux", 4 << 16 | 15 << 8 | 18},
	};
	struct utsname name;
	int major, minor;

	CASE("the version is in the vDSO's note, behind other notes") {
		image.other.head.n_namesz = 8; /* padded in the name itself: the note is as long as it says */
		CHECK(version_in_note(&image) == (4 << 16 | 15 << 8 | 18));
	}
	CASE("a note that is longer than its segment, another owner's, or none, has no version") {
		image.segment.p_filesz -= 1;
		CHECK(version_in_note(&image) == 0);
		image.segment.p_filesz += 1;
		image.note.name[0] = 'X';
		CHECK(version_in_note(&image) == 0);
		image.segment.p_type = PT_LOAD;
		CHECK(version_in_note(&image) == 0);
		CHECK(version_in_note(NULL) == 0 && version_in_note("no image at all, but long enough to be one, as it seems") == 0);
	}
	CASE("this kernel's is that of its name, as far as that goes") {
		CHECK(!uname(&name) && sscanf(name.release, "%d.%d", &major, &minor) == 2);
		CHECK(kernel_version() >> 8 == (uint32_t)(major << 8 | minor));
		CHECK(version_in_note((const void *)getauxval(AT_SYSINFO_EHDR)) == kernel_version());
	}
}

/* ---- clocks ---- */

static void test_clocks(void)
{
	static const char offsets[] = "monotonic      -86401  500000000\nboottime            7         0\n";

	CASE("our clock is the kernel's, or as far from it as the time namespace says, or as was seen") {
		CHECK(clock_offset("", -5, 900) == 0);
		CHECK(clock_offset(offsets, -5, 900) == 0);
		CHECK(clock_offset(offsets, -86400500000900, -86400499999100) == -86400500000000);
		CHECK(clock_offset("monotonic 7 0\n", 6999999000, 7000001000) == 7000000000);
		CHECK(clock_offset("", 6999999000, 7000001000) == 7000000000);
		CHECK(clock_offset("monotonic 9 0\n", 6999999000, 7000003000) == 7000001000);
	}
	CASE("two looks at the clock are one time, if nobody has set it") {
		struct wall_clock clock = {1000000, 40};

		wall_clock_update(&clock, (struct wall_clock){1000300, 300});
		CHECK(clock.offset == 1000000 && clock.error == 40);
		wall_clock_update(&clock, (struct wall_clock){999700, 300});
		CHECK(clock.offset == 1000000);
		wall_clock_update(&clock, (struct wall_clock){3000000, 300});
		CHECK(clock.offset == 3000000 && clock.error == 300);
		wall_clock_update(&clock, (struct wall_clock){-3000000, 300});
		CHECK(clock.offset == -3000000);
	}
	CASE("a look at the clock is right to less than a millisecond") {
		struct wall_clock clock = wall_clock_look();

		CHECK(clock.error > 0 && clock.error < 1000000);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_user();
	test_cpus();
	test_version();
	test_clocks();
	return 0;
}
