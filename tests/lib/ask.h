/*
 * Calls the routes as the gateway does, without nginx and FastCGI. Fails the
 * test unless the answer has the given status.
 */
#ifndef ASK_H
#define ASK_H

#include "db.h"

/*
 * Returns the answer's body; the caller frees it. path has no query; body may
 * be "".
 */
char *ask(struct db *, const char *method, const char *path, const char *body,
    int status);
/* POST /ingest/{service} */
void ask_to_store(
    struct db *, const char *service, const char *body, int status);

#endif
