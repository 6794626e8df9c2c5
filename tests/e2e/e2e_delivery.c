/* From an emergency to its receivers, through the whole product. */
#include "t.h"

#include <string.h>

#include "deliveries.h"
#include "http.h"
#include "receiver.h"

static void
emergency__subscribers__each_gets_what_it_asked_for(void **state)
{
	char *one =
	    deliveries_subscribe("event.transport", "/ok/transport", "");
	char *two = deliveries_subscribe("event.*", "/ok/everything", "");

	(void)state;
	deliveries_emergency(1001, "");
	deliveries_await("/ok/transport", 1);
	deliveries_await("/ok/everything", 2);
	deliveries_await_text(
	    "/outbox?status=delivered&limit=1", "\"delivered\"");
	assert_int_equal(
	    receiver_count(&deliveries_receiver, "/ok/transport"), 1);
	assert_non_null(strstr(
	    receiver_find(&deliveries_receiver, "/ok/transport", 0)->body,
	    J("'action':'dispatch_nearest_vehicle'")));
	free(one);
	free(two);
}

static void
emergency__ids_of_its_request__carried_to_the_receiver(void **state)
{
	const struct receiver_request *r;
	char *id = deliveries_subscribe("event.security", "/ok/traced", ""),
	     *value;

	(void)state;
	deliveries_emergency(1002,
	    "traceparent: "
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
	deliveries_await("/ok/traced", 1);
	r = receiver_find(&deliveries_receiver, "/ok/traced", 0);
	value = receiver_header(r, "traceparent");
	assert_int_equal(
	    strncmp(value, "00-0af7651916cd43dd8448eb211c80319c-", 36), 0);
	free(value);
	value = receiver_header(r, "x-request-id");
	assert_int_equal(strlen(value), 32); /* nginx's id */
	assert_int_equal(t_number(deliveries_stack.url,
			     "SELECT count(*) FROM outbox_messages"
			     " WHERE request_id = '%s'",
			     value),
	    2);
	free(value);
	free(id);
}

static void
emergency__nobody_subscribed__unclaimed(void **state)
{
	(void)state;
	deliveries_emergency(1003, "");
	deliveries_await_text("/outbox", J("'status':'unclaimed'"));
	assert_int_equal(
	    t_number(deliveries_stack.url, "SELECT count(*) FROM deliveries"),
	    0);
}

static void
subscription__paused__held_and_delivered_when_resumed(void **state)
{
	char *id = deliveries_subscribe("event.security", "/ok/paused", ""),
	     target[64];

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	deliveries_call("PATCH", target, "{\"paused\":true}", 200);
	deliveries_emergency(1004, "");
	deliveries_await_text("/outbox?status=held", J("'status':'held'"));
	assert_int_equal(receiver_count(&deliveries_receiver, "/ok/paused"), 0);
	deliveries_call("PATCH", target, "{\"paused\":false}", 200);
	deliveries_await("/ok/paused", 1);
	free(id);
}

static void
subscription__answers_410__disabled_then_resumed(void **state)
{
	char *id = deliveries_subscribe("event.security", "/gone/x", ""),
	     target[64], body[128];

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	deliveries_emergency(1005, "");
	deliveries_await_text(target, J("'status':'disabled'"));
	deliveries_await_text("/outbox?status=held", J("'status':'held'"));
	snprintf(body, sizeof(body),
	    "{\"paused\":false,\"url\":\"http://127.0.0.1:%d/ok/new\"}",
	    deliveries_receiver.port);
	deliveries_call("PATCH", target, body, 200);
	deliveries_await("/ok/new", 1);
	free(id);
}

static void
subscription__tested__receives_a_test(void **state)
{
	char *id = deliveries_subscribe("event.security", "/ok/tested", ""),
	     target[80];
	struct http h;
	char *message;

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s/test", id);
	h = http_send(deliveries_stack.port, "POST", target, "", NULL);
	assert_int_equal(h.status, 202);
	message = deliveries_member(&h, "id");
	http_free(&h);
	deliveries_await("/ok/tested", 1);
	assert_string_equal(
	    receiver_find(&deliveries_receiver, "/ok/tested", 0)->id, message);
	snprintf(target, sizeof(target), "/outbox/%s", message);
	deliveries_await_text(target, "\"http_status\":204");
	free(message);
	free(id);
}

static void
subscription__secret_rotated__signed_twice(void **state)
{
	char *id = deliveries_subscribe("event.security", "/ok/rotates", ""),
	     target[80], *value;
	struct http h;

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s/secret/rotate", id);
	h = http_send(deliveries_stack.port, "POST", target, "", NULL);
	assert_int_equal(h.status, 200);
	free(deliveries_member(&h, "secret"));
	http_free(&h);
	deliveries_emergency(1006, "");
	deliveries_await("/ok/rotates", 1);
	value = receiver_header(
	    receiver_find(&deliveries_receiver, "/ok/rotates", 0),
	    "webhook-signature");
	assert_int_equal(strlen(value), 47 + 1 + 47);
	assert_int_equal(strncmp(value + 47, " v1,", 4), 0);
	free(value);
	free(id);
}

static void
delivery__failed__replayed_on_request(void **state)
{
	char *id =
		 deliveries_subscribe("event.security", "/status/400/dead", ""),
	     target[160];

	(void)state;
	deliveries_emergency(1007, "");
	deliveries_await_text("/outbox?status=failed", J("'status':'failed'"));
	assert_int_equal(
	    receiver_count(&deliveries_receiver, "/status/400/dead"), 10);
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	t_exec(deliveries_stack.url,
	    "UPDATE subscriptions SET url ="
	    " 'http://127.0.0.1:%d/ok/replayed'",
	    deliveries_receiver.port);
	snprintf(target, sizeof(target),
	    "/outbox/replay?status=failed&subscription=%s&dry_run=true", id);
	deliveries_call("POST", target, NULL, 200);
	assert_int_equal(
	    receiver_count(&deliveries_receiver, "/ok/replayed"), 0);
	/*
	 * A dry_run in the body, or misspelt, is refused: if it were ignored,
	 * the request would replay.
	 */
	deliveries_call("POST", "/outbox/replay", "{\"dry_run\":true}", 422);
	deliveries_call("POST", "/outbox/replay?dryrun=true", NULL, 422);
	*strstr(target, "&dry_run") = '\0';
	deliveries_call("POST", target, NULL, 200);
	deliveries_await("/ok/replayed", 1);
	assert_string_equal(
	    receiver_find(&deliveries_receiver, "/ok/replayed", 0)->id,
	    receiver_find(&deliveries_receiver, "/status/400/dead", 0)->id);
	free(id);
}

static void
subscription__deleted__what_waits_expires(void **state)
{
	char *id = deliveries_subscribe("event.security", "/status/503/deleted",
		 J(",'retry_schedule':'0,3600'")),
	     target[80];

	(void)state;
	deliveries_emergency(1008, "");
	deliveries_await_text(
	    "/outbox?status=retrying", J("'status':'retrying'"));
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	deliveries_call("DELETE", target, NULL, 204);
	deliveries_await_text(
	    "/outbox?status=expired", J("'status':'expired'"));
	deliveries_call("GET", target, NULL, 404);
	free(id);
}

static void
subscription__nats_without_a_server__retried_and_told(void **state)
{
	struct http h;
	char *id;

	(void)state;
	h = http_post(deliveries_stack.port, "/subscriptions",
	    J("{'topic':'event.*','url':'nats://127.0.0.1:1/city'}"));
	assert_int_equal(h.status, 201);
	id = deliveries_member(&h, "id");
	http_free(&h);
	deliveries_emergency(1009, "");
	deliveries_await_text("/outbox", "connect: ");
	free(id);
}

static void
subscription__forbidden_address__refused(void **state)
{
	static const char *const urls[] = { "http://169.254.169.254/latest",
		"http://10.1.2.3/", "http://0x0a010203/", "http://[fe80::1]/",
		"gopher://x/", "http://user:secret@example.org/" };
	char body[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", urls[i]);
		deliveries_call("POST", "/subscriptions", body, 422);
	}
}

static void
trace__emergency__from_event_to_attempts(void **state)
{
	char *id = deliveries_subscribe("event.transport", "/ok/trace", ""),
	     *event, target[80];
	struct http h;

	(void)state;
	h = http_post(deliveries_stack.port, "/ingest/health",
	    J("{'patient_id':1010,'alert':'emergency'}"));
	event = deliveries_member(&h, "stored_event_id");
	http_free(&h);
	deliveries_await("/ok/trace", 1);
	snprintf(target, sizeof(target), "/events/%s/trace", event);
	deliveries_await_text(target, "\"http_status\":204");
	deliveries_await_text(target, "\"fired\":true");
	free(event);
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(emergency__subscribers__each_gets_what_it_asked_for),
	TEST(emergency__ids_of_its_request__carried_to_the_receiver),
	TEST(emergency__nobody_subscribed__unclaimed),
	TEST(subscription__paused__held_and_delivered_when_resumed),
	TEST(subscription__answers_410__disabled_then_resumed),
	TEST(subscription__tested__receives_a_test),
	TEST(subscription__secret_rotated__signed_twice),
	TEST(delivery__failed__replayed_on_request),
	TEST(subscription__deleted__what_waits_expires),
	TEST(subscription__nats_without_a_server__retried_and_told),
	TEST(subscription__forbidden_address__refused),
	TEST(trace__emergency__from_event_to_attempts),
};

T_MAIN_WITH(tests, deliveries_open, deliveries_close)
