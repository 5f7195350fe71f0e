#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/programs.h"
#include "kernel/mounts.h"
#include "lib/format.h"
#include "loader.h"
#include "run/disasm.h"

static const char *const map_names[MAPS] = {
	"rings",    "bulk_rings", "scratches", "args_program", "pieces_program", "handled", "calls",   "peeks",
	"mntnsmap", "cgroupmap", "mntns_set",	 "cgroups",	   "members",
	"newcomers", "roots",
};

void find_maps(struct tracer *t)
{
	for (int map = 0; map < MAPS; map++) {
		size_t i = 0;

		while (i < t->object.map_count && strcmp(t->object.maps[i].name, map_names[map]))
			i++;
		t->map_places[map] = i;
	}
}

int create_map(struct tracer *t, int map, uint32_t max_entries, struct error *err)
{
	size_t i = t->map_places[map];
	const struct object_map *m = &t->object.maps[i];
	uint32_t entries = max_entries ? max_entries : m->max_entries, flags = map == MAP_SCRATCHES ? BPF_F_MMAPABLE : 0;
	int fd;

	if (i == t->object.map_count)
		return error_set(err, ENOENT, "the BPF object has no map \"%s\"", map_names[map]);
	fd = map_create(m->name, m->type, m->key_size, m->value_size, entries, flags, err);
	if (fd == -EINVAL && flags) /* below 5.5 there is no such thing */
		fd = map_create(m->name, m->type, m->key_size, m->value_size, entries, 0, err);
	if (fd < 0)
		return fd;
	t->map_fds[i] = fd;
	return 0;
}

void swap_helper(struct tracer *t, int32_t from, int32_t to)
{
	t->swaps[t->swap_count++] = (struct helper_swap){from, to};
}

int map_fd(const struct tracer *t, int map)
{
	return t->map_fds[t->map_places[map]];
}

uint32_t map_value_size(const struct tracer *t, int map)
{
	return t->object.maps[t->map_places[map]].value_size;
}

void use_map(struct tracer *t, int map, int fd)
{
	t->map_fds[t->map_places[map]] = fd < 0 ? map_fd(t, MAP_MEMBERS) : fd;
}

/* The program "count" comes to some 250 (prog.bpf.c). Scripts' own strings stand before those that --max-args counts (event.c);
 * one more tells that there are more. */
#define COUNTED_MOST 240
#define SCRIPT_STRINGS 11

uint32_t wanted_strings(const struct options *o)
{
	return o->has_line || !o->max_args || o->max_args > COUNTED_MOST ? 0 : (uint32_t)o->max_args + SCRIPT_STRINGS + 1;
}

/* Whose lanes a program's are. "args" and "pieces" follow others, and have theirs. */
static enum lane_kind lane_kind(const struct tracer *t, const char *program)
{
	static const struct {
		const char *program;
		enum lane_kind kind, other; /* of the second of two, or of that for 32-bit programs */
	} kinds[] = {
		{"fork", LANE_FORK, LANE_FORK_AGAIN},
		{"thread_exit", LANE_END, LANE_END_AGAIN},
		{"enter_execve", LANE_ENTER_EXECVE, LANE_ENTER_EXECVE},
		{"enter_execveat", LANE_ENTER_EXECVEAT, LANE_ENTER_EXECVEAT},
		{"enter", LANE_ENTER_EXECVE, LANE_ENTER_COMPAT},
		{"exit", LANE_FAIL, LANE_FAIL_COMPAT},
		{"pieces", LANE_FAIL, LANE_FAIL_COMPAT},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].program, program))
			return (enum lane_kind)((t->for_compat || t->again ? kinds[i].other : kinds[i].kind) +
						(!strcmp(program, "enter") && t->call_has_fd));
	return (enum lane_kind)(LANE_EXEC + (t->exec_copy ? t->exec_copy - 1 : 0));
}

/* The size of the region that "peek_exec" takes for the kernel's, as a shift. Where that begins at 3 GiB, a 32-bit program's stack is right below: linux_binprm.exec
 * points there, to the name once more, which 32-bit ARM lets be read. */
static uint64_t region_shift(const struct tracer *t)
{
	return t->layout.long_size == 4 && t->self.task >> 30 == 3 ? 30 : layout_region_shift(t->layout.long_size);
}

