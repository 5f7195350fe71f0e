/* An exec as a line for people. */
#ifndef TEXT_H
#define TEXT_H

#include "show/printer.h"

void text_exec(struct printer *printer, const struct exec *exec);

#endif
