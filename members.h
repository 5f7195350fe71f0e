/* The threads of -p and -- COMMAND, in the BPF map "members": the kernel adds what they make and removes
 * what ends; here are put in those that it begins with. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* How many threads can be members at once, by the machine's memory: some 100 bytes each. */
uint32_t members_capacity(void);

/* Adds the process, its threads and all their descendants that live now. The programs "fork" and
 * "thread_exit" must be attached. proc: a /proc that shows the initial pid namespace. 0 or -errno with
 * err filled. */
int members_add_process(int map, int proc, uint32_t pid, struct error *err);

/* Adds or removes one thread, by its id in the initial pid namespace. 0 or -errno. */
int members_add(int map, uint32_t tid);
int members_remove(int map, uint32_t tid);

/* Whether no member is left. */
bool members_gone(int map);

#endif
