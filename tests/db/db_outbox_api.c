/* GET /outbox and GET /outbox/{id}: what they show, filters, errors. */
#include "outbox_rows.h"

#include <string.h>

static void
assert_status(int n, const char *status)
{
	char target[64], want[64];

	snprintf(target, sizeof(target), "/outbox/%s", rows_id(n));
	snprintf(want, sizeof(want), "Z\",\"status\":\"%s\",\"request", status);
	assert_int_equal(rows_call("GET", target), 200);
	assert_non_null(strstr(rows_body, want));
}

static void
outbox__nothing_there__empty_array(void **state)
{
	(void)state;
	assert_int_equal(rows_call("GET", "/outbox"), 200);
	assert_string_equal(rows_body, "[]");
	assert_string_equal(rows_headers, "");
}

static void
outbox__one_failed_one_waiting__listed_with_both(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "failed");
	rows_delivery(1, OTHER, "retrying");
	assert_int_equal(rows_call("GET", "/outbox"), 200);
	assert_string_equal(rows_body,
	    J("[{'id':'01a205b3-d001-7000-8000-000000000001',"
	      "'topic':'event.transport','source':'/ingest/health',"
	      "'subject':'health_emergency_1',"
	      "'causation_id':'01a205b3-d000-7000-8000-0000000000ff',"
	      "'time':'2026-11-23T00:00:00.001000Z',"
	      "'created_at':'2026-11-23T00:00:00.001000Z',"
	      "'status':'failed','deliveries':["
	      "{'subscription_id':'" SUBSCRIPTION "1',"
	      "'url':'http://receiver-1/','status':'failed',"
	      "'attempts':4,'next_attempt_at':null,"
	      "'settled_at':'2026-11-23T00:00:01.001000Z',"
	      "'last_error':'http: 500'},"
	      "{'subscription_id':'" SUBSCRIPTION "2',"
	      "'url':'http://receiver-2/','status':'retrying',"
	      "'attempts':4,"
	      "'next_attempt_at':'2026-11-23T00:00:00.001000Z',"
	      "'settled_at':null,'last_error':null}]}]"));
}

static void
outbox__deliveries_differ__the_most_alarming_state_told(void **state)
{
	static const char *const ranks[] = { "delivered", "expired", "pending",
		"delivering", "retrying", "held", "failed" };
	static const int to[] = { GOOD, OTHER, HALF_OPEN, DELETED, 8, PAUSED,
		9 };
	int n;

	(void)state;
	rows_message(1, "event.transport");
	assert_status(1, "unclaimed");
	for (n = 0; n < 7; n++) {
		rows_delivery(1, to[n], to[n] == PAUSED ? "pending" : ranks[n]);
		assert_status(1, ranks[n]);
	}
}

static void
outbox__receiver_does_not_take__waiting_deliveries_are_held(void **state)
{
	static const int holding[] = { PAUSED, DISABLED, BROKEN };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		rows_empty(NULL);
		rows_message(1, "event.transport");
		rows_message(2, "event.transport");
		rows_message(3, "event.transport");
		rows_delivery(1, holding[i], "pending");
		rows_delivery(2, holding[i], "retrying");
		rows_delivery(3, holding[i], "delivering");
		assert_status(1, "held");
		assert_status(2, "held");
		assert_status(3, "delivering");
		rows_assert_listed("/outbox?status=held", "2 1");
		rows_assert_listed("/outbox?status=pending", "");
		rows_assert_listed("/outbox?status=retrying", "");
	}
	rows_message(4, "event.transport");
	rows_delivery(4, HALF_OPEN, "retrying");
	assert_status(4, "retrying");
}

static void
put_one_of_each(void)
{
	static const char *const states[] = { "pending", "delivering",
		"retrying", "delivered", "failed", "expired" };
	int n;

	for (n = 0; n < 6; n++) {
		rows_message(n + 1, n < 3 ? "event.transport" : "event.energy");
		rows_delivery(n + 1, GOOD, states[n]);
	}
	rows_message(7, "event.transport");
	rows_delivery(7, PAUSED, "pending");
	rows_message(8, "event.energy");
	rows_delivery(8, GOOD, "delivered");
	rows_delivery(8, OTHER, "failed");
	rows_message(9, "event.transport");
}

