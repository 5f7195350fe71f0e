#include <stdbool.h>
#include <string.h>

#include "layout.h"

#define NOT_FOUND "it is nowhere where it could be"
#define NOT_UNIQUE "more than one place could be it"

/* How far into what a pointer points to is searched. mm_struct's arg_start stands within the first
 * KiB in every tree from 4.4 to 6.19; struct nsproxy has at most 10 words; the inum of struct
 * mnt_namespace is among its first 64 bytes. */
#define MM_SEARCH 2048
#define NSPROXY_WORDS 8
#define NS_SEARCH 128
#define PARENT_DISTANCE 48
#define NSPROXY_DISTANCE 256

/* Addresses that are the same above these bits are in one region: of 4-byte ones that is the kernel's half, but on MIPS
 * kseg0, of 512 MiB, behind which the devices are. */
#ifdef __mips__
#define REGION_SHIFT_32 29
#define IMAGE_SHIFT 29
#elif defined(__aarch64__) /* with addresses of 52 bits the image is in another region than the memory */
#define REGION_SHIFT_32 31
#define IMAGE_SHIFT 52
#else
#define REGION_SHIFT_32 31
#define IMAGE_SHIFT 31
#endif
#define REGION_SHIFT_64 48
#define IMAGE 0xffffffff80000000 /* where many a 64-bit kernel has it */

struct learner {
	const struct layout_memory *memory;
	const struct layout_facts *facts;
	struct layout_workspace *w;
	uint32_t size; /* bytes of w->task and w->parent that could be read */
};

static uint32_t word32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A long of the kernel. */
static uint64_t word(const struct learner *l, const char *p)
{
	uint64_t v;

	if (l->facts->long_size == 4)
		return word32(p);
	memcpy(&v, p, sizeof(v));
	return v;
}

/* Whether an address could be of the kernel's data: it is in the region of our task_struct, or in that of the image.
 * Elsewhere we do not look, because not every kernel survives it: MIPS has no fixup for an address error, nor for a bus
 * error (do_ade in arch/mips/kernel/unaligned.c, do_be in traps.c). */
static bool could_be_data(const struct learner *l, uint64_t address)
{
	uint32_t shift = l->facts->long_size == 4 ? REGION_SHIFT_32 : REGION_SHIFT_64;

	return address >> shift == l->facts->task >> shift ||
	       (l->facts->long_size == 8 && address >> IMAGE_SHIFT == IMAGE >> IMAGE_SHIFT);
}

/* Copies as much as is there of `size` bytes; memory may end, so in steps. The bytes copied. */
static uint32_t copy(const struct learner *l, uint64_t address, char *buffer, uint32_t size)
{
	const struct layout_memory *m = l->memory;
	uint32_t done = 0, step = 4096;

	if (!could_be_data(l, address))
		return 0;
	while (done < size) {
		if (step > size - done)
			step = size - done;
		if (!m->read(m->context, address + done, buffer + done, step))
			done += step;
		else if (step > 128)
			step /= 2;
		else
			break;
	}
	return done;
}

/* A pointer that both tasks have at the same place, so to something that they share. */
static uint64_t shared_pointer(const struct learner *l, uint32_t offset)
{
	uint64_t p = word(l, l->w->task + offset);

	return p == word(l, l->w->parent + offset) && p > 4096 && p % l->facts->long_size == 0 &&
			       p != l->facts->task && p != l->facts->parent_task
		       ? p
		       : 0;
}

/* task_struct has `pid_t pid, tgid; unsigned long stack_canary; struct task_struct *real_parent,
 * *parent;`, the canary only where it is configured, in every tree from 4.4 to 6.19. The pids of a
 * thread group's leader are the same number, twice; `parent` is the ptrace(2) tracer if there is one.
 * Elsewhere a task may be named too (last_wakee), so real_parent must stand near the pids. */
