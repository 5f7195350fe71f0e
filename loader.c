/* SPDX-License-Identifier: GPL-2.0-only */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/format.h"
#include "loader.h"

/* How much of a bpf_attr there is up to a command's last field. The compiler leaves undefined what an initializer
 * does not name behind that, and the kernel refuses what it does not know unless it is zero. */
#define UP_TO(field) (offsetof(union bpf_attr, field) + sizeof(((union bpf_attr *)0)->field))

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr, size_t size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

static int sys_perf_event_open(const struct perf_event_attr *attr, int pid, int cpu)
{
	long ret = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (ret < 0 && errno == EINVAL) { /* the flag is of Linux 3.14 */
		ret = syscall(SYS_perf_event_open, attr, pid, cpu, -1, 0);
		if (ret >= 0)
			fcntl((int)ret, F_SETFD, FD_CLOEXEC);
	}
	return ret < 0 ? -errno : (int)ret;
}

/* The error of a JIT compiler that gives up, where the kernel does not fall back to the interpreter (include/linux/errno.h). */
#define ENOTSUPP 524

const char *bpf_advice(int errnum)
{
	switch (errnum) {
	case ENOSYS:
		return "this kernel has no BPF: it needs CONFIG_BPF_SYSCALL=y";
	case EPERM:
		if (geteuid())
			return "run it as root (or with CAP_BPF and CAP_PERFMON, Linux 5.8 and later)";
		return "root may not use BPF here: in a container it needs CAP_BPF and CAP_PERFMON (or, below Linux 5.8, "
		       "CAP_SYS_ADMIN); look for a container or seccomp profile that forbids bpf(2), for \"lockdown=confidentiality\" (cat /sys/kernel/security/lockdown), "
		       "and, below Linux 5.11, for a small RLIMIT_MEMLOCK (ulimit -l)";
	case ENOMEM:
		return "free some memory";
	case EMFILE:
		return "raise the limit of open files (ulimit -n)";
	default:
		return "this kernel's BPF does not take it, though Linux 4.8 and later do with all that BPF can have in their "
		       "configuration";
	}
}

const char *perf_advice(int errnum)
{
	switch (errnum) {
	case ENOSYS:
		return "this kernel has no perf events: it needs CONFIG_PERF_EVENTS=y";
	case EACCES:
	case EPERM:
		return "run it as root (or with CAP_BPF and CAP_PERFMON, Linux 5.8 and later; some kernels want "
		       "/proc/sys/kernel/perf_event_paranoid to be 2 for that)";
	case EMFILE:
		return "raise the limit of open files (ulimit -n)";
	default:
		return "look at the kernel's log (dmesg)";
	}
}

/* The name that bpftool(8) shows for a map or a program, from Linux 4.15 on: the owner, then as much of its own name as fits. */
static void name_object(char object[BPF_OBJ_NAME_LEN], const char *name)
{
	format_text(object, BPF_OBJ_NAME_LEN, "execsnoop_%s", name);
}

/* Makes a map with the name, or without one if the kernel knows no names. */
static int create_named(union bpf_attr *attr, const char *name)
{
	int fd;

	name_object(attr->map_name, name);
	fd = sys_bpf(BPF_MAP_CREATE, attr, UP_TO(map_name));
	return fd == -EINVAL || fd == -E2BIG ? sys_bpf(BPF_MAP_CREATE, attr, UP_TO(map_flags)) : fd;
}

int map_create(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size,
	       uint32_t max_entries, uint32_t flags, struct error *err)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = max_entries,
		.map_flags = flags,
	};
	int fd = create_named(&attr, name);

	if (fd == -EINVAL && type == BPF_MAP_TYPE_CGROUP_ARRAY)
		return error_set(err, EINVAL, "cannot create the BPF map \"%s\": %s; the kernel needs CONFIG_CGROUPS=y "
				 "(and to be Linux 4.8 or later)", name, strerror(EINVAL));
	if (fd < 0)
		return error_set(err, -fd, "cannot create the BPF map \"%s\": %s; %s", name,
				 strerror(-fd), bpf_advice(-fd));
	return fd;
}

