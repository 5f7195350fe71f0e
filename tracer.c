/* Set-up: from the embedded object to programs that run in the kernel and rings that fill. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "disasm.h"
#include "loader.h"
#include "mounts.h"
#include "peek.h"
#include "tracefs.h"
#include "tracer.h"

/* prog.o, from embed.S. */
extern const unsigned char prog_object[], prog_object_end[];

/* The default size of a CPU's ring: 4 MiB, which a command line of 2 MiB (the most that the default
 * stack limit allows) does not fill, and which holds a storm of execs (5 MB/s a CPU) for most of a
 * second. But all rings together take no more than a 64th of the memory, and 64 MiB. */
#define RING_MOST (4U << 20)
#define RING_LEAST (64U << 10)
#define RINGS_MOST (64U << 20)

/* How much a ring holds when it wakes us; a quarter of a smaller one. */
#define WATERMARK (256U << 10)

/* How often "again" is attached: 15 times 33 times 32 more strings of a failed exec. */
#define AGAINS 15

enum { MAP_RINGS, MAP_SCRATCHES, MAP_ARGS_PROGRAM, MAP_PIECES_PROGRAM, MAP_CALLS, MAP_PEEKS, MAPS };
static const char *const map_names[MAPS] = {"rings",	      "scratches", "args_program",
					    "pieces_program", "calls",	   "peeks"};

/* The index in the object of one of our maps. */
static size_t map_index(const struct object *object, const char *name)
{
	size_t i = 0;

	while (i < object->map_count && strcmp(object->maps[i].name, name))
		i++;
	return i;
}

static int create_map(struct tracer *t, int map, uint32_t max_entries, struct error *err)
{
	size_t i = map_index(&t->object, map_names[map]);
	const struct object_map *m = &t->object.maps[i];
	int fd;

	if (i == t->object.map_count)
		return error_set(err, ENOENT, "the BPF object has no map \"%s\"", map_names[map]);
	fd = map_create(m->name, m->type, m->key_size, m->value_size,
			max_entries ? max_entries : m->max_entries, err);
	if (fd < 0)
		return fd;
	t->map_fds[i] = fd;
	return 0;
}

static int map_fd(const struct tracer *t, int map)
{
	return t->map_fds[map_index(&t->object, map_names[map])];
}

/* Links a program with all that is known by now. The caller frees *insns. */
static int link_program(const struct tracer *t, const struct object_program *program,
			struct bpf_insn **insns, struct error *err)
{
	const struct options *o = t->options;
	const struct layout *l = &t->layout;
	const struct object_setting settings[] = {
		{"uid_filter_setting", o->has_uid ? (uint64_t)o->uid + 1 : 0},
		{"ppid_filter_setting", o->ppid},
		{"pieces_alone_setting", !t->raw},
		{"long_size_setting", l->long_size},
		{"task_tgid_setting", l->task_tgid},
		{"task_real_parent_setting", l->task_real_parent},
		{"task_comm_setting", l->task_comm},
		{"task_mm_setting", l->task_mm},
		{"mm_arg_start_setting", l->mm_arg_start},
		{"task_nsproxy_setting", l->task_nsproxy},
		{"nsproxy_mnt_ns_setting", l->nsproxy_mnt_ns},
		{"mnt_ns_inum_setting", l->mnt_ns_inum},
		{"bprm_filename_setting", l->bprm_filename},
		{"execve_filename_setting", t->execve_filename},
		{"execve_argv_setting", t->execve_argv},
		{"execveat_fd_setting", t->execveat_fd},
		{"execveat_filename_setting", t->execveat_filename},
		{"execveat_argv_setting", t->execveat_argv},
		{"exit_ret_setting", t->exit_ret},
		{"slot_size_setting", t->slot_size},
		{"compat_regs_setting", t->compat_regs},
		{"compat_fd_setting", t->compat_fd},
		{"compat_filename_setting", t->compat_filename},
		{"compat_argv_setting", t->compat_argv},
		{"peek_name_setting", t->peek_name},
	};
	const struct object_link link = {
		.map_fds = t->map_fds,
		.settings = settings,
		.setting_count = sizeof(settings) / sizeof(settings[0]),
		.swaps = t->swaps,
		.swap_count = t->swap_count,
	};
	int ret;

