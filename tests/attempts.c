/* SPDX-License-Identifier: GPL-2.0-only */
/* Code that runs in the reader has no way out: this enters the sandbox as the reader does, then tries to get out. Usage:
 * attempts DIRECTORY, as root. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/sandbox.h"

static int output, messages, channel[2], elsewhere, terminal;
static pid_t victim; /* a process of root's */
static char memory[64] = "the victim's", *shared;
static char file[4096], second[4096];

#define TRY(number, ...) ((int)syscall(number, ##__VA_ARGS__))

static int read_file(void) { return open("/etc/shadow", O_RDONLY); }
static int write_file(void) { return open(file, O_WRONLY | O_APPEND); }
static int make_file(void) { return open(second, O_WRONLY | O_CREAT, 0600); }
static int rename_file(void) { return rename(file, second); }
static int remove_file(void) { return unlink(file); }
static int link_file(void) { return symlink("/etc/shadow", second); }
static int change_mode(void) { return chmod(file, 0777); }
static int change_owner(void) { return chown(file, 4242, 4242); }
static int list_directory(void) { return open("/", O_RDONLY | O_DIRECTORY); }
static int open_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", victim);
	return open(path, O_RDWR);
}
static int read_memory(void)
{
	struct iovec iov = {memory, 4};

	return (int)process_vm_readv(victim, &iov, 1, &iov, 1, 0);
}
static int write_memory(void)
{
	struct iovec iov = {memory, 4};

	return (int)process_vm_writev(victim, &iov, 1, &iov, 1, 0);
}
static int trace_process(void) { return (int)ptrace(PTRACE_ATTACH, victim, NULL, NULL); }
static int make_map(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return TRY(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}
static int find_map(void)
{
	union bpf_attr attr = {0};

	return TRY(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr));
}
static int count_events(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY};

	return TRY(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}
static int kill_process(void) { return kill(victim, SIGKILL); }
static int kill_thread(void) { return TRY(SYS_tgkill, victim, victim, SIGKILL); }
static int kill_ourselves(void) { return kill(getppid(), 0); }
static int make_process(void) { return (int)fork(); }
static int execute(void) { return execl("/bin/true", "true", NULL); }
/* musl makes ENOMEM of EPERM. */
static int map_with(int prot)
{
	if (mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return 0;
	errno = errno == ENOMEM ? EPERM : errno;
	return -1;
}
static int map_code(void) { return map_with(PROT_READ | PROT_EXEC); }
static int map_writable_code(void) { return map_with(PROT_READ | PROT_WRITE | PROT_EXEC); }
static int make_code(void) { return mprotect(shared, 4096, PROT_READ | PROT_EXEC); }
static int type_into_terminal(void) { return ioctl(terminal, TIOCSTI, "x"); }
static int set_terminal(void) { return ioctl(output, TCSETS, memory); }
static int write_elsewhere(void) { return (int)write(elsewhere, "x", 1); }
static int shorten_elsewhere(void) { return ftruncate(elsewhere, 0); }
static int replace_elsewhere(void) { return dup3(output, elsewhere, 0); }
static int replace_messages(void) { return dup2(elsewhere, messages); }
static int network(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static int local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static int mount_something(void) { return mount("none", "/tmp", "tmpfs", 0, NULL); }
static int become_root(void) { return TRY(SYS_setuid, 0); }
static int take_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{.effective = 1, .permitted = 1}};

	return TRY(SYS_capset, &header, sets);
}
static int new_namespace(void) { return unshare(CLONE_NEWUSER); }
static int become_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static int hidden_file(void) { return TRY(SYS_memfd_create, "x", 0); }
static int set_clock(void) { return clock_settime(CLOCK_REALTIME, &(struct timespec){1, 0}); }
static int change_limits(void) { return TRY(SYS_prlimit64, victim, 7, NULL, memory); }
static int load_module(void) { return TRY(SYS_init_module, memory, 4, ""); }
static int wait_for_ring(void)
{
#ifdef SYS_io_uring_setup
	return TRY(SYS_io_uring_setup, 1, memory);
#else
	errno = EPERM;
	return -1;
#endif
}

static const struct attempt {
	const char *name;
	int (*make)(void);
} attempts[] = {
	{"reads no file", read_file},
	{"writes no file", write_file},
	{"makes no file", make_file},
	{"renames no file", rename_file},
	{"removes no file", remove_file},
	{"makes no link", link_file},
	{"changes no file's mode", change_mode},
	{"changes no file's owner", change_owner},
	{"lists no directory", list_directory},
	{"opens no process's memory", open_memory},
	{"reads no process's memory", read_memory},
	{"writes no process's memory", write_memory},
	{"traces no process", trace_process},
	{"makes no BPF map", make_map},
	{"finds no BPF map", find_map},
	{"opens no perf event", count_events},
	{"kills no process", kill_process},
	{"kills no thread", kill_thread},
	{"signals nobody", kill_ourselves},
	{"makes no process", make_process},
	{"executes nothing", execute},
	{"maps no code", map_code},
	{"maps no writable code", map_writable_code},
	{"makes no code of memory", make_code},
	{"types into no terminal", type_into_terminal},
	{"sets no terminal", set_terminal},
	{"writes to nothing else that is open", write_elsewhere},
	{"shortens nothing else that is open", shorten_elsewhere},
	{"replaces nothing else that is open", replace_elsewhere},
	{"does not redirect messages", replace_messages},
	{"makes no network socket", network},
	{"makes no local socket", local_socket},
	{"makes no netlink socket", netlink},
	{"mounts nothing", mount_something},
	{"does not become root", become_root},
	{"takes no capability", take_capabilities},
	{"makes no namespace", new_namespace},
	{"lets nobody look into it", become_dumpable},
	{"makes no hidden file", hidden_file},
	{"sets no clock", set_clock},
	{"changes no limits of others", change_limits},
	{"loads no module", load_module},
	{"makes no io_uring", wait_for_ring},
};

static void report(bool passed, const char *name)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%sok code in the reader %s\n", passed ? "" : "not ", name);

	if (write(messages, line, (size_t)n) != n)
		_exit(1);
}

int main(int argc, char **argv)
{
	struct sandbox_descriptors d;
	int alive[2];
	const char *why;

	if (argc != 2)
		return 2;
	snprintf(file, sizeof(file), "%s/attempts-file", argv[1]);
	snprintf(second, sizeof(second), "%s/attempts-second", argv[1]);
	output = open(file, O_RDWR | O_CREAT | O_APPEND, 0666);
	elsewhere = open(file, O_RDWR);
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	messages = dup(1);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pipe(alive))
		return 1;
	victim = fork();
	if (!victim) {
		close(alive[1]);
		_exit(read(alive[0], memory, 1) != 0); /* as long as this one lives */
	}
	if (output < 0 || elsewhere < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel))
		return 1;
	d = (struct sandbox_descriptors){output, output, messages, channel[0], -1, -1};
	why = sandbox_reader(&d);
	if (why) {
		printf("not ok code in the reader is restricted: %s\n", why);
		return 1;
	}
	report(write(output, "line\n", 5) == 5 && !ftruncate(output, 0), "writes the output");
	report(send(channel[0], "x", 1, 0) == 1, "asks the helper");
	report(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED, "has memory");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		errno = 0;
		report(attempts[i].make() < 0 && errno == EPERM, attempts[i].name);
	}
	return 0;
}
