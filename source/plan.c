/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/plan.h"
#include "lib/files.h"
#include "lib/format.h"
#include "loader.h"

#define SETTING_NAME(name) #name "_setting",
static const char *const setting_names[SETTINGS] = {SETTINGS_LIST(SETTING_NAME)};

#define MAP_NAME(name, type, key, value, entries) #name,
static const char *const map_names[MAPS] = {MAPS_LIST(MAP_NAME)};

/* Sections of the object; a tail-called program's map, and its place there. */
static const struct row {
	const char *section, *on_stack;
	enum map map;
	uint32_t index;
} rows[] = {
	[PROGRAM_THREAD_EXIT] = {.section = "thread_exit"},
	[PROGRAM_FORK] = {.section = "fork"},
	[PROGRAM_EXEC] = {.section = "exec", .on_stack = "exec_stack"},
	[PROGRAM_ARGS] = {"args", "args_stack", MAP_args_program, 0},
	[PROGRAM_COUNT] = {"count", NULL, MAP_args_program, 1},
	[PROGRAM_PATH] = {"path", NULL, MAP_args_program, 2},
	[PROGRAM_CHAIN] = {"chain", NULL, MAP_args_program, 3},
	[PROGRAM_VARIABLES] = {"environment", NULL, MAP_args_program, 4},
	[PROGRAM_EXIT] = {.section = "exit", .on_stack = "exit_stack"},
	[PROGRAM_PIECES] = {"pieces", "pieces_stack", MAP_pieces_program, 0},
	[PROGRAM_KILLED] = {"exit", NULL, MAP_end_programs, 0},
	[PROGRAM_END] = {"end", NULL, MAP_end_programs, 1},
	[PROGRAM_ENTER] = {.section = "enter"},
	[PROGRAM_PEEK] = {.section = "peek", .on_stack = "peek_stack"},
	[PROGRAM_PEEK_EXEC] = {.section = "peek_exec"},
	[PROGRAM_PEEK_EXEC_AGAIN] = {"peek_exec", NULL, MAP_peek_program, 0},
};

void link_init(struct link *link)
{
	*link = (struct link){0};
	for (int i = 0; i < SETTINGS; i++)
		link->settings[i].name = setting_names[i];
	link_set(link, SETTING_map_buffers, 1);
	link_set(link, SETTING_many_pieces, 1);
}

void link_set(struct link *link, enum setting setting, uint64_t value)
{
	link->settings[setting].value = value;
}

/* The program "count" comes to some 250 (exec.bpf.h). Scripts' own strings stand before those that --max-args counts (exec.c);
 * one more tells that there are more. */
#define COUNTED_MOST 240
#define SCRIPT_STRINGS 11

uint32_t wanted_strings(const struct request *r)
{
	return !r->max_args || r->max_args > COUNTED_MOST ? 0 : (uint32_t)r->max_args + SCRIPT_STRINGS + 1;
}

void link_request(struct link *l, const struct request *r, bool cgroup_ids)
{
	/* The reader filters, too (filter.c): among several; and with --exits it has to know of each exec, whose end is to come. */
	link_set(l, SETTING_uid_filter, r->ids.uids.count == 1 && !r->exits ? (uint64_t)r->ids.uids.items[0] + 1 : 0);
	link_set(l, SETTING_ppid_filter, r->ids.ppids.count == 1 && !r->exits ? r->ids.ppids.items[0] : 0);
	link_set(l, SETTING_mntnsmap_filter, r->mntnsmap != NULL);
	link_set(l, SETTING_mntns_filter, r->mntns.count > 0);
	link_set(l, SETTING_cgroupmap_filter, r->cgroupmap != NULL);
	link_set(l, SETTING_cgroup_filter, r->cgroups.count);
	link_set(l, SETTING_member_filter, r->pids.count || r->command);
	link_set(l, SETTING_root_filter, r->pids.count > 0);
	link_set(l, SETTING_max_bytes, r->max_bytes);
	link_set(l, SETTING_max_strings, wanted_strings(r));
	link_set(l, SETTING_want_ancestors, r->want_ancestors);
	link_set(l, SETTING_want_cgroup, (r->want_cgroup || r->cgroupmap) && cgroup_ids);
	link_set(l, SETTING_want_mntns, r->want_mntns || r->mntnsmap || r->mntns.count);
	link_set(l, SETTING_want_pcomm, r->want_pcomm);
	link_set(l, SETTING_want_fails, r->fails);
	link_set(l, SETTING_want_exits, r->exits);
	link_set(l, SETTING_want_start, r->want_start || r->exits);
	link_set(l, SETTING_want_eids, r->want_eids);
	link_set(l, SETTING_want_login, r->want_login);
	link_set(l, SETTING_want_ns_pid, r->want_ns_pid);
	link_set(l, SETTING_want_tty, r->want_tty);
}

