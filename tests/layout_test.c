/* Kernels made of memory: some objects, each with nothing readable around it, that point to each
 * other as the kernel's do. The words between are noise. The host is little-endian. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "../layout.h"

#define NOWHERE "it is nowhere where it could be"
#define NOT_ONE "more than one place could be it"
#define UNKNOWN "the inode number of /proc/self/ns/mnt is not known"
#define PART(part) (1U << LAYOUT_##part)
#define ALL (PART(PARENT) | PART(COMM) | PART(ARGS) | PART(MNTNS))
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* OTHER is whatever a case needs one more of. */
enum object { TASK, PARENT, MM, NSPROXY, UTS, IPC, MNT, PID, NET, OTHER, OBJECTS };

#define OBJECT_DISTANCE 0x10000
#define MM_FRONT 512 /* mm_struct's neighbour in the slab, in front of it */

/* Where a kernel keeps what. */
struct shape {
	const char *name;
	uint32_t long_size, task_size, pids, real_parent, comm, mm, nsproxy, arg_start, inum;
};

static const struct shape shapes[] = {
	{"4.14", 8, 9088, 1192, 1208, 1648, 1040, 1712, 296, 24},
	{"4.14 without stack_canary", 8, 3072, 1024, 1032, 1480, 888, 1544, 296, 24},
	{"6.1", 8, 9792, 2464, 2480, 3024, 2344, 3088, 368, 16},
	{"6.18", 8, 10688, 2592, 2608, 3168, 2464, 3232, 400, 24},
	{"a kernel with nsproxy before mm", 8, 4096, 1696, 1712, 2176, 1400, 1280, 328, 16},
	{"a kernel with pids 4 bytes off", 8, 3520, 1188, 1200, 1560, 1040, 1624, 304, 16},
	{"a kernel full of debugging", 8, 14336, 13000, 13016, 13600, 12800, 13664, 1000, 24},
	{"a kernel with its nsproxy at the end", 8, 4224, 1200, 1216, 1560, 1040, 4216, 288, 24},
	{"4.14 of 32 bits", 4, 3072, 748, 760, 1024, 664, 1064, 152, 12},
	{"6.1 of 32 bits without stack_canary", 4, 3200, 900, 908, 3184, 816, 1212, 180, 8},
	{"6.18 of 32 bits with mm at the end", 4, 5120, 1500, 1512, 1900, 5112, 1300, 200, 12},
};

struct kernel {
	const struct shape *shape;
	char *bytes[OBJECTS]; /* malloc'ed */
	uint32_t size[OBJECTS]; /* 0: cannot be read */
	struct layout_facts facts;
};

static uint64_t address(const struct kernel *k, enum object object)
{
	return (k->shape->long_size == 8 ? 0xffff888012340000 : 0xc1230000) +
	       object * OBJECT_DISTANCE + (object == MM ? MM_FRONT : 0);
}

static int read_memory(void *context, uint64_t from, void *buffer, size_t length)
{
	const struct kernel *k = context;
	unsigned int shift = k->shape->long_size == 8 ? 48 : 31;
	uint64_t offset = from - address(k, TASK), object = offset / OBJECT_DISTANCE;

	CHECK(from >> shift == address(k, TASK) >> shift);
	assert(length >= 1 && length <= 4096);
	offset %= OBJECT_DISTANCE;
	if (from < address(k, TASK) || object >= OBJECTS || offset > k->size[object] ||
	    length > k->size[object] - offset)
		return -EFAULT;
	memcpy(buffer, k->bytes[object] + offset, length);
	return 0;
}

/* A readable object of that size, full of noise. */
static void make(struct kernel *k, enum object object, uint32_t size)
{
	uint64_t state = 0x9e3779b97f4a7c15 * (object + 1) + k->shape->task_size;

	free(k->bytes[object]);
	k->bytes[object] = malloc(size);
	k->size[object] = size;
	assert(k->bytes[object] && size < OBJECT_DISTANCE);
	for (uint32_t i = 0; i < size; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		k->bytes[object][i] = (char)state;
	}
}

static void put32(struct kernel *k, enum object object, uint32_t offset, uint32_t value)
{
	assert(offset + 4 <= k->size[object]);
	memcpy(k->bytes[object] + offset, &value, 4);
}