int map_lookup(int map, const void *key, void *value)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)key,
		.value = (uintptr_t)value,
	};

	return sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr, UP_TO(value));
}

static int update(int map, const void *key, const void *value, uint64_t flags)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)key,
		.value = (uintptr_t)value,
		.flags = flags,
	};

	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr, UP_TO(flags));
}

int map_update(int map, const void *key, const void *value)
{
	return update(map, key, value, BPF_ANY);
}

int map_add(int map, const void *key, const void *value)
{
	return update(map, key, value, BPF_NOEXIST);
}

int map_delete(int map, const void *key)
{
	union bpf_attr attr = {.map_fd = (uint32_t)map, .key = (uintptr_t)key};

	return sys_bpf(BPF_MAP_DELETE_ELEM, &attr, UP_TO(key));
}

int map_freeze(int map)
{
	union bpf_attr attr = {.map_fd = (uint32_t)map};

	return sys_bpf(BPF_MAP_FREEZE, &attr, UP_TO(map_fd));
}

int map_next_key(int map, const void *key, void *next)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)key,
		.next_key = (uintptr_t)next,
	};

	return sys_bpf(BPF_MAP_GET_NEXT_KEY, &attr, UP_TO(next_key));
}

int pinned_open(const char *path)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path, .file_flags = BPF_F_RDONLY}; /* from Linux 4.15 on */
	int map = sys_bpf(BPF_OBJ_GET, &attr, UP_TO(file_flags));

	attr.file_flags = 0;
	return map == -EINVAL || map == -E2BIG ? sys_bpf(BPF_OBJ_GET, &attr, UP_TO(pathname)) : map;
}

uint32_t version_in_note(const void *image)
{
	const unsigned char *elf = image;
	const ElfW(Ehdr) *header = image;
	const ElfW(Phdr) *segments;

	if (!image || memcmp(header->e_ident, ELFMAG, SELFMAG))
		return 0;
	segments = (const void *)(elf + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++) {
		const unsigned char *at = elf + segments[i].p_offset, *end = at + segments[i].p_filesz;

		if (segments[i].p_type != PT_NOTE)
			continue;
		while ((size_t)(end - at) >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)at;
			size_t name = (note->n_namesz + 3) & ~(size_t)3, size = (note->n_descsz + 3) & ~(size_t)3;
			uint32_t version;

			at += sizeof(*note);
			if (name + size > (size_t)(end - at))
				break;
			if (note->n_type == 0 && note->n_namesz == 6 && note->n_descsz == 4 && !memcmp(at, "Linux", 6)) {
				memcpy(&version, at + name, sizeof(version));
				return version;
			}
			at += name + size;
		}
	}
	return 0;
}

uint32_t kernel_version(void)
{
	unsigned long parts[3] = {0};
	struct utsname name;
	char *at = name.release;
	uint32_t version = version_in_note((const void *)getauxval(AT_SYSINFO_EHDR));

	/* Distributions have another number in the release's name: Debian's 6.1.0-50 is 6.1.176. Not all architectures have a
	 * vDSO. */
	if (version)
		return version;
	if (uname(&name))
		return 0;
	for (int i = 0; i < 3; i++) {
		parts[i] = strtoul(at, &at, 10);
		if (*at++ != '.')
			break;
	}
	return (uint32_t)(parts[0] << 16 | parts[1] << 8 | (parts[2] > 255 ? 255 : parts[2]));
}

/* name: or NULL. */
static int load(const char *name, enum bpf_prog_type type, const struct bpf_insn *insns, uint32_t count,
		const char *license, char *log, uint32_t log_size)
{
	union bpf_attr attr = {
		.prog_type = type,
		.insns = (uintptr_t)insns,
		.insn_cnt = count,
		.license = (uintptr_t)license,
		.log_buf = (uintptr_t)log,
		.log_size = log_size,
		.log_level = log ? 1 : 0,
		.kern_version = type == BPF_PROG_TYPE_KPROBE ? kernel_version() : 0,
	};

	if (name)
		name_object(attr.prog_name, name);
	return sys_bpf(BPF_PROG_LOAD, &attr, name ? UP_TO(prog_name) : UP_TO(kern_version));
}

