/* SPDX-License-Identifier: GPL-2.0-only */
/* Executes a program in a way that no shell can: call WAY FILE [ARG]... Unless the way says otherwise,
 * the new program gets FILE as argv[0], then ARG... Ways that make a process print its id, as its parent
 * sees it. Exit status 111 if the exec failed. Static, so that it also runs in a guest that has no
 * libc. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fuse.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 111

extern char **environ;

static int by_execve(char **argv)
{
	return execve(argv[0], argv, environ);
}

/* ---- execveat(2) ---- */

static int execveat(int dir, const char *name, char **argv, int flags)
{
	return (int)syscall(SYS_execveat, dir, name, argv, environ, flags);
}

static int by_execveat(char **argv)
{
	char *slash = strrchr(argv[0], '/');
	int dir;

	if (!slash)
		return -1;
	*slash = '\0';
	dir = open(argv[0], O_RDONLY | O_DIRECTORY);
	*slash = '/';
	return execveat(dir, slash + 1, argv, 0);
}

/* From the working directory. */
static int from_here(char **argv)
{
	return execveat(AT_FDCWD, argv[0], argv, 0);
}

static int from_no_directory(char **argv)
{
	return execveat(99, argv[0], argv, 0);
}

static int without_following(char **argv)
{
	return execveat(AT_FDCWD, argv[0], argv, AT_SYMLINK_NOFOLLOW);
}

/* As fexecve(3). */
static int by_descriptor(char **argv)
{
	return execveat(open(argv[0], O_RDONLY), "", argv, AT_EMPTY_PATH);
}

/* The file's bytes, from memory. */
static int by_memfd(char **argv)
{
	int from = open(argv[0], O_RDONLY), to = (int)syscall(SYS_memfd_create, "bytes", 0);
	char buffer[4096];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return -1;
	return execveat(to, "", argv, AT_EMPTY_PATH);
}

/* ---- by another thread or process ---- */

static void *exec_in_thread(void *argv)
{
	by_execve(argv);
	return NULL;
}

static int by_thread(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, exec_in_thread, argv))
		pthread_join(thread, NULL);
	return -1;
}

static void *fork_in_thread(void *argv)
{
	pid_t pid;

	prctl(PR_SET_NAME, "not the process");
	pid = fork();

	if (!pid)
		by_execve(argv);
	waitpid(pid, NULL, 0);
	exit(0);
}

/* In a child that a thread forks. */
static int by_thread_that_forks(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, fork_in_thread, argv))
		pthread_join(thread, NULL);
	return -1;
}

/* ARG is how many processes there are before the exec, each forked by the one before it, which ends then; the second how
 * many microseconds each waits; the third a file: when that is there, the next executes. Those that are left go to this
 * process, which lives on until all have ended. */
static int by_chain(char **argv)
{
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!fork()) {
		for (int left = atoi(argv[1]); left > 0 && !(argv[2] && argv[3] && !access(argv[3], F_OK)); left--) {
			usleep((useconds_t)(argv[2] ? atoi(argv[2]) : 0));
			if (fork())
				_exit(0);
		}
		execve(argv[0], (char *[]){argv[0], "chain's end", NULL}, environ);
		_exit(FAILED);
	}
	while (wait(&status) > 0)
		;
	exit(0);
}

/* ARG is how many times this program executes itself, each time from a thread that is not the first; then the
 * file. The second, if there is one, is another file: when that is there, it is the last time but one. */
static void *exec_itself(void *args)
{
	char **argv = args, left[24];

	usleep(300);
	snprintf(left, sizeof(left), "%d", argv[2] && !access(argv[2], F_OK) ? 0 : atoi(argv[1]) - 1);
	if (atoi(argv[1]) > 0)
		execve("/proc/self/exe", (char *[]){"call", "thread-loop", argv[0], left, argv[2], NULL}, environ);
	execve(argv[0], (char *[]){argv[0], "loop's end", NULL}, environ);
	return NULL;
}

static int by_thread_loop(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, exec_itself, argv))
		pthread_join(thread, NULL);
	return -1;
}

/* Prints the id of a thread that waits; the first one has a child, which executes a while later. */
static void *print_own_id(void *unused)
{
	(void)unused;
	printf("%d\n", (int)syscall(SYS_gettid));
	sleep(3);
	return NULL;
}

