/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "kernel/layout.h"

/* How much is searched of a struct nsproxy, which has ten words at most in every tree from 4.4 to 6.19, and of a struct
 * mnt_namespace. */
#define NSPROXY_WORDS 16
#define NS_SEARCH 256

#define AT_EXECFN 31 /* include/uapi/linux/auxvec.h */

struct learner {
	struct looker looker;
	const struct layout_facts *facts;
	struct layout_workspace *w;
	uint32_t size; /* bytes of w->tasks that could be read of each */
};

static uint64_t task_word(const struct learner *l, enum layout_who who, uint32_t at)
{
	return word(&l->looker, l->w->tasks[who] + at);
}

/* Where each task has its number: that of its process, or its own. */
static struct places find_ids(const struct learner *l, bool own)
{
	struct places places = {0};

	for (uint32_t at = 0; at + 4 <= l->size; at += 4) {
		int who = 0;

		while (who < LAYOUT_TASKS && word32(l->w->tasks[who] + at) ==
					     (own ? l->facts->tasks[who].tid : l->facts->tasks[who].pid))
			who++;
		if (who == LAYOUT_TASKS)
			add_place(&places, at);
	}
	return places;
}

/* Where each of the tasks from that one on has the address of the task that `of` says; -1: of any. */
static struct places find_tasks(const struct learner *l, const int of[LAYOUT_TASKS])
{
	struct places places = {0};

	for (uint32_t at = 0; at + l->facts->long_size <= l->size; at += l->facts->long_size) {
		int who = 0;

		while (who < LAYOUT_TASKS &&
		       (of[who] < 0 || task_word(l, (enum layout_who)who, at) == l->facts->tasks[of[who]].task))
			who++;
		if (who == LAYOUT_TASKS)
			add_place(&places, at);
	}
	return places;
}

/* real_parent and parent are the same process, unless the task is traced: then parent is the tracer. */
static const char *learn_parent(const struct learner *l, struct layout *out)
{
	static const int parents[LAYOUT_TASKS] = {-1, LAYOUT_SELF, LAYOUT_CHILD, LAYOUT_CHILD};
	struct places pid = find_ids(l, true), tgid = find_ids(l, false), parent = find_tasks(l, parents);
	const char *why = why_not_one(&tgid);
	char *child = l->w->tasks[LAYOUT_CHILD];

	if (why)
		return why;
	/* Something else counts tasks, too (7.2), and is the same as the ids after a boot. */
	if (pid.count > 1 && (pid.first + 4 == tgid.first || pid.second + 4 == tgid.first))
		pid = (struct places){.first = tgid.first - 4, .count = 1};
	if (parent.count == 2 && l->looker.memory->trace_child(l->looker.memory->context)) {
		if (copy_data(&l->looker, l->facts->tasks[LAYOUT_CHILD].task, child, l->size) < l->size)
			return NOT_FOUND;
		parent = find_tasks(l, parents);
	} else if (parent.count == 2 && tgid.first == pid.first + 4 &&
		   parent.second == parent.first + l->facts->long_size && parent.first > tgid.first &&
		   parent.first < tgid.first + 32) {
		/* As in every tree from 4.4 to 6.19, if its members are not shuffled. */
		parent.count = 1;
	}
	why = why_not_one(&parent);
	if (why)
		return why;
	out->task_pid = pid.count == 1 ? pid.first : 0;
	out->task_tgid = tgid.first;
	out->task_real_parent = parent.first;
	return NULL;
}

static const char *learn_leader(const struct learner *l, struct layout *out)
{
	static const int leaders[LAYOUT_TASKS] = {LAYOUT_SELF, LAYOUT_CHILD, LAYOUT_GRANDCHILD, LAYOUT_GRANDCHILD};
	struct places leader = find_tasks(l, leaders);
	const char *why = why_not_one(&leader);

	if (!why)
		out->task_group_leader = leader.first;
	return why;
}

static const char *learn_comm(const struct learner *l, struct layout *out)
{
	struct places places = {0};
	const char *why;

	for (uint32_t at = 0; at + sizeof(l->facts->tasks[0].comm) <= l->size; at++) {
		int who = 0;

		while (who < LAYOUT_TASKS &&
		       !memcmp(l->w->tasks[who] + at, l->facts->tasks[who].comm, sizeof(l->facts->tasks[who].comm)))
			who++;
		if (who == LAYOUT_TASKS)
			add_place(&places, at);
	}
	why = why_not_one(&places);
	if (!why)
		out->task_comm = places.first;
	return why;
}

/* A pointer that the first two tasks share, and the other two; those of the latter is another one if `differ`. 0: it is
 * none. */