int program_load(const char *name, enum bpf_prog_type type, const struct bpf_insn *insns,
		 uint32_t count, const char *license, struct error *err)
{
	int fd = load(name, type, insns, count, license, NULL, 0);

	/* Below Linux 4.15 there are no names. */
	if (fd == -E2BIG || fd == -EINVAL)
		fd = load(NULL, type, insns, count, license, NULL, 0);
	/* verifier: "EINVAL or EACCES, ask the log"; E2BIG: too complex for it. ENOSPC below means
	 * that the log was cut: it is asked for again, up to the largest that all kernels take
	 * (UINT_MAX >> 8, bpf_check in kernel/bpf/verifier.c). */
	if (fd == -EINVAL || fd == -EACCES || fd == -E2BIG) {
		for (uint32_t size = 1 << 16; size <= 1 << 23; size <<= 1) {
			char *log = malloc(size);
			int again;

			if (!log)
				break;
			log[0] = '\0';
			again = load(NULL, type, insns, count, license, log, size);
			free(err->log);
			err->log = log;
			if (again >= 0) {
				/* Refused without a log, taken with one: what refuses for one
				 * moment only. */
				free(err->log);
				err->log = NULL;
				return again;
			}
			if (again != -ENOSPC)
				break;
		}
	}
	if (fd >= 0)
		return fd;
	if (err->log && strstr(err->log, "requires BPF JIT")) { /* riscv64 and loong64 have such helpers */
		free(err->log);
		err->log = NULL;
		return error_set(err, -fd, "cannot load the BPF program \"%s\": this kernel runs it with its JIT compiler "
				 "alone; echo 1 >/proc/sys/net/core/bpf_jit_enable", name);
	}
	if (fd == -ENOTSUPP)
		return error_set(err, ENOTSUP, "cannot load the BPF program \"%s\": this kernel's JIT compiler cannot compile "
				 "it; echo 0 >/proc/sys/net/core/bpf_jit_enable", name);
	return error_set(err, -fd, "cannot load the BPF program \"%s\": %s; %s", name, strerror(-fd), bpf_advice(-fd));
}

/* Turns the answer to a question that the kernel may not understand (EINVAL) into 1, 0 or -errno. */
static int known(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 1 : fd == -EINVAL ? 0 : fd;
}

int helper_exists(int32_t helper)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
		{.code = BPF_JMP | BPF_CALL, .imm = helper},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return known(load(NULL, BPF_PROG_TYPE_TRACEPOINT, insns, sizeof(insns) / sizeof(insns[0]), "GPL", NULL, 0));
}

int program_type_exists(enum bpf_prog_type type)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return known(load(NULL, type, insns, sizeof(insns) / sizeof(insns[0]), "GPL", NULL, 0));
}

/* Asks the kernel about a program. An older kernel fills a shorter struct. 0 or -errno. */
static int program_info(int program, struct bpf_prog_info *info)
{
	union bpf_attr attr = {
		.info.bpf_fd = (uint32_t)program,
		.info.info_len = sizeof(*info),
		.info.info = (uintptr_t)info,
	};

	memset(info, 0, sizeof(*info));
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, UP_TO(info.info));
}

uint64_t program_misses(int program)
{
	struct bpf_prog_info info;

	return program_info(program, &info) ? 0 : info.recursion_misses;
}

int program_is_compiled(int program)
{
	struct bpf_prog_info info;
	int ret = program_info(program, &info);

	return ret < 0 ? ret : info.jited_prog_len > 0;
}

