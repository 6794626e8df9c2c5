/*
 * Shared by the tests of leases: two sessions on a database whose clock can be
 * moved, two receivers, their deliveries, and outcomes of attempts.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "t.h"

#include "database.h"
#include "lease.h"

#define ONE "00000000-0000-7000-8000-00000000000a"
#define TWO "00000000-0000-7000-8000-00000000000b"

extern struct db *session_one, *session_two;

int claims_open(void **state);
int claims_close(void **state);
int claims_two_receivers(void **state);

/*
 * Stores n messages of the last second, oldest first, each with a delivery to
 * `receiver`.
 */
void claims_put(int n, const char *receiver);
struct pg_result *claims_with(struct db *db, const struct claim *c, int n);
struct pg_result *claims_n(struct db *db, int n);
void claims_expect_n(int n);
int claims_count(const char *status);
void claims_expect(const char *expected, const char *query);
struct attempt claims_attempt_of(const struct pg_result *rows, int row);
void claims_add(struct buf *outcomes, const struct pg_result *rows, int row,
    enum ending ending, enum verdict verdict);
void claims_expect_settled(struct db *db, struct buf *outcomes, int n);

/* Claims one delivery, to either receiver, and settles it. */
void claims_settle_one(enum ending ending, enum verdict verdict);

#define TEST(test) cmocka_unit_test_setup(test, claims_two_receivers)

#endif
