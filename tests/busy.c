/* SPDX-License-Identifier: GPL-2.0-only */
/* busy SECONDS [PROCESSES]: another user of BPF at work, as a monitoring agent is: updates and reads a map without pause. From
 * Linux 5.6 on a task can be preempted in bpf(2); programs behind perf events are not run on that CPU meanwhile. */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VALUE_SIZE (32U << 10)
#define CPUS_MOST 256

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = VALUE_SIZE, .max_entries = 1};
	uint32_t key = 0;
	char *values = calloc(CPUS_MOST, VALUE_SIZE);
	int map = bpf(BPF_MAP_CREATE, &create);
	union bpf_attr attr = {.map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)values};

	if (argc < 2 || map < 0 || !values)
		return 1;
	for (int i = argc > 2 ? atoi(argv[2]) : 4; i > 1; i--)
		if (!fork())
			break;
	alarm((unsigned int)atoi(argv[1]));
	for (;;) {
		bpf(BPF_MAP_UPDATE_ELEM, &attr);
		bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	}
}
