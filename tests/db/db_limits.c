/*
 * Limits of a session: how long a statement may take, and what memory stays.
 */
#include "t.h"

#include <string.h>

#include "events_lock.h"
#include "store_event.h"

/* The server process of the connection. */
static long long
pid_of(const char *program)
{
	return t_number(url,
	    "SELECT coalesce(max(pid), 0) FROM pg_stat_activity"
	    " WHERE datname = current_database() AND application_name = '%s'",
	    program);
}

static enum event_end
send_to(struct db *db, const char *body)
{
	struct event event = store_send_as(db, id_new(), "x", body, NULL);
	enum event_end end = event.end;

	event_free(&event);
	return end;
}

/* libpq keeps the memory that a statement's parameters needed. */
static void
session__large_parameters__another_one_at_rest(void **state)
{
	struct db *db = db_new(url, "large", 3000);
	char *body = malloc(700000);
	long long first;

	(void)state;
	assert_non_null(body);
	memset(body, 'x', 700000);
	memcpy(body, "{\"a\":\"", 6);
	strcpy(body + 699990, "\"}");
	assert_int_equal(send_to(db, "{}"), EVENT_STORED);
	first = pid_of("large");
	db_rest(db);
	assert_int_equal(pid_of("large"), first);
	assert_int_equal(send_to(db, body), EVENT_STORED);
	assert_int_equal(send_to(db, body), EVENT_STORED);
	assert_int_equal(pid_of("large"), first);
	db_rest(db);
	assert_int_not_equal(pid_of("large"), 0);
	assert_int_not_equal(pid_of("large"), first);
	assert_int_equal(send_to(db, "{}"), EVENT_STORED);
	db_free(db);
	free(body);
}

/* Writes wait for a second, which is longer than they may take. */
static void
timeout__longer_for_a_while__waited_for_then_the_usual_again(void **state)
{
	struct db *db = db_new(url, "limited", 300);
	FILE *lock;
	int i;

	(void)state;
	assert_int_equal(send_to(db, "{}"), EVENT_STORED);
	for (i = 0; i < 2; i++) {
		lock = events_lock(url, "SELECT pg_sleep(1); COMMIT;");
		db_set_timeout(db, i == 0 ? 20000 : 300);
		assert_int_equal(
		    send_to(db, "{}"), i == 0 ? EVENT_STORED : EVENT_FAILED);
		events_unlock(lock);
	}
	db_free(db);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(session__large_parameters__another_one_at_rest),
	cmocka_unit_test(
	    timeout__longer_for_a_while__waited_for_then_the_usual_again),
};

T_MAIN_WITH(tests, database_make, database_drop)