static const char *learn_parent(const struct learner *l, struct layout *out)
{
	const struct layout_facts *f = l->facts;
	uint32_t tgid = 0, real_parent = 0, size = f->long_size;
	unsigned int tgids = 0, parents = 0;

	for (uint32_t at = 0; at + 8 <= l->size; at += 4) {
		if (word32(l->w->task + at) != f->pid || word32(l->w->task + at + 4) != f->pid ||
		    word32(l->w->parent + at) != f->parent_pid ||
		    word32(l->w->parent + at + 4) != f->parent_pid)
			continue;
		tgid = at + 4;
		tgids++;
	}
	if (tgids != 1)
		return tgids ? NOT_UNIQUE : NOT_FOUND;
	for (uint32_t at = (tgid + 4 + size - 1) / size * size;
	     at + size <= l->size && at < tgid + PARENT_DISTANCE; at += size) {
		if (word(l, l->w->task + at) != f->parent_task)
			continue;
		if (parents++ && at != real_parent + size)
			return NOT_UNIQUE;
		if (parents > 2)
			return NOT_UNIQUE;
		if (parents == 1)
			real_parent = at;
	}
	if (!parents)
		return NOT_FOUND;
	out->task_tgid = tgid;
	out->task_real_parent = real_parent;
	return NULL;
}

static const char *learn_comm(const struct learner *l, struct layout *out)
{
	uint32_t found = 0;

	for (uint32_t at = 0; at + sizeof(l->facts->comm) <= l->size; at++) {
		if (memcmp(l->w->task + at, l->facts->comm, sizeof(l->facts->comm)))
			continue;
		if (found)
			return NOT_UNIQUE;
		found = at;
	}
	if (!found)
		return NOT_FOUND;
	out->task_comm = found;
	return NULL;
}

/* task_struct has `struct mm_struct *mm, *active_mm;`, which are the same for a process, and mm_struct
 * has `unsigned long arg_start, arg_end, env_start, env_end;`, where the environment begins at the
 * arguments' end (create_elf_tables in fs/binfmt_elf.c). A single pointer with the same words behind
 * it points in front of the mm_struct, to its neighbour in the slab. The neighbour behind may have been that of a
 * process with its arguments at the same place: what counts is the first. */
static const char *learn_args(const struct learner *l, struct layout *out)
{
	const struct layout_facts *f = l->facts;
	uint32_t size = f->long_size, task_mm = 0, arg_start = 0, copied;
	unsigned int answers = 0;

	for (uint32_t at = 0; at + 2 * size <= l->size; at += size) {
		uint64_t p = shared_pointer(l, at);

		if (!p || word(l, l->w->task + at + size) != p)
			continue;
		copied = copy(l, p, l->w->target, MM_SEARCH);
		for (uint32_t i = size; i + 3 * size <= copied; i += size) {
			const char *words = l->w->target + i;

			if (word(l, words) != f->arg_start || word(l, words + size) != f->arg_end ||
			    word(l, words + 2 * size) != f->arg_end)
				continue;
			answers++;
			task_mm = at;
			arg_start = i;
			break;
		}
	}
	if (answers != 1)
		return answers ? NOT_UNIQUE : NOT_FOUND;
	out->task_mm = task_mm;
	out->mm_arg_start = arg_start;
	return NULL;
}

/* struct nsproxy is a count, then pointers to namespaces: uts, ipc, mnt, pid, net in every tree
 * from 4.4 to 6.19. 0 if these words could not be one. */
static bool like_nsproxy(const struct learner *l, const char *words)
{
	uint32_t size = l->facts->long_size;

	if (!word32(words) || word32(words) > 1U << 24)
		return false;
	for (uint32_t i = 1; i < 6; i++)
		if (word(l, words + i * size) <= 4096 || word(l, words + i * size) % size)
			return false;
	return true;
}

/* task_struct has its nsproxy a little behind comm in every tree from 4.4 to 6.19. All processes of a
 * machine may share one nsproxy, and some of their task_structs stand behind ours in the slab: of
 * several places it is the one that is near our comm. */
static bool near_comm(const struct layout *out, uint32_t at)
{
	return out->task_comm && at > out->task_comm && at < out->task_comm + NSPROXY_DISTANCE;
}

