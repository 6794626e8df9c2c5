/*
 * GET /events/{id}/trace: what it shows, and that other routes show the same.
 */
#include "outbox_rows.h"

#include <string.h>

#define BASE "01a205b3-d000-7000-8000-0000000000ff"
#define LATER "01a205b3-d000-7000-8000-0000000000fe"

/* BASE derived events 1 and 2. LATER derived 3, and 1 answers LATER, too. */
static void
put_events(void)
{
	int n;

	t_exec(url,
	    "INSERT INTO events (id, service, timestamp, payload, "
	    "  normalized_payload, derived_event_ids) VALUES"
	    " ('" BASE "', 'health', now(), '{\"a\":1.50}', '{\"a\":1.5}',"
	    "  '{01a205b3-d001-7000-8000-000000000001,"
	    "    01a205b3-d002-7000-8000-000000000002}'),"
	    " ('" LATER "', 'health', now(), '{\"a\":2}', '{\"a\":2}',"
	    "  '{01a205b3-d003-7000-8000-000000000003,"
	    "    01a205b3-d001-7000-8000-000000000001}')");
	for (n = 1; n <= 3; n++)
		t_exec(url,
		    "INSERT INTO events (id, service, timestamp, payload, "
		    "  deduplication_key, source_event_id, request_id) VALUES"
		    " ('%s', 'transport', now(), '{\"n\":%d.00e1}', 'key', "
		    "'%s', 'r%d')",
		    rows_id(n), n, n < 3 ? BASE : LATER, n < 3 ? 1 : 2);
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	rows_message(3, "event.transport");
}

/* The answer to GET before + id + after; the caller frees it. */
static char *
get(const char *before, const char *id, const char *after)
{
	char target[128];

	snprintf(target, sizeof(target), "%s%s%s", before, id, after);
	assert_int_equal(rows_call("GET", target), 200);
	return strdup(rows_body);
}

static void
trace__later_report__what_fired_and_what_stands_for_it(void **state)
{
	char *base, *one, *three, *message_1, *message_3, *want, *got;

	(void)state;
	put_events();
	base = get("/events/", LATER, "");
	one = get("/events/", rows_id(1), "");
	three = get("/events/", rows_id(3), "");
	message_1 = get("/outbox/", rows_id(1), "");
	message_3 = get("/outbox/", rows_id(3), "");
	got = get("/events/", LATER, "/trace");
	assert_true(asprintf(&want,
			"{\"request_id\":null,\"event\":%s,\"message\":null,"
			"\"derived\":[{\"fired\":true,\"request_id\":\"r2\","
			"\"event\":%s,\"message\":%s},"
			"{\"fired\":false,\"request_id\":\"r1\","
			"\"event\":%s,\"message\":%s}]}",
			base, three, message_3, one, message_1) > 0);
	assert_string_equal(got, want);
	assert_non_null(strstr(got, "{\"n\":3.00e1}"));
	assert_non_null(strstr(got, "\"attempt_log\":[]"));
	free(base);
	free(one);
	free(three);
	free(message_1);
	free(message_3);
	free(want);
	free(got);
}

static void
trace__derived_event__its_message_and_nothing_derived(void **state)
{
	char *one, *message, *want, *got;

	(void)state;
	put_events();
	one = get("/events/", rows_id(1), "");
	message = get("/outbox/", rows_id(1), "");
	got = get("/events/", rows_id(1), "/trace");
	assert_true(asprintf(&want,
			"{\"request_id\":\"r1\",\"event\":%s,\"message\":%s,"
			"\"derived\":[]}",
			one, message) > 0);
	assert_string_equal(got, want);
	free(one);
	free(message);
	free(want);
	free(got);
}

static void
trace__message_forgotten__null(void **state)
{
	char *got;

	(void)state;
	put_events();
	got = get("/events/", BASE, "/trace");
	assert_non_null(strstr(got, "\"message\":null}]}"));
	free(got);
}

static void
trace__unknown_or_no_id__404_or_422(void **state)
{
	(void)state;
	assert_int_equal(rows_call("GET", "/events/" BASE "/trace"), 404);
	assert_non_null(strstr(rows_body, "No event has this id"));
	assert_int_equal(rows_call("GET", "/events/x/trace"), 422);
}

#define TEST(name) cmocka_unit_test_setup(name, rows_empty)

static const struct CMUnitTest tests[] = {
	TEST(trace__later_report__what_fired_and_what_stands_for_it),
	TEST(trace__derived_event__its_message_and_nothing_derived),
	TEST(trace__message_forgotten__null),
	TEST(trace__unknown_or_no_id__404_or_422),
};

T_MAIN_WITH(tests, database_open, rows_close)
