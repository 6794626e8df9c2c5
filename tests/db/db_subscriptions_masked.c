/*
 * Masked headers and credentials that are sent back keep their values, but for
 * the same server only.
 */
#include "t.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <string.h>

#include "stack.h"
#include "subscriptions_api.h"

static void
headers__patched_back_as_shown__values_stay(void **state)
{
	char *id = api_create(WITH_HEADERS(TWO_HEADERS));

	(void)state;
	api_expect("PATCH", api_path(id, ""),
	    J("{'headers':{'Authorization':'***','X-Api-Key':'***'},"
	      "'url':'" RECEIVER "','description':'d'}"),
	    200);
	api_expect_member("description", "\"d\"");
	api_expect_kept(RECEIVER " {\"X-Api-Key\": \"s3cret-two\","
				 " \"Authorization\": \"Bearer s3cret-one\"}");
	/*
	 * The object replaces all headers; the case of names does not matter.
	 */
	api_expect("PATCH", api_path(id, ""),
	    J("{'headers':{'x-api-KEY':'***','X-New':'s3cret-3'}}"), 200);
	api_expect_kept(RECEIVER " {\"X-New\": \"s3cret-3\","
				 " \"x-api-KEY\": \"s3cret-two\"}");
	api_expect_member("headers", J("{'x-api-KEY':'***','X-New':'***'}"));
	free(id);
}

static void
headers__masked_and_not_kept__422_and_nothing_changes(void **state)
{
	char *id = api_create(WITH_HEADERS("{\"X-A\":\"s3cret\"}"));

	(void)state;
	api_expect("PATCH", api_path(id, ""),
	    J("{'headers':{'X-A':'***','X-B':'***','X-C':'***'},"
	      "'description':'d'}"),
	    422);
	api_expect_header_fault("X-B", "none is kept");
	api_expect_header_fault("X-C", "none is kept");
	assert_null(strstr(api_res.body.data, "X-A"));
	api_expect_kept(RECEIVER " {\"X-A\": \"s3cret\"}");
	api_expect("GET", api_path(id, ""), NULL, 200);
	api_expect_member("description", "null");
	free(id);
}

static void
headers__url_of_another_server__given_anew_or_422(void **state)
{
	static const char *const others[] = { "https://other.example/hook",
		"http://receiver.example/hook", "https://receiver.example:444/",
		"https://receiver.example.other/hook",
		"https://receiver.example:444?@receiver.example" };
	static const char *const same[] = { "https://receiver.example/b?c",
		"HTTPS://Receiver.EXAMPLE:443/d", "https://receiver.example" };
	char *id = api_create(WITH_HEADERS("{\"X-A\":\"s3cret\"}")), body[256],
	     want[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", others[i]);
		api_expect("PATCH", api_path(id, ""), body, 422);
		api_expect_fault("headers", "value_error", "give them anew");
		snprintf(body, sizeof(body),
		    "{\"url\":\"%s\",\"headers\":{\"X-A\":\"***\"}}",
		    others[i]);
		api_expect("PATCH", api_path(id, ""), body, 422);
		api_expect_header_fault("X-A", "another server");
	}
	api_expect_kept(RECEIVER " {\"X-A\": \"s3cret\"}");
	for (i = 0; i < sizeof(same) / sizeof(*same); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", same[i]);
		api_expect("PATCH", api_path(id, ""), body, 200);
		snprintf(
		    want, sizeof(want), "%s {\"X-A\": \"s3cret\"}", same[i]);
		api_expect_kept(want);
	}
	api_expect("PATCH", api_path(id, ""), J("{'url':'nats://n1/b'}"), 422);
	api_expect_fault("headers", "value_error", "give them anew");
	api_expect("PATCH", api_path(id, ""),
	    J("{'url':'https://b.example','headers':{'X-B':'s3c'}}"), 200);
	api_expect_kept(J("https://b.example {'X-B': 's3c'}"));
	api_expect("PATCH", api_path(id, ""),
	    J("{'url':'https://c.example','headers':null}"), 200);
	api_expect(
	    "PATCH", api_path(id, ""), J("{'url':'https://d.example'}"), 200);
	api_expect_kept("https://d.example");
	free(id);
}

/* The row moves to another server while the request waits for it. */
static void *
move_row(void *arg)
{
	(void)arg;
	t_exec(url,
	    "BEGIN;"
	    "UPDATE subscriptions SET url = 'https://other.example/',"
	    " headers = '{\"X-A\": \"s3cret-of-other\"}';"
	    "SELECT pg_advisory_lock(4711);"
	    "COMMIT");
	return NULL;
}

static void *
patch_back(void *id)
{
	api_call("PATCH", api_path(id, ""),
	    J("{'url':'" RECEIVER "','headers':{'X-A':'***'}}"));
	return NULL;
}

