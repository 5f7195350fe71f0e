/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's lists of its CPUs, as text. */
#ifndef CPULIST_H
#define CPULIST_H

#include <stddef.h>

/* How many CPUs there can be, by the text of sysfs:devices/system/cpu/possible, and by that of /proc/softirqs; 0: it does
 * not tell. */
int cpus_in_list(const char *list, size_t length);
int cpus_in_softirqs(const char *text);

/* Whether a CPU is in the text of sysfs:devices/system/cpu/online, which the kernel cuts after a page. */
enum presence { CPU_ONLINE, CPU_OFFLINE, CPU_UNKNOWN };
enum presence cpu_in_list(const char *list, size_t length, int cpu);

#endif