/* A long. */
static void put(struct kernel *k, enum object object, uint32_t offset, uint64_t value)
{
	assert(offset + k->shape->long_size <= k->size[object]);
	memcpy(k->bytes[object] + offset, &value, k->shape->long_size);
}

/* In both tasks, a pointer to another object. */
static void share(struct kernel *k, uint32_t offset, uint64_t pointer)
{
	put(k, TASK, offset, pointer);
	put(k, PARENT, offset, pointer);
}

static void put_args(struct kernel *k, enum object object, uint32_t offset)
{
	put(k, object, offset, k->facts.arg_start);
	put(k, object, offset + k->shape->long_size, k->facts.arg_end);
	put(k, object, offset + 2 * k->shape->long_size, k->facts.arg_end); /* env_start */
}

static void put_nsproxy(struct kernel *k, enum object object, uint32_t offset)
{
	const enum object namespaces[] = {UTS, IPC, MNT, PID, NET}; /* and noise */

	put32(k, object, offset, 7); /* the count */
	for (uint32_t i = 0; i < LENGTH(namespaces); i++)
		put(k, object, offset + (i + 1) * k->shape->long_size, address(k, namespaces[i]));
}

static void put_pids(struct kernel *k, enum object object, uint32_t offset, uint32_t pid)
{
	put32(k, object, offset, pid);
	put32(k, object, offset + 4, pid);
}

static void build(struct kernel *k, const struct shape *s)
{
	uint32_t size = s->long_size;

	*k = (struct kernel){.shape = s};
	k->facts = (struct layout_facts){
		.task = address(k, TASK),
		.parent_task = address(k, PARENT),
		.pid = 4711,
		.parent_pid = 4710,
		.comm = "qmrbxkwtqmrbxkw",
		.arg_start = size == 8 ? 0x7ffd12345678 : 0xbf812345,
		.arg_end = size == 8 ? 0x7ffd1234568c : 0xbf812359,
		.mntns = 4026531841,
		.long_size = size,
	};
	make(k, TASK, s->task_size);
	make(k, PARENT, s->task_size + 128); /* its neighbour can be read */
	memcpy(k->bytes[TASK] + s->comm, k->facts.comm, sizeof(k->facts.comm));
	make(k, MM, MM_FRONT + s->arg_start + 640);
	make(k, NSPROXY, 8 * size);
	make(k, OTHER, 4096);
	for (enum object ns = UTS; ns <= NET; ns++) {
		make(k, ns, 512);
		put32(k, ns, s->inum, 4026531830 + ns);
	}
	put_pids(k, TASK, s->pids, k->facts.pid);
	put_pids(k, PARENT, s->pids, k->facts.parent_pid);
	for (uint32_t i = 0; i < 2; i++) { /* real_parent and parent, mm and active_mm */
		put(k, TASK, s->real_parent + i * size, k->facts.parent_task);
		share(k, s->mm + i * size, address(k, MM));
	}
	put_args(k, MM, MM_FRONT + s->arg_start);
	share(k, s->nsproxy, address(k, NSPROXY));
	put_nsproxy(k, NSPROXY, 0);
	put32(k, MNT, s->inum, k->facts.mntns);
	share(k, 64, address(k, UTS)); /* what both point to besides; the last cannot be read */
	share(k, 128, address(k, OTHER) + 1024);
	share(k, 192, address(k, OTHER) + 3 * OBJECT_DISTANCE);
}