static int with_waiting_thread(char **argv)
{
	pthread_t thread;

	if (!fork()) {
		usleep(2500000);
		by_execve(argv);
		_exit(FAILED);
	}
	pthread_create(&thread, NULL, print_own_id, NULL);
	pthread_join(thread, NULL);
	exit(0);
}

/* A child that has ended, and nobody waits for; prints its id. */
static int as_zombie(char **argv)
{
	pid_t pid = fork();

	(void)argv;
	if (!pid)
		_exit(0);
	printf("%d\n", (int)pid);
	pause();
	exit(0);
}

static void *fork_later(void *argv)
{
	usleep(200000);
	return fork_in_thread(argv);
}

/* The same when the process's first thread has ended. */
static int without_leader(char **argv)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, fork_later, argv))
		pthread_exit(NULL);
	return -1;
}

/* Prints the child's id, and ends as it does. */
static int follow(pid_t pid)
{
	int status = FAILED << 8;

	if (pid < 0)
		return -1;
	printf("%d\n", pid);
	waitpid(pid, &status, 0);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : FAILED);
}

static int by_spawn(char **argv)
{
	pid_t pid;

	errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	return errno ? -1 : follow(pid);
}

static int exec_in_clone(void *argv)
{
	by_execve(argv);
	return FAILED;
}

static pid_t exec_by_clone(char **argv, int flags)
{
	static char stack[65536] __attribute__((aligned(16)));

	return clone(exec_in_clone, stack + sizeof(stack), flags | SIGCHLD, argv);
}

static int by_clone(char **argv, int flags) { return follow(exec_by_clone(argv, flags)); }

/* vfork(2): on some architectures musl's function of that name is fork's. */
static int by_vfork(char **argv) { return by_clone(argv, CLONE_VM | CLONE_VFORK); }

static int in_pid_namespace(char **argv)
{
	return by_clone(argv, CLONE_NEWPID);
}

static int in_mount_namespace(char **argv)
{
	return by_clone(argv, CLONE_NEWNS);
}

/* When its parent has ended. ARG is the id of the parent that it has then. */
static int as_orphan(char **argv)
{
	static char parent[24];
	pid_t before = getpid();

	if (fork())
		_exit(0);
	while (getppid() == before)
		usleep(1000);
	snprintf(parent, sizeof(parent), "%d", getppid());
	return execve(argv[0], (char *[]){argv[0], parent, NULL}, environ);
}

/* The same, with this process as the one that orphans are handed to. */
static int as_adopted(char **argv)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!fork())
		return as_orphan(argv);
	while (wait(NULL) > 0)
		;
	exit(0);
}

/* As the user whose number is the first ARG. */
static int as_user(char **argv)
{
	unsigned int uid = argv[1] ? (unsigned int)atoi(argv[1]) : 0;

	if (setgid(uid) || setuid(uid))
		return -1;
	argv[1] = argv[0];
	return execve(argv[1], argv + 1, environ);
}

/* As the user whose number is the first ARG, with the capabilities in the second, a mask in hexadecimal, and no
 * more locked memory than the third says, in KiB. */
static int confined(char **argv)
{
	unsigned int uid = (unsigned int)atoi(argv[1]);
	uint64_t mask = strtoull(argv[2], NULL, 16);
	rlim_t memlock = (rlim_t)atoi(argv[3]) * 1024;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];

	if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){memlock, memlock}))
		return -1;
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(mask >> cap & 1) && prctl(PR_CAPBSET_DROP, cap))
			return -1;
	prctl(PR_SET_KEEPCAPS, 1);
	if (setgid(uid) || setuid(uid))
		return -1;
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(mask >> 32 * i);

		sets[i] = (struct __user_cap_data_struct){half, half, half};
	}
	if (syscall(SYS_capset, &header, sets))
		return -1;
	for (int cap = 0; uid && cap < 64; cap++)
		if (mask >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			return -1;
	argv[3] = argv[0];
	return execve(argv[3], argv + 3, environ);
}

/* With signals that are ignored and blocked. */
static int with_signals(char **argv)
{
	sigset_t blocked;

	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	return by_execve(argv);
}

