/*
 * /subscriptions, from the route to the rows: GET, PATCH, DELETE.
 */
#include "t.h"

#include <string.h>

#include "db.h"
#include "json.h"
#include "subscriptions_api.h"

/* --- GET --- */

static void
get__breaker__as_it_stands_at_the_moment(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	t_exec(url,
	    "UPDATE subscriptions SET failures = 5, trips = 1,"
	    " open_until = (SELECT '2026-11-24 10:00:00.5+00'::timestamptz)");
	api_expect("GET", api_path(id, ""), NULL, 200);
	assert_non_null(strstr(api_res.body.data,
	    J("'failures':5,'open_until':'2026-11-24T10:00:00.500000Z'}")));
	t_exec(url,
	    "UPDATE subscriptions SET open_until ="
	    " now() + (SELECT ahead FROM fake.clock) + interval '60 s'");
	api_expect("GET", api_path(id, ""), NULL, 200);
	assert_non_null(strstr(api_res.body.data, J("'state':'open'")));
	t_pass(url, "61 seconds");
	api_expect("GET", api_path(id, ""), NULL, 200);
	assert_non_null(strstr(api_res.body.data, J("'state':'half-open'")));
	api_expect_member("status", "\"active\"");
	free(id);
}

static void
get__any_way_but_creation_and_rotation__no_secret(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	api_expect("GET", api_path(id, ""), NULL, 200);
	assert_null(strstr(api_res.body.data, "whsec_"));
	api_expect("GET", "/subscriptions", NULL, 200);
	assert_null(strstr(api_res.body.data, "whsec_"));
	api_expect("PATCH", api_path(id, ""), "{\"paused\":true}", 200);
	assert_null(strstr(api_res.body.data, "whsec_"));
	free(id);
}

static void
list__pages__newest_first_without_the_deleted(void **state)
{
	char *ids[4], target[128];
	const char *next;
	size_t i;

	(void)state;
	api_expect("GET", "/subscriptions", NULL, 200);
	assert_string_equal(api_res.body.data, "[]");
	for (i = 0; i < 4; i++)
		ids[i] = api_create(NEW);
	api_expect("DELETE", api_path(ids[1], ""), NULL, 204);
	api_expect("GET", "/subscriptions?limit=2", NULL, 200);
	assert_non_null(strstr(api_res.body.data, ids[3]));
	assert_true(strstr(api_res.body.data, ids[3]) <
	    strstr(api_res.body.data, ids[2]));
	assert_null(strstr(api_res.body.data, ids[0]));
	next = strstr(api_res.headers.data, "/subscriptions?limit=2&cursor=");
	assert_non_null(next);
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(next, ">"), next);
	api_expect("GET", target, NULL, 200);
	assert_memory_equal(api_res.body.data, "[{\"id\":\"", 8);
	assert_memory_equal(api_res.body.data + 8, ids[0], 36);
	assert_null(strstr(api_res.body.data, ids[1]));
	assert_null(strstr(api_res.body.data, ids[2]));
	assert_int_equal(api_res.headers.len, 0);
	api_expect("GET", "/subscriptions?limit=1&offset=1", NULL, 200);
	assert_memory_equal(api_res.body.data + 8, ids[2], 36);
	for (i = 0; i < 4; i++)
		free(ids[i]);
}

static void
list__bad_parameters__refused(void **state)
{
	(void)state;
	api_expect("GET", "/subscriptions?limit=101", NULL, 400);
	api_expect("GET", "/subscriptions?limit=0", NULL, 422);
	api_expect("GET", "/subscriptions?cursor=x", NULL, 422);
	api_expect("GET", "/subscriptions?a=%zz", NULL, 400);
}

/* --- PATCH --- */

