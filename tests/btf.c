/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints where the running kernel's BTF says that the fields are which the learner looks for, as layout_live prints
 * what it has found: for guests, which have no bpftool. Format: Documentation/bpf/btf.rst of Linux. */
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct btf_header *header;
static const char *strings;
static const struct btf_type **types; /* by number */

/* The bytes that follow a struct btf_type. */
static size_t more_bytes(const struct btf_type *type)
{
	size_t n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	default:
		return 0;
	}
}

static bool is_struct(const struct btf_type *type)
{
	return BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT || BTF_INFO_KIND(type->info) == BTF_KIND_UNION;
}

static bool is_modifier(const struct btf_type *type)
{
	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

/* The field's place in the type, in bytes, or -1; *found gets its type. Looks into nameless members, too. */
static long find(const struct btf_type *type, const char *field, const struct btf_type **found)
{
	const struct btf_member *members;

	while (is_modifier(type))
		type = types[type->type];
	members = (const void *)(type + 1);

	for (unsigned int i = 0; is_struct(type) && i < BTF_INFO_VLEN(type->info); i++) {
		const struct btf_type *inner = types[members[i].type];
		uint32_t bits = BTF_INFO_KFLAG(type->info) ? BTF_MEMBER_BIT_OFFSET(members[i].offset) : members[i].offset;
		long at;

		if (!strcmp(strings + members[i].name_off, field)) {
			*found = inner;
			return bits / 8;
		}
		if (members[i].name_off)
			continue;
		at = find(inner, field, found);
		if (at >= 0)
			return bits / 8 + at;
	}
	return -1;
}

/* field: a name, or two with a point between. */
static void show(const char *structure, const char *field)
{
	char name[64];
	const char *point = strchr(field, '.');
	const struct btf_type *type;
	long at = -1, more = 0;

	snprintf(name, sizeof(name), "%.*s", point ? (int)(point - field) : 60, field);
	for (size_t i = 1; at < 0 && types[i]; i++)
		if (is_struct(types[i]) && !strcmp(strings + types[i]->name_off, structure))
			at = find(types[i], name, &type);
	if (at >= 0 && point)
		more = find(type, point + 1, &type);
	printf("%s.%s %ld\n", structure, field, at < 0 ? 0 : at + more); /* 0: there is none */
}

int main(void)
{
	static char bytes[32 << 20];
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "r");
	const char *at, *end;
	size_t count = 1;

	if (!file || fread(bytes, 1, sizeof(bytes), file) < sizeof(*header))
		return 1;
	header = (const void *)bytes;
	strings = bytes + header->hdr_len + header->str_off;
	at = bytes + header->hdr_len + header->type_off;
	end = at + header->type_len;
	types = calloc(header->type_len / sizeof(**types) + 2, sizeof(*types));
	if (header->magic != BTF_MAGIC || !types)
		return 1;
	while (at < end) {
		types[count] = (const void *)at;
		at += sizeof(**types) + more_bytes(types[count++]);
	}
	show("task_struct", "tgid");
	show("task_struct", "real_parent");
	show("task_struct", "comm");
	show("task_struct", "mm");
	show("mm_struct", "arg_start");
	show("task_struct", "nsproxy");
	show("nsproxy", "mnt_ns");
	show("mnt_namespace", "ns.inum");
	show("linux_binprm", "filename");
	show("task_struct", "start_boottime");
	show("task_struct", "real_cred");
	show("cred", "euid");
	show("cred", "egid");
	show("task_struct", "exit_code");
	show("task_struct", "signal");
	show("signal_struct", "group_exit_code");
	show("signal_struct", "flags");
	show("signal_struct", "live");
	show("task_struct", "thread_pid");
	show("pid", "level");
	show("pid", "numbers");
	show("signal_struct", "tty");
	show("tty_struct", "name");
	show("task_struct", "loginuid");
	show("task_struct", "sessionid");
	show("task_struct", "fs");
	show("fs_struct", "pwd.dentry");
	show("fs_struct", "pwd.mnt");
	show("dentry", "d_name.name");
	show("dentry", "d_parent");
	show("vfsmount", "mnt_root");
	show("dentry", "d_hash.pprev");
	show("mount", "mnt");
	show("mount", "mnt_parent");
	show("mount", "mnt_mountpoint");
	show("mm_struct", "exe_file");
	show("file", "f_path.dentry");
	show("file", "f_path.mnt");
	show("dentry", "d_inode");
	show("inode", "i_ino");
	show("dentry", "d_sb");
	show("super_block", "s_dev");
	return 0;
}