/* By the system call of 32-bit programs, which takes addresses of 32 bits. */
static int by_int80(char **argv)
{
#ifdef __x86_64__
	char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t *slots = (uint32_t *)memory;
	char *string = memory + 4096;
	int ret;

	for (size_t i = 0; argv[i]; i++) {
		slots[i] = (uint32_t)(uintptr_t)string;
		string = stpcpy(string, argv[i]) + 1;
	}
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(11), "b"(slots[0]), "c"(slots), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = -ret;
#else
	(void)argv;
	errno = ENOSYS;
#endif
	return -1;
}

/* Along the PATH. */
static int by_path(char **argv)
{
	return execvp(argv[0], argv);
}

/* ---- arguments ---- */

/* The first ARG is argv[0]; without one, argv is {NULL}. */
static int with_argv(char **argv)
{
	return execve(argv[0], argv + 1, environ);
}

static int without_argv(char **argv)
{
	return execve(argv[0], NULL, environ);
}

/* ARG is how many bytes the one argument has. */
static int with_long_argument(char **argv)
{
	size_t size = argv[1] ? strtoul(argv[1], NULL, 10) : 0;
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	return execve(argv[0], (char *[]){argv[0], text, "end", NULL}, environ);
}

/* ARG is how many arguments of ten bytes there are. */
static int with_many_arguments(char **argv)
{
	size_t count = argv[1] ? strtoul(argv[1], NULL, 10) : 0;
	char **args = calloc(count + 2, sizeof(*args));

	args[0] = argv[0];
	for (size_t i = 1; i <= count; i++)
		if (asprintf(&args[i], "a%09zu", i) < 0)
			return -1;
	return execve(argv[0], args, environ);
}

/* The same; if it fails, the caller lives on for as many microseconds as the second ARG says. */
static int with_many_arguments_and_time(char **argv)
{
	with_many_arguments(argv);
	usleep((useconds_t)atoi(argv[2]));
	return -1;
}

/* For each ARG an argument of so many bytes: a counter of eight digits that goes on through all of
 * them, so that no byte can be lost or doubled unseen. */
static void make_sizes(char **argv)
{
	unsigned int counter = 0;

	for (char **arg = argv + 1; *arg; arg++) {
		size_t size = strtoul(*arg, NULL, 10);

		*arg = malloc(size + 9);
		for (size_t at = 0; at < size; at += 8)
			snprintf(*arg + at, 9, "%08u", counter++);
		(*arg)[size] = '\0';
	}
}

static int with_sizes(char **argv)
{
	make_sizes(argv);
	return by_execve(argv);
}

/* As with_sizes, but the array of arguments begins so many slots, the first of the numbers, before the end of a page; the caller lives
 * on for a while. */
static int with_slots(char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (size_t)atoi(argv[1]), count = 0;
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), **args;

	argv[1] = argv[0];
	make_sizes(++argv);
	while (argv[count])
		count++;
	args = (char **)(pages + page) - before;
	memcpy(args, argv, (count + 1) * sizeof(*args));
	execve(args[0], args, environ);
	usleep(300000);
	return -1;
}

/* Executes nothing: prints the same arguments as the tracer shows them, in quotation marks. */
static int print_sizes(char **argv)
{
	make_sizes(argv);
	for (char **arg = argv; *arg; arg++)
		printf("%s\"%s\"", arg == argv ? "" : " ", *arg);
	printf("\n");
	exit(0);
}

/* Executes nothing: prints how many bytes a page has. */
static int print_page_size(char **argv)
{
	(void)argv;
	printf("%ld\n", sysconf(_SC_PAGESIZE));
	exit(0);
}

/* The environment holds a secret that stands right behind the arguments. */
static int with_secret(char **argv)
{
	return execve(argv[0], argv, (char *[]){"SECRET=hunter2", NULL});
}

/* ---- memory ---- */

/* Maps a file that has these bytes: memory that nobody has touched yet. */
static void *untouched(const char *name, const void *bytes, size_t size)
{
	char *file, *at;
	int fd;

	if (asprintf(&file, "%s.untouched", name) < 0)
		return NULL;
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (write(fd, bytes, size) != (ssize_t)size)
		return NULL;
	at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	unlink(file);
	return at;
}

