/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <string.h>

#include "show/fields.h"
#include "lib/format.h"
#include "show/field.h"

/* A column is there if a member of struct form says so. */
#define IF(member) offsetof(struct form, member)
#define VALUE(member) offsetof(struct exec, member), sizeof(((struct exec *)0)->member)
#define KEY(key) ",\"" key "\":"

#define ELSEWHERE 0, 0, 0 /* the value is in no one member */

const struct field fields[FIELDS] = {
	[TIME] = {KIND_TIME, VALUE(time), 0, KEY("time"), NULL, "TIME", 8, IF(time), NULL},
	[SINCE] = {KIND_SINCE, VALUE(time), 0, NULL, NULL, "TIME(s)", 7, IF(timestamp), NULL},
	[PID] = {KIND_PID, VALUE(pid), 0, KEY("pid"), NULL, "PID", 6, ALWAYS, NULL},
	[PPID] = {KIND_PID, VALUE(ppid), EXEC_PPID, KEY("ppid"), NULL, "PPID", 6, ALWAYS, NULL},
	[UID] = {KIND_NUMBER, VALUE(uid), EXEC_IDS, KEY("uid"), NULL, "UID", 5, IF(print_uid), NULL},
	[USER] = {KIND_USER, VALUE(uid), EXEC_IDS, KEY("user"), KEY("user_base64"), "USER", 12, IF(names), NULL},
	[GID] = {KIND_NUMBER, VALUE(gid), EXEC_IDS, KEY("gid"), NULL, NULL, 0, ALWAYS, NULL},
	[EUID] = {KIND_NUMBER, VALUE(euid), EXEC_EIDS, KEY("euid"), NULL, "EUID", 5, IF(print_euid), NULL},
	[EGID] = {KIND_NUMBER, VALUE(egid), EXEC_EIDS, KEY("egid"), NULL, NULL, 0, ALWAYS, NULL},
	[LOGINUID] = {KIND_NUMBER, VALUE(loginuid), EXEC_LOGIN, KEY("loginuid"), NULL, NULL, 0, ALWAYS, NULL},
	[SESSION] = {KIND_NUMBER, VALUE(session), EXEC_LOGIN, KEY("session"), NULL, NULL, 0, ALWAYS, NULL},
	[TTY] = {KIND_NAME, VALUE(tty), EXEC_TTY, KEY("tty"), NULL, "TTY", 8, IF(print_tty), NULL},
	[NS_PID] = {KIND_NUMBER, VALUE(ns_pid), EXEC_NS_PID, KEY("ns_pid"), NULL, NULL, 0, ALWAYS, NULL},
	[START] = {KIND_NUMBER, VALUE(start), EXEC_START, KEY("start"), KEY("start_string"), NULL, 0, ALWAYS, NULL},
	[PARENT_START] = {KIND_NUMBER, VALUE(parent_start), EXEC_PARENT_START, KEY("parent_start"), KEY("parent_start_string"), NULL, 0,
			  ALWAYS, NULL},
	[COMM] = {KIND_NAME, VALUE(comm), EXEC_NAMED, KEY("comm"), KEY("comm_base64"), "PCOMM", 16, ALWAYS, "\"\""},
	[PCOMM] = {KIND_NAME, VALUE(pcomm), EXEC_PCOMM, KEY("pcomm"), KEY("pcomm_base64"), "PCOMM", 16, IF(print_pcomm), "?"},
	[CPU] = {KIND_NUMBER, VALUE(cpu), EXEC_CPU, KEY("cpu"), NULL, "CPU", 4, IF(print_cpu), NULL},
	[MNTNS] = {KIND_NUMBER, VALUE(mntns), EXEC_MNTNS, KEY("mntns"), NULL, "MNTNS", 10, IF(print_mntns), NULL},
	[CGROUP] = {KIND_NUMBER, VALUE(cgroup), EXEC_CGROUP, KEY("cgroup"), KEY("cgroup_string"), "CGROUP", 10, IF(print_cgroup), NULL},
	[CGROUP_PATH] = {KIND_CGROUP, VALUE(cgroup), EXEC_CGROUP, KEY("cgroup_path"), KEY("cgroup_path_base64"), "CGROUP_PATH", 30,
			 IF(print_cgroup_path), NULL},
	[CONTAINER] = {KIND_CONTAINER, VALUE(cgroup), EXEC_CGROUP, KEY("container"), NULL, NULL, 0, ALWAYS, NULL},
	[RESULT] = {KIND_RESULT, VALUE(result), EXEC_RESULT, KEY("ret"), KEY("error"), "RET", 3, ALWAYS, NULL},
	[EXE] = {KIND_PATH, VALUE(exe), EXEC_EXE, KEY("exe"), KEY("exe_base64"), "EXE", 30, IF(print_exe), NULL},
	[EXE_INODE] = {KIND_NUMBER, VALUE(exe_inode), EXEC_INODE, KEY("exe_inode"), KEY("exe_inode_string"), NULL, 0, ALWAYS, NULL},
	[EXE_DEV] = {KIND_NAME, VALUE(exe_dev), EXEC_INODE, KEY("exe_dev"), NULL, NULL, 0, ALWAYS, NULL},
	[CWD] = {KIND_PATH, VALUE(cwd), EXEC_CWD, KEY("cwd"), KEY("cwd_base64"), "CWD", 30, IF(print_cwd), NULL},
	[ANCESTORS] = {KIND_CHAIN, VALUE(chain), EXEC_CHAIN, KEY("ancestors"), NULL, "ANCESTORS", 30, IF(ancestors), NULL},
	[ENV] = {KIND_VARIABLES, VALUE(variables), EXEC_VARIABLES, KEY("env"), KEY("env_base64"), NULL, 0, IF(variables), NULL},
	[FILENAME] = {KIND_FILENAME, ELSEWHERE, KEY("filename"), KEY("filename_base64"), NULL, 0, ALWAYS, NULL},
	[ARGV] = {KIND_ARGV, ELSEWHERE, KEY("argv"), KEY("argv_base64"), NULL, 0, ALWAYS, NULL},
	[EVENT] = {KIND_EVENT, ELSEWHERE, KEY("event"), NULL, NULL, 0, ALWAYS, NULL},
	[EXIT_STATUS] = {KIND_END, ELSEWHERE, KEY("exit_status"), NULL, NULL, 0, ALWAYS, NULL},
	[DURATION] = {KIND_DURATION, ELSEWHERE, KEY("duration_ns"), NULL, NULL, 0, ALWAYS, NULL},
	[AGE] = {KIND_AGE, ELSEWHERE, KEY("age_ns"), NULL, NULL, 0, ALWAYS, NULL},
	[SOURCE] = {KIND_SOURCE, ELSEWHERE, KEY("source"), NULL, NULL, 0, ALWAYS, NULL},
};

