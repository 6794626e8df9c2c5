/*
 * Requests as the gateway would hand them on, without nginx and FastCGI. Fails
 * the test where the answer has another status.
 */
#ifndef ASK_H
#define ASK_H

#include "db.h"

/* The answer's body, to be freed. path without a query; body "" for none. */
char *ask(struct db *, const char *method, const char *path, const char *body,
    int status);
/* POST /ingest/{service} */
void ask_to_store(
    struct db *, const char *service, const char *body, int status);

#endif