/* The first ARG says what is in untouched memory: n, the file name; a, the array of arguments; s, each
 * of the strings; and, if it has an l, that the caller lives on for a while if the exec fails. */
static int from_untouched(char **argv)
{
	const char *what = argv[1];
	char *name = argv[0], **args = argv + 1;
	size_t count = 0;

	args[0] = name;
	if (strchr(what, 'n'))
		name = untouched(name, name, strlen(name) + 1);
	for (; args[count]; count++)
		if (strchr(what, 's'))
			args[count] = untouched(argv[0], args[count], strlen(args[count]) + 1);
	if (strchr(what, 'a'))
		args = untouched(argv[0], args, (count + 1) * sizeof(*args));
	execve(name, args, environ);
	if (strchr(what, 'l'))
		usleep(300000);
	_exit(FAILED); /* at once */
}

/* A string of which the first page is there, and the others are not; then "end". The caller lives on. */
static int from_half(char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 2 * page + 3808;
	char *text = malloc(size + 1), *string;

	memset(text, 'x', size);
	text[size] = '\0';
	string = untouched(argv[0], text, size + 1);
	if (*(volatile char *)string)
		madvise(string + page, 2 * page, MADV_DONTNEED); /* a fault brings its neighbours, too */
	execve(argv[0], (char *[]){argv[0], string, "end", NULL}, environ);
	usleep(300000);
	_exit(FAILED);
}

/* In a child of vfork, which ends at once; its parent, with the same memory, lives on. */
static int from_untouched_by_vfork(char **argv)
{
	for (size_t i = 1; argv[i]; i++)
		argv[i] = untouched(argv[0], argv[i], strlen(argv[i]) + 1);
	exec_by_clone(argv, CLONE_VM | CLONE_VFORK);
	usleep(300000);
	exit(0);
}

static void *from_untouched_later(void *args)
{
	char **argv = args;

	usleep(200000);
	execve(argv[0], argv, environ);
	usleep(300000);
	exit(FAILED);
}

/* In a thread, when the process's first has ended. */
static int from_untouched_without_leader(char **argv)
{
	pthread_t thread;

	for (size_t i = 1; argv[i]; i++)
		argv[i] = untouched(argv[0], argv[i], strlen(argv[i]) + 1);
	if (!pthread_create(&thread, NULL, from_untouched_later, argv))
		pthread_exit(NULL);
	return -1;
}

/* A string in memory that somebody else promises to fill in, but never does. */
static int from_promised(char **argv)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *string = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	range.range.start = (uintptr_t)string;
	range.range.len = page;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		exit(2);
	execve(argv[0], (char *[]){argv[0], string, "end", NULL}, environ);
	usleep(1500000);
	_exit(FAILED);
}

/* A file system with one file of 1 MiB, which answers all but what is in it. */
static void serve_file_system(int fd)
{
	static struct {
		struct fuse_in_header head;
		char rest[(64 << 10) - sizeof(struct fuse_in_header)];
	} in;
	struct {
		struct fuse_out_header head;
		union {
			struct fuse_init_out init;
			struct fuse_entry_out entry;
			struct fuse_attr_out attr;
			struct fuse_open_out open;
		} u;
	} out;

	while (read(fd, &in, sizeof(in)) > 0) {
		struct fuse_attr attr = {.ino = in.head.nodeid, .size = 1 << 20, .mode = S_IFDIR | 0755, .nlink = 1};
		size_t size = 0;

		memset(&out, 0, sizeof(out));
		if (in.head.opcode == FUSE_LOOKUP)
			attr.ino = 2;
		if (attr.ino != FUSE_ROOT_ID)
			attr.mode = S_IFREG | 0644;
		switch (in.head.opcode) {
		case FUSE_INIT:
			out.u.init = (struct fuse_init_out){.major = 7, .minor = 31, .max_write = 4096};
			size = sizeof(out.u.init);
			break;
		case FUSE_LOOKUP:
			out.u.entry = (struct fuse_entry_out){.nodeid = 2, .attr_valid = 1000, .attr = attr};
			size = sizeof(out.u.entry);
			break;
		case FUSE_GETATTR:
			out.u.attr = (struct fuse_attr_out){.attr_valid = 1000, .attr = attr};
			size = sizeof(out.u.attr);
			break;
		case FUSE_OPEN:
			size = sizeof(out.u.open);
			break;
		case FUSE_READ:
		case FUSE_FORGET:
			continue;
		default:
			out.head.error = -ENOSYS;
		}
		out.head.unique = in.head.unique;
		out.head.len = (uint32_t)(sizeof(out.head) + size);
		if (write(fd, &out, out.head.len) < 0)
			break;
	}
	_exit(0);
}