/* Learns the layout. The parts in `missing` must be so for the reason `why`, all others found. */
static void check(struct kernel *k, unsigned int missing, const char *why)
{
	const struct layout_memory memory = {read_memory, k};
	const struct shape *s = k->shape;
	struct layout_workspace *workspace = malloc(sizeof(*workspace));
	struct layout l, wanted = {.long_size = s->long_size};
	int failures = check_failures;

	for (size_t i = 0; i < sizeof(workspace->task); i++) /* what was there before is not read */
		workspace->task[i] = k->facts.comm[i % sizeof(k->facts.comm)];
	layout_learn(&l, &memory, &k->facts, workspace);
	for (int part = 0; part < LAYOUT_BPRM; part++)
		CHECK_TEXT(l.missing[part] ? l.missing[part] : "", missing >> part & 1 ? why : "");
	CHECK_TEXT(l.missing[LAYOUT_BPRM], "no exec has been looked at");
	if (!(missing & PART(PARENT))) {
		wanted.task_tgid = s->pids + 4;
		wanted.task_real_parent = s->real_parent;
	}
	if (!(missing & PART(COMM)))
		wanted.task_comm = s->comm;
	if (!(missing & PART(ARGS))) {
		wanted.task_mm = s->mm;
		wanted.mm_arg_start = s->arg_start;
	}
	if (!(missing & PART(MNTNS))) {
		wanted.task_nsproxy = s->nsproxy;
		wanted.nsproxy_mnt_ns = 3 * s->long_size;
		wanted.mnt_ns_inum = s->inum;
	}
	CHECK(!memcmp(&l, &wanted, offsetof(struct layout, bprm_filename) + sizeof(uint32_t)));
	if (check_failures > failures)
		printf("# on %s\n", s->name);
	for (int i = 0; i < OBJECTS; i++)
		free(k->bytes[i]);
	free(workspace);
}

/* A case: runs the statement that follows on a kernel `k` of each shape `s`, then check()s it. */
#define ON_SHAPE(missing, why) \
	for (struct kernel k = {0}; !k.shape && (build(&k, s), 1); check(&k, missing, why))
#define ON_ALL(sentence, missing, why)                                                     \
	CASE(sentence)                                                                     \
		for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)     \
			ON_SHAPE(missing, why)

static void test_parent(void)
{
	ON_ALL("is not confused by a pointer to the parent far from the pids (last_wakee)", 0, "")
		put(&k, TASK, 256, k.facts.parent_task);
	ON_ALL("is not confused by a tracer, which is another parent", 0, "")
		put(&k, TASK, s->real_parent + s->long_size, address(&k, OTHER));
	ON_ALL("is not confused by three of the four pids at one place", 0, "")
		for (uint32_t i = 0; i < 4; i++) {
			put_pids(&k, TASK, 256 + i * 16, k.facts.pid);
			put_pids(&k, PARENT, 256 + i * 16, k.facts.parent_pid);
			put32(&k, i / 2 ? PARENT : TASK, 256 + i * 16 + i % 2 * 4, 1);
		}
	ON_ALL("refuses pids that are nowhere", PART(PARENT), NOWHERE)
		put32(&k, TASK, s->pids, 1);
	ON_ALL("refuses pids that the parent has not", PART(PARENT), NOWHERE)
		put32(&k, PARENT, s->pids + 4, 1);
	ON_ALL("refuses pids that are at two places", PART(PARENT), NOT_ONE) {
		put_pids(&k, TASK, 256, k.facts.pid);
		put_pids(&k, PARENT, 256, k.facts.parent_pid);
	}
	ON_ALL("refuses pids without a parent near them", PART(PARENT), NOWHERE) {
		put(&k, TASK, s->real_parent, address(&k, OTHER));
		put(&k, TASK, s->real_parent + s->long_size, address(&k, OTHER));
		put(&k, TASK, 256, k.facts.parent_task);
		put(&k, TASK, s->real_parent + 6 * 8, k.facts.parent_task);
	}
	ON_ALL("refuses three pointers to the parent in a row", PART(PARENT), NOT_ONE)
		put(&k, TASK, s->real_parent + 2 * s->long_size, k.facts.parent_task);
	ON_ALL("refuses two pointers to the parent that are no neighbours", PART(PARENT), NOT_ONE) {
		put(&k, TASK, s->real_parent + s->long_size, address(&k, OTHER));
		put(&k, TASK, s->real_parent + 2 * s->long_size, k.facts.parent_task);
	}
}

static void test_comm(void)
{
	ON_ALL("refuses a name that is nowhere", PART(COMM), NOWHERE)
		k.bytes[TASK][s->comm + 14]++;
	ON_ALL("refuses a name that is at two places", PART(COMM), NOT_ONE)
		memcpy(k.bytes[TASK] + 259, k.facts.comm, sizeof(k.facts.comm));
	/* As the slab allocator may place them; the two names differ (peek.c). */
	ON_ALL("is not confused by its parent's task_struct right behind its own", 0, "") {
		k.bytes[TASK] = realloc(k.bytes[TASK], 2 * s->task_size);
		memcpy(k.bytes[TASK] + s->task_size, k.bytes[PARENT], s->task_size);
		k.bytes[PARENT] = realloc(k.bytes[PARENT], 2 * s->task_size);
		memset(k.bytes[PARENT] + s->task_size, 0, s->task_size);
		k.size[TASK] = k.size[PARENT] = 2 * s->task_size;
	}
}

