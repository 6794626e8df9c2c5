/*
 * Shared by the tests of the live stream's statements: events, a second
 * session, and what the stream takes.
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

/* Asserts the services of what is taken: "a,b"; "-": a row without an event. */
void taken_expect(int events, int bytes, const char *services, bool skipped);
int taken_begin(void **state);
void taken_put(const char *service);
void taken_in_other(const char *sql);

/* Says that nobody watched at `moment`; returns the present moment. */
const char *taken_pass(const char *moment);

#define BEGIN(test) cmocka_unit_test_setup(test, taken_begin)

#endif
