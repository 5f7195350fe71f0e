/* SPDX-License-Identifier: GPL-2.0-only */
/* More of a process, as /proc tells it while the process lives. */
#ifndef DETAILS_H
#define DETAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/exec.h"
#include "source/request.h"

/* Which are wanted. */
struct details_wanted {
	bool ids; /* the real ones, too */
	bool eids, login, exe, cwd, ns_pid, inode;
	const struct strings *variables; /* of the environment */
};

struct details {
	unsigned int known; /* enum exec_field */
	uint32_t uid, gid, euid, egid, loginuid, session, ns_pid;
	uint64_t exe_inode;
	char exe_dev[EXEC_DEVICE];
	char *paths; /* of the file that runs, then of the working directory, without a NUL; or NULL. To be freed */
	uint32_t exe_length, cwd_length;
	char *variables; /* as exec_variables has them, or NULL. To be freed */
	uint32_t variables_length;
	bool more_variables;
};

struct details_wanted details_wanted(const struct request *request, bool ids);

/* Reads them. proc: /proc. What the process executes meanwhile may have others. */
void details_read(int proc, uint32_t pid, const struct details_wanted *wanted, struct details *details);

/* Takes those variables that are wanted from the bytes of an environment, which may be cut. */
void details_take_variables(struct details *details, const struct strings *names, const char *bytes, size_t length, bool cut);

/* Bytes of memory that they take beside themselves. */
static inline size_t details_bytes(const struct details *details)
{
	return details->exe_length + details->cwd_length + details->variables_length;
}

/* Frees what they have, and forgets all. */
void details_forget(struct details *details);

/* Puts all but the real ids into the exec of the process; its paths are those of `details`. */
void details_to_exec(const struct details *details, struct exec *exec);

#endif
