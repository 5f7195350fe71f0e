/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels made of memory: some objects, each with nothing readable around it, that point to each
 * other as the kernel's do. The words between are noise. The host is little-endian. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "kernel/layout.h"

#define NOWHERE "it is nowhere where it could be"
#define NOT_ONE "more than one place could be it"
#define UNKNOWN "the inode number of /proc/self/ns/mnt is not known"
#define PART(part) (1U << LAYOUT_##part)
#define ALL (PART(PARENT) | PART(LEADER) | PART(COMM) | PART(ARGS) | PART(MNTNS))
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define RANDOM_KERNELS 3000

/* The four tasks first, in the order of enum layout_who; STRANGER is another task, OTHER whatever a case needs one more
 * of. */
enum object {
	SELF, CHILD, GRANDCHILD, THREAD, STRANGER, MM, MM_COPY, NSPROXY, NSPROXY_COPY, UTS, UTS_COPY, IPC, MNT, PID, NET, OTHER,
	OBJECTS
};

#define OBJECT_DISTANCE 0x10000
#define MM_FRONT 512 /* mm_struct's neighbour in the slab, in front of it */

/* Where a kernel keeps what. */
struct shape {
	const char *name;
	uint32_t long_size, task_size;
	uint32_t pid, tgid, real_parent, parent, group_leader, comm, mm, active_mm, nsproxy;
	uint32_t arg_start, arg_end, env_start, env_end; /* in mm_struct */
	uint32_t mnt_ns, inum;
};

/* In order, as kernels without RANDSTRUCT have them. */
#define IN_ORDER(kernel, size, task, pids, parents, leader, name_at, mms, ns, args, number)                             \
	{                                                                                                               \
		.name = (kernel), .long_size = (size), .task_size = (task), .pid = (pids), .tgid = (pids) + 4,          \
		.real_parent = (parents), .parent = (parents) + (size), .group_leader = (leader), .comm = (name_at),    \
		.mm = (mms), .active_mm = (mms) + (size), .nsproxy = (ns), .arg_start = (args),                         \
		.arg_end = (args) + (size), .env_start = (args) + 2 * (size), .env_end = (args) + 3 * (size),           \
		.mnt_ns = 3 * (size), .inum = (number)                                                                  \
	}
static const struct shape shapes[] = {
	IN_ORDER("4.14", 8, 9088, 1192, 1208, 1256, 1648, 1040, 1712, 296, 24),
	IN_ORDER("4.14 without stack_canary", 8, 3072, 1024, 1032, 1080, 1480, 888, 1544, 296, 24),
	IN_ORDER("6.1", 8, 9792, 2464, 2480, 2528, 3024, 2344, 3088, 368, 16),
	IN_ORDER("6.18", 8, 10688, 2592, 2608, 2656, 3168, 2464, 3232, 400, 24),
	IN_ORDER("a kernel with nsproxy before mm", 8, 4096, 1696, 1712, 1760, 2176, 1400, 1280, 328, 16),
	IN_ORDER("a kernel with pids 4 bytes off", 8, 3520, 1188, 1200, 1248, 1560, 1040, 1624, 304, 16),
	IN_ORDER("a kernel full of debugging", 8, 14336, 13000, 13016, 13064, 13600, 12800, 13664, 1000, 24),
	IN_ORDER("a kernel with its nsproxy at the end", 8, 4224, 1200, 1216, 1264, 1560, 1040, 4216, 288, 24),
	IN_ORDER("4.14 of 32 bits", 4, 3072, 748, 760, 784, 1024, 664, 1064, 152, 12),
	IN_ORDER("6.1 of 32 bits without stack_canary", 4, 3200, 900, 908, 932, 3184, 816, 1212, 180, 8),
	IN_ORDER("6.18 of 32 bits with mm at the end", 4, 5120, 1500, 1512, 1536, 1900, 5112, 1300, 200, 12),
};

struct kernel {
	const struct shape *shape;
	char *bytes[OBJECTS]; /* malloc'ed */
	uint32_t size[OBJECTS]; /* 0: cannot be read */
	struct layout_facts facts;
	bool may_trace;
};

static uint64_t noise_state;