static void
outbox__status_given__messages_with_such_a_delivery(void **state)
{
	(void)state;
	put_one_of_each();
	rows_assert_listed("/outbox", "9 8 7 6 5 4 3 2 1");
	rows_assert_listed("/outbox?status=pending", "1");
	rows_assert_listed("/outbox?status=delivering", "2");
	rows_assert_listed("/outbox?status=retrying", "3");
	rows_assert_listed("/outbox?status=delivered", "8 4");
	rows_assert_listed("/outbox?status=failed", "8 5");
	rows_assert_listed("/outbox?status=expired", "6");
	rows_assert_listed("/outbox?status=held", "7");
	rows_assert_listed("/outbox?status=unclaimed", "9");
	/* "sent" is the former name of "unclaimed". */
	rows_assert_listed("/outbox?status=sent", "9");
}

static void
outbox__subscription_given__messages_to_it(void **state)
{
	(void)state;
	put_one_of_each();
	rows_assert_listed("/outbox?subscription=" SUBSCRIPTION "2", "8");
	rows_assert_listed("/outbox?subscription=" SUBSCRIPTION "3", "7");
	rows_assert_listed(
	    "/outbox?subscription=" SUBSCRIPTION "1&status=failed", "5");
	rows_assert_listed(
	    "/outbox?subscription=" SUBSCRIPTION "2&status=delivered", "");
	rows_assert_listed(
	    "/outbox?subscription=" SUBSCRIPTION "1&status=unclaimed", "");
	rows_assert_listed("/outbox?subscription=" SUBSCRIPTION "9", "");
}

static void
outbox__topic_and_times_given__messages_within(void **state)
{
	(void)state;
	put_one_of_each();
	rows_assert_listed("/outbox?topic=event.energy", "8 6 5 4");
	rows_assert_listed(
	    "/outbox?topic=event.energy&status=delivered", "8 4");
	rows_assert_listed("/outbox?topic=event.energy&status=unclaimed", "");
	rows_assert_listed(
	    "/outbox?topic=event.transport&status=unclaimed", "9");
	rows_assert_listed("/outbox?topic=event.*", "");
	rows_assert_listed("/outbox?since=2026-11-23T00:00:00.003Z"
			   "&until=2026-11-23T00:00:00.006Z",
	    "5 4 3");
	rows_assert_listed("/outbox?since=2026-11-23T00:00:00.005Z"
			   "&status=delivered",
	    "8");
	rows_assert_listed(
	    "/outbox?until=2026-11-23T01:00:00.008%2B01:00&status=failed", "5");
	rows_assert_listed(
	    "/outbox?since=2026-11-23T00:00:00.010Z&status=unclaimed", "");
}

static void
outbox__more_than_the_limit__link_to_the_rest(void **state)
{
	char target[256];
	const char *link;

	(void)state;
	put_one_of_each();
	rows_assert_listed(
	    "/outbox?limit=2&topic=event.energy&status=delivered", "8 4");
	rows_assert_listed("/outbox?limit=3&topic=event.energy", "8 6 5");
	link = strchr(rows_headers, '<');
	assert_non_null(link);
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(link + 1, ">"),
	    link + 1);
	assert_string_equal(target,
	    "/outbox?limit=3&topic=event.energy"
	    "&cursor=01a205b3-d005-7000-8000-000000000005");
	rows_assert_listed(target, "4");
	assert_null(strstr(rows_headers, "Link"));
}

static void
assert_refused(
    const char *method, const char *target, int status, const char *detail)
{
	assert_int_equal(rows_call(method, target), status);
	if (strstr(rows_body, detail) == NULL)
		fail_msg("%s: %s", target, rows_body);
}

