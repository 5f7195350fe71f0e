#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "source/failures.h"
#include "kernel/kprobes.h"
#include "kernel/mounts.h"
#include "kernel/tracefs.h"
#include "lib/format.h"
#include "lib/say.h"
#include "loader.h"
#include "source/attach.h"

/* syscall_get_return_value in asm/syscall.h */
#if defined(__mips__) || defined(__powerpc__)
#define POSITIVE_ERRNOS true
#else
#define POSITIVE_ERRNOS false
#endif

/* ---- by the system calls' tracepoints ---- */

/* Where they carry what the programs read. */
static int learn_formats(struct tracer *t, struct error *err)
{
	const char *execve = "syscalls/sys_enter_execve", *execveat = "syscalls/sys_enter_execveat";
	unsigned int size = t->layout.long_size;
	int ret = need_tracefs(t, err), fs = t->tracefs;

	if (ret || (ret = tracepoint_field(fs, execve, "filename", size, &t->execve_filename, err)) ||
	    (ret = tracepoint_field(fs, execve, "argv", size, &t->execve_argv, err)) ||
	    (ret = tracepoint_field(fs, execveat, "fd", size, &t->execveat_fd, err)) ||
	    (ret = tracepoint_field(fs, execveat, "filename", size, &t->execveat_filename, err)) ||
	    (ret = tracepoint_field(fs, execveat, "argv", size, &t->execveat_argv, err)) ||
	    (ret = tracepoint_field(fs, execveat, "flags", size, &t->execveat_flags, err)))
		return ret;
	return tracepoint_field(fs, "syscalls/sys_exit_execve", "ret", size, &t->exit_ret, err);
}

static int trace_by_tracepoints(struct tracer *t, struct error *err)
{
	const char *execve = "syscalls/sys_exit_execve", *execveat = "syscalls/sys_exit_execveat";
	int ret;

	t->errnos_are_positive = POSITIVE_ERRNOS;
	ret = load_tail(t, "pieces", BPF_PROG_TYPE_TRACEPOINT, MAP_PIECES_PROGRAM, 0, err);
	/* The exits first: a call whose entry is seen must not be forgotten. */
	if (!ret)
		ret = attach_call(t, "exit", execve, execveat, err);
	if (!ret)
		ret = attach_call(t, "enter_execve", "syscalls/sys_enter_execve", NULL, err);
	if (!ret)
		ret = attach_call(t, "enter_execveat", "syscalls/sys_enter_execveat", NULL, err);
	return ret;
}

/* ---- by their functions, or at all system calls ---- */

/* How a kernel takes the calls of its own programs, and those of 32-bit programs, whose tracepoints do not fire
 * on a 64-bit one. Offsets are in struct pt_regs. */