static uint64_t noise(void)
{
	noise_state ^= noise_state << 13;
	noise_state ^= noise_state >> 7;
	return noise_state ^= noise_state << 17;
}

static uint64_t address(const struct kernel *k, enum object object)
{
	return (k->shape->long_size == 8 ? 0xffff888012340000 : 0xc1230000) +
	       object * OBJECT_DISTANCE + (object == MM || object == MM_COPY ? MM_FRONT : 0);
}

static int read_memory(void *context, uint64_t from, void *buffer, size_t length)
{
	const struct kernel *k = context;
	unsigned int shift = k->shape->long_size == 8 ? 48 : 31;
	uint64_t offset = from - address(k, SELF), object = offset / OBJECT_DISTANCE;

	CHECK(from >> shift == address(k, SELF) >> shift);
	CHECK(from % k->shape->long_size == 0);
	assert(length >= 1 && length <= 4096);
	offset %= OBJECT_DISTANCE;
	if (from < address(k, SELF) || object >= OBJECTS || offset > k->size[object] ||
	    length > k->size[object] - offset)
		return -EFAULT;
	memcpy(buffer, k->bytes[object] + offset, length);
	return 0;
}

/* A readable object of that size, full of noise. */
static void make(struct kernel *k, enum object object, uint32_t size)
{
	free(k->bytes[object]);
	k->bytes[object] = malloc(size);
	k->size[object] = size;
	assert(k->bytes[object] && size < OBJECT_DISTANCE);
	for (uint32_t i = 0; i < size; i++)
		k->bytes[object][i] = (char)noise();
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

/* In the four tasks. */
static void put_all(struct kernel *k, uint32_t offset, uint64_t self, uint64_t child, uint64_t grandchild, uint64_t thread)
{
	put(k, SELF, offset, self);
	put(k, CHILD, offset, child);
	put(k, GRANDCHILD, offset, grandchild);
	put(k, THREAD, offset, thread);
}

/* In all of them the same. */
static void share(struct kernel *k, uint32_t offset, uint64_t pointer)
{
	put_all(k, offset, pointer, pointer, pointer, pointer);
}

/* One in the first two, another in the others. */
static void share_two(struct kernel *k, uint32_t offset, uint64_t pointer, uint64_t other)
{
	put_all(k, offset, pointer, pointer, other, other);
}

static void put_args(struct kernel *k, enum object object, uint32_t offset)
{
	const struct shape *s = k->shape;

	put(k, object, offset + s->arg_start, k->facts.arg_start);
	put(k, object, offset + s->arg_end, k->facts.arg_end);
	put(k, object, offset + s->env_start, k->facts.arg_end);
	put(k, object, offset + s->env_end, k->facts.env_end);
}

static void put_nsproxy(struct kernel *k, enum object object, uint32_t offset, enum object uts)
{
	const enum object namespaces[] = {uts, IPC, PID, NET};
	uint32_t size = k->shape->long_size, n = 0;

	put32(k, object, offset, 7); /* the count */
	for (uint32_t at = size; at < 9 * size; at += size)
		put(k, object, offset + at, at == k->shape->mnt_ns ? address(k, MNT)
					    : n < LENGTH(namespaces) ? address(k, namespaces[n++]) : noise() * 2 + 1);
}

static void put_ids(struct kernel *k, uint32_t pid_at, uint32_t tgid_at)
{
	for (int who = 0; who < LAYOUT_TASKS; who++) {
		put32(k, (enum object)who, pid_at, k->facts.tasks[who].tid);
		put32(k, (enum object)who, tgid_at, k->facts.tasks[who].pid);
	}
}

static bool trace_child(void *context)
{
	struct kernel *k = context;

	if (k->may_trace)
		put(k, CHILD, k->shape->parent, address(k, THREAD));
	return k->may_trace;
}

/* The state of the tasks. */
static void put_members(struct kernel *k, const struct shape *s)
{
	for (int who = 0; who < LAYOUT_TASKS; who++)
		memcpy(k->bytes[who] + s->comm, k->facts.tasks[who].comm, 16);
	put_ids(k, s->pid, s->tgid);
	put_all(k, s->real_parent, address(k, STRANGER), address(k, SELF), address(k, CHILD), address(k, CHILD));
	put_all(k, s->parent, address(k, STRANGER), address(k, SELF), address(k, CHILD), address(k, CHILD));
	put_all(k, s->group_leader, address(k, SELF), address(k, CHILD), address(k, GRANDCHILD), address(k, GRANDCHILD));
	share_two(k, s->mm, address(k, MM), address(k, MM_COPY));
	share_two(k, s->active_mm, address(k, MM), address(k, MM_COPY));
	share_two(k, s->nsproxy, address(k, NSPROXY), address(k, NSPROXY_COPY));
}

static void build(struct kernel *k, const struct shape *s)
{
	static const uint32_t ids[LAYOUT_TASKS][2] = {{4710, 4710}, {4711, 4711}, {4712, 4712}, {4712, 4713}};
	bool is_64 = s->long_size == 8;

	noise_state = noise_state ? noise_state : 0x9e3779b97f4a7c15;
	*k = (struct kernel){.shape = s, .may_trace = true};
	k->facts = (struct layout_facts){
		.arg_start = is_64 ? 0x7ffd12345678 : 0xbf812345,
		.arg_end = is_64 ? 0x7ffd1234568c : 0xbf812359,
		.env_end = is_64 ? 0x7ffd12345777 : 0xbf812444,
		.mntns = 4026531841,
		.other_nsproxy = true,
		.long_size = s->long_size,
	};
	for (int who = 0; who < LAYOUT_TASKS; who++) {
		make(k, (enum object)who, s->task_size + (who ? 128 : 0)); /* the others' neighbours can be read */
		k->facts.tasks[who].task = address(k, (enum object)who);
		k->facts.tasks[who].pid = ids[who][0];
		k->facts.tasks[who].tid = ids[who][1];
		memcpy(k->facts.tasks[who].comm, "qmrbxkwtqmrbxkw", 16);
		memset(k->facts.tasks[who].comm + 8, 'a' + who, 7);
	}
	make(k, STRANGER, s->task_size);
	make(k, MM, MM_FRONT + 2048);
	make(k, MM_COPY, MM_FRONT + 2048);
	make(k, NSPROXY, 9 * s->long_size);
	make(k, NSPROXY_COPY, 9 * s->long_size);
	make(k, OTHER, 4096);
	for (enum object ns = UTS; ns <= NET; ns++) {
		make(k, ns, 256);
		put32(k, ns, s->inum, 4026531850 + ns);
	}
	put32(k, MNT, s->inum, k->facts.mntns);
	put_members(k, s);
	put_args(k, MM, MM_FRONT);
	put_args(k, MM_COPY, MM_FRONT);
	put_nsproxy(k, NSPROXY, 0, UTS);
	put_nsproxy(k, NSPROXY_COPY, 0, UTS_COPY);
}

/* Other memory that all point to; the last cannot be read. */
static void add_pointers(struct kernel *k)
{
	share(k, 64, address(k, UTS));
	share(k, 128, address(k, OTHER) + 1024);
	share(k, 192, address(k, OTHER) + 3 * OBJECT_DISTANCE);
}

static uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t higher(uint32_t a, uint32_t b) { return a < b ? b : a; }

static struct layout learn(struct kernel *k)
{
	const struct layout_memory memory = {read_memory, trace_child, k};
	struct layout_workspace *workspace = malloc(sizeof(*workspace));
	struct layout l;

	for (size_t i = 0; i < sizeof(*workspace); i++) /* what was there before is not read */
		((char *)workspace)[i] = k->facts.tasks[0].comm[i % 16];
	layout_learn(&l, &memory, &k->facts, workspace);
	for (int i = 0; i < OBJECTS; i++)
		free(k->bytes[i]);
	free(workspace);
	return l;
}

/* The offsets of the shape, without the parts that are missing. */
static struct layout expected(const struct shape *s, unsigned int missing)
{
	struct layout wanted = {.long_size = s->long_size};

	if (!(missing & PART(PARENT))) {
		wanted.task_pid = s->pid;
		wanted.task_tgid = s->tgid;
		wanted.task_real_parent = s->real_parent;
	}
	if (!(missing & PART(LEADER)))
		wanted.task_group_leader = s->group_leader;
	if (!(missing & PART(COMM)))
		wanted.task_comm = s->comm;
	if (!(missing & PART(ARGS))) {
		wanted.task_mm = lower(s->mm, s->active_mm);
		wanted.task_active_mm = higher(s->mm, s->active_mm);
		wanted.mm_arg_start = s->arg_start;
		wanted.mm_arg_end = lower(s->arg_end, s->env_start);
		wanted.mm_env_end = s->env_end;
	}
	if (!(missing & PART(MNTNS))) {
		wanted.task_nsproxy = s->nsproxy;
		wanted.nsproxy_mnt_ns = s->mnt_ns;
		wanted.mnt_ns_inum = s->inum;
	}
	return wanted;
}

#define OFFSETS offsetof(struct layout, missing)

/* Learns the layout. The parts in `missing` must be so for the reason `why`, all others found. */
static void check(struct kernel *k, unsigned int missing, const char *why)
{
	const struct shape *s = k->shape;
	struct layout l = learn(k), wanted = expected(s, missing);
	int failures = check_failures;

	for (int part = 0; part < LAYOUT_BPRM; part++)
		CHECK_TEXT(l.missing[part] ? l.missing[part] : "", missing >> part & 1 ? why : "");
	CHECK_TEXT(l.missing[LAYOUT_BPRM], "no exec has been looked at");
	CHECK(!memcmp(&l, &wanted, OFFSETS));
	if (check_failures > failures)
		printf("# on %s: pid %u tgid %u parents %u %u leader %u comm %u mm %u %u nsproxy %u args %u %u %u %u mnt_ns %u "
		       "inum %u of %u\n", s->name, s->pid, s->tgid, s->real_parent, s->parent, s->group_leader, s->comm, s->mm,
		       s->active_mm, s->nsproxy, s->arg_start, s->arg_end, s->env_start, s->env_end, s->mnt_ns, s->inum, s->long_size);
}

/* A case: runs the statement that follows on a kernel `k` of each shape `s`, then check()s it. */
#define ON_SHAPE(missing, why) \
	for (struct kernel k = {0}; !k.shape && (build(&k, s), add_pointers(&k), 1); check(&k, missing, why))
#define ON_ALL(sentence, missing, why)                                                     \
	CASE(sentence)                                                                     \
		for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)     \
			ON_SHAPE(missing, why)