	*insns = malloc(program->insn_count * sizeof(**insns));
	if (!*insns)
		return error_set(err, ENOMEM, "cannot link the BPF program \"%s\": %s", program->name,
				 strerror(ENOMEM));
	ret = object_link(&t->object, program, &link, *insns, err);
	if (ret)
		free(*insns);
	return ret;
}

/* Loads a program of the object; its descriptor or -errno. */
static int load_program(const struct tracer *t, const char *name, enum bpf_prog_type type,
			struct error *err)
{
	const struct object_program *program = object_program(&t->object, name);
	struct bpf_insn *insns;
	int fd;

	if (!program)
		return error_set(err, ENOENT, "the BPF object has no program \"%s\"", name);
	fd = link_program(t, program, &insns, err);
	if (fd)
		return fd;
	fd = program_load(name, type, insns, program->insn_count, t->object.license, err);
	free(insns);
	return fd;
}

int tracer_print_programs(const struct tracer *t, struct error *err)
{
	struct bpf_insn *insns;
	int ret;

	for (uint32_t i = 0; i < t->object.program_count; i++) {
		ret = link_program(t, &t->object.programs[i], &insns, err);
		if (ret)
			return ret;
		disasm_print(&t->object, &t->object.programs[i], insns);
		free(insns);
	}
	if (fflush(stdout) || ferror(stdout))
		return error_set(err, errno, "cannot write to the standard output: %s",
				 strerror(errno));
	return 0;
}

/* Below 5.5 there is one helper for user and kernel memory. */
static void choose_helpers(struct tracer *t)
{
	if (helper_exists(BPF_FUNC_probe_read_kernel))
		return;
	t->swaps[0] = (struct helper_swap){BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read};
	t->swaps[1] = (struct helper_swap){BPF_FUNC_probe_read_user, BPF_FUNC_probe_read};
	t->swaps[2] = (struct helper_swap){BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_str};
	t->swaps[3] = (struct helper_swap){BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_str};
	t->swap_count = 4;
}

/* How many CPUs there can be: the last number of a list like "0-3,8". */
static int possible_cpus(int sysfs, struct error *err)
{
	const char *last;
	char text[256];
	int ret = read_file(sysfs, "devices/system/cpu/possible", text, sizeof(text));

	if (ret < 0)
		return error_set(err, -ret, "cannot read sysfs:devices/system/cpu/possible: %s",
				 strerror(-ret));
	for (last = text + strcspn(text, "\n"); last > text && last[-1] != '-' && last[-1] != ',';)
		last--;
	return atoi(last) + 1;
}

static int need_tracefs(struct tracer *t, struct error *err)
{
	if (t->tracefs < 0)
		t->tracefs = open_tracefs(err);
	return t->tracefs < 0 ? t->tracefs : 0;
}

/* The type of program for a tracepoint of the kernel proper; those of system calls have no raw
 * form. A raw one needs no tracefs, costs less, and fires where a perf event does not: below 5.16
 * when the name is longer than 2 KiB (PERF_MAX_TRACE_SIZE), and while another BPF program or a
 * bpf(2) call is at work on the CPU (bpf_prog_active in trace_call_bpf). */
static enum bpf_prog_type program_type(const struct tracer *t)
{
	return t->raw ? BPF_PROG_TYPE_RAW_TRACEPOINT : BPF_PROG_TYPE_TRACEPOINT;
}