static const struct abi {
	uint64_t slot_size; /* of the caller's argv */
	const char *functions[2]; /* execve(2)'s and execveat(2)'s, from Linux 4.17 on */
	bool direct;		  /* they get what the caller gave; else one argument: the caller's registers */
	uint64_t regs;		  /* that */
	uint64_t args[4];	  /* the caller's first three arguments, and the fifth, which is execveat(2)'s flags; 0: it is on the stack */
	uint64_t ret;
	const char *old_functions[2]; /* before; all of them direct */
	uint64_t old_args[4];
	/* For the raw tracepoints that all system calls pass: */
	uint64_t numbers[2]; /* the calls': arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h */
	uint64_t number;     /* the call's number */
	uint64_t mode, mode_mask, mode_value; /* what tells such a caller: x86's cs is __USER_CS or __USER32_CS, arm64's
						 pstate has PSR_MODE32_BIT */
	uint32_t since; /* the first kernel, as kernel_version(), whose functions are so */
} abis[2] = {
#ifdef __x86_64__
	{8, {"__x64_sys_execve", "__x64_sys_execveat"}, false, 112, {112, 104, 96, 72}, 80,
	 .old_functions = {"sys_execve", "sys_execveat"}, {112, 104, 96, 72}, {59, 322}, 120, 136, 0xffff, 0x33},
	{4, {"__ia32_compat_sys_execve", "__ia32_compat_sys_execveat"}, false, 112, {40, 88, 96, 112}, 80,
	 .old_functions = {"compat_sys_execve", "compat_sys_execveat"}, {112, 104, 96, 72}, {11, 358}, 120, 136, 0xffff, 0x23},
#elif defined(__i386__) /* others before 5.7, with other names */
	{4, {"__ia32_sys_execve", "__ia32_sys_execveat"}, false, 24, {0, 4, 8, 16}, .ret = 24},
#elif defined(__aarch64__)
	{8, {"__arm64_sys_execve", "__arm64_sys_execveat"}, false, 0, {0, 8, 16, 32}, 0,
	 .old_functions = {"sys_execve", "sys_execveat"}, {0, 8, 16, 32}, {221, 281}, 280, 264, 0x10, 0},
	{4, {"__arm64_compat_sys_execve", "__arm64_compat_sys_execveat"}, false, 0, {0, 8, 16, 32}, 0,
	 .old_functions = {"compat_sys_execve", "compat_sys_execveat"}, {0, 8, 16, 32}, {11, 387}, 280, 264, 0x10, 0x10},
#elif defined(__arm__)
	{4, {"sys_execve", "sys_execveat"}, true, 0, {0, 4, 8}, 0, {"sys_execve", "sys_execveat"}, .old_args = {0, 4, 8}},
#elif defined(__mips64)
	{8, {"sys_execve", "sys_execveat"}, true, 0, {32, 40, 48, 64}, 16, {"sys_execve", "sys_execveat"},
	 .old_args = {32, 40, 48, 64}},
	{4, {"compat_sys_execve", "compat_sys_execveat"}, true, 0, {32, 40, 48, 64}, 16,
	 {"compat_sys_execve", "compat_sys_execveat"}, .old_args = {32, 40, 48, 64}},
#elif defined(__mips__)
	{4, {"sys_execve", "sys_execveat"}, true, 0, {48, 52, 56}, 40, {"sys_execve", "sys_execveat"}, .old_args = {48, 52, 56}},
#elif defined(__powerpc64__)
	{8, {"sys_execve", "sys_execveat"}, false, 24, {24, 32, 40, 56}, 24, .since = 6 << 16 | 1 << 8},
#elif defined(__s390x__)
	{8, {"__s390x_sys_execve", "__s390x_sys_execveat"}, false, 40, {152, 48, 56, 72}, .ret = 40, .since = 5 << 16 | 12 << 8},
#elif defined(__riscv) /* others before 6.6, with other names */
	{8, {"__riscv_sys_execve", "__riscv_sys_execveat"}, false, 80, {280, 88, 96, 112}, .ret = 80},
#elif defined(__loongarch__)
	{8, {"sys_execve", "sys_execveat"}, true, 0, {32, 40, 48, 64}, .ret = 32},
#endif
};

#if defined(__loongarch__) || defined(__powerpc64__)
#define NO_32_BIT_PROGRAMS 1
#else
#define NO_32_BIT_PROGRAMS 0
#endif

/* Where the programs are attached. */
enum way {
	BY_KPROBES,	      /* of the kprobe PMU */
	BY_RAW_TRACEPOINTS,   /* that all system calls pass */
	BY_KPROBES_OF_TRACEFS /* below 4.17, or without sysfs */
};

#define NEEDS_KPROBES "this needs CONFIG_KPROBE_EVENTS=y"

static int choose_way(struct tracer *t, enum way *way, uint32_t *pmu, struct error *err)
{
	char type[16];
	int ret = read_file(t->sysfs, "bus/event_source/devices/kprobe/type", type, sizeof(type));

	if (ret >= 0) {
		*way = BY_KPROBES;
		*pmu = (uint32_t)atoi(type);
		return 0;
	}
	/* Without sysfs its PMU's number is not known. */
	if (t->sysfs < 0 || !feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS)) {
		*way = BY_KPROBES_OF_TRACEFS;
		ret = need_tracefs(t, err);
		if (!ret && !faccessat(t->tracefs, "kprobe_events", W_OK, 0))
			return 0;
		if (!ret)
			ret = error_set(err, errno, NEEDS_KPROBES);
	} else {
		error_set(err, -ret, NEEDS_KPROBES);
	}
	*way = BY_RAW_TRACEPOINTS;
	return feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS) && !t->preempted ? 0 : ret;
}

