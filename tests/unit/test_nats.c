/* Messages to a real nats-server with JetStream: stored, or refused with the
 * reason. */
#include "t.h"

#include <fcntl.h>
#include <nats/nats.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nats_server.h"
#include "sink.h"

static void
assert_header(natsMsg *msg, const char *name, const char *expected)
{
	const char *value;

	assert_int_equal(natsMsgHeader_Get(msg, name, &value), NATS_OK);
	assert_string_equal(value, expected);
}

static void
nats__stream_is_there__stored_byte_for_byte(void **state)
{
	struct attempt a = nats_attempt(
	    "stored", nats_url("127.0.0.1", nats_port, "city.a"), TIMEOUT_MS);
	natsMsg *msg;

	(void)state;
	a.body = "{\"caf\xc3\xa9\":\"\\u0000\"}";
	a.body_len = strlen(a.body);
	a.message.request_id = "r-1";
	a.message.traceparent = "00-1-2-01";
	sink_nats.start(&a);
	nats_wait_done(1);
	nats_assert_delivered(&a);
	assert_string_equal(a.address, "127.0.0.1");
	assert_int_equal(
	    js_GetLastMsg(&msg, nats_js, "CITY", "city.a", NULL, NULL),
	    NATS_OK);
	assert_int_equal(natsMsg_GetDataLength(msg), a.body_len);
	assert_memory_equal(natsMsg_GetData(msg), a.body, a.body_len);
	assert_header(msg, "Nats-Msg-Id", "stored");
	assert_header(msg, "Content-Type", "application/cloudevents+json");
	assert_header(msg, "X-Request-Id", "r-1");
	assert_header(msg, "traceparent", "00-1-2-01");
	natsMsg_Destroy(msg);
}

static void
nats__published_twice__delivered_twice_stored_once(void **state)
{
	const char *url = nats_url("localhost", nats_port, "city.b");
	uint64_t before = nats_stored("CITY");
	struct attempt first = nats_deliver("twice", url, TIMEOUT_MS);
	struct attempt second = nats_deliver("twice", url, TIMEOUT_MS);

	(void)state;
	nats_assert_delivered(&first);
	nats_assert_delivered(&second);
	assert_non_null(strstr(second.detail, "a duplicate"));
	assert_int_equal(nats_stored("CITY"), before + 1);
}

static void
nats__no_stream_for_subject__refused(void **state)
{
	struct attempt a = nats_deliver(
	    "1", nats_url("127.0.0.1", nats_port, "nobody"), TIMEOUT_MS);

	(void)state;
	nats_assert_error(&a, ERROR_NATS, "no responders");
}

static void
answer(natsConnection *c, natsSubscription *sub, natsMsg *msg, void *text)
{
	(void)sub;
	natsConnection_PublishString(c, natsMsg_GetReply(msg), text);
	natsMsg_Destroy(msg);
}

static struct attempt
deliver_to_one_who_answers(const char *text)
{
	natsSubscription *sub;
	struct attempt a;

	assert_int_equal(natsConnection_Subscribe(
			     &sub, nats_own, "fake", answer, (void *)text),
	    NATS_OK);
	assert_int_equal(natsConnection_Flush(nats_own), NATS_OK);
	a = nats_deliver(
	    "1", nats_url("127.0.0.1", nats_port, "fake"), TIMEOUT_MS);
	natsSubscription_Destroy(sub);
	return a;
}

static void
nats__answer_is_no_acknowledgment__not_delivered(void **state)
{
	struct attempt object = deliver_to_one_who_answers("{}");
	struct attempt text = deliver_to_one_who_answers("thanks");

	(void)state;
	nats_assert_error(&object, ERROR_PROTOCOL, "no acknowledgment");
	nats_assert_error(&text, ERROR_NATS, "");
}

static void
nats__stream_is_full__refused_with_its_words(void **state)
{
	const char *url = nats_url("127.0.0.1", nats_port, "full");
	struct attempt a = nats_deliver("full-1", url, TIMEOUT_MS);
	struct attempt b = nats_deliver("full-2", url, TIMEOUT_MS);

	(void)state;
	nats_assert_delivered(&a);
	nats_assert_error(&b, ERROR_NATS, "maximum messages exceeded");
}

static void
nats__message_too_large__refused(void **state)
{
	struct attempt a = nats_attempt(
	    "large", nats_url("127.0.0.1", nats_port, "city.a"), TIMEOUT_MS);
	char *body = calloc(1, 2 << 20);

	(void)state;
	a.body = body;
	a.body_len = 2 << 20;
	sink_nats.start(&a);
	nats_wait_done(1);
	free(body);
	nats_assert_error(&a, ERROR_NATS, "ayload");
}

static void
nats__no_server__connect_fails(void **state)
{
	struct attempt a = nats_deliver(
	    "1", nats_url("127.0.0.1", nats_free_port(), "city.a"), TIMEOUT_MS);

	(void)state;
	nats_assert_error(&a, ERROR_CONNECT, "");
	assert_string_not_equal(a.detail, "");
}

static void
nats__unknown_name__not_resolved(void **state)
{
	struct attempt a = nats_deliver("1",
	    nats_url("no-such-host.invalid", nats_port, "city.a"), TIMEOUT_MS);

	(void)state;
	nats_assert_error(&a, ERROR_DNS, "");
}

static void
nats__no_subject_in_url__refused(void **state)
{
	const char *const bad[] = { "", "a.*", "a.>", ".a", "a.", "a..b",
		"$JS.API.STREAM.PURGE.CITY", "_INBOX.a", "a/b", "a?b" };
	struct attempt a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a = nats_deliver(
		    "1", nats_url("127.0.0.1", nats_port, bad[i]), TIMEOUT_MS);
		nats_assert_error(&a, ERROR_FORBIDDEN, "");
	}
}

static void
nats__silent_server__ends_in_time(void **state)
{
	int at, fd = nats_listen_at(&at);
	struct attempt a =
	    nats_deliver("1", nats_url("127.0.0.1", at, "city.a"), SHORT_MS);

	(void)state;
	nats_assert_error(&a, ERROR_TIMEOUT, "");
	close(fd);
}

static void
nats__forbidden_address__never_connected_to(void **state)
{
	int at, fd = nats_listen_at(&at);
	struct attempt a;

	(void)state;
	nats_disconnect();
	sink_nats.close();
	nats_open_sink("");
	a = nats_deliver("1", nats_url("localhost", at, "city.a"), TIMEOUT_MS);
	nats_assert_error(&a, ERROR_FORBIDDEN, "loopback");
	assert_string_equal(a.address, "");
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	close(fd);
}

static const struct CMUnitTest tests[] = {
	TEST(nats__stream_is_there__stored_byte_for_byte),
	TEST(nats__published_twice__delivered_twice_stored_once),
	TEST(nats__no_stream_for_subject__refused),
	TEST(nats__answer_is_no_acknowledgment__not_delivered),
	TEST(nats__stream_is_full__refused_with_its_words),
	TEST(nats__message_too_large__refused),
	TEST(nats__no_server__connect_fails),
	TEST(nats__unknown_name__not_resolved),
	TEST(nats__no_subject_in_url__refused),
	TEST(nats__silent_server__ends_in_time),
	TEST(nats__forbidden_address__never_connected_to),
};

T_MAIN_WITH(tests, nats_group_setup, nats_group_teardown)