/* Attaches a program to "category/name"; the attachment or -errno. */
static int attach(struct tracer *t, const char *event, int program, struct error *err)
{
	bool syscall = !strncmp(event, "syscalls/", 9);
	uint64_t id = 0;
	int ret;

	if (t->raw && !syscall)
		return raw_tracepoint_attach(strchr(event, '/') + 1, program, err);
	ret = need_tracefs(t, err);
	if (!ret)
		ret = tracepoint_id(t->tracefs, event, &id, err);
	return ret ? ret : tracepoint_attach(id, event, program, err);
}

/* Loads and attaches one of the learner's programs. */
static int attach_peek(struct tracer *t, int i, const char *name, const char *event, struct error *err)
{
	int program = load_program(t, name, program_type(t), err);

	if (program < 0)
		return program;
	t->peek_events[i] = attach(t, event, program, err);
	close(program); /* the tracepoint holds it */
	return t->peek_events[i] < 0 ? t->peek_events[i] : 0;
}

static int learn_layout(struct tracer *t, char **argv, struct error *err)
{
	/* The kernel lays the strings of argv one behind the other (create_elf_tables). */
	const char *start = argv[0], *end = argv[0];
	struct stat st = {0};
	int ret, self = -1;

	for (char **arg = argv; *arg; arg++)
		end = *arg + strlen(*arg) + 1;
	if (t->proc >= 0 && fstatat(t->proc, "self/ns/mnt", &st, 0))
		st.st_ino = 0;
	t->peek_name = peek_name();
	ret = attach_peek(t, 0, "peek", "task/task_rename", err);
	if (ret)
		return ret;
	if (t->raw && t->proc >= 0)
		self = openat(t->proc, "self/exe", O_RDONLY | O_CLOEXEC);
	if (self >= 0)
		ret = attach_peek(t, 1, "peek_exec", "sched/sched_process_exec", err);
	if (!ret)
		ret = peek_layout(map_fd(t, MAP_PEEKS), t->peek_name, (uintptr_t)start,
				  (uintptr_t)end, (uint32_t)st.st_ino, self, &t->layout, err);
	if (self >= 0)
		close(self);
	if (ret)
		return ret;
	if (t->layout.missing[LAYOUT_ARGS])
		return error_set(err, ENOTSUP,
				 "cannot find where this kernel keeps a program's arguments "
				 "(mm_struct.arg_start): %s; please report this kernel's configuration",
				 t->layout.missing[LAYOUT_ARGS]);
	if (t->layout.missing[LAYOUT_PARENT] && t->options->ppid)
		return error_set(err, ENOTSUP,
				 "cannot filter by parent: where this kernel keeps it "
				 "(task_struct.real_parent) is not known: %s",
				 t->layout.missing[LAYOUT_PARENT]);
	if (t->layout.missing[LAYOUT_PARENT])
		fprintf(stderr,
			"execsnoop: warning: the parent is asked of /proc, which a short-lived process "
			"may not wait for: task_struct.real_parent: %s\n",
			t->layout.missing[LAYOUT_PARENT]);
	return 0;
}

/* Where the system calls' tracepoints carry what the programs read. */
static int learn_formats(struct tracer *t, struct error *err)
{
	const char *execve = "syscalls/sys_enter_execve", *execveat = "syscalls/sys_enter_execveat";
	unsigned int size = t->layout.long_size;
	int ret = need_tracefs(t, err), fs = t->tracefs;

	if (ret || (ret = tracepoint_field(fs, execve, "filename", size, &t->execve_filename, err)) ||
	    (ret = tracepoint_field(fs, execve, "argv", size, &t->execve_argv, err)) ||
	    (ret = tracepoint_field(fs, execveat, "fd", size, &t->execveat_fd, err)) ||
	    (ret = tracepoint_field(fs, execveat, "filename", size, &t->execveat_filename, err)) ||
	    (ret = tracepoint_field(fs, execveat, "argv", size, &t->execveat_argv, err)))
		return ret;
	return tracepoint_field(fs, "syscalls/sys_exit_execve", "ret", size, &t->exit_ret, err);
}