static void test_args(void)
{
	ON_ALL("is not confused by a single pointer to what lies in front of the mm_struct", 0, "")
		share(&k, 256, address(&k, MM) - MM_FRONT);
	ON_ALL("is not confused by two pointers to what has other words", 0, "") {
		share(&k, 256, address(&k, OTHER));
		share(&k, 256 + s->long_size, address(&k, OTHER));
		for (uint32_t i = 0; i < 3; i++) {
			put_args(&k, OTHER, 64 + i * 64);
			put(&k, OTHER, 64 + i * 64 + i * s->long_size, 1);
		}
	}
	ON_ALL("is not confused by two pointers to the words that only one task has", 0, "") {
		put(&k, TASK, 256, address(&k, OTHER));
		put(&k, TASK, 256 + s->long_size, address(&k, OTHER));
		put_args(&k, OTHER, 128);
	}
	ON_ALL("refuses words that are nowhere", PART(ARGS), NOWHERE)
		put(&k, MM, MM_FRONT + s->arg_start, 1);
	ON_ALL("does not look where no kernel has its data", 0, "") {
		share(&k, 256, 0x6b6b6b6b6b6b6b68 >> (64 - 8 * s->long_size));
		share(&k, 256 + s->long_size, 0x6b6b6b6b6b6b6b68 >> (64 - 8 * s->long_size));
	}
	ON_ALL("refuses an mm that is not active_mm", PART(ARGS), NOWHERE)
		share(&k, s->mm + s->long_size, address(&k, OTHER));
	ON_ALL("refuses an mm_struct that cannot be read", PART(ARGS), NOWHERE)
		k.size[MM] = 0;
	ON_ALL("takes the first words, where the neighbour behind has the same", 0, "")
		put_args(&k, MM, MM_FRONT + s->arg_start + 512);
	ON_ALL("refuses two pairs of pointers to the words", PART(ARGS), NOT_ONE) {
		share(&k, 256, address(&k, OTHER));
		share(&k, 256 + s->long_size, address(&k, OTHER));
		put_args(&k, OTHER, 128);
	}
}

static void test_mntns(void)
{
	ON_ALL("is not confused by pointers to what is no nsproxy", 0, "") {
		for (uint32_t i = 0; i < 4; i++) {
			share(&k, 256 + i * 16, address(&k, OTHER) + i * 128);
			put_nsproxy(&k, OTHER, i * 128);
		}
		put32(&k, OTHER, 0, 0);
		put32(&k, OTHER, 128, 0x1000001); /* too large a count */
		put(&k, OTHER, 256 + s->long_size, 8);
		put(&k, OTHER, 384 + s->long_size, address(&k, UTS) + 1);
	}
	ON_ALL("is not confused by an mm_struct that looks like an nsproxy", 0, "")
		put_nsproxy(&k, MM, MM_FRONT);
	ON_ALL("is not confused by an nsproxy that only one task points to", 0, "") {
		put(&k, TASK, 256, address(&k, OTHER));
		put_nsproxy(&k, OTHER, 0);
	}
	ON_ALL("refuses an unknown inode number", PART(MNTNS), UNKNOWN) {
		k.facts.mntns = 0;
		put32(&k, MNT, s->inum, 0);
	}
	ON_ALL("refuses an inode number that is nowhere", PART(MNTNS), NOWHERE)
		put32(&k, MNT, s->inum, 1);
	ON_ALL("refuses a mount namespace that cannot be read", PART(MNTNS), NOWHERE)
		k.size[MNT] = 0;
	ON_ALL("refuses an nsproxy that cannot be read", PART(MNTNS), NOWHERE)
		k.size[NSPROXY] = 0;
	ON_ALL("refuses an nsproxy that the parent does not share", PART(MNTNS), NOWHERE)
		put(&k, PARENT, s->nsproxy, address(&k, OTHER));
	ON_ALL("refuses an inode number that is twice in the namespace", PART(MNTNS), NOT_ONE)
		put32(&k, MNT, s->inum + 4, k.facts.mntns);
	ON_ALL("refuses an inode number that two namespaces have", PART(MNTNS), NOT_ONE)
		put32(&k, NET, s->inum, k.facts.mntns);
	ON_ALL("refuses two nsproxies", PART(MNTNS), NOT_ONE) {
		share(&k, 256, address(&k, OTHER));
		put_nsproxy(&k, OTHER, 0);
	}
	ON_ALL("refuses two pointers to the nsproxy", PART(MNTNS), NOT_ONE)
		share(&k, s->nsproxy - s->long_size, address(&k, NSPROXY));
	CASE("is not confused by other processes' task_structs behind ours that share the nsproxy") {
		const struct shape *s = &shapes[3]; /* 6.18 */

		ON_SHAPE(0, "") {
			k.bytes[TASK] = realloc(k.bytes[TASK], 16384);
			k.bytes[PARENT] = realloc(k.bytes[PARENT], 16384);
			memset(k.bytes[TASK] + s->task_size, 0, 16384 - s->task_size);
			memset(k.bytes[PARENT] + s->task_size, 0, 16384 - s->task_size);
			k.size[TASK] = k.size[PARENT] = 16384;
			share(&k, s->task_size + s->nsproxy, address(&k, NSPROXY));
		}
	}
}