/* Prints the id of the process that serves it: when that one ends, nobody waits any more. */
static void mount_file_system(const char *directory)
{
	char options[64];
	pid_t server;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("fuse", directory, "fuse", 0, options))
		_exit(2);
	server = fork();
	if (server) {
		printf("%d\n", (int)server);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve_file_system(fd);
}

/* Puts that file in a place. */
static struct {
	const char *directory;
	uintptr_t start, size;
} withheld;
static void *withhold(void *ignored)
{
	int directory = open(withheld.directory, O_RDONLY | O_DIRECTORY), fd = openat(directory, "file", O_RDONLY);

	(void)ignored;
	if (fd < 0 || mmap((void *)withheld.start, withheld.size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
		_exit(2);
	return NULL;
}

/* Where the stack is, two pages below all that was there before. */
static void start_below(void *(*function)(void *))
{
	volatile char pages[2 << 16];
	static pthread_t thread; /* not up there, where it may be withheld already */

	pages[0] = 0;
	pthread_create(&thread, NULL, function, NULL);
	for (;;)
		pause();
}

/* Executes itself; then whoever reads its arguments waits. */
static int with_withheld_arguments(char **argv)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	if (strcmp(argv[0], "now")) {
		mount_file_system(argv[0]);
		return execve("/proc/self/exe", (char *[]){"call", "withheld", "now", argv[0], NULL}, environ);
	}
	withheld.directory = strdup(argv[1]);
	withheld.start = (uintptr_t)argv[-2] & ~(page - 1);
	withheld.size = ((uintptr_t)argv[1] | (page - 1)) + 1 - withheld.start;
	start_below(withhold);
	return -1;
}

/* ---- what others make of the call ---- */

static int forbid_execve(unsigned int action, unsigned int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {5, code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static volatile int listener = -1;

static void *execute_watched(void *argv)
{
	listener = forbid_execve(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	by_execve(argv);
	return NULL;
}

/* Another thread answers the call for the kernel: with 7. */
static void answer_seven(char **argv)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {.val = 7};
	pthread_t thread;

	pthread_create(&thread, NULL, execute_watched, argv);
	while (listener < 0)
		usleep(1000);
	if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
		answer.id = call.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	pthread_join(thread, NULL);
}

/* ARG says what seccomp(2) does with it, in a child: trap, kill, errno, answer; or trapat: it traps an execveat(2). */
static int by_seccomp(char **argv)
{
	const char *how = argv[1];
	pid_t pid = fork();

	if (!pid) {
		argv[1] = argv[0];
		if (!strcmp(how, "answer"))
			answer_seven(argv + 1);
		else
			forbid_execve(!strncmp(how, "trap", 4) ? SECCOMP_RET_TRAP : !strcmp(how, "kill") ? SECCOMP_RET_KILL
				      : SECCOMP_RET_ERRNO | EACCES, 0);
		if (!strcmp(how, "trapat"))
			execveat(AT_FDCWD, argv[0], argv + 1, 0);
		else if (strcmp(how, "answer"))
			execve(argv[0], argv + 1, environ);
		_exit(0);
	}
	printf("%d\n", pid);
	waitpid(pid, NULL, 0);
	exit(0);
}

/* Asks whether it could be executed (AT_EXECVE_CHECK, Linux 6.14). */
static int only_asking(char **argv)
{
	return execveat(AT_FDCWD, argv[0], argv, 0x10000);
}

/* ARG processes execute it at once, or the second ARG, a program that does; fanotify(7) holds them all for a while, then
 * denies. Prints how many. */
static int when_denied(char **argv)
{
	char word[] = "denied"; /* in memory that is there */
	int n = atoi(argv[1]), held = 0, fds[256];
	int group = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);

	if (n > 256 || group < 0 || fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, argv[0]))
		exit(2);
	for (int i = 0; i < n; i++)
		if (!fork()) {
			close(group);
			if (argv[2])
				execve(argv[2], (char *[]){argv[2], argv[0], word, NULL}, environ);
			else
				execve(argv[0], (char *[]){argv[0], word, NULL}, environ);
			_exit(0);
		}
	while (held < n) {
		struct fanotify_event_metadata events[64];
		ssize_t bytes = read(group, events, sizeof(events));

		for (struct fanotify_event_metadata *e = events; FAN_EVENT_OK(e, bytes); e = FAN_EVENT_NEXT(e, bytes))
			fds[held++] = e->fd;
	}
	usleep(300000);
	for (int i = 0; i < n; i++)
		if (write(group, &(struct fanotify_response){fds[i], FAN_DENY}, sizeof(struct fanotify_response)) < 0)
			exit(3);
	while (wait(NULL) > 0)
		;
	printf("%d\n", n);
	exit(0);
}

/* In a time namespace whose CLOCK_MONOTONIC is ahead by ARG seconds. Exit status 2: there are none here. */
static int in_time_namespace(char **argv)
{
	int status, fd;

	if (unshare(0x80 /* CLONE_NEWTIME */))
		exit(2);
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	if (fd < 0 || dprintf(fd, "monotonic %s 0\n", argv[1]) < 0)
		exit(2);
	close(fd);
	argv[1] = argv[0];
	if (!fork()) {
		execve(argv[0], argv + 1, environ);
		_exit(FAILED);
	}
	signal(SIGINT, SIG_IGN);
	wait(&status);
	exit(WEXITSTATUS(status));
}

static volatile int go;

static void *exec_when_told(void *argv)
{
	while (!go)
		;
	by_execve(argv);
	return NULL;
}

/* In four threads at once: one wins, and the kernel ends the others in their calls. */
static int by_racing_threads(char **argv)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, exec_when_told, argv);
	usleep(2000);
	go = 1;
	sleep(5);
	return -1;
}