/* Loads a program that others tail-call, and puts it in its place. */
static int load_tail(const struct tracer *t, const char *name, enum bpf_prog_type type, int map,
		     struct error *err)
{
	const uint32_t zero = 0;
	int program = load_program(t, name, type, err), ret;

	if (program < 0)
		return program;
	ret = map_update(map_fd(t, map), &zero, &program);
	close(program); /* the map holds it */
	if (ret)
		return error_set(err, -ret, "cannot put the BPF program \"%s\" into its map: %s", name,
				 strerror(-ret));
	return 0;
}

static int keep(struct tracer *t, int attachment)
{
	if (attachment < 0)
		return attachment;
	t->attached[t->attached_count++] = attachment;
	return 0;
}

/* Loads a program for failed calls, and attaches it. */
static int attach_call(struct tracer *t, const char *name, const char *event, const char *other_event,
		       struct error *err)
{
	int program = load_program(t, name, BPF_PROG_TYPE_TRACEPOINT, err), ret;

	if (program < 0)
		return program;
	ret = keep(t, attach(t, event, program, err));
	if (!ret && other_event)
		ret = keep(t, attach(t, other_event, program, err));
	close(program); /* the tracepoint holds it */
	return ret;
}

static int trace_failures(struct tracer *t, struct error *err)
{
	const char *execve = "syscalls/sys_exit_execve", *execveat = "syscalls/sys_exit_execveat";
	int ret = load_tail(t, "pieces", BPF_PROG_TYPE_TRACEPOINT, MAP_PIECES_PROGRAM, err);

	/* The exits first: a call whose entry is seen must not be forgotten. */
	if (!ret)
		ret = attach_call(t, "exit", execve, execveat, err);
	/* Below 4.15 a tracepoint takes one program only. A kernel that has raw tracepoints (4.17)
	 * takes more. */
	for (int i = 0; !ret && t->raw && i < AGAINS; i++)
		ret = attach_call(t, "again", execve, execveat, err);
	if (!ret && t->raw)
		ret = attach_call(t, "end", execve, execveat, err);
	if (!ret)
		ret = attach_call(t, "enter_execve", "syscalls/sys_enter_execve", NULL, err);
	if (!ret)
		ret = attach_call(t, "enter_execveat", "syscalls/sys_enter_execveat", NULL, err);
	return ret;
}

/* How a 64-bit kernel takes the calls of 32-bit programs. Their system call tracepoints do not fire;
 * a kprobe can see them. Offsets are in struct pt_regs. */
static const struct compat_abi {
	const char *execve, *execveat; /* the functions, from Linux 4.17 on */
	uint64_t regs;		       /* the functions' argument: the caller's registers */
	uint64_t args[3];	       /* the caller's arguments */
	uint64_t ret;
} compat_abi = {
#ifdef __x86_64__
	"__ia32_compat_sys_execve", "__ia32_compat_sys_execveat", 112, {40, 88, 96}, 80,
#endif
};

static int attach_kprobe(struct tracer *t, const struct tracer *settings, const char *name, uint32_t pmu,
			 const char *function, struct error *err)
{
	bool at_return = !strcmp(name, "exit");
	int program = load_program(settings, name, BPF_PROG_TYPE_KPROBE, err), ret;

	if (program < 0)
		return program;
	ret = keep(t, kprobe_attach(pmu, function, at_return, program, err));
	close(program);
	return ret;
}