int raw_tracepoint_attach(const char *name, int program, struct error *err)
{
	union bpf_attr attr = {
		.raw_tracepoint.name = (uintptr_t)name,
		.raw_tracepoint.prog_fd = (uint32_t)program,
	};
	int fd = sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, UP_TO(raw_tracepoint.prog_fd));

	if (fd < 0)
		return error_set(err, -fd, "cannot attach a BPF program to the tracepoint %s: %s; %s",
				 name, strerror(-fd),
				 fd == -ENOENT ? "the kernel needs CONFIG_TRACEPOINTS=y" : bpf_advice(-fd));
	return fd;
}

/* A tracepoint's or probe's event is opened on one CPU, but a BPF program set on it runs on all: the
 * kernel keeps the program with the tracepoint. So any CPU that is online will do. */
static int open_on_any_cpu(const struct perf_event_attr *attr)
{
	int fd = -ENODEV;

	for (int cpu = 0; fd == -ENODEV && cpu < 4096; cpu++)
		fd = sys_perf_event_open(attr, -1, cpu);
	return fd;
}

int tracepoint_attach(uint64_t id, const char *name, int program, struct error *err)
{
	const struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	int fd = open_on_any_cpu(&attr), errnum;

	if (fd < 0)
		return error_set(err, -fd, "cannot open a perf event on the tracepoint %s: %s; %s", name,
				 strerror(-fd), perf_advice(-fd));
	if (!ioctl(fd, (int)PERF_EVENT_IOC_SET_BPF, program))
		return fd;
	errnum = errno;
	close(fd);
	return error_set(
		err, errnum, "cannot attach a BPF program to the tracepoint %s: %s; %s", name, strerror(errnum),
		errnum == EEXIST ? "another tracer holds it, and before Linux 4.15 a tracepoint takes "
				   "only one: stop the other tracer"
		: errnum == E2BIG ? "it runs as many BPF programs as it can (64): stop another tracer"
		: errnum == EINVAL
			? "this kernel cannot run BPF programs there (before Linux 4.14 not at system "
			  "calls; and it needs CONFIG_BPF_EVENTS=y)"
			: "look at the kernel's log (dmesg)");
}

int kprobe_attach(uint32_t pmu, const char *function, bool at_return, int program, struct error *err)
{
	const struct perf_event_attr attr = {
		.type = pmu,
		.size = sizeof(attr),
		.config = at_return, /* format/retprobe: config:0 */
		.kprobe_func = (uintptr_t)function,
		.disabled = 1,
	};
	int fd = open_on_any_cpu(&attr), errnum;

	if (fd < 0)
		return error_set(err, -fd, "cannot open a perf event on the kernel's function %s: %s",
				 function, strerror(-fd));
	if (!ioctl(fd, (int)PERF_EVENT_IOC_SET_BPF, program))
		return fd;
	errnum = errno;
	close(fd);
	return error_set(err, errnum, "cannot attach a BPF program to the kernel's function %s: %s",
			 function, strerror(errnum));
}

int event_open(const struct perf_event_attr *attr, int cpu)
{
	return sys_perf_event_open(attr, -1, cpu);
}

static struct perf_event_attr ring_event(uint32_t watermark)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(struct perf_event_attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.watermark = 1,
		.wakeup_watermark = watermark,
	};
}

bool ring_events_allowed(void)
{
	struct perf_event_attr attr = ring_event(1);
	int fd = open_on_any_cpu(&attr);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int ring_event_open(int cpu, uint32_t watermark, struct error *err)
{
	struct perf_event_attr attr = ring_event(watermark);
	int fd = sys_perf_event_open(&attr, -1, cpu);

	if (fd < 0 && fd != -ENODEV)
		return error_set(err, -fd, "cannot open a perf event for BPF output on CPU %d: %s; %s",
				 cpu, strerror(-fd), perf_advice(-fd));
	return fd;
}

/* Without CAP_SYS_RESOURCE it goes only so far. */
static void raise_to_hard_limit(int resource)
{
	struct rlimit limit;

	if (!getrlimit(resource, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(resource, &limit);
	}
}

void raise_limits(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		raise_to_hard_limit(RLIMIT_MEMLOCK);
	raise_to_hard_limit(RLIMIT_NOFILE);
}