/* Copies a program's file to ARG, with its segments where none can be: the exec fails when there is no way
 * back, and the process is killed. */
static int make_impossible(char **argv)
{
	static char bytes[1 << 20];
	ssize_t size = read(open(argv[0], O_RDONLY), bytes, sizeof(bytes));
	int fd = open(argv[1], O_WRONLY | O_CREAT, 0755);

	if (bytes[EI_CLASS] == ELFCLASS64) {
		Elf64_Ehdr *head = (void *)bytes;
		Elf64_Phdr *segment = (void *)(bytes + head->e_phoff);

		for (int i = 0; i < head->e_phnum; i++)
			if (segment[i].p_type == PT_LOAD)
				segment[i].p_vaddr = 0xfffffffffffff000 | (segment[i].p_vaddr & 0xfff);
	} else {
		Elf32_Ehdr *head = (void *)bytes;
		Elf32_Phdr *segment = (void *)(bytes + head->e_phoff);

		for (int i = 0; i < head->e_phnum; i++)
			if (segment[i].p_type == PT_LOAD)
				segment[i].p_vaddr = 0xfffff000 | (segment[i].p_vaddr & 0xfff);
	}
	exit(write(fd, bytes, (size_t)size) != size);
}

/* The first ARG says what is at no address: name, argv, string; rest: argv from its third slot on; end:
 * the end of a string. Or kernel: a string is at the kernel's addresses. */
static int from_nowhere(char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *edge = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + page;
	char *name = argv[0], *what = argv[1], *nowhere = edge, **args = argv + 1;

	munmap(edge, page);
	args[0] = name;
	if (!strcmp(what, "name")) {
		name = nowhere;
	} else if (!strcmp(what, "argv")) {
		args = (char **)nowhere;
	} else if (!strcmp(what, "string")) {
		args[1] = nowhere;
	} else if (!strcmp(what, "rest")) {
		args = memcpy(edge - 2 * sizeof(*args), args, 2 * sizeof(*args));
	} else if (!strcmp(what, "end")) {
		args[1] = memset(edge - 10, 'x', 10);
	} else { /* on amd64, the interrupt descriptor table; on 32-bit machines, the kernel's text */
#ifdef __mips__
		args[1] = (char *)0x80100000;
#else
		args[1] = (char *)(sizeof(args[1]) == 8 ? (uintptr_t)0xfffffe0000000000 : 0xc0100000);
#endif
	}
	return execve(name, args, environ);
}

