/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source/passes.h"
#include "kernel/cgroups.h"
#include "kernel/namespaces.h"
#include "lib/format.h"

static bool has(const struct filter_ids *set, uint64_t id)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->ids[i] == id)
			return true;
	return false;
}

static int make_ids(struct filter_ids *set, size_t count, struct error *err)
{
	set->count = count;
	set->ids = calloc(count, sizeof(*set->ids));
	return set->ids || !count ? 0 : error_set(err, ENOMEM, "cannot get memory: %s", strerror(ENOMEM));
}

int passes_open(struct passes *p, const struct request *request, int proc, struct error *err)
{
	int ret;

	*p = (struct passes){.request = request, .proc = proc, .cgroup_root = -1};
	if (request->mntnsmap || request->cgroupmap)
		return error_set(err, ENOTSUP, "--%s: only the source bpf can look into BPF maps; use --mntns, or --cgroup",
				 request->mntnsmap ? "mntnsmap" : "cgroupmap");
	ret = make_ids(&p->mntns, request->mntns.count, err);
	for (size_t i = 0; !ret && i < request->mntns.count; i++)
		ret = mount_namespace_number(request->mntns.items[i], proc, &p->mntns.ids[i], err);
	if (!ret)
		ret = make_ids(&p->cgroups, request->cgroups.count, err);
	for (size_t i = 0; !ret && i < request->cgroups.count; i++)
		ret = cgroup_number(request->cgroups.items[i], proc, &p->cgroups.ids[i], err);
	if (ret)
		return ret;
	if (request->want_cgroup || request->cgroups.count)
		p->cgroup_root = cgroup_root(proc);
	if (request->cgroups.count && p->cgroup_root < 0)
		return error_set(err, ENOENT, "--cgroup: the root of the cgroup v2 file system is mounted nowhere; mount it "
				 "(mount -t cgroup2 none /mnt), or use --mntns");
	return 0;
}

void passes_ask(const struct passes *p, struct exec *exec)
{
	char path[4096];
	struct stat st;

	if (p->request->want_mntns || p->mntns.count) {
		format_text(path, sizeof(path), "%u/ns/mnt", exec->pid);
		if (!fstatat(p->proc, path, &st, 0)) {
			exec->mntns = (uint32_t)st.st_ino;
			exec->known |= EXEC_MNTNS;
		}
	}
	if (p->cgroup_root < 0 || !cgroup_of(p->proc, exec->pid, path, sizeof(path)))
		return;
	exec->cgroup = cgroup_id(p->cgroup_root, path);
	exec->known |= exec->cgroup ? EXEC_CGROUP : 0U;
}

/* Whether the process's cgroup is one of those, or below it. One that cannot be asked is. */
static bool is_under(const struct passes *p, const struct exec *exec)
{
	char path[4096], *slash;

	if (!exec_knows(exec, EXEC_CGROUP) || has(&p->cgroups, exec->cgroup) || has(&p->cgroups, cgroup_id(p->cgroup_root, "")))
		return true;
	if (!cgroup_of(p->proc, exec->pid, path, sizeof(path)))
		return true;
	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (has(&p->cgroups, cgroup_id(p->cgroup_root, path)))
			return true;
	}
	return false;
}

bool passes_exec(const struct passes *p, const struct exec *exec)
{
	/* With --exits the reader has to know of each exec, whose end is to come. */
	if (!p->request->exits && !ids_pass(&p->request->ids, exec))
		return false;
	if (p->mntns.count && exec_knows(exec, EXEC_MNTNS) && !has(&p->mntns, exec->mntns))
		return false;
	return !p->cgroups.count || is_under(p, exec);
}

bool passes_end(const struct passes *p, const struct exec *end)
{
	return ids_are_known(&p->request->ids, end) && ids_pass(&p->request->ids, end) && !p->mntns.count && !p->cgroups.count && passes_exec(p, end);
}