static const char *learn_mntns(const struct learner *l, struct layout *out)
{
	const struct layout_facts *f = l->facts;
	uint32_t size = f->long_size, copied;
	uint32_t nsproxy = 0, mnt_ns = 0, inum = 0;
	uint64_t found = 0;
	unsigned int answers = 0;
	char words[NSPROXY_WORDS * 8], ns[NS_SEARCH];
	uint64_t p;

	if (!f->mntns)
		return "the inode number of /proc/self/ns/mnt is not known";
	for (uint32_t at = 0; at + size <= l->size; at += size) {
		p = shared_pointer(l, at);
		if (!p || (out->task_mm && p == word(l, l->w->task + out->task_mm)) ||
		    copy(l, p, words, NSPROXY_WORDS * size) < NSPROXY_WORDS * size ||
		    !like_nsproxy(l, words))
			continue;
		for (uint32_t i = 1; i < NSPROXY_WORDS; i++) {
			uint64_t target = word(l, words + i * size);

			if (target <= 4096 || target % size)
				continue;
			copied = copy(l, target, ns, NS_SEARCH);
			for (uint32_t j = 0; j + 4 <= copied; j += 4) {
				if (word32(ns + j) != f->mntns)
					continue;
				if (answers && p == found &&
				    near_comm(out, at) != near_comm(out, nsproxy)) {
					nsproxy = near_comm(out, at) ? at : nsproxy;
					continue;
				}
				found = p;
				nsproxy = at;
				mnt_ns = i * size;
				inum = j;
				answers++;
			}
		}
	}
	if (answers != 1)
		return answers ? NOT_UNIQUE : NOT_FOUND;
	out->task_nsproxy = nsproxy;
	out->nsproxy_mnt_ns = mnt_ns;
	out->mnt_ns_inum = inum;
	return NULL;
}

void layout_learn(struct layout *layout, const struct layout_memory *memory,
		  const struct layout_facts *facts, struct layout_workspace *workspace)
{
	struct learner l = {.memory = memory, .facts = facts, .w = workspace};
	uint32_t parent;

	*layout = (struct layout){.long_size = facts->long_size};
	layout->missing[LAYOUT_BPRM] = "no exec has been looked at";
	l.size = copy(&l, facts->task, workspace->task, TASK_SEARCH);
	parent = copy(&l, facts->parent_task, workspace->parent, TASK_SEARCH);
	if (parent < l.size)
		l.size = parent;
	layout->missing[LAYOUT_PARENT] = learn_parent(&l, layout);
	layout->missing[LAYOUT_COMM] = learn_comm(&l, layout);
	layout->missing[LAYOUT_ARGS] = learn_args(&l, layout);
	layout->missing[LAYOUT_MNTNS] = learn_mntns(&l, layout);
}

/* linux_binprm has `int argc, envc; const char *filename, *interp;` in every tree from 4.4 to 6.19,
 * and interp is filename until a "#!" or binfmt_misc changes it. */
void layout_learn_bprm(struct layout *layout, const char *bprm, uint32_t size, uint32_t argc,
		       uint32_t envc)
{
	const struct layout_facts facts = {.long_size = layout->long_size};
	const struct learner l = {.facts = &facts};
	uint32_t found = 0, width = layout->long_size;

	layout->missing[LAYOUT_BPRM] = NOT_FOUND;
	for (uint32_t at = 0; at + 8 + 2 * width <= size; at += 4) {
		uint32_t names = (at + 8 + width - 1) / width * width;

		if (word32(bprm + at) != argc || word32(bprm + at + 4) != envc ||
		    names + 2 * width > size || word(&l, bprm + names) <= 4096 ||
		    word(&l, bprm + names) != word(&l, bprm + names + width))
			continue;
		if (found) {
			layout->missing[LAYOUT_BPRM] = NOT_UNIQUE;
			return;
		}
		found = names;
	}
	if (!found)
		return;
	layout->bprm_filename = found;
	layout->missing[LAYOUT_BPRM] = NULL;
}
