/* SPDX-License-Identifier: GPL-2.0-only */
/* The loader and the real verifier's answers. Runs as root. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "loader.h"
#include "source/members.h"

#define MOV0 ((struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_K})
#define EXIT ((struct bpf_insn){.code = BPF_JMP | BPF_EXIT})

static struct bpf_insn insns[4096];

/* Loads `count` instructions: as many moves into r0 or r1, then exit. */
static int load(uint32_t count, uint8_t reg, struct error *err)
{
	for (uint32_t i = 0; i < count - 1; i++) {
		insns[i] = MOV0;
		insns[i].dst_reg = reg;
	}
	insns[count - 1] = EXIT;
	*err = (struct error){0};
	return program_load("test", BPF_PROG_TYPE_TRACEPOINT, insns, count, "GPL", err);
}

int main(void)
{
	struct error err = {0};
	int fd;

	raise_limits();
	CASE("loads a program that the verifier takes") {
		fd = load(2, 0, &err);
		CHECK(fd >= 0 && !err.log);
		close(fd);
	}
	CASE("shows the verifier's log when it refuses one") {
		fd = load(2, 1, &err);
		CHECK(fd == -EACCES);
		CHECK(err.log && strstr(err.log, "R0 !read_ok"));
		CHECK(!strncmp(err.text, "cannot load the BPF program \"test\": Permission denied; ", 55));
		free(err.log);
	}
	CASE("gives the log more room when it does not fit") {
		fd = load(4096, 1, &err);
		CHECK(fd == -EACCES);
		CHECK(err.log && strlen(err.log) > 65536 && strstr(err.log, "R0 !read_ok"));
		free(err.log);
	}
	CASE("knows which helpers there are") {
		CHECK(helper_exists(BPF_FUNC_probe_read_kernel) || helper_exists(BPF_FUNC_probe_read));
		CHECK(!helper_exists(9999));
	}
	CASE("says which map could not be made, and why") {
		err = (struct error){0};
		CHECK(map_create("odd", BPF_MAP_TYPE_ARRAY, 3, 4, 1, 0, &err) == -EINVAL);
		CHECK(strstr(err.text, "\"odd\": Invalid argument; "));
	}
	CASE("members that have ended unseen are removed, by their tasks or by their ids, when they were missing twice") {
		const uint64_t task = 0xffff888012345678, gone = 4194303, self = (uint64_t)getpid(), other = 0xffff888012345000;
		int proc = open("/proc", O_RDONLY | O_DIRECTORY), map;
		struct suspects suspects = {.count = 0};
		uint64_t value = 0;

		for (int by_task = 0; by_task < 2; by_task++) {
			map = map_create("members", BPF_MAP_TYPE_HASH, 8, 8, 4, 0, &err);
			CHECK(map >= 0 && proc >= 0);
			CHECK(!map_update(map, by_task ? &task : &gone, &gone) && !map_update(map, by_task ? &other : &self, &self));
			CHECK(members_sweep(map, by_task, proc, &suspects) == 0);
			CHECK(members_sweep(map, by_task, proc, &suspects) == 1);
			CHECK(map_lookup(map, by_task ? &task : &gone, &value) == -ENOENT);
			CHECK(!map_lookup(map, by_task ? &other : &self, &value) && value == self);
			CHECK(members_sweep(map, by_task, -1, &suspects) == 0);
			close(map);
		}
	}
	CASE("refuses to attach to a tracepoint that does not exist") {
		err = (struct error){0};
		fd = load(2, 0, &err);
		/* (a wrong number is EINVAL, or ENOENT on older kernels) */
		CHECK(tracepoint_attach(0xffffff, "no/where", fd, &err) < 0);
		CHECK(strstr(err.text, "on the tracepoint no/where: "));
		close(fd);
	}
	return 0;
}