static uint64_t shared_pointer(const struct learner *l, uint32_t at, bool differ)
{
	uint64_t p = task_word(l, LAYOUT_SELF, at), q = task_word(l, LAYOUT_GRANDCHILD, at);

	return p == task_word(l, LAYOUT_CHILD, at) && q == task_word(l, LAYOUT_THREAD, at) && (p != q) == differ &&
			       could_be_data(&l->looker, p) && could_be_data(&l->looker, q)
		       ? p
		       : 0;
}

/* The lowest place with that word in both mm_structs. The neighbour behind may have the same words: what counts is the
 * first. But the auxiliary vector (saved_auxv) has the end of the environment, too, behind its type. 0: there is none. */
static uint32_t find_in_mm(const struct learner *l, uint32_t size, uint64_t value)
{
	uint32_t width = l->facts->long_size;

	for (uint32_t at = width; at + width <= size; at += width)
		if (word(&l->looker, l->w->mm[0] + at) == value && word(&l->looker, l->w->mm[1] + at) == value &&
		    (word(&l->looker, l->w->mm[0] + at - width) != AT_EXECFN || word(&l->looker, l->w->mm[1] + at - width) != AT_EXECFN))
			return at;
	return 0;
}

/* mm and active_mm are the same for a process. The environment begins where the arguments end (create_elf_tables in
 * fs/binfmt_elf.c), so env_start is as good as arg_end. */
static const char *learn_args(const struct learner *l, struct layout *out)
{
	const struct layout_facts *f = l->facts;
	uint32_t copied, other, start, end, env_end;
	struct places places = {0};
	uint64_t mm = 0;

	for (uint32_t at = 0; at + f->long_size <= l->size; at += f->long_size) {
		uint64_t p = shared_pointer(l, at, true);

		if (!p)
			continue;
		if (p == mm) {
			add_place(&places, at);
			continue;
		}
		copied = copy_data(&l->looker, p, l->w->mm[0], MM_SEARCH);
		other = copy_data(&l->looker, task_word(l, LAYOUT_GRANDCHILD, at), l->w->mm[1], MM_SEARCH);
		copied = other < copied ? other : copied;
		start = find_in_mm(l, copied, f->arg_start);
		end = find_in_mm(l, copied, f->arg_end);
		env_end = find_in_mm(l, copied, f->env_end);
		if (!start || !end || !env_end)
			continue;
		if (mm)
			return NOT_UNIQUE;
		mm = p;
		add_place(&places, at);
		out->mm_arg_start = start;
		out->mm_arg_end = end;
		out->mm_env_end = f->env_end == f->arg_end ? 0 : env_end;
	}
	if (!mm)
		return NOT_FOUND;
	out->task_mm = places.first;
	out->task_active_mm = places.second;
	return NULL;
}

/* Looks for the mount namespace's number behind the pointers of what might be an nsproxy. How many places have it. */
static unsigned int find_mntns(const struct learner *l, uint64_t nsproxy, uint64_t other, uint32_t *mnt_ns, uint32_t *inum)
{
	uint32_t size = l->facts->long_size, copied, copied_other, length;
	char words[NSPROXY_WORDS * 8], other_words[NSPROXY_WORDS * 8], ns[NS_SEARCH];
	unsigned int found = 0;

	copied = copy_data(&l->looker, nsproxy, words, NSPROXY_WORDS * size);
	copied_other = copy_data(&l->looker, other, other_words, NSPROXY_WORDS * size);
	if (copied_other < copied)
		copied = copied_other;
	for (uint32_t i = 0; i + size <= copied; i += size) {
		uint64_t target = word(&l->looker, words + i);

		if (target != word(&l->looker, other_words + i))
			continue;
		length = copy_data(&l->looker, target, ns, NS_SEARCH);
		for (uint32_t j = 0; j + 4 <= length; j += 4) {
			if (word32(ns + j) != l->facts->mntns)
				continue;
			*mnt_ns = i;
			*inum = j;
			found++;
		}
	}
	return found;
}

/* All four tasks share one nsproxy. Other processes may share it, too, and their task_structs may stand behind ours in the
 * slab. So the first place of a pointer counts, and a second pointer that leads to our mount namespace makes the answer
 * ambiguous. */
static const char *learn_mntns(const struct learner *l, struct layout *out)
{
	const struct layout_facts *f = l->facts;
	uint32_t mnt_ns = 0, inum = 0;
	uint64_t nsproxy = 0;

	if (!f->mntns)
		return "the inode number of /proc/self/ns/mnt is not known";
	for (uint32_t at = 0; at + f->long_size <= l->size; at += f->long_size) {
		uint64_t p = shared_pointer(l, at, f->other_nsproxy);
		unsigned int found;

		if (!p || p == nsproxy || at == out->task_mm || at == out->task_active_mm)
			continue;
		found = find_mntns(l, p, task_word(l, LAYOUT_GRANDCHILD, at), &mnt_ns, &inum);
		if (!found)
			continue;
		if (nsproxy || found > 1)
			return NOT_UNIQUE;
		nsproxy = p;
		out->task_nsproxy = at;
		out->nsproxy_mnt_ns = mnt_ns;
		out->mnt_ns_inum = inum;
	}
	return nsproxy ? NULL : NOT_FOUND;
}

