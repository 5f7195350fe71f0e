/* SPDX-License-Identifier: GPL-2.0-only */
#include "lib/accounts.h"

#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct passwd *account_find(const char *name, uid_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user;

	if (!file)
		return NULL;
	while ((user = fgetpwent(file)))
		if (name ? !strcmp(user->pw_name, name) : user->pw_uid == uid)
			break;
	fclose(file);
	return user;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

int account_take_groups(const char *name, gid_t gid)
{
	static gid_t groups[NGROUPS_MAX]; /* 65536: more are refused */
	size_t count = 1;
	const struct group *group;
	FILE *file = fopen("/etc/group", "re");

	groups[0] = gid;
	while (file && count < NGROUPS_MAX && (group = fgetgrent(file)))
		if (group->gr_gid != gid && has_member(group, name))
			groups[count++] = group->gr_gid;
	if (file)
		fclose(file);
	return setgroups(count, groups);
}