static void
outbox__unknown_status__422_with_the_known_ones(void **state)
{
	(void)state;
	assert_int_equal(rows_call("GET", "/outbox?status=lost"), 422);
	assert_string_equal(rows_body,
	    "{\"detail\":[{\"type\":\"literal_error\",\"loc\":[\"query\","
	    "\"status\"],\"msg\":\"Input should be 'pending', 'delivering', "
	    "'retrying', 'delivered', 'failed', 'held', 'expired' or "
	    "'unclaimed'\","
	    "\"input\":\"lost\"}]}");
}

static void
outbox__bad_parameters__each_told(void **state)
{
	(void)state;
	assert_refused("GET", "/outbox?status=", 422, "literal_error");
	assert_refused("GET", "/outbox?subscription=1", 422,
	    J("'subscription'],'msg':'Input should be a valid UUID'"));
	assert_refused("GET", "/outbox?cursor=1", 422, "uuid_parsing");
	assert_refused("GET", "/outbox?since=today", 422,
	    J("'since'],'msg':'Input should be an RFC 3339 time"));
	assert_refused("GET", "/outbox?until=1", 422, "datetime_parsing");
	assert_refused("GET", "/outbox?limit=0", 422, "greater_than_equal");
	assert_refused("GET", "/outbox?limit=101", 400,
	    "Limit must be less than or equal to 100");
	assert_refused("GET", "/outbox?topic=%zz", 400, "query string");
	assert_refused("GET", "/outbox?status=x&subscription=y&since=z&until=u",
	    422, "\"until\"");
}

static void
message__with_attempts__everything_told_oldest_attempt_first(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	t_exec(url,
	    "INSERT INTO delivery_attempts VALUES"
	    " ('%s', '" SUBSCRIPTION "1', 2, '2026-11-23 00:00:05Z', 12, 200,"
	    "  NULL, NULL, '192.0.2.1', 'ok \"é\"'),"
	    " ('%s', '" SUBSCRIPTION "1', 1, '2026-11-23 00:00:01.5Z', NULL,"
	    "  NULL, 'connect', 'refused', NULL, NULL)",
	    rows_id(1), rows_id(1));
	assert_int_equal(
	    rows_call("GET", "/outbox/01A205B3-D001-7000-8000-000000000001"),
	    200);
	assert_string_equal(rows_body,
	    "{\"id\":\"01a205b3-d001-7000-8000-000000000001\","
	    "\"topic\":\"event.transport\",\"source\":\"/ingest/health\","
	    "\"subject\":\"health_emergency_1\","
	    "\"causation_id\":\"01a205b3-d000-7000-8000-0000000000ff\","
	    "\"time\":\"2026-11-23T00:00:00.001000Z\","
	    "\"created_at\":\"2026-11-23T00:00:00.001000Z\","
	    "\"status\":\"delivered\",\"request_id\":\"r1\","
	    "\"traceparent\":\"t1\",\"data\":{\"n\":1.00e1},\"deliveries\":["
	    "{\"subscription_id\":\"" SUBSCRIPTION "1\","
	    "\"url\":\"http://receiver-1/\",\"status\":\"delivered\","
	    "\"attempts\":4,\"next_attempt_at\":null,"
	    "\"settled_at\":\"2026-11-23T00:00:01.001000Z\","
	    "\"last_error\":null,\"attempt_log\":["
	    "{\"attempt\":1,\"started_at\":\"2026-11-23T00:00:01.500000Z\","
	    "\"duration_ms\":null,\"http_status\":null,\"error\":\"connect\","
	    "\"detail\":\"refused\",\"address\":null,\"answer\":null},"
	    "{\"attempt\":2,\"started_at\":\"2026-11-23T00:00:05.000000Z\","
	    "\"duration_ms\":12,\"http_status\":200,\"error\":null,"
	    "\"detail\":null,\"address\":\"192.0.2.1\","
	    "\"answer\":\"ok \\\"é\\\"\"}]}]}");
}