void layout_learn(struct layout *layout, const struct layout_memory *memory,
		  const struct layout_facts *facts, struct layout_workspace *workspace)
{
	struct learner l = {
		.looker = {memory, facts->tasks[LAYOUT_SELF].task, facts->long_size},
		.facts = facts,
		.w = workspace,
		.size = TASK_SEARCH,
	};
	struct layout mntns;

	*layout = (struct layout){.long_size = facts->long_size};
	layout->missing[LAYOUT_BPRM] = "no exec has been looked at";
	for (int part = LAYOUT_START; part < LAYOUT_PARTS; part++)
		layout->missing[part] = "no process has been looked at";
	for (int who = 0; who < LAYOUT_TASKS; who++) {
		uint32_t size = copy_data(&l.looker, facts->tasks[who].task, workspace->tasks[who], TASK_SEARCH);

		l.size = size < l.size ? size : l.size;
	}
	/* The parent last: it traces the child, which has another parent then. */
	layout->missing[LAYOUT_LEADER] = learn_leader(&l, layout);
	layout->missing[LAYOUT_COMM] = learn_comm(&l, layout);
	layout->missing[LAYOUT_ARGS] = learn_args(&l, layout);
	if (layout->missing[LAYOUT_ARGS])
		layout->mm_arg_start = layout->mm_arg_end = layout->mm_env_end = 0;
	mntns = *layout;
	layout->missing[LAYOUT_MNTNS] = learn_mntns(&l, &mntns);
	if (!layout->missing[LAYOUT_MNTNS]) {
		layout->task_nsproxy = mntns.task_nsproxy;
		layout->nsproxy_mnt_ns = mntns.nsproxy_mnt_ns;
		layout->mnt_ns_inum = mntns.mnt_ns_inum;
	}
	layout->missing[LAYOUT_PARENT] = learn_parent(&l, layout);
}

bool layout_is_ambiguous(const struct layout *layout)
{
	for (int part = 0; part < LAYOUT_BPRM; part++)
		if (layout->missing[part] && !strcmp(layout->missing[part], NOT_UNIQUE))
			return true;
	return false;
}

/* Whether what was found in a task_struct and in an mm_struct is in the order that it has in every tree from 4.4 to 6.19. */
static bool is_in_order(const struct layout *l)
{
	return l->task_active_mm == l->task_mm + l->long_size && l->mm_arg_end == l->mm_arg_start + l->long_size &&
	       l->task_tgid == l->task_pid + 4;
}

/* Behind the struct there may be what is left of another one, of an exec before this: its pointers are where the struct's
 * own are, so many bytes farther. The struct has more than 256. */
#define COPY_DISTANCE 256

static void forget_copy(struct places *places)
{
	if (places->count > 1 && places->second >= places->first + COPY_DISTANCE)
		places->count = 1;
}

/* interp is filename until a "#!" or binfmt_misc changes it. There may be a third pointer, fdpath (5.8), to the name of an
 * execveat(2). */
void layout_learn_bprm(struct layout *layout, const struct layout_bprm *direct, const struct layout_bprm *by_script,
		       uint64_t program, uint64_t script)
{
	struct places names = {0}, filename = {0}, interp = {0};

	for (uint32_t i = 0; i < BPRM_WORDS; i++) {
		if (direct->targets[i] != program)
			continue;
		add_place(&names, i * layout->long_size);
		if (by_script && by_script->targets[i] == script)
			add_place(&filename, i * layout->long_size);
		if (by_script && by_script->targets[i] == program)
			add_place(&interp, i * layout->long_size);
	}
	/* Without a script, they are where they are in every tree from 4.4 to 6.19 if its members are not shuffled, which
	 * those of an mm_struct would be as well. */
	if (!by_script && names.count == 2 && names.second == names.first + layout->long_size && is_in_order(layout)) {
		filename = (struct places){.first = names.first, .count = 1};
		interp = (struct places){.first = names.second, .count = 1};
	}
	forget_copy(&filename);
	forget_copy(&interp);
	layout->missing[LAYOUT_BPRM] = why_not_one(&filename);
	if (!layout->missing[LAYOUT_BPRM])
		layout->missing[LAYOUT_BPRM] = why_not_one(&interp);
	if (layout->missing[LAYOUT_BPRM])
		return;
	layout->bprm_filename = filename.first;
	layout->bprm_interp = interp.first;
}