/* Failed calls of 32-bit programs. */
static int trace_compat_failures(struct tracer *t, struct error *err)
{
	const struct compat_abi *abi = &compat_abi;
	struct tracer c = *t; /* the same programs with other settings */
	char type[16];
	uint32_t pmu;
	int ret;

	if (!abi->execve)
		return error_set(err, ENOTSUP, "not known on this architecture");
	ret = read_file(t->sysfs, "bus/event_source/devices/kprobe/type", type, sizeof(type));
	if (ret < 0)
		return error_set(err, -ret, "this needs Linux 4.17 with CONFIG_KPROBE_EVENTS=y");
	pmu = (uint32_t)atoi(type);
	c.slot_size = 4;
	c.compat_regs = abi->regs;
	c.exit_ret = abi->ret;
	c.raw = false; /* no "again" follows */
	/* A map of programs holds one type: a second one for these. It stays open, or the kernel would
	 * empty it. */
	ret = create_map(&c, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = load_tail(&c, "pieces", BPF_PROG_TYPE_KPROBE, MAP_PIECES_PROGRAM, err);
	if (!ret)
		ret = attach_kprobe(t, &c, "exit", pmu, abi->execve, err);
	if (!ret)
		ret = attach_kprobe(t, &c, "exit", pmu, abi->execveat, err);
	c.compat_filename = abi->args[0];
	c.compat_argv = abi->args[1];
	if (!ret)
		ret = attach_kprobe(t, &c, "enter_compat", pmu, abi->execve, err);
	c.compat_fd = abi->args[0];
	c.compat_filename = abi->args[1];
	c.compat_argv = abi->args[2];
	if (!ret)
		ret = attach_kprobe(t, &c, "enter_compat", pmu, abi->execveat, err);
	return ret;
}

static int trace_execs(struct tracer *t, struct error *err)
{
	int ret = load_tail(t, "args", program_type(t), MAP_ARGS_PROGRAM, err);

	if (ret)
		return ret;
	t->exec_program = load_program(t, "exec", program_type(t), err);
	if (t->exec_program < 0)
		return t->exec_program;
	return keep(t, attach(t, "sched/sched_process_exec", t->exec_program, err));
}

/* Bytes of each CPU's ring: a power of 2, and a page at least. */
static uint64_t ring_size(const struct tracer *t)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size = page, wanted = t->options->ring_size;
	uint64_t most = RINGS_MOST;
	struct sysinfo info;

	if (!wanted) {
		if (!sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit / 64 < most)
			most = (uint64_t)info.totalram * info.mem_unit / 64;
		wanted = most / (uint64_t)t->cpus;
		wanted = wanted < RING_LEAST ? RING_LEAST : wanted > RING_MOST ? RING_MOST : wanted;
		while (size * 2 <= wanted)
			size *= 2;
		return size;
	}
	while (size < wanted)
		size *= 2;
	return size;
}

/* Opens a CPU's ring. 0; -ENODEV without a message: the CPU is offline. */
static int open_ring(struct tracer *t, int cpu, struct error *err)
{
	uint64_t size = ring_size(t);
	uint32_t watermark = (uint32_t)(size < 4 * WATERMARK ? size / 4 : WATERMARK);
	int fd = output_open(cpu, watermark, err), ret;
	struct ring ring;

	if (fd < 0)
		return fd;
	ret = ring_map(&ring, fd, size, err);
	if (ret) {
		close(fd);
		return ret;
	}
	collector_add(&t->collector, &ring, cpu);
	ret = map_update(map_fd(t, MAP_RINGS), &cpu, &fd);
	if (ret)
		return error_set(err, -ret, "cannot hand the ring of CPU %d to BPF: %s", cpu,
				 strerror(-ret));
	return 0;
}

static int open_rings(struct tracer *t, struct error *err)
{
	int ret = collector_init(&t->collector, (size_t)t->cpus, t->proc, t->layout.long_size);

	if (ret)
		return error_set(err, -ret, "cannot get memory for %d CPUs: %s", t->cpus,
				 strerror(-ret));
	for (int cpu = 0; cpu < t->cpus; cpu++) {
		ret = open_ring(t, cpu, err);
		if (ret && ret != -ENODEV)
			return ret;
	}
	return 0;
}

