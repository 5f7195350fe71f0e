/* Records that follow an exec's first one, before the rest of its arguments: ancestors, paths, environment variables. */
#ifndef MORE_H
#define MORE_H

#include "source/parts.h"

/* Takes one, with its data, into the exec. false: it is another record. */
bool more_take(struct parts *parts, const struct record_head *head, const char *data);

#endif