static void test_parent(void)
{
	ON_ALL("is not confused by a pointer to the parent that the grandchild has not (last_wakee)", 0, "")
		put_all(&k, 256, address(&k, STRANGER), address(&k, SELF), address(&k, STRANGER), address(&k, STRANGER));
	ON_ALL("is not confused by a tracer that the child has, which is another parent", 0, "") {
		put(&k, CHILD, s->parent, address(&k, STRANGER));
		k.may_trace = false;
	}
	ON_ALL("takes the first of two parents where it may not trace, if all is in order", 0, "")
		k.may_trace = false;
	ON_ALL("refuses two parents that are not in order, where it may not trace", PART(PARENT), NOT_ONE) {
		put_all(&k, s->parent, 1, 1, 1, 1);
		put_all(&k, 256, address(&k, STRANGER), address(&k, SELF), address(&k, CHILD), address(&k, CHILD));
		k.may_trace = false;
	}
	ON_ALL("is not confused by ids that one task has not", 0, "")
		for (uint32_t i = 0; i < 4; i++) {
			put_ids(&k, 256 + i * 16, 260 + i * 16);
			put32(&k, (enum object)i, 256 + i * 16, 1);
			put32(&k, (enum object)i, 260 + i * 16, 1);
		}
	ON_ALL("refuses ids that are nowhere", PART(PARENT), NOWHERE)
		put32(&k, GRANDCHILD, s->tgid, 1);
	ON_ALL("is not confused by another count of the tasks", 0, "")
		for (int who = 0; who < LAYOUT_TASKS; who++)
			put32(&k, (enum object)who, 256, k.facts.tasks[who].tid);
	ON_ALL("refuses ids that are at two places", PART(PARENT), NOT_ONE)
		put_ids(&k, 256, 260);
	CASE("does not know a thread's id that is nowhere, or at two places of which none is before the process's")
		for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)
			for (int twice = 0; twice < 2; twice++) {
				struct kernel k;
				struct layout l;

				build(&k, s);
				put32(&k, THREAD, s->pid, 1);
				for (int who = 0; twice && who < LAYOUT_TASKS; who++) {
					put32(&k, (enum object)who, 256, k.facts.tasks[who].tid);
					put32(&k, (enum object)who, 272, k.facts.tasks[who].tid);
				}
				l = learn(&k);
				CHECK(!l.missing[LAYOUT_PARENT] && l.task_tgid == s->tgid && !l.task_pid);
			}
	ON_ALL("refuses a parent that is nowhere", PART(PARENT), NOWHERE) {
		put(&k, GRANDCHILD, s->real_parent, address(&k, OTHER));
		put(&k, GRANDCHILD, s->parent, address(&k, OTHER));
	}
	CASE("says whether it was ambiguous") {
		const struct shape *s = shapes;
		struct kernel k;
		struct layout l;

		build(&k, s);
		l = learn(&k);
		CHECK(!layout_is_ambiguous(&l));
		build(&k, s);
		put_ids(&k, 256, 260);
		l = learn(&k);
		CHECK(layout_is_ambiguous(&l));
		build(&k, s);
		put32(&k, THREAD, s->tgid, 1);
		l = learn(&k);
		CHECK(!layout_is_ambiguous(&l));
	}
	ON_ALL("refuses three pointers to the parent", PART(PARENT), NOT_ONE)
		put_all(&k, 256, address(&k, STRANGER), address(&k, SELF), address(&k, CHILD), address(&k, CHILD));
	ON_ALL("refuses two leaders", PART(LEADER), NOT_ONE)
		put_all(&k, 256, address(&k, SELF), address(&k, CHILD), address(&k, GRANDCHILD), address(&k, GRANDCHILD));
	ON_ALL("is not confused by a pointer to the task itself", 0, "")
		put_all(&k, 256, address(&k, SELF), address(&k, CHILD), address(&k, GRANDCHILD), address(&k, THREAD));
}