static void
patch__some_members__the_others_as_they_were(void **state)
{
	char *id, *created;

	(void)state;
	id = api_create(J("{'topic':'event.health','url':'" RECEIVER "',"
			  "'description':'d','retry_schedule':'0,1',"
			  "'ordering':'subject','expires_after':60}"));
	created = api_text("created_at");
	t_pass(url, "1 minute");
	api_type = "application/merge-patch+json";
	api_call("PATCH", api_path(id, ""),
	    J("{'topic':'event.*','description':null,"
	      "'max_in_flight':'3','retry_schedule':[5]}"));
	api_type = "application/json";
	assert_int_equal(api_res.status, 200);
	api_expect_member("topic", "\"event.*\"");
	api_expect_member("url", "\"" RECEIVER "\"");
	api_expect_member("description", "null");
	api_expect_member("retry_schedule", "\"5\"");
	api_expect_member("ordering", "\"subject\"");
	api_expect_member("max_in_flight", "3");
	api_expect_member("expires_after", "60");
	api_expect_member("paused", "false");
	assert_string_equal(json_string(api_value("created_at")), created);
	assert_string_not_equal(json_string(api_value("updated_at")), created);
	api_expect("PATCH", api_path(id, ""),
	    J("{'ordering':null,'retry_schedule':null,"
	      "'expires_after':null,'url':'https://b.example'}"),
	    200);
	api_expect_member("url", "\"https://b.example\"");
	api_expect_member("ordering", "null");
	api_expect_member("retry_schedule", "null");
	api_expect_member("expires_after", "null");
	free(created);
	free(id);
}

static void
patch__nothing__nothing_changes(void **state)
{
	char *id = api_create(NEW), *before, *after;

	(void)state;
	t_pass(url, "1 minute");
	before = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	api_expect("PATCH", api_path(id, ""), "{}", 200);
	after = t_sql(url, "SELECT s::text FROM subscriptions AS s");
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(id);
}

static void
patch__paused_false__lifts_all_that_holds(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	api_expect("PATCH", api_path(id, ""), "{\"paused\":true}", 200);
	api_expect_member("status", "\"paused\"");
	t_exec(url,
	    "UPDATE subscriptions SET disabled_reason = 'gone', failures = 7,"
	    " trips = 2, open_until = now() + interval '1 year',"
	    " woken_at = '2000-01-01'");
	api_expect("PATCH", api_path(id, ""), J("{'description':'x'}"), 200);
	api_expect_member("status", "\"disabled\"");
	api_expect_member("disabled_reason", "\"gone\"");
	assert_non_null(strstr(api_res.body.data, J("'state':'open'")));
	api_expect("PATCH", api_path(id, ""), "{\"paused\":false}", 200);
	api_expect_member("status", "\"active\"");
	api_expect_member("paused", "false");
	api_expect_member("disabled_reason", "null");
	api_expect_member(
	    "breaker", J("{'state':'closed','failures':0,'open_until':null}"));
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions WHERE "
			     "trips = 0 AND woken_at > '2001-01-01'"),
	    1);
	free(id);
}

/* --- DELETE --- */

static void
delete__headers_and_credentials__forgotten(void **state)
{
	char *id =
	    api_create(J("{'topic':'event.x','url':'http://a.example/',"
			 "'headers':{'Authorization':'Bearer s3cret'}}"));

	(void)state;
	api_expect("DELETE", api_path(id, ""), NULL, 204);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM subscriptions WHERE id = '%s' "
		"AND headers IS NULL AND credentials IS NULL",
		id),
	    1);
	free(id);
}

static void
delete__deliveries_in_all_states__the_waiting_expire(void **state)
{
	char *id = api_create(NEW), *other = api_create(NEW);

	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id, status)"
	    " SELECT gen_random_uuid(), s.id, status FROM subscriptions AS s,"
	    " unnest(array['pending', 'retrying', 'delivering', 'delivered',"
	    " 'failed']) AS status");
	api_expect("DELETE", api_path(id, ""), NULL, 204);
	assert_int_equal(api_res.body.len, 0);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status = 'expired' AND settled_at IS NOT NULL AND "
		"last_error = 'the subscription was deleted'",
		id),
	    2);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status IN ('delivering', 'delivered', 'failed') AND "
		"settled_at IS NULL",
		id),
	    3);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM deliveries WHERE subscription_id = '%s' "
		"AND status = 'expired'",
		other),
	    0);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM subscriptions"), 2);
	api_expect("GET", api_path(other, ""), NULL, 200);
	free(other);
	free(id);
}

/* The worker expires the rest (deliveries_expire). */
static void
delete__huge_backlog__answered_in_time_all_the_same(void **state)
{
	char *id = api_create(NEW);

	(void)state;
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT gen_random_uuid(), '%s' FROM generate_series(1, 10001)",
	    id);
	api_expect("DELETE", api_path(id, ""), NULL, 204);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries "
			     "WHERE status = 'expired'"),
	    10000);
	free(id);
}

/* --- all methods --- */

