#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "failures.h"
#include "loader.h"
#include "mounts.h"
#include "tracefs.h"

/* How often "again" is attached, fewer times if other tracers leave no room: 33 times 32 more strings of a
 * failed exec each. */
#define AGAINS 9

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

/* Attaches "again" as often as there is room, and "end" behind it. */
static int attach_agains(struct tracer *t, const char *execve, const char *execveat, struct error *err)
{
	size_t first = t->attached_count;
	int ret = 0;

	for (int i = 0; !ret && i < AGAINS; i++)
		ret = attach_call(t, "again", execve, execveat, err);
	/* BPF_TRACE_MAX_PROGS in kernel/trace/bpf_trace.c: a tracepoint takes 64 programs. */
	if (ret == -E2BIG)
		ret = 0;
	if (!ret)
		ret = attach_call(t, "end", execve, execveat, err);
	if (ret != -E2BIG || t->attached_count == first)
		return ret;
	while (t->attached_count > first)
		close(t->attached[--t->attached_count]);
	return attach_call(t, "end", execve, execveat, err);
}

static int trace_calls(struct tracer *t, struct error *err)
{
	const char *execve = "syscalls/sys_exit_execve", *execveat = "syscalls/sys_exit_execveat";
	int ret = load_tail(t, "pieces", BPF_PROG_TYPE_TRACEPOINT, MAP_PIECES_PROGRAM, err);

	/* The exits first: a call whose entry is seen must not be forgotten. */
	if (!ret)
		ret = attach_call(t, "exit", execve, execveat, err);
	/* Below 4.15 a tracepoint takes one program only. A kernel that has raw tracepoints (4.17)
	 * takes more. */
	if (!ret && feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS))
		ret = attach_agains(t, execve, execveat, err);
	if (!ret)
		ret = attach_call(t, "enter_execve", "syscalls/sys_enter_execve", NULL, err);
	if (!ret)
		ret = attach_call(t, "enter_execveat", "syscalls/sys_enter_execveat", NULL, err);
	return ret;
}

/* How a 64-bit kernel takes the calls of 32-bit programs. Their system call tracepoints do not fire; a kprobe
 * can see them, or the raw tracepoint that all system calls pass. Offsets are in struct pt_regs. */
static const struct compat_abi {
	const char *execve, *execveat; /* the functions, from Linux 4.17 on */
	uint64_t regs;		       /* the functions' argument: the caller's registers */
	uint64_t args[3];	       /* the caller's arguments */
	uint64_t ret;
	uint64_t execve_number, execveat_number; /* arch/x86/entry/syscalls/syscall_32.tbl */
	uint64_t number; /* the call's number */
	uint64_t mode, mode_value; /* the caller is a 32-bit program: cs is __USER32_CS */
} compat_abi = {
#ifdef __x86_64__
	"__ia32_compat_sys_execve", "__ia32_compat_sys_execveat", 112, {40, 88, 96}, 80, 11, 358, 120, 136, 0x23,
#endif
};

/* Where the compat programs are attached. */
struct compat_way {
	enum bpf_prog_type type;
	uint32_t pmu; /* of kprobes */
};

static int attach_compat(struct tracer *t, struct tracer *settings, const struct compat_way *way,
			 const char *name, const char *function, struct error *err)
{
	bool at_return = !strcmp(name, "exit");
	int program = load_program(settings, name, way->type, err), ret;

	if (program < 0)
		return program;
	ret = keep(t, way->type == BPF_PROG_TYPE_KPROBE
			      ? kprobe_attach(way->pmu, function, at_return, program, err)
			      : raw_tracepoint_attach(at_return ? "sys_exit" : "sys_enter", program, err));
	if (at_return)
		t->counted[t->counted_count++] = program;
	else
		close(program);
	return ret;
}

