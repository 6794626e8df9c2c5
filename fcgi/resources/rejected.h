/* GET /rejected and GET /rejected/{id}: refused events, with the reasons. */
#ifndef REJECTED_H
#define REJECTED_H

#include "request.h"

void rejected_list(const struct context *, const struct request *,
    const char *arg, struct response *);
void rejected_get(const struct context *, const struct request *,
    const char *id, struct response *);
/*
 * Writes PostgreSQL's \x… as a JSON string; bytes that are no UTF-8 become
 * U+FFFD. Any other text fails the buffer.
 */
void rejected_put_body(struct buf *, const char *hex);

#endif