/* Where the kernel's addresses begin at 3 GiB, a 32-bit program's stack is right below: linux_binprm.exec points there, to
 * the name once more, and 32-bit ARM lets that be read. */
static uint64_t shift_of_region(const struct layout *layout, uint64_t task)
{
	return layout->long_size == 4 && task >> 30 == 3 ? 30 : region_shift(layout->long_size);
}

void link_layout(struct link *link, const struct layout *l, uint64_t task)
{
	link_set(link, SETTING_long_size, l->long_size);
	link_set(link, SETTING_task_tgid, l->task_tgid);
	link_set(link, SETTING_task_pid, l->task_pid);
	link_set(link, SETTING_task_real_parent, l->task_real_parent);
	link_set(link, SETTING_task_group_leader, l->task_group_leader);
	link_set(link, SETTING_task_comm, l->task_comm);
	link_set(link, SETTING_task_mm, l->task_mm);
	link_set(link, SETTING_task_active_mm, l->task_active_mm);
	link_set(link, SETTING_mm_arg_start, l->mm_arg_start);
	link_set(link, SETTING_mm_arg_end, l->mm_arg_end);
	link_set(link, SETTING_mm_env_end, l->mm_env_end);
	link_set(link, SETTING_args_in_a_row,
		 l->mm_arg_end == l->mm_arg_start + l->long_size && l->mm_env_end == l->mm_arg_start + 3 * l->long_size);
	link_set(link, SETTING_task_nsproxy, l->task_nsproxy);
	link_set(link, SETTING_nsproxy_mnt_ns, l->nsproxy_mnt_ns);
	link_set(link, SETTING_mnt_ns_inum, l->mnt_ns_inum);
	link_set(link, SETTING_bprm_filename, l->bprm_filename);
	link_set(link, SETTING_bprm_interp, l->bprm_interp);
	link_set(link, SETTING_names_in_a_row, l->bprm_interp == l->bprm_filename + l->long_size);
	link_set(link, SETTING_task_start, l->task_start);
	link_set(link, SETTING_task_cred, l->task_cred);
	link_set(link, SETTING_cred_euid, l->cred_euid);
	link_set(link, SETTING_cred_egid, l->cred_egid);
	link_set(link, SETTING_task_loginuid, l->task_loginuid);
	link_set(link, SETTING_task_session, l->task_session);
	link_set(link, SETTING_eids_in_a_row, l->cred_egid == l->cred_euid + 4);
	link_set(link, SETTING_login_in_a_row, l->task_session == l->task_loginuid + 4);
	link_set(link, SETTING_task_fs, l->task_fs);
	link_set(link, SETTING_fs_pwd_dentry, l->fs_pwd_dentry);
	link_set(link, SETTING_fs_pwd_mnt, l->fs_pwd_mnt);
	link_set(link, SETTING_mm_exe_file, l->mm_exe_file);
	link_set(link, SETTING_file_dentry, l->file_dentry);
	link_set(link, SETTING_file_mnt, l->file_mnt);
	link_set(link, SETTING_dentry_name, l->dentry_name);
	link_set(link, SETTING_dentry_parent, l->dentry_parent);
	link_set(link, SETTING_dentry_hashed, l->dentry_hashed);
	link_set(link, SETTING_dentry_inode, l->dentry_inode);
	link_set(link, SETTING_inode_number, l->inode_number);
	link_set(link, SETTING_dentry_sb, l->dentry_sb);
	link_set(link, SETTING_sb_dev, l->sb_dev);
	link_set(link, SETTING_mnt_root, l->mnt_root);
	link_set(link, SETTING_mnt_parent, (uint64_t)(int64_t)l->mnt_parent);
	link_set(link, SETTING_mnt_mountpoint, (uint64_t)(int64_t)l->mnt_mountpoint);
	link_set(link, SETTING_mount_mnt, l->mount_mnt);
	link_set(link, SETTING_task_exit_code, l->task_exit_code);
	link_set(link, SETTING_task_signal, l->task_signal);
	link_set(link, SETTING_signal_exit_code, l->signal_exit_code);
	link_set(link, SETTING_signal_flags, l->signal_flags);
	link_set(link, SETTING_task_thread_pid, l->task_thread_pid);
	link_set(link, SETTING_pid_level, l->pid_level);
	link_set(link, SETTING_pid_numbers, l->pid_numbers);
	link_set(link, SETTING_pid_step, l->pid_step);
	link_set(link, SETTING_signal_tty, l->signal_tty);
	link_set(link, SETTING_tty_name, l->tty_name);
	link_set(link, SETTING_signal_live, l->signal_live);
	link_set(link, SETTING_region_shift, shift_of_region(l, task));
}

