/*
 * Shared by the tests of the outbox: a throwaway database, requests to the
 * pool's routes without a pool, and messages, deliveries and subscriptions by
 * number.
 */
#ifndef OUTBOX_ROWS_H
#define OUTBOX_ROWS_H

#include "t.h"

#include "database.h"

/* The id of a subscription, without its number as the last digit. */
#define SUBSCRIPTION "00000000-0000-7000-8000-00000000000"

/* Subscriptions that exist in every test. */
enum {
	GOOD = 1,
	OTHER,
	PAUSED,
	DISABLED,
	BROKEN,    /* its breaker is open */
	HALF_OPEN, /* its breaker was open */
	DELETED
};

int rows_close(void **state); /* a group's teardown */
int rows_empty(void **state); /* a test's setup */

/*
 * The id of message n (1 to 9), which is n ms later than 2026-11-23 00:00 UTC;
 * in a static buffer, valid until the next call.
 */
const char *rows_id(int n);
void rows_message(int n, const char *topic);
void rows_delivery(int n, int subscription, const char *status);
/* Asserts the status of that delivery, such as "pending". */
void rows_assert_status(int n, int subscription, const char *status);

/* Returns the status; body and headers are valid until the next call. */
int rows_call(const char *method, const char *target);
extern const char *rows_body, *rows_headers;
/* Asserts the numbers of the messages in an answer to GET: "3 2 1". */
void rows_assert_listed(const char *target, const char *numbers);

#endif
