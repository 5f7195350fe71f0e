/* SPDX-License-Identifier: GPL-2.0-only */
#include "lib/accounts.h"

#include <errno.h>
#include <grp.h>
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

#define GROUPS_MOST 65536 /* NGROUPS_MAX, include/uapi/linux/limits.h; musl's is smaller */

int account_take_groups(const char *name, gid_t gid)
{
	static gid_t groups[GROUPS_MOST];
	size_t count = 1;
	const struct group *group = NULL;
	FILE *file = fopen("/etc/group", "re");

	groups[0] = gid;
	while (file && (group = fgetgrent(file)))
		if (group->gr_gid != gid && has_member(group, name)) {
			if (count == GROUPS_MOST)
				break;
			groups[count++] = group->gr_gid;
		}
	if (file)
		fclose(file);
	if (group) {
		errno = EINVAL;
		return -1;
	}
	return setgroups(count, groups);
}