/* A program with the settings, to a call's entry or exit. */
static int attach_probe(struct tracer *t, struct tracer *settings, enum way way, uint32_t pmu, const char *name,
			const char *function, struct error *err)
{
	bool at_return = !strncmp(name, "exit", strlen("exit"));
	int program = load_program(settings, name,
				   way == BY_RAW_TRACEPOINTS ? BPF_PROG_TYPE_RAW_TRACEPOINT : BPF_PROG_TYPE_KPROBE,
				   err);
	int ret;

	if (program < 0)
		return program;
	if (way == BY_KPROBES)
		ret = kprobe_attach(pmu, function, at_return, program, err);
	else if (way == BY_RAW_TRACEPOINTS)
		ret = raw_tracepoint_attach(at_return ? "sys_exit" : "sys_enter", program, err);
	else
		ret = kprobes_attach(&t->kprobes, t->tracefs, function, at_return, program, err);
	if (ret < 0)
		close(program);
	else if (at_return)
		t->exits[t->exits_count++] = program;
	else
		t->enters[t->enters_count++] = program;
	return keep(t, ret);
}

/* The calls of one ABI; *way: how. */
static int trace_by_probes(struct tracer *t, const struct abi *abi, enum way *way, struct error *err)
{
	struct tracer c; /* the same programs with other settings */
	const char *const *functions = abi->functions;
	const uint64_t *args = abi->args;
	bool on_stack = !feature_is_here(&t->features, FEATURE_MAP_BUFFERS);
	const char *exit = on_stack ? "exit_stack" : "exit";
	enum bpf_prog_type type;
	uint32_t pmu = 0;
	int ret;

	if (!abi->slot_size || kernel_version() < abi->since)
		return error_set(err, ENOTSUP, "how this kernel's functions are called is not known");
	ret = choose_way(t, way, &pmu, err);
	if (ret)
		return ret;
	type = *way == BY_RAW_TRACEPOINTS ? BPF_PROG_TYPE_RAW_TRACEPOINT : BPF_PROG_TYPE_KPROBE;
	c = *t;
	c.for_compat = abi == &abis[1];
	c.slot_size = abi->slot_size;
	c.call_direct = abi->direct;
	c.call_regs = abi->regs;
	c.exit_ret = abi->ret;
	c.errnos_are_positive = false;
	if (*way == BY_RAW_TRACEPOINTS) {
		/* Its arguments: on entry the registers and the number, on exit the registers and the result. */
		c.call_execve = abi->numbers[0];
		c.call_execveat = abi->numbers[1];
		c.call_number = abi->number;
		c.call_mode = abi->mode;
		c.call_mode_mask = abi->mode_mask;
		c.call_mode_value = abi->mode_value;
		c.call_regs = 0;
		c.exit_ret = 8;
		c.call_direct = false;
	} else if (!feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS)) { /* both came with Linux 4.17 */
		functions = abi->old_functions;
		args = abi->old_args;
		c.call_direct = true;
	}
	if (*way == BY_RAW_TRACEPOINTS ? !abi->numbers[0] : !functions[0])
		return error_set(err, ENOTSUP, *way == BY_RAW_TRACEPOINTS ? NEEDS_KPROBES : "not known below Linux 4.17 on "
										      "this architecture");
	/* A map of programs holds one type: another one for these. It stays open, or the kernel would
	 * empty it. */
	ret = create_map(&c, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = load_tail(&c, on_stack ? "pieces_stack" : "pieces", type, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = attach_probe(t, &c, *way, pmu, exit, functions[0], err);
	/* All exits pass the one raw tracepoint. */
	if (!ret && *way != BY_RAW_TRACEPOINTS)
		ret = attach_probe(t, &c, *way, pmu, exit, functions[1], err);
	c.call_filename = args[0];
	c.call_argv = args[1];
	if (!ret)
		ret = attach_probe(t, &c, *way, pmu, "enter", functions[0], err);
	c.call_has_fd = true;
	c.call_fd = args[0];
	c.call_filename = args[1];
	c.call_argv = args[2];
	c.call_flags = args[3];
	if (!ret)
		ret = attach_probe(t, &c, *way, pmu, "enter", functions[1], err);
	return ret;
}

/* ---- both ---- */

/* The verifier takes 5 MiB for thirty strings. */
#define SMALL_MACHINE (128U << 20)

static bool is_small_machine(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && (uint64_t)info.totalram * info.mem_unit < SMALL_MACHINE;
}

int failures_learn(struct tracer *t, struct error *err)
{
	int ret = learn_formats(t, err);

	t->slot_size = t->layout.long_size;
	/* Of many its verifier would try each way through each. */
	t->few_pieces = !feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS) || is_small_machine();
	/* Below 4.14 they run no BPF program, if they are there; it is refused when it is attached. */
	if (!ret && !feature_is_here(&t->features, FEATURE_MAP_BUFFERS))
		ret = error_set(err, ENOTSUP, "before Linux 4.14 the tracepoints of system calls run no BPF program");
	format_text(t->no_call_tracepoints, sizeof(t->no_call_tracepoints), "%s", ret ? err->text : "");
	/* "exec" and "thread_exit" are linked with these, whatever sees the calls. */
	if (ret && abis[0].slot_size == t->layout.long_size)
		ret = 0;
	if (ret)
		feature_note(&t->features, FEATURE_FAILS, false, err->text);
	return ret;
}

