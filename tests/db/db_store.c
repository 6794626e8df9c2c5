/*
 * Storing: a base event, its derived events and the outbox, and incidents.
 */
#include "t.h"

#include <string.h>

#include "event.h"
#include "store_event.h"

static void
store__emergency__base_derived_and_outbox_together(void **state)
{
	char *derived = store_report(1, "A");

	(void)state;
	assert_int_equal(strlen(derived), 2 * ID_LEN + 1);
	assert_int_equal(store_count("source_event_id IS NOT NULL"), 2);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM outbox_messages o "
			     "JOIN events e USING (id) "
			     "JOIN events b ON b.id = o.causation_id "
			     "WHERE o.topic = 'event.' || e.service "
			     "AND o.payload = e.payload::text "
			     "AND o.subject = e.deduplication_key "
			     "AND o.source = '/ingest/' || b.service "
			     "AND b.id = e.source_event_id "
			     "AND o.occurred_at = e.timestamp"),
	    2);
	assert_int_equal(store_count("derived_event_ids[1] IN (SELECT id FROM "
				     "events WHERE service = 'transport')"),
	    1);
	free(derived);
}

static void
store__reported_again__the_standing_ids_answered(void **state)
{
	char *first = store_report(2, "A");

	(void)state;
	store_check_same(first, store_report(2, "A"), true);
	store_check_same(first, store_report(2, "A"), true);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_2'"),
	    3);
	assert_int_equal(
	    store_count("deduplication_key = 'health_emergency_2'"), 2);
	free(first);
}

static void
store__a_day_later__dispatches_again(void **state)
{
	char *first = store_report(3, "A");

	(void)state;
	t_pass(url, "1 day");
	store_check_same(first, store_report(3, "A"), false);
	assert_int_equal(
	    store_count("deduplication_key = 'health_emergency_3'"), 4);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_3'"),
	    1);
	free(first);
}

static void
store__quiet_window_nearly_over__still_one_incident(void **state)
{
	char *first = store_report(4, "A");

	(void)state;
	t_pass(url, "299 seconds");
	store_check_same(first, store_report(4, "A"), true);
	t_pass(url, "299 seconds");
	store_check_same(first, store_report(4, "A"), true);
	t_pass(url, "301 seconds");
	store_check_same(first, store_report(4, "A"), false);
	free(first);
}

static void
store__reported_for_an_hour__reminds_once(void **state)
{
	char *first = store_report(5, "A"), *again;
	int minute;

	(void)state;
	for (minute = 4; minute < 60; minute += 4) {
		t_pass(url, "4 minutes");
		store_check_same(first, store_report(5, "A"), true);
	}
	t_pass(url, "4 minutes");
	again = store_report(5, "A");
	store_check_same(first, strdup(again), false);
	t_pass(url, "4 minutes");
	store_check_same(again, store_report(5, "A"), true);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_5'"),
	    17);
	free(again);
	free(first);
}

static void
store__location_changed__fires_at_once(void **state)
{
	char *first = store_report(6, "A"), *second = store_report(6, "B");

	(void)state;
	store_check_same(first, strdup(second), false);
	store_check_same(second, store_report(6, "B"), true);
	free(second);
	free(first);
}

static void
store__window_zero__every_report_fires(void **state)
{
	char *first;

	(void)state;
	store_business.quiet_seconds = 0;
	first = store_report(7, "A");
	store_check_same(first, store_report(7, "A"), false);
	store_business.quiet_seconds = -1;
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM incidents WHERE "
			     "key = 'health_emergency_7'"),
	    0);
	free(first);
}

/* A sender must not be able to silence an ambulance. */
static void
store__sender_uses_a_derived_key__both_live(void **state)
{
	char *mine, *derived;

	(void)state;
	mine = store_send("transport", "{}", "health_emergency_8");
	derived = store_report(8, "A");
	assert_int_equal(strlen(derived), 2 * ID_LEN + 1);
	free(mine);
	free(derived);
}

static void
store__outbox_refuses__nothing_at_all_is_stored(void **state)
{
	struct event event;
	long long before = store_count("true");

	(void)state;
	t_exec(url,
	    "ALTER TABLE outbox_messages ADD CONSTRAINT no CHECK "
	    "(topic <> 'event.security') NOT VALID");
	event = store_send_as(database, id_new(), "energy",
	    J("{'energy':999,'neighborhood':'torn'}"), "torn");
	assert_int_equal(event.end, EVENT_FAILED);
	assert_int_equal(event.status, STATUS_FAULT);
	event_free(&event);
	t_exec(url, "ALTER TABLE outbox_messages DROP CONSTRAINT no");
	assert_int_equal(store_count("true"), before);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM event_keys WHERE "
			     "key = 'torn'"),
	    0);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM incidents WHERE "
			     "key LIKE '%%torn'"),
	    0);
}

static void
store__rejected__body_kept_byte_for_byte(void **state)
{
	static const char body[] = "\x00\xff{\"a\":'\\";
	const struct event given = { .service = "health",
		.body = body,
		.body_len = sizeof(body) - 1,
		.key = "k",
		.business = &store_business };
	struct event event, *const list[] = { &event };
	char *kept;

	(void)state;
	event_init(&event, &given);
	event_check(&event);
	event_store(database, list, 1, "0", false);
	assert_int_equal(event.end, EVENT_REJECTED);
	event_free(&event);
	kept = t_sql(url, "SELECT encode(body, 'hex') FROM rejected_events");
	assert_string_equal(kept, "00ff7b2261223a275c");
	free(kept);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(store__emergency__base_derived_and_outbox_together),
	cmocka_unit_test(store__reported_again__the_standing_ids_answered),
	cmocka_unit_test(store__a_day_later__dispatches_again),
	cmocka_unit_test(store__quiet_window_nearly_over__still_one_incident),
	cmocka_unit_test(store__reported_for_an_hour__reminds_once),
	cmocka_unit_test(store__location_changed__fires_at_once),
	cmocka_unit_test(store__window_zero__every_report_fires),
	cmocka_unit_test(store__sender_uses_a_derived_key__both_live),
	cmocka_unit_test(store__outbox_refuses__nothing_at_all_is_stored),
	cmocka_unit_test(store__rejected__body_kept_byte_for_byte),
};

T_MAIN_WITH(tests, database_open_moved, database_drop)