/* Failed calls of 32-bit programs; *partly: but not those that 64-bit programs make as if they were such. */
static int trace_compat(struct tracer *t, bool *partly, struct error *err)
{
	const struct compat_abi *abi = &compat_abi;
	struct tracer c = *t; /* the same programs with other settings */
	struct compat_way way = {.type = BPF_PROG_TYPE_KPROBE};
	char type[16];
	int ret;

	if (!abi->execve)
		return error_set(err, ENOTSUP, "not known on this architecture");
	ret = read_file(t->sysfs, "bus/event_source/devices/kprobe/type", type, sizeof(type));
	if (ret >= 0)
		way.pmu = (uint32_t)atoi(type);
	else if (feature_is_here(&t->features, FEATURE_UNPREEMPTED))
		way.type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	else
		return error_set(err, -ret, "this needs Linux 4.17");
	c.slot_size = 4;
	c.compat_regs = abi->regs;
	c.exit_ret = abi->ret;
	if (way.type == BPF_PROG_TYPE_RAW_TRACEPOINT) {
		/* Its arguments: on entry the registers and the number, on exit the registers and the result. */
		c.compat_execve = abi->execve_number;
		c.compat_execveat = abi->execveat_number;
		c.compat_number = abi->number;
		c.compat_mode = abi->mode;
		c.compat_mode_value = abi->mode_value;
		c.compat_regs = 0;
		c.exit_ret = 8;
	}
	c.pieces_alone = true;
	/* A map of programs holds one type: a second one for these. It stays open, or the kernel would
	 * empty it. */
	ret = create_map(&c, MAP_PIECES_PROGRAM, 0, err);
	if (!ret)
		ret = load_tail(&c, "pieces", way.type, MAP_PIECES_PROGRAM, err);
	if (!ret)
		ret = attach_compat(t, &c, &way, "exit", abi->execve, err);
	/* All exits pass the one raw tracepoint. */
	if (!ret && way.type == BPF_PROG_TYPE_KPROBE)
		ret = attach_compat(t, &c, &way, "exit", abi->execveat, err);
	c.compat_filename = abi->args[0];
	c.compat_argv = abi->args[1];
	if (!ret)
		ret = attach_compat(t, &c, &way, "enter_compat", abi->execve, err);
	c.compat_fd = abi->args[0];
	c.compat_filename = abi->args[1];
	c.compat_argv = abi->args[2];
	if (!ret)
		ret = attach_compat(t, &c, &way, "enter_compat", abi->execveat, err);
	*partly = way.type == BPF_PROG_TYPE_RAW_TRACEPOINT;
	return ret;
}

#define NEEDS_KPROBES "this needs Linux 4.17 with CONFIG_KPROBE_EVENTS=y"

int failures_learn(struct tracer *t, struct error *err)
{
	int ret = learn_formats(t, err);

	t->slot_size = t->layout.long_size;
	/* Without raw tracepoints, a program that goes on where "pieces" must stop has no room either: both came
	 * with more programs on a tracepoint (4.15, 4.17). */
	t->pieces_alone = !feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS);
	if (ret)
		feature_note(&t->features, FEATURE_FAILS, false, err->text);
	return ret;
}

int failures_trace(struct tracer *t, struct error *err)
{
	struct error no_compat = {0};
	const char *what = NULL;
	bool partly = false;
	int ret = trace_calls(t, err);

	feature_note(&t->features, FEATURE_FAILS, !ret, ret ? err->text : NULL);
	if (ret || t->layout.long_size != 8)
		return ret;
	if (trace_compat(t, &partly, &no_compat))
		what = "of 32-bit programs";
	else if (partly)
		what = "by int 0x80 of 64-bit programs";
	feature_note(&t->features, FEATURE_COMPAT_FAILS, !what || partly,
		     partly ? "not by int 0x80 of 64-bit programs: " NEEDS_KPROBES : no_compat.text);
	if (what && !t->options->check)
		fprintf(stderr, "execsnoop: failed execs %s cannot be seen here: %s\n", what,
			partly ? NEEDS_KPROBES : no_compat.text);
	free(no_compat.log);
	return 0;
}
