/* SPDX-License-Identifier: GPL-2.0-only */
/* Which mount namespaces and cgroups are wanted, as maps that the BPF programs look into. */
#ifndef FILTER_MAPS_H
#define FILTER_MAPS_H

#include "lib/error.h"
#include "source/request.h"

/* Map descriptors, or -1: there is no such filter. */
struct filters {
	int mntnsmap, cgroupmap; /* the user's, opened */
	int mntns, cgroups;	 /* our own */
};

/* Opens, checks and makes what the options ask for. proc: /proc, or -1. cgroup_ids: whether the kernel
 * can tell the id of the current cgroup. 0 or -errno with err filled; the descriptors stay open as long
 * as the process. */
int filters_open(struct filters *filters, const struct request *request, int proc, bool cgroup_ids,
		 struct error *err);

#endif