static void test_comm(void)
{
	ON_ALL("refuses a name that is nowhere", PART(COMM), NOWHERE)
		k.bytes[THREAD][s->comm + 14]++;
	ON_ALL("refuses a name that is at two places", PART(COMM), NOT_ONE)
		for (int who = 0; who < LAYOUT_TASKS; who++)
			memcpy(k.bytes[who] + 259, k.facts.tasks[who].comm, 16);
	/* As the slab allocator may place them. */
	ON_ALL("is not confused by its parent's task_struct right behind its own", 0, "")
		for (int who = 0; who < LAYOUT_TASKS; who++) {
			k.bytes[who] = realloc(k.bytes[who], 2 * s->task_size);
			if (who)
				memcpy(k.bytes[who] + s->task_size, k.bytes[who - 1], s->task_size);
			else
				memset(k.bytes[who] + s->task_size, 0, s->task_size);
			k.size[who] = 2 * s->task_size;
		}
}

static void test_args(void)
{
	for (int i = 0; i < 3; i++)
		ON_ALL("is not confused by a pointer to what has two of the three words", 0, "") {
			share_two(&k, 256, address(&k, OTHER), address(&k, OTHER) + 2048);
			put_args(&k, OTHER, 0);
			put_args(&k, OTHER, 2048);
			put(&k, OTHER, i == 0 ? s->arg_start : i == 1 ? s->arg_end : s->env_end, 1);
			put(&k, OTHER, i == 0 ? s->arg_start : i == 1 ? s->env_start : s->env_end, 1);
		}
	ON_ALL("is not confused by a pointer to the words that only one task has", 0, "") {
		put(&k, SELF, 256, address(&k, MM) - MM_FRONT + 8);
		put(&k, GRANDCHILD, 256, address(&k, MM_COPY) - MM_FRONT + 8);
	}
	ON_ALL("refuses words that are nowhere", PART(ARGS), NOWHERE)
		put(&k, MM, MM_FRONT + s->arg_start, 1);
	ON_ALL("does not look where no kernel has its data", 0, "")
		share_two(&k, 256, 0x6b6b6b6b6b6b6b68 >> (64 - 8 * s->long_size), 0x6b6b6b6b6b6b6b60 >> (64 - 8 * s->long_size));
	ON_ALL("does not look where nothing is aligned", 0, "")
		share_two(&k, 256, address(&k, OTHER) + 1, address(&k, OTHER) + 2);
	ON_ALL("refuses an mm_struct that cannot be read", PART(ARGS), NOWHERE)
		k.size[MM_COPY] = 0;
	ON_ALL("takes the first words, where the neighbours behind have the same", 0, "")
		if (s->env_end + 512 < 2000) {
			put_args(&k, MM, MM_FRONT + 512);
			put_args(&k, MM_COPY, MM_FRONT + 512);
		}
	CASE("refuses two places that point to the words")
		for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)
			if (s->env_end < 512)
				ON_SHAPE(PART(ARGS), NOT_ONE) {
					share_two(&k, 256, address(&k, OTHER), address(&k, OTHER) + 1024);
					put_args(&k, OTHER, 0);
					put_args(&k, OTHER, 1024);
				}
	ON_ALL("is not confused by the auxiliary vector, which has the environment's end, too", 0, "")
		for (enum object mm = MM; mm <= MM_COPY; mm++) {
			put(&k, mm, MM_FRONT + 64, 31); /* AT_EXECFN */
			put(&k, mm, MM_FRONT + 64 + s->long_size, k.facts.env_end);
		}
	CASE("does not say where the environment ends if there is none")
		for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++) {
			struct kernel k;
			struct layout l;

			build(&k, s);
			k.facts.env_end = k.facts.arg_end;
			put_args(&k, MM, MM_FRONT);
			put_args(&k, MM_COPY, MM_FRONT);
			l = learn(&k);
			CHECK(!l.missing[LAYOUT_ARGS] && l.mm_arg_start == s->arg_start && !l.mm_env_end);
		}
}