static bool
so_many_wait(void *n)
{
	return t_number(url,
		   "SELECT count(*) FROM pg_stat_activity"
		   " WHERE datname = current_database()"
		   " AND wait_event_type = 'Lock'") == *(int *)n;
}

static void
headers__moved_meanwhile__never_sent_to_the_server_before(void **state)
{
	char *id = api_create(WITH_HEADERS("{\"X-A\":\"s3cret\"}"));
	PGconn *holder = PQconnectdb(url);
	pthread_t mover, patcher;
	int one = 1, two = 2;

	(void)state;
	PQclear(PQexec(holder, "SELECT pg_advisory_lock(4711)"));
	pthread_create(&mover, NULL, move_row, NULL);
	stack_wait(so_many_wait, &one, "the row is held");
	pthread_create(&patcher, NULL, patch_back, id);
	stack_wait(so_many_wait, &two, "the request waits for it");
	PQclear(PQexec(holder, "SELECT pg_advisory_unlock(4711)"));
	pthread_join(mover, NULL);
	pthread_join(patcher, NULL);
	PQfinish(holder);
	api_expect_header_fault("X-A", "another server");
	api_expect_kept(J("https://other.example/ {'X-A': 's3cret-of-other'}"));
	free(id);
}

static void
credentials__in_a_nats_url__kept_apart_and_masked(void **state)
{
	static const struct {
		const char *url, *shown, *kept;
	} rows[] = {
		{ "nats://ann:s3cret@n1/a", "nats://ann:***@n1/a",
		    "nats://n1/a ann:s3cret" },
		{ "nats://s3cret-token@n1:1/a", "nats://***@n1:1/a",
		    "nats://n1:1/a s3cret-token" },
		{ "TLS://a%40b:s3cret%2f:x@[2606:4700::1]/a",
		    "TLS://a%40b:***@[2606:4700::1]/a",
		    "TLS://[2606:4700::1]/a a%40b:s3cret%2f:x" },
		{ "tls://n1/a", "tls://n1/a", "tls://n1/a" },
	};
	char body[256], want[128], *id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		t_exec(url, "TRUNCATE subscriptions");
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", rows[i].url);
		id = api_create(body);
		snprintf(want, sizeof(want), "\"%s\"", rows[i].shown);
		api_expect_member("url", want);
		api_expect_silence();
		api_expect_kept(rows[i].kept);
		api_expect("GET", api_path(id, ""), NULL, 200);
		api_expect_member("url", want);
		api_expect_silence();
		/* Sent back as shown, with another change: nothing is lost. */
		snprintf(body, sizeof(body), "{\"paused\":true,\"url\":\"%s\"}",
		    rows[i].shown);
		api_expect("PATCH", api_path(id, ""), body, 200);
		api_expect_member("url", want);
		api_expect_kept(rows[i].kept);
		free(id);
	}
}

static void
credentials__masked_for_another_server_or_user__422(void **state)
{
	static const char *const rows[] = { "nats://ann:***@n2.example/b",
		"nats://ann:***@n1.example:4223/b",
		"nats://bob:***@n1.example/b", "nats://***@n1.example/b",
		"tls://ann:***@n1.example/b" };
	char *id = api_create(NATS("ann:s3cret@", "b")), body[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", rows[i]);
		api_expect("PATCH", api_path(id, ""), body, 422);
		api_expect_fault("url", "value_error", "give it anew");
	}
	api_expect_kept("nats://n1.example/b ann:s3cret");
	api_expect("PATCH", api_path(id, ""),
	    J("{'url':'nats://ann:***@N1.example:4222/c.d'}"), 200);
	api_expect_kept("nats://N1.example:4222/c.d ann:s3cret");
	api_expect("PATCH", api_path(id, ""), "{\"paused\":true}", 200);
	api_expect_kept("nats://N1.example:4222/c.d ann:s3cret");
	/* A URL without credentials removes them. */
	api_expect(
	    "PATCH", api_path(id, ""), J("{'url':'nats://n1.example/b'}"), 200);
	api_expect_kept("nats://n1.example/b");
	api_expect("PATCH", api_path(id, ""),
	    J("{'url':'nats://ann:***@n1.example/b'}"), 422);
	api_expect_fault("url", "value_error", "none is kept");
	api_expect("POST", "/subscriptions", NATS("ann:***@", "b"), 422);
	api_expect_fault("url", "url_parsing", "no password is stored yet");
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(headers__patched_back_as_shown__values_stay),
	TEST(headers__masked_and_not_kept__422_and_nothing_changes),
	TEST(headers__url_of_another_server__given_anew_or_422),
	TEST(headers__moved_meanwhile__never_sent_to_the_server_before),
	TEST(credentials__in_a_nats_url__kept_apart_and_masked),
	TEST(credentials__masked_for_another_server_or_user__422),
};

T_MAIN_WITH(tests, api_open, api_close)
