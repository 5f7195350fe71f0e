/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec's fields as an object of JSON. */
#ifndef KEYS_H
#define KEYS_H

#include "show/printer.h"

/* Adds the exec with the printer's keys. false: it has none of them. */
bool keys_add(struct printer *printer, const struct exec *exec);

#endif