static void test_mntns(void)
{
	ON_ALL("is not confused by a pointer to an nsproxy that all have", 0, "") {
		share(&k, 256, address(&k, OTHER));
		put_nsproxy(&k, OTHER, 0, UTS);
	}
	ON_ALL("is not confused by an nsproxy that only one task points to", 0, "") {
		put(&k, SELF, 256, address(&k, OTHER));
		put_nsproxy(&k, OTHER, 0, UTS);
	}
	ON_ALL("finds an nsproxy that all have", 0, "") {
		k.facts.other_nsproxy = false;
		share(&k, s->nsproxy, address(&k, NSPROXY));
	}
	ON_ALL("takes the first place where others behind have the same nsproxy", 0, "") {
		k.facts.other_nsproxy = false;
		share(&k, s->nsproxy, address(&k, NSPROXY));
		for (int who = 0; who < LAYOUT_TASKS; who++) {
			k.bytes[who] = realloc(k.bytes[who], 2 * s->task_size);
			memset(k.bytes[who] + s->task_size, 0, s->task_size);
			k.size[who] = 2 * s->task_size;
		}
		share(&k, s->task_size + s->nsproxy, address(&k, NSPROXY));
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
	ON_ALL("refuses an nsproxy that the child does not share", PART(MNTNS), NOWHERE)
		put(&k, CHILD, s->nsproxy, address(&k, OTHER));
	ON_ALL("refuses an inode number that is twice in the namespace", PART(MNTNS), NOT_ONE)
		put32(&k, MNT, s->inum + 4, k.facts.mntns);
	ON_ALL("refuses an inode number that two namespaces have", PART(MNTNS), NOT_ONE)
		put32(&k, NET, s->inum, k.facts.mntns);
	ON_ALL("refuses two nsproxies", PART(MNTNS), NOT_ONE) {
		share_two(&k, 256, address(&k, OTHER), address(&k, OTHER) + 1024);
		put_nsproxy(&k, OTHER, 0, UTS);
		put_nsproxy(&k, OTHER, 1024, UTS_COPY);
	}
}

/* A place of so many bytes that is not taken yet; `taken` has a bit for each word of 4 bytes. */
static uint32_t place(uint8_t *taken, uint32_t from, uint32_t to, uint32_t bytes)
{
	uint32_t align = bytes < 8 ? 4 : bytes == 16 ? 4 : 8;

	for (;;) {
		uint32_t at = from + (uint32_t)(noise() % ((to - from - bytes) / align)) * align;
		bool free_there = true;

		for (uint32_t i = at; i < at + bytes; i += 4)
			free_there &= !taken[i / 4];
		if (!free_there)
			continue;
		memset(taken + at / 4, 1, bytes / 4);
		return at;
	}
}

static struct shape random_shape(uint32_t size)
{
	uint8_t task[TASK_SEARCH / 4] = {0}, mm[MM_SEARCH / 4] = {0};
	struct shape s = {.name = "a shuffled kernel", .long_size = size, .task_size = 2048 + (uint32_t)(noise() % 1600) * 8};

	s.pid = place(task, 16, s.task_size, 4);
	s.tgid = place(task, 16, s.task_size, 4);
	s.real_parent = place(task, 16, s.task_size, size);
	s.parent = place(task, 16, s.task_size, size);
	s.group_leader = place(task, 16, s.task_size, size);
	s.comm = place(task, 16, s.task_size, 16);
	s.mm = place(task, 16, s.task_size, size);
	s.active_mm = place(task, 16, s.task_size, size);
	s.nsproxy = place(task, 16, s.task_size, size);
	s.arg_start = place(mm, 8, 1500, size);
	s.arg_end = place(mm, 8, 1500, size);
	s.env_start = place(mm, 8, 1500, size);
	s.env_end = place(mm, 8, 1500, size);
	s.mnt_ns = size * (1 + (uint32_t)(noise() % 8));
	s.inum = 4 * (uint32_t)(noise() % 60);
	return s;
}

/* Noise that is worse than noise: words that stand in the tasks, or nearly. */
static void add_decoys(struct kernel *k)
{
	const uint64_t words[] = {
		address(k, SELF), address(k, CHILD), address(k, GRANDCHILD), address(k, THREAD), address(k, STRANGER),
		address(k, MM), address(k, MM_COPY), address(k, NSPROXY), address(k, NSPROXY_COPY), address(k, MNT),
		k->facts.arg_start, k->facts.arg_end, k->facts.env_end, 4710, 4711, 4712, 4713, k->facts.mntns,
	};

	for (int i = 0; i < 200; i++) {
		enum object who = (enum object)(noise() % LAYOUT_TASKS);

		put(k, who, (uint32_t)(noise() % (k->shape->task_size / 8)) * 8, words[noise() % LENGTH(words)]);
	}
}

/* Right, or refused; with the four tasks as they are, nearly always right. */
static void test_random(void)
{
	unsigned int wrong = 0, refused = 0;

	CASE("finds everything in %d shuffled kernels, whatever the order of members", RANDOM_KERNELS)
		for (int i = 0; i < RANDOM_KERNELS; i++) {
			struct shape shape = random_shape(i % 3 ? 8 : 4);
			struct kernel k;

			build(&k, &shape);
			check(&k, 0, "");
		}
	CASE("is right or refuses, in %d shuffled kernels with misleading words in them", RANDOM_KERNELS) {
		for (int i = 0; i < RANDOM_KERNELS; i++) {
			struct shape shape = random_shape(i % 3 ? 8 : 4);
			struct kernel k;
			struct layout l, wanted;
			unsigned int missing = 0;

			build(&k, &shape);
			k.may_trace = i % 2;
			add_decoys(&k);
			put_members(&k, &shape);
			l = learn(&k);
			for (int part = 0; part < LAYOUT_BPRM; part++)
				missing |= l.missing[part] ? 1U << part : 0;
			wanted = expected(&shape, missing);
			wanted.task_pid = l.task_pid ? wanted.task_pid : 0;
			wrong += memcmp(&l, &wanted, OFFSETS) != 0;
			refused += missing != 0;
		}
		CHECK(!wrong);
		CHECK(refused < RANDOM_KERNELS * 3 / 4);
	}
}

/* ---- linux_binprm ---- */

#define PROGRAM 0x6578652f666c6573 /* "self/exe" */
#define SCRIPT 0x2f64662f7665642f  /* "/dev/fd/" */

static bool shuffled; /* the kernel's other structures are */

/* Words of an exec: what the three names point to, and noise. */
static struct layout_bprm bprm(int filename, uint64_t name, int interp, uint64_t interpreter, int fdpath, uint64_t path)
{
	struct layout_bprm b;

	for (int i = 0; i < BPRM_WORDS; i++)
		b.targets[i] = i % 3 ? 0 : noise();
	b.targets[filename] = name;
	b.targets[interp] = interpreter;
	if (fdpath >= 0)
		b.targets[fdpath] = path;
	return b;
}

static void check_bprm(const struct layout_bprm *direct, const struct layout_bprm *by_script, int filename, int interp,
		       const char *why)
{
	for (uint32_t size = 4; size <= 8; size += 4) {
		struct layout l = {.long_size = size, .task_pid = 8, .task_tgid = 12, .task_mm = 64, .task_active_mm = 64 + size,
				   .mm_arg_start = 128, .mm_arg_end = shuffled ? 256 : 128 + size};

		layout_learn_bprm(&l, direct, by_script, PROGRAM, SCRIPT);
		CHECK_TEXT(l.missing[LAYOUT_BPRM] ? l.missing[LAYOUT_BPRM] : "", why);
		CHECK(l.bprm_filename == (*why ? 0 : (uint32_t)filename * size));
		CHECK(l.bprm_interp == (*why ? 0 : (uint32_t)interp * size));
	}
}

static void test_bprm(void)
{
	struct layout_bprm direct, by_script;

	CASE("finds the names in 1,000 shuffled linux_binprms")
		for (int i = 0; i < 1000; i++) {
			int filename = (int)(noise() % 30) * 3, interp = filename + 1 + (int)(noise() % 4);

			direct = bprm(interp, PROGRAM, filename, PROGRAM, 95, 0);
			by_script = bprm(interp, SCRIPT, filename, PROGRAM, 95, SCRIPT);
			check_bprm(&direct, &by_script, interp, filename, "");
		}
	CASE("without a script, takes two names that are neighbours in their order, and refuses others") {
		direct = bprm(12, PROGRAM, 13, PROGRAM, -1, 0);
		check_bprm(&direct, NULL, 12, 13, "");
		shuffled = true;
		check_bprm(&direct, NULL, 0, 0, NOWHERE);
		shuffled = false;
		direct = bprm(12, PROGRAM, 14, PROGRAM, -1, 0);
		check_bprm(&direct, NULL, 0, 0, NOWHERE);
	}
	CASE("takes what is left of another linux_binprm behind this one for none") {
		direct = bprm(12, PROGRAM, 13, PROGRAM, -1, 0);
		by_script = bprm(12, SCRIPT, 13, PROGRAM, -1, 0);
		direct.targets[80] = direct.targets[81] = by_script.targets[81] = PROGRAM;
		by_script.targets[80] = SCRIPT;
		check_bprm(&direct, &by_script, 12, 13, "");
		by_script.targets[80] = PROGRAM; /* the exec before */
		check_bprm(&direct, &by_script, 12, 13, "");
	}
	CASE("refuses names that are nowhere, or at two places") {
		direct = bprm(12, PROGRAM, 13, 7, -1, 0);
		by_script = bprm(12, SCRIPT, 13, PROGRAM, -1, 0);
		check_bprm(&direct, &by_script, 0, 0, NOWHERE);
		direct = bprm(12, PROGRAM, 13, PROGRAM, 14, PROGRAM);
		by_script = bprm(12, SCRIPT, 13, PROGRAM, 14, SCRIPT);
		check_bprm(&direct, &by_script, 0, 0, NOT_ONE);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0); /* a sanitizer that ends the program flushes nothing */
	for (const struct shape *s = shapes; s < shapes + LENGTH(shapes); s++)
		CASE("finds everything in %s", s->name)
			ON_SHAPE(0, "")
				continue;
	ON_ALL("finds nothing where a task_struct cannot be read", ALL, NOWHERE)
		k.size[CHILD] = 0;
	test_parent();
	test_comm();
	test_args();
	test_mntns();
	test_random();
	test_bprm();
	return 0;
}