/* Learns from a linux_binprm with argc and envc at `at` and (the same place or another) `twin`, and
 * filename and interp behind them; the last `cut` bytes are not there. */
static void check_bprm(uint32_t at, uint32_t twin, uint64_t filename, uint64_t interp, uint32_t cut,
		       const char *why)
{
	for (uint32_t width = 4; width <= 8; width += 4) {
		uint32_t names = (at + 8 + width - 1) / width * width;
		uint32_t size = names + 2 * width - cut;
		struct layout l = {.long_size = width};
		char bprm[256], *exact = malloc(size);

		memset(bprm, 0x55, sizeof(bprm)); /* pointers, all the same, and the counts alone */
		memcpy(bprm + 16, (uint32_t[]){11, 1}, 8);
		memcpy(bprm + 48, (uint32_t[]){1, 23}, 8);
		memcpy(bprm + at, (uint32_t[]){11, 23}, 8);
		memcpy(bprm + names, &filename, width);
		memcpy(bprm + names + width, &interp, width);
		memmove(bprm + twin, bprm + at, 32);
		memcpy(exact, bprm, size);
		layout_learn_bprm(&l, exact, size, 11, 23);
		CHECK_TEXT(l.missing[LAYOUT_BPRM] ? l.missing[LAYOUT_BPRM] : "", why);
		CHECK(l.bprm_filename == (*why ? 0 : names));
		free(exact);
	}
}

static void test_bprm(void)
{
	CASE("finds the names in a linux_binprm, and behind padding") {
		check_bprm(144, 144, 0xffff1231, 0xffff1231, 0, "");
		check_bprm(148, 148, 0xffff1231, 0xffff1231, 0, "");
	}
	CASE("refuses names in a linux_binprm that differ, or are no pointers") {
		check_bprm(144, 144, 0xffff1230, 0xffff1240, 0, NOWHERE);
		check_bprm(144, 144, 1, 1, 0, NOWHERE);
	}
	CASE("refuses names in a linux_binprm that is cut off") {
		check_bprm(144, 144, 0xffff1230, 0xffff1230, 1, NOWHERE);
		check_bprm(148, 148, 0xffff1230, 0xffff1230, 4, NOWHERE);
	}
	CASE("refuses names at two places in a linux_binprm")
		check_bprm(144, 80, 0xffff1230, 0xffff1230, 0, NOT_ONE);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0); /* a sanitizer that ends the program flushes nothing */
	for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)
		CASE("finds everything in %s", s->name)
			ON_SHAPE(0, "")
				continue;
	ON_ALL("finds nothing where a task_struct cannot be read", ALL, NOWHERE)
		k.size[PARENT] = 0;
	test_parent();
	test_comm();
	test_args();
	test_mntns();
	test_bprm();
	return 0;
}