const unsigned char columns[] = {TIME, SINCE, UID, USER, EUID, TTY, COMM, PID, PCOMM, PPID, CPU, MNTNS, CGROUP, CGROUP_PATH, ANCESTORS, CWD, EXE, RESULT};
const size_t column_count = sizeof(columns);

/* Keys that JSON has only if --fields names them, or the option of their column is given. */
#define ON_DEMAND (SURROUNDING | BIT(USER) | BIT(CGROUP_PATH) | BIT(CONTAINER) | BIT(TTY) | BIT(NS_PID))

/* A key is its name between ,\" and \": */
static bool is_key(const struct field *field, const char *name, size_t length)
{
	return field->key && strlen(field->key) == length + 4 && !memcmp(field->key + 2, name, length);
}

uint64_t fields_key(const char *name, size_t length)
{
	bool all = length == 3 && !memcmp(name, "all", 3);
	uint64_t keys = 0;

	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].key && (all || is_key(&fields[i], name, length)))
			keys |= BIT(i);
	return keys;
}

void fields_names(char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < FIELDS && used < size; i++)
		if (fields[i].key)
			used += format_text(text + used, size - used, used ? ", %.*s" : "%.*s", (int)strlen(fields[i].key) - 4,
					    fields[i].key + 2);
}

uint64_t fields_keys(const struct form *form)
{
	uint64_t keys = form->keys;

	for (size_t i = 0; !form->keys && i < FIELDS; i++)
		if (fields[i].key && (!(ON_DEMAND & BIT(i)) || (fields[i].option != ALWAYS && has_column(form, &fields[i]))))
			keys |= BIT(i);
	return keys;
}

struct fields_wanted fields_wanted(const struct form *form)
{
	uint64_t shown = form->json ? fields_keys(form) : 0;
	struct fields_wanted wanted = {0};

	for (size_t i = 0; !form->json && i < column_count; i++)
		if (has_column(form, &fields[columns[i]]))
			shown |= BIT(columns[i]);
	for (size_t i = 0; i < FIELDS; i++)
		if (shown & BIT(i))
			wanted.known |= fields[i].known;
	wanted.users = shown & BIT(USER);
	wanted.cgroup_paths = shown & (BIT(CGROUP_PATH) | BIT(CONTAINER));
	return wanted;
}