static const struct {
	const char *method, *rest, *body;
} calls[] = {
	{ "GET", "", NULL },
	{ "HEAD", "", NULL },
	{ "PATCH", "", "{}" },
	{ "DELETE", "", NULL },
	{ "POST", "/secret/rotate", NULL },
	{ "POST", "/test", NULL },
};

static void
any__unknown_or_deleted__404(void **state)
{
	char *id = api_create(NEW);
	size_t i;

	(void)state;
	api_expect("DELETE", api_path(id, ""), NULL, 204);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		api_expect(calls[i].method, api_path(id, calls[i].rest),
		    calls[i].body, 404);
		api_expect(calls[i].method, api_path(NOBODY, calls[i].rest),
		    calls[i].body, 404);
		api_expect_member("detail", "\"No subscription has this id\"");
	}
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"), 0);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM outbox_messages"), 0);
	free(id);
}

static void
any__no_id__422(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		api_expect(calls[i].method, api_path("x", calls[i].rest),
		    calls[i].body, 422);
		assert_non_null(strstr(api_res.body.data, "uuid_parsing"));
	}
}

static void
any__other_method__405_with_those_allowed(void **state)
{
	(void)state;
	api_expect("PUT", "/subscriptions", NULL, 405);
	assert_string_equal(
	    api_res.headers.data, "Allow: POST, GET, HEAD, OPTIONS\r\n");
	api_expect("PUT", api_path(NOBODY, ""), NULL, 405);
	assert_string_equal(api_res.headers.data,
	    "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
	api_expect("GET", api_path(NOBODY, "/test"), NULL, 405);
	assert_string_equal(api_res.headers.data, "Allow: POST, OPTIONS\r\n");
	api_expect("GET", api_path(NOBODY, "/secret"), NULL, 404);
	api_expect("GET", api_path(NOBODY, "/"), NULL, 404);
}

static void
any__database_away__503(void **state)
{
	struct db *good = api_context.db;
	size_t i;

	(void)state;
	api_context.db =
	    db_new("postgresql:///x?host=/nonexistent", "test", 1000);
	assert_non_null(api_context.db);
	api_expect("POST", "/subscriptions", NEW, 503);
	api_expect("GET", "/subscriptions", NULL, 503);
	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		api_expect(calls[i].method, api_path(NOBODY, calls[i].rest),
		    calls[i].body, 503);
	db_free(api_context.db);
	api_context.db = good;
}

/* If the answer to a commit is lost, the statement is run again unchanged. */
static void
any__run_twice__done_once(void **state)
{
	static const char id[] = NOBODY, message[] = NOBODY,
			  secret[] = "whsec_old", fresh[] = "whsec_new";
	static const struct {
		enum query query;
		const char *values[4];
	} rows[] = {
		{ Q_subscription_create, { id, NEW, secret } },
		{ Q_subscription_rotate, { id, fresh, "60" } },
		{ Q_subscription_update, { id, "{\"paused\":false}" } },
		{ Q_subscription_test, { id, message, NULL, NULL } },
	};
	struct pg_result *r;
	char *got;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (k = 0; k < 2; k++) {
			assert_int_equal(db_run(api_context.db, rows[i].query,
					     rows[i].values, &r),
			    STATUS_OK);
			assert_int_equal(pg_rows(r), 1);
			pg_free(r);
		}
	got = t_sql(url,
	    "SELECT concat_ws(' ', secret, old_secret, (SELECT count(*) FROM"
	    " deliveries), (SELECT count(*) FROM outbox_messages))"
	    " FROM subscriptions");
	assert_string_equal(got, "whsec_new whsec_old 1 1");
	free(got);
}

static const struct CMUnitTest tests[] = {
	TEST(get__breaker__as_it_stands_at_the_moment),
	TEST(get__any_way_but_creation_and_rotation__no_secret),
	TEST(list__pages__newest_first_without_the_deleted),
	TEST(list__bad_parameters__refused),
	TEST(patch__some_members__the_others_as_they_were),
	TEST(patch__nothing__nothing_changes),
	TEST(patch__paused_false__lifts_all_that_holds),
	TEST(delete__headers_and_credentials__forgotten),
	TEST(delete__deliveries_in_all_states__the_waiting_expire),
	TEST(delete__huge_backlog__answered_in_time_all_the_same),
	TEST(any__unknown_or_deleted__404),
	TEST(any__no_id__422),
	TEST(any__other_method__405_with_those_allowed),
	TEST(any__database_away__503),
	TEST(any__run_twice__done_once),
};

T_MAIN_WITH(tests, api_open, api_close)