int tracer_set_up(struct tracer *t, char **argv, struct error *err)
{
	struct error no_proc;
	int ret;

	raise_memlock_limit();
	/* First what needs power most: its errors are the clearest. */
	ret = create_map(t, MAP_PEEKS, 0, err);
	if (ret)
		return ret;
	t->proc = open_procfs(&no_proc); /* without it a little less is known */
	t->sysfs = open_sysfs(err);
	if (t->sysfs < 0)
		return t->sysfs;
	t->cpus = possible_cpus(t->sysfs, err);
	if (t->cpus < 0)
		return t->cpus;
	t->raw = program_type_exists(BPF_PROG_TYPE_RAW_TRACEPOINT);
	choose_helpers(t);
	ret = learn_layout(t, argv, err);
	t->slot_size = t->layout.long_size;
	if (!ret && t->options->fails)
		ret = learn_formats(t, err);
	if (!ret)
		ret = create_map(t, MAP_RINGS, (uint32_t)t->cpus, err);
	if (!ret)
		ret = create_map(t, MAP_SCRATCHES, 0, err);
	if (!ret)
		ret = create_map(t, MAP_ARGS_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = create_map(t, MAP_CALLS, t->options->fails ? 0 : 1, err);
	if (!ret)
		ret = open_rings(t, err);
	if (!ret && t->options->fails)
		ret = trace_failures(t, err);
	if (!ret && t->options->fails && t->layout.long_size == 8) {
		struct error no_compat = {0};

		if (trace_compat_failures(t, &no_compat))
			fprintf(stderr,
				"execsnoop: failed execs of 32-bit programs cannot be seen here: %s\n",
				no_compat.text);
		free(no_compat.log);
	}
	if (!ret)
		ret = trace_execs(t, err);
	return ret;
}

void tracer_settle(struct tracer *t)
{
	for (int i = 0; i < 2; i++)
		if (t->peek_events[i] >= 0)
			close(t->peek_events[i]);
	if (t->tracefs >= 0)
		close(t->tracefs);
}

/* Whether the CPU is in a list like "0-3,8". */
static bool in_list(const char *list, int cpu)
{
	while (isdigit((unsigned char)*list)) {
		char *end;
		long low = strtol(list, &end, 10), high = low;

		if (*end == '-')
			high = strtol(end + 1, &end, 10);
		if (cpu >= low && cpu <= high)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

bool tracer_cover_cpus(struct tracer *t)
{
	char online[1024];
	struct error err;
	bool changed = false;

	if (read_file(t->sysfs, "devices/system/cpu/online", online, sizeof(online)) < 0)
		return false;
	for (int cpu = 0; cpu < t->cpus; cpu++) {
		if (!in_list(online, cpu)) {
			/* The kernel lets go of its event, and does not take it back. */
			changed |= collector_remove(&t->collector, cpu);
		} else if (!collector_has(&t->collector, cpu)) {
			changed |= !open_ring(t, cpu, &err); /* if not now, then the next time */
		}
	}
	return changed;
}

void tracer_detach(struct tracer *t)
{
	while (t->attached_count)
		close(t->attached[--t->attached_count]);
}

void tracer_count_unseen(struct tracer *t)
{
	size_t i = map_index(&t->object, map_names[MAP_SCRATCHES]);
	/* bpf_percpu_array_copy rounds each CPU's value up to 8 bytes. */
	size_t stride = (t->object.maps[i].value_size + 7) & ~7U;
	char *values = malloc(stride * (size_t)t->cpus);
	const uint32_t zero = 0;

	if (values && !map_lookup(t->map_fds[i], &zero, values))
		for (int cpu = 0; cpu < t->cpus; cpu++) {
			uint32_t seq; /* struct scratch begins with it */

			memcpy(&seq, values + stride * (size_t)cpu, sizeof(seq));
			collector_close(&t->collector, cpu, seq);
		}
	free(values);
	t->collector.lost += program_misses(t->exec_program);
}

int tracer_open(struct tracer *tracer, const struct options *options, struct error *err)
{
	*tracer = (struct tracer){.options = options, .proc = -1, .tracefs = -1, .peek_events = {-1, -1}};
	return object_open(&tracer->object, prog_object, (size_t)(prog_object_end - prog_object),
			   err);
}
