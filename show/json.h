/* SPDX-License-Identifier: GPL-2.0-only */
/* An exec as a JSON object in one line (JSON Lines); execsnoop.schema.json says what is in it. */
#ifndef JSON_H
#define JSON_H

#include "show/printer.h"

void json_exec(struct printer *printer, const struct exec *exec);

/* A record that execs were lost. */
void json_lost(struct printer *printer, const struct loss *loss);

#endif
