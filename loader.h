/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's side of loading: maps, programs and tracepoints, through bpf(2) and
 * perf_event_open(2) alone. Knows nothing of ELF bytes. */
#ifndef LOADER_H
#define LOADER_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* All functions that return a file descriptor: close-on-exec, the caller closes it; -errno on
 * failure, with err filled where it is taken. */

/* flags: BPF_F_MMAPABLE (Linux 5.5), or 0. */
int map_create(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size,
	       uint32_t max_entries, uint32_t flags, struct error *err);
/* 0 or -errno. */
int map_lookup(int map, const void *key, void *value);
int map_update(int map, const void *key, const void *value);
/* The same, unless the key is there: -EEXIST. */
int map_add(int map, const void *key, const void *value);
int map_delete(int map, const void *key);
/* Copies a key of the map to `next`: the one that stands behind `key` in the map's own order, or the
 * first if `key` is not in the map. -ENOENT: there is none. */
int map_next_key(int map, const void *key, void *next);

/* LINUX_VERSION_CODE of the running kernel, which a kprobe's program must name below 5.0. For what the kernel can be
 * asked in no other way. */
uint32_t kernel_version(void);

/* The same from the note in a vDSO's image ("Linux", type 0; vdso(7)), as this process has it; 0: there is none. */
uint32_t version_in_note(const void *image);

/* From then on the map is changed by programs alone (Linux 5.2). 0 or -errno. */
int map_freeze(int map);

/* Opens what is pinned at the path (bpf(2), BPF_OBJ_GET), without a message. */
int pinned_open(const char *path);

/* Loads a program. When the verifier refuses it, err->log is its log, from malloc. */
int program_load(const char *name, enum bpf_prog_type type, const struct bpf_insn *insns,
		 uint32_t count, const char *license, struct error *err);

/* How often the kernel did not run the program where it should have, because another was at work on
 * that CPU. 0 where the kernel does not count it (below 5.12). */
uint64_t program_misses(int program);

/* Whether the kernel has compiled the program, 1 or 0; -errno where it cannot be asked (below Linux 4.13). */
int program_is_compiled(int program);

/* Whether the kernel has programs of this type: 1, 0, or -errno if it would not say. */
int program_type_exists(enum bpf_prog_type type);

/* Whether the kernel has this helper with the signature of bpf_probe_read, or with no argument: the same. */
int helper_exists(int32_t helper);

/* Runs a BPF_PROG_TYPE_RAW_TRACEPOINT program at each hit of the tracepoint (its name without the
 * category), on every CPU, until the descriptor returned is closed. */
int raw_tracepoint_attach(const char *name, int program, struct error *err);

/* The same for a BPF_PROG_TYPE_TRACEPOINT program, through a perf event. id: from the tracepoint's
 * `id` file; name: for the message. */
int tracepoint_attach(uint64_t id, const char *name, int program, struct error *err);

/* Runs a BPF_PROG_TYPE_KPROBE program at each entry of the kernel's function, or return from it. pmu:
 * the number in sysfs:bus/event_source/devices/kprobe/type (Linux 4.17). Probes of both kinds end
 * when the descriptor is closed. */
int kprobe_attach(uint32_t pmu, const char *function, bool at_return, int program, struct error *err);

/* perf_event_open(2) for all processes on one CPU; close-on-exec. A descriptor or -errno. */
struct perf_event_attr;
int event_open(const struct perf_event_attr *attr, int cpu);

/* Advice about a refused bpf(2), and perf_event_open(2). */
const char *bpf_advice(int errnum);
const char *perf_advice(int errnum);

/* A perf event to which BPF programs that run on `cpu` can write records, for ring_map().
 * -ENODEV without a message: the CPU is offline. */
int ring_event_open(int cpu, uint32_t watermark, struct error *err);

/* Whether one could be opened now. */
bool ring_events_allowed(void);

/* Lets this process lock as much memory, and open as many files, as it may: kernels below 5.11 count maps and programs
 * against RLIMIT_MEMLOCK, and each CPU's ring is a descriptor. Failing is no error; what does not fit will say so itself. */
void raise_limits(void);

#endif