void link_swap_helper(struct link *link, int32_t from, int32_t to)
{
	link->swaps[link->swap_count++] = (struct helper_swap){from, to};
}

int link_create_map(struct link *link, const struct object *object, enum map map, uint32_t entries, struct error *err)
{
	const struct object_map *m = &object->maps[map];
	uint32_t flags = map == MAP_scratches ? BPF_F_MMAPABLE : map == MAP_variables ? BPF_F_NO_PREALLOC : 0;
	int fd;

	entries = entries ? entries : m->max_entries;
	fd = map_create(m->name, m->type, m->key_size, m->value_size, entries, flags, err);
	if (fd == -EINVAL && map == MAP_scratches) /* below 5.5 there is no such thing */
		fd = map_create(m->name, m->type, m->key_size, m->value_size, entries, 0, err);
	if (fd < 0)
		return fd;
	link->maps[map] = fd;
	return 0;
}

void link_use_map(struct link *link, enum map map, int fd)
{
	link->maps[map] = fd < 0 ? link->maps[MAP_members] : fd;
}

bool link_fits(const struct object *object)
{
	for (uint32_t i = 0; i < MAPS; i++)
		if (i >= object->map_count || strcmp(object->maps[i].name, map_names[i]))
			return false;
	return object->map_count == MAPS;
}

int link_program(const struct link *link, const struct object *object, const struct object_program *program,
		 struct bpf_insn **insns, struct error *err)
{
	const struct object_link with = {
		.map_fds = link->maps,
		.settings = link->settings,
		.setting_count = SETTINGS,
		.swaps = link->swaps,
		.swap_count = link->swap_count,
		.by_mov = link->on_stack,
	};
	int ret;

	*insns = malloc(program->insn_count * sizeof(**insns));
	if (!*insns)
		return error_set(err, ENOMEM, "cannot link the BPF program \"%s\": %s", program->name,
				 strerror(ENOMEM));
	ret = object_link(object, program, &with, *insns, err);
	if (ret)
		free(*insns);
	return ret;
}

static const char *section_of(const struct link *link, enum program program)
{
	const struct row *row = &rows[program];

	return link->on_stack && row->on_stack ? row->on_stack : row->section;
}

int link_load(const struct link *link, const struct object *object, enum program which, enum bpf_prog_type type,
	      struct error *err)
{
	const char *name = section_of(link, which);
	const struct object_program *program = object_program(object, name);
	struct bpf_insn *insns;
	int fd;

	if (!program)
		return error_set(err, ENOENT, "the BPF object has no program \"%s\"", name);
	fd = link_program(link, object, program, &insns, err);
	if (fd)
		return fd;
	fd = program_load(name, type, insns, program->insn_count, object->license, err);
	free(insns);
	if (fd >= 0 && link->memory)
		*link->memory += kernel_memory(link->proc, fd);
	return fd;
}

uint64_t kernel_memory(int proc, int fd)
{
	char path[32], text[512], *at;

	format_text(path, sizeof(path), "self/fdinfo/%d", fd);
	if (proc < 0 || read_file(proc, path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "memlock:");
	return at ? strtoull(at + strlen("memlock:"), NULL, 10) : 0;
}

int link_load_tail(const struct link *link, const struct object *object, enum program which, enum bpf_prog_type type,
		   struct error *err)
{
	int program = link_load(link, object, which, type, err), ret;

	if (program < 0)
		return program;
	ret = map_update(link->maps[rows[which].map], &rows[which].index, &program);
	close(program); /* the map holds it */
	if (ret)
		return error_set(err, -ret, "cannot put the BPF program \"%s\" into its map: %s", section_of(link, which),
				 strerror(-ret));
	return 0;
}