static void
message__without_deliveries__unclaimed(void **state)
{
	(void)state;
	rows_message(1, "event.transport");
	assert_status(1, "unclaimed");
	assert_non_null(strstr(rows_body, "\"deliveries\":[]}"));
}

/* Only the history of attempts shows the error. */
static void
outbox__delivered_after_a_failure__no_error_shown(void **state)
{
	char target[64];

	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	t_exec(url, "UPDATE deliveries SET last_error = 'http: 503'");
	snprintf(target, sizeof(target), "/outbox/%s", rows_id(1));
	assert_int_equal(rows_call("GET", target), 200);
	assert_non_null(strstr(rows_body, "\"last_error\":null"));
	assert_int_equal(rows_call("GET", "/outbox?status=delivered"), 200);
	assert_non_null(strstr(rows_body, "\"last_error\":null"));
	t_exec(url, "UPDATE deliveries SET status = 'expired'");
	assert_int_equal(rows_call("GET", target), 200);
	assert_non_null(strstr(rows_body, J("'last_error':'http: 503'")));
}

static void
message__unknown_or_no_id__404_or_422(void **state)
{
	char target[64];

	(void)state;
	snprintf(target, sizeof(target), "/outbox/%s", rows_id(1));
	assert_refused("GET", target, 404, "No message has this id");
	assert_refused("GET", "/outbox/1", 422, "uuid_parsing");
}

static void
outbox__database_away__503(void **state)
{
	static const char *const calls[][2] = {
		{ "GET", "/outbox" },
		{ "GET", "/outbox/" SUBSCRIPTION "1" },
		{ "POST", "/outbox/" SUBSCRIPTION "1/retry" },
		{ "POST", "/outbox/replay" },
		{ "GET", "/events/" SUBSCRIPTION "1/trace" },
	};
	struct db *kept = database;
	size_t i;

	(void)state;
	database = db_new("postgresql:///x?host=/nowhere", "test", 1000);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		assert_int_equal(rows_call(calls[i][0], calls[i][1]), 503);
	db_free(database);
	database = kept;
}

static void
outbox__wrong_method__405_with_the_right_ones(void **state)
{
	(void)state;
	assert_int_equal(rows_call("POST", "/outbox"), 405);
	assert_string_equal(rows_headers, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_int_equal(
	    rows_call("GET", "/outbox/" SUBSCRIPTION "1/retry"), 405);
	assert_string_equal(rows_headers, "Allow: POST, OPTIONS\r\n");
	/* "replay" is not taken for a message's id. */
	assert_int_equal(rows_call("GET", "/outbox/replay"), 405);
	assert_string_equal(rows_headers, "Allow: POST, OPTIONS\r\n");
}

#define TEST(name) cmocka_unit_test_setup(name, rows_empty)

static const struct CMUnitTest tests[] = {
	TEST(outbox__nothing_there__empty_array),
	TEST(outbox__one_failed_one_waiting__listed_with_both),
	TEST(outbox__deliveries_differ__the_most_alarming_state_told),
	TEST(outbox__receiver_does_not_take__waiting_deliveries_are_held),
	TEST(outbox__status_given__messages_with_such_a_delivery),
	TEST(outbox__subscription_given__messages_to_it),
	TEST(outbox__topic_and_times_given__messages_within),
	TEST(outbox__more_than_the_limit__link_to_the_rest),
	TEST(outbox__unknown_status__422_with_the_known_ones),
	TEST(outbox__bad_parameters__each_told),
	TEST(message__with_attempts__everything_told_oldest_attempt_first),
	TEST(message__without_deliveries__unclaimed),
	TEST(outbox__delivered_after_a_failure__no_error_shown),
	TEST(message__unknown_or_no_id__404_or_422),
	TEST(outbox__database_away__503),
	TEST(outbox__wrong_method__405_with_the_right_ones),
};

T_MAIN_WITH(tests, database_open, rows_close)
