/*
 * The whole product, and requests whose answers its contract fixes.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "t.h"

#include "http.h"
#include "json.h"
#include "stack.h"

extern struct stack contract_stack;

int contract_open(void **state);
int contract_close(void **state);
struct json *contract_json(const struct http *h);

/* Fails unless the answer has the status and, in its body, the text. */
void contract_expect(const char *method, const char *target,
    const char *headers, const char *body, int status, const char *text);
void contract_get(const char *target, int status, const char *text);

/* Returns how many derived events the answer names; copies the event's id. */
int contract_ingest(const char *target, const char *body, char id[40]);
int contract_length_of(const char *target);

#endif
