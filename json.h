/* An exec as a JSON object in one line (JSON Lines); execsnoop.schema.json says what is in it. */
#ifndef JSON_H
#define JSON_H

#include "print.h"

void json_event(struct printer *printer, const struct event *event);

/* A record that so many execs were lost. */
void json_lost(struct printer *printer, uint64_t count);

/* Adds the bytes as a JSON string: valid UTF-8 whatever they are, with U+FFFD for each bad byte. What a
 * terminal would act on is written as \u and four hexadecimal digits. */
void json_string(struct output *out, const char *bytes, size_t length);

#endif
