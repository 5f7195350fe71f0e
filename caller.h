/* What the caller of a failed exec still has in its memory, read from outside. The kernel side could
 * not read what was not mapped in at that moment; reading from here maps it in. */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether process `pid` still lives and has executed nothing since: its image then has its
 * arguments at another place than arg_start, as address space layout randomization goes. */
bool caller_is(int proc, uint32_t pid, uint64_t arg_start);

/* Copies the string at `address`, with its NUL, as far as `size` bytes go. The bytes copied, or 0 if
 * they cannot be read. A string that does not end within size is cut, without NUL. */
size_t caller_string(uint32_t pid, uint64_t address, char *buffer, size_t size);

/* Copies `size` bytes. */
bool caller_read(uint32_t pid, uint64_t address, void *buffer, size_t size);

#endif