/* ---- a second thread that writes what the first one executes with ---- */

static char rewritten[8192];

static void *rewrite(void *unused)
{
	(void)unused;
	for (size_t i = 0;; i++) {
		/* Longer and shorter, too: what the kernel has measured is not what it copies. */
		memset(rewritten, 'a' + (int)(i % 7), 4000);
		rewritten[1000 + i % 3 * 1000] = '\0';
	}
	return NULL;
}

/* ARG is a file, the second how many such execs there are, one after the other: this program gets
 * "dump", the file, the rewritten string, "end". */
static int with_rewriter(char **argv)
{
	for (int i = 0; i < atoi(argv[2]); i++) {
		pid_t pid = fork();
		pthread_t thread;

		if (!pid) {
			memset(rewritten, 'z', 1000);
			pthread_create(&thread, NULL, rewrite, NULL);
			usleep((useconds_t)(500 + i % 10 * 50));
			execve(argv[0], (char *[]){argv[0], "dump", argv[1], rewritten, "end", NULL},
			       (char *[]){"nothing=", NULL});
			_exit(FAILED);
		}
		waitpid(pid, NULL, 0);
	}
	exit(0);
}

/* Not an exec, but what one came to: adds its ARGs to FILE, in one line, each in quotation marks. */
static int dump(char **argv)
{
	char *line = NULL;
	size_t size;
	FILE *text = open_memstream(&line, &size);
	int fd = open(argv[0], O_WRONLY | O_CREAT | O_APPEND, 0600);

	for (argv++; *argv; argv++)
		fprintf(text, "\"%s\"%c", *argv, argv[1] ? ' ' : '\n');
	fclose(text);
	if (write(fd, line, size) == (ssize_t)size)
		exit(0);
	return -1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*call)(char **argv);
	} ways[] = {
		{"execve", by_execve},
		{"execveat", by_execveat},
		{"here", from_here},
		{"no-directory", from_no_directory},
		{"no-follow", without_following},
		{"descriptor", by_descriptor},
		{"memfd", by_memfd},
		{"thread", by_thread},
		{"thread-forks", by_thread_that_forks},
		{"leaderless", without_leader},
		{"chain", by_chain},
		{"thread-loop", by_thread_loop},
		{"waiting-thread", with_waiting_thread},
		{"zombie", as_zombie},
		{"vfork", by_vfork},
		{"spawn", by_spawn},
		{"pid-namespace", in_pid_namespace},
		{"mount-namespace", in_mount_namespace},
		{"orphan", as_orphan},
		{"adopted", as_adopted},
		{"user", as_user},
		{"confined", confined},
		{"with-signals", with_signals},
		{"int80", by_int80},
		{"path", by_path},
		{"argv", with_argv},
		{"no-argv", without_argv},
		{"long", with_long_argument},
		{"many", with_many_arguments},
		{"sizes", with_sizes},
		{"slots", with_slots},
		{"print-sizes", print_sizes},
		{"page-size", print_page_size},
		{"secret", with_secret},
		{"untouched", from_untouched},
		{"half", from_half},
		{"untouched-vfork", from_untouched_by_vfork},
		{"untouched-leaderless", from_untouched_without_leader},
		{"promised", from_promised},
		{"withheld", with_withheld_arguments},
		{"racing", by_racing_threads},
		{"seccomp", by_seccomp},
		{"check", only_asking},
		{"denied", when_denied},
		{"time-namespace", in_time_namespace},
		{"many-and-lives", with_many_arguments_and_time},
		{"make-impossible", make_impossible},
		{"nowhere", from_nowhere},
		{"rewriter", with_rewriter},
		{"dump", dump},
	};

	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name)) {
			ways[i].call(argv + 2);
			fprintf(stderr, "call %s %.100s: %s\n", argv[1], argv[2], strerror(errno));
			return FAILED;
		}
	fprintf(stderr, "usage: call WAY FILE [ARG]...\n");
	return 2;
}