/* Links a program with all that is known by now. The caller frees *insns. */
static int link_program(const struct tracer *t, const struct object_program *program,
			struct bpf_insn **insns, struct error *err)
{
	const struct options *o = t->options;
	const struct layout *l = &t->layout;
	const struct object_setting settings[] = {
		{"uid_filter_setting", o->has_uid ? (uint64_t)o->uid + 1 : 0},
		{"ppid_filter_setting", o->ppid},
		{"many_pieces_setting", !t->few_pieces},
		{"mntnsmap_filter_setting", o->mntnsmap != NULL},
		{"mntns_filter_setting", o->mntns.count > 0},
		{"cgroupmap_filter_setting", o->cgroupmap != NULL},
		{"cgroup_filter_setting", o->cgroups.count},
		{"member_filter_setting", tracer_has_members(t)},
		{"root_filter_setting", o->pids.count > 0},
		{"max_bytes_setting", options_bytes_read(o)},
		{"max_strings_setting", wanted_strings(o)},
		{"want_ancestors_setting", o->tree},
		{"want_cgroup_setting", (o->json || o->print_cgroup || o->cgroupmap) &&
						feature_is_here(&t->features, FEATURE_CGROUP_IDS)},
		{"want_mntns_setting", o->json || o->print_mntns || o->mntnsmap || o->mntns.count},
		{"want_pcomm_setting", o->json || o->print_pcomm},
		{"long_size_setting", l->long_size},
		{"task_tgid_setting", l->task_tgid},
		{"task_pid_setting", l->task_pid},
		{"task_real_parent_setting", l->task_real_parent},
		{"task_group_leader_setting", l->task_group_leader},
		{"task_comm_setting", l->task_comm},
		{"task_mm_setting", l->task_mm},
		{"task_active_mm_setting", l->task_active_mm},
		{"mm_arg_start_setting", l->mm_arg_start},
		{"task_nsproxy_setting", l->task_nsproxy},
		{"nsproxy_mnt_ns_setting", l->nsproxy_mnt_ns},
		{"mnt_ns_inum_setting", l->mnt_ns_inum},
		{"mm_arg_end_setting", l->mm_arg_end},
		{"mm_env_end_setting", l->mm_env_end},
		{"args_in_a_row_setting", l->mm_arg_end == l->mm_arg_start + l->long_size &&
						  l->mm_env_end == l->mm_arg_start + 3 * l->long_size},
		{"bprm_filename_setting", l->bprm_filename},
		{"bprm_interp_setting", l->bprm_interp},
		{"names_in_a_row_setting", l->bprm_interp == l->bprm_filename + l->long_size},
		{"region_shift_setting", region_shift(t)},
		{"exec_is_raw_setting", feature_is_here(&t->features, FEATURE_RAW_TRACEPOINTS) && !t->exec_by_event},
		{"exec_copy_setting", t->exec_copy},
		{"first_lane_setting", (uint64_t)tracer_lane(t, lane_kind(t, program->name), 0)},
		{"errnos_are_positive_setting", t->errnos_are_positive},
		{"user_mask_setting", t->user.mask},
		{"user_end_setting", t->user.end},
		{"execve_filename_setting", t->execve_filename},
		{"execve_argv_setting", t->execve_argv},
		{"execveat_fd_setting", t->execveat_fd},
		{"execveat_filename_setting", t->execveat_filename},
		{"execveat_argv_setting", t->execveat_argv},
		{"execveat_flags_setting", t->execveat_flags},
		{"exit_ret_setting", t->exit_ret},
		{"slot_size_setting", t->slot_size},
		{"call_execve_setting", t->call_execve},
		{"call_execveat_setting", t->call_execveat},
		{"call_number_setting", t->call_number},
		{"call_mode_setting", t->call_mode},
		{"call_mode_mask_setting", t->call_mode_mask},
		{"call_mode_value_setting", t->call_mode_value},
		{"call_direct_setting", t->call_direct},
		{"call_regs_setting", t->call_regs},
		{"call_has_fd_setting", t->call_has_fd},
		{"call_fd_setting", t->call_fd},
		{"call_filename_setting", t->call_filename},
		{"call_argv_setting", t->call_argv},
		{"call_flags_setting", t->call_flags},
		{"map_buffers_setting", !feature_is_missing(&t->features, FEATURE_MAP_BUFFERS)},
		{"want_fails_setting", t->options->fails},
		{"exec_filename_setting", t->exec_filename},
		{"exec_old_pid_setting", t->exec_old_pid},
		{"fork_child_pid_setting", t->fork_child_pid},
		{"peek_name_setting", t->peek_name},
	};
	const struct object_link link = {
		.map_fds = t->map_fds,
		.settings = settings,
		.setting_count = sizeof(settings) / sizeof(settings[0]),
		.swaps = t->swaps,
		.swap_count = t->swap_count,
		.moves = feature_is_missing(&t->features, FEATURE_MAP_BUFFERS),
	};
	int ret;

	*insns = malloc(program->insn_count * sizeof(**insns));
	if (!*insns)
		return error_set(err, ENOMEM, "cannot link the BPF program \"%s\": %s", program->name,
				 strerror(ENOMEM));
	ret = object_link(&t->object, program, &link, *insns, err);
	if (ret)
		free(*insns);
	return ret;
}

int load_program(struct tracer *t, const char *name, enum bpf_prog_type type, struct error *err)
{
	const struct object_program *program = object_program(&t->object, name);
	struct bpf_insn *insns;
	int fd;

	if (!program)
		return error_set(err, ENOENT, "the BPF object has no program \"%s\"", name);
	fd = link_program(t, program, &insns, err);
	if (fd)
		return fd;
	fd = program_load(name, type, insns, program->insn_count, t->object.license, err);
	free(insns);
	if (fd >= 0 && t->options->check)
		t->program_memory += object_memory(t, fd);
	return fd;
}

uint64_t object_memory(const struct tracer *t, int fd)
{
	char path[32], text[512], *at;

	format_text(path, sizeof(path), "self/fdinfo/%d", fd);
	if (t->proc < 0 || read_file(t->proc, path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "memlock:");
	return at ? strtoull(at + strlen("memlock:"), NULL, 10) : 0;
}

int tracer_print_programs(const struct tracer *t, struct output *out, struct error *err)
{
	struct bpf_insn *insns;
	int ret;

	for (uint32_t i = 0; i < t->object.program_count; i++) {
		ret = link_program(t, &t->object.programs[i], &insns, err);
		if (ret)
			return ret;
		disasm_print(&t->object, &t->object.programs[i], insns, out);
		free(insns);
	}
	return 0;
}
