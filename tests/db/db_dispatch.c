/* Webhooks are sent, signed and tried again. */
#include "t.h"

#include <string.h>

#include "clock.h"
#include "dispatcher.h"
#include "receiver.h"

static void
expect_header(
    const struct receiver_request *r, const char *name, const char *expected)
{
	char *value = receiver_header(r, name);

	assert_non_null(value);
	assert_string_equal(value, expected);
	free(value);
}

/* --- what is sent --- */

static void
webhook__delivered__cloudevent_and_its_headers(void **state)
{
	const struct receiver_request *r;
	char *id, *trace;

	(void)state;
	dispatcher_subscribe("a", "/ok/whole");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	assert_int_equal(receiver_count(&dispatcher_receiver, "/ok/whole"), 1);
	r = receiver_find(&dispatcher_receiver, "/ok/whole", 0);
	id = t_sql(url, "SELECT id FROM outbox_messages");
	expect_header(r, "webhook-id", id);
	expect_header(
	    r, "content-type", "application/cloudevents+json; charset=utf-8");
	assert_non_null(strstr(r->body, id));
	assert_non_null(strstr(r->body, J("'data':{'n':")));
	/* The same trace, another span. */
	trace = receiver_header(r, "traceparent");
	assert_non_null(trace);
	assert_int_equal(strlen(trace), 55);
	assert_int_equal(
	    strncmp(trace, "00-0af7651916cd43dd8448eb211c80319c-", 36), 0);
	assert_string_equal(trace + 52, "-01");
	assert_null(strstr(trace, "b7ad6b7169203331"));
	assert_non_null(strstr(r->raw, "X-Request-Id: request-"));
	assert_null(strstr(r->raw, "Expect:"));
	free(trace);
	free(id);
}

/*
 * Perl computes the HMAC of what arrived with the secret's bytes; the header
 * must have this signature.
 */
static void
expect_signed_by(const struct receiver_request *r, const char *secret)
{
	char path[] = "/tmp/smartcity-signed.XXXXXX", command[1024], good[64];
	char *id = receiver_header(r, "webhook-id");
	char *at = receiver_header(r, "webhook-timestamp");
	char *signature = receiver_header(r, "webhook-signature");
	FILE *f = fdopen(mkstemp(path), "w"), *perl;

	fprintf(f, "%s.%s.", id, at);
	fwrite(r->body, 1, r->body_len, f);
	fclose(f);
	snprintf(command, sizeof(command),
	    "perl -MDigest::SHA=hmac_sha256 -MMIME::Base64 -0777 -ne"
	    " 'print \"v1,\", encode_base64(hmac_sha256($_,"
	    " decode_base64(\"%s\")), \"\")' %s",
	    secret, path);
	perl = popen(command, "r");
	assert_non_null(fgets(good, sizeof(good), perl));
	assert_int_equal(pclose(perl), 0);
	assert_int_equal(strlen(good), 47);
	assert_non_null(strstr(signature, good));
	/* The timestamp is the present time. */
	assert_in_range(atoll(at), clock_wall_us() / 1000000 - 60,
	    clock_wall_us() / 1000000 + 1);
	remove(path);
	free(id);
	free(at);
	free(signature);
}

static void
webhook__signature__good_for_another_implementation(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/ok/signed");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	expect_signed_by(receiver_find(&dispatcher_receiver, "/ok/signed", 0),
	    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

static void
webhook__secret_being_rotated__signed_by_both(void **state)
{
	const struct receiver_request *r;

	(void)state;
	dispatcher_subscribe("a", "/ok/rotated");
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = secret, secret ="
	    " 'whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=',"
	    " old_secret_until = now() + interval '1 day'");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	r = receiver_find(&dispatcher_receiver, "/ok/rotated", 0);
	expect_signed_by(r, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	expect_signed_by(r, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=");
}

/* --- retries --- */

static void
retry__flaky_receiver__third_attempt_same_id(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/flaky/2/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	assert_int_equal(receiver_count(&dispatcher_receiver, "/flaky/2/x"), 3);
	assert_int_equal(
	    receiver_distinct(&dispatcher_receiver, "/flaky/2/x"), 1);
	t_expect(url, "1 503 http, 2 503 http, 3 204",
	    "SELECT string_agg(concat_ws(' ', attempt, http_status, error),"
	    " ', ' ORDER BY attempt) FROM delivery_attempts");
}

static void
retry__attempts_used_up__failed(void **state)
{
	(void)state;
	dispatcher_config.outbox_max_attempts = 3;
	dispatcher_subscribe("a", "/status/500/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("failed", 1);
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/status/500/x"), 3);
	t_expect(url, "3 http: answered 500",
	    "SELECT attempts || ' ' || last_error FROM deliveries");
}

static void
retry__receivers_own_schedule__followed(void **state)
{
	(void)state;
	strcpy(dispatcher_config.retry_schedule, "0,1000");
	dispatcher_subscribe("a", "/flaky/1/own");
	t_exec(url, "UPDATE subscriptions SET retry_schedule = '0,0.01'");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
}

static void
retry__retry_after_seconds__waited(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/retry-after/2/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	assert_true(dispatcher_gap_us("/retry-after/2/x") >= 1990000);
}

/* A date has whole seconds only. */
static void
retry__retry_after_date__waited(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/retry-date/3/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	assert_true(dispatcher_gap_us("/retry-date/3/x") >= 1900000);
}

static void
retry__410__disabled_and_nothing_lost(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/gone/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("retrying", 1);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions"
			     " WHERE disabled_reason IS NOT NULL"),
	    1);
	/* With a new URL the receiver is served again. */
	t_exec(url,
	    "UPDATE subscriptions SET disabled_reason = NULL, woken_at = now(),"
	    " url = 'http://127.0.0.1:%d/ok/moved'",
	    dispatcher_receiver.port);
	dispatcher_work_until("delivered", 1);
	assert_int_equal(receiver_count(&dispatcher_receiver, "/ok/moved"), 1);
}

/* --- secrets --- */

static void
poison__secret_that_is_none__others_delivered(void **state)
{
	(void)state;
	dispatcher_subscribe("a", "/ok/poison");
	dispatcher_put(3);
	/* Nothing can be signed with this secret. */
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, description, secret)"
	    " VALUES (gen_random_uuid(), 'event.*',"
	    " 'http://127.0.0.1:%d/ok/unsigned', 'bad', 'whsec_!')",
	    dispatcher_receiver.port);
	dispatcher_config.outbox_max_attempts = 2;
	dispatcher_put(3);
	dispatcher_start();
	dispatcher_work_until("failed", 3);
	dispatcher_work_until("delivered", 6);
	t_expect(url, "internal: the request could not be signed",
	    "SELECT DISTINCT last_error FROM deliveries"
	    " WHERE status = 'failed'");
	assert_int_equal(
	    receiver_count(&dispatcher_receiver, "/ok/unsigned"), 0);
}

static const struct CMUnitTest tests[] = {
	TEST(webhook__delivered__cloudevent_and_its_headers),
	TEST(webhook__signature__good_for_another_implementation),
	TEST(webhook__secret_being_rotated__signed_by_both),
	TEST(retry__flaky_receiver__third_attempt_same_id),
	TEST(retry__attempts_used_up__failed),
	TEST(retry__receivers_own_schedule__followed),
	TEST(retry__retry_after_seconds__waited),
	TEST(retry__retry_after_date__waited),
	TEST(retry__410__disabled_and_nothing_lost),
	TEST(poison__secret_that_is_none__others_delivered),
};

T_MAIN_WITH(tests, dispatcher_open, dispatcher_close)
