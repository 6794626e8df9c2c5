/*
 * What the tests of a live stream's statements share: events, another session,
 * and what is taken.
 */
#ifndef STREAM_TAKEN_H
#define STREAM_TAKEN_H

#include "t.h"

#include <libpq-fe.h>
#include <stdbool.h>

#include "database.h"

extern PGconn *taken_other;

int taken_open(void **state);
int taken_close(void **state);
struct pg_result *taken_take(int events, int bytes);

/* What is taken, as the services' names: "a,b"; "-" for a row without one. */
void taken_expect(int events, int bytes, const char *services, bool skipped);
int taken_begin(void **state);
void taken_put(const char *service);
void taken_in_other(const char *sql);

/* Nobody watched at that moment; the present one. */
const char *taken_pass(const char *moment);

#define BEGIN(test) cmocka_unit_test_setup(test, taken_begin)

#endif