static int trace_native(struct tracer *t, struct error *err)
{
	static const char *const how[] = {"by kprobes", "at all system calls", "by kprobes"};
	struct error no_probes = {0};
	char why[sizeof(no_probes.text) + 32];
	enum way way;
	int ret;

	if (!*t->no_call_tracepoints) {
		ret = trace_by_tracepoints(t, err);
		/* EINVAL: Linux 4.11 to 4.13 has them, and runs no BPF program there. */
		if (ret != -EINVAL || !abis[0].slot_size) {
			feature_note(&t->features, FEATURE_FAILS, !ret, ret ? err->text : NULL);
			return ret;
		}
		format_text(t->no_call_tracepoints, sizeof(t->no_call_tracepoints), "%s", err->text);
	}
	ret = trace_by_probes(t, &abis[0], &way, &no_probes);
	if (!ret) {
		format_text(why, sizeof(why), "%s: %s", how[way], t->no_call_tracepoints);
		feature_note(&t->features, FEATURE_FAILS, true, why);
		return 0;
	}
	free(err->log);
	error_set(err, -ret, "%s; and %s", t->no_call_tracepoints, no_probes.text);
	err->log = no_probes.log;
	feature_note(&t->features, FEATURE_FAILS, false, err->text);
	return ret;
}

int failures_trace(struct tracer *t, struct error *err)
{
	struct error no_compat = {0};
	char but[128] = "";
	const char *what = NULL;
	enum way way = BY_KPROBES;
	int ret = trace_native(t, err);

	if (ret || t->layout.long_size != 8)
		return ret;
	if (NO_32_BIT_PROGRAMS) {
		feature_note(&t->features, FEATURE_COMPAT_FAILS, true, "there are none on this architecture");
		return 0;
	}
	if (trace_by_probes(t, &abis[1], &way, &no_compat))
		what = "of 32-bit programs";
	else if (way == BY_RAW_TRACEPOINTS)
		what = "by int 0x80 of 64-bit programs";
	/* Why not those, where the others are seen. */
	if (what && way == BY_RAW_TRACEPOINTS) {
		error_set(&no_compat, ENOTSUP, NEEDS_KPROBES);
		format_text(but, sizeof(but), "at all system calls; those %s are not seen: %s", what, no_compat.text);
	}
	feature_note(&t->features, FEATURE_COMPAT_FAILS, !what || way == BY_RAW_TRACEPOINTS, *but ? but : no_compat.text);
	if (what && !t->options->check)
		say("failed execs %s cannot be seen here: %s", what, no_compat.text);
	free(no_compat.log);
	return 0;
}
