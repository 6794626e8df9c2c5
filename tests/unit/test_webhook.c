/*
 * A subscription's own headers: sent only to its receiver, and not kept.
 */
#include "t.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "receiver.h"
#include "sink.h"
#include "stack.h"

enum {
	ECHO_MAX = 8192
};

static struct receiver receiver;
static struct net net;
static int count; /* number of finished attempts */

static void
done(struct attempt *a)
{
	(void)a;
	count++;
}

static bool
all_done(void *arg)
{
	struct pollfd p = { post_fd(net.http), POLLIN, 0 };

	if (poll(&p, 1, 0) == 1)
		post_work(net.http);
	return count >= *(int *)arg;
}

/* The caller frees a.answer. */
static struct attempt
deliver(const char *url, const char *headers)
{
	struct attempt a = { .message = { .id = "id-1",
				 .request_id = "request-1" },
		.body = "{}",
		.body_len = 2,
		.url = url,
		.headers = headers,
		.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		.timeout_ms = 10000,
		.done = done };
	int n = count + 1;

	buf_init(&a.answer, 16384);
	sink_webhook.start(&a);
	stack_wait(all_done, &n, "the attempt is done");
	return a;
}

static const char *
url_of(const char *path)
{
	static char url[512];

	snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d%s", receiver.port, path);
	return url;
}

static int
setup(void **state)
{
	static struct config config = { .delivery_allow = "loopback" };
	char error[256];

	(void)state;
	count = 0;
	receiver_start(&receiver);
	return net_open(&net, &config, error) != STATUS_OK ||
	    sink_webhook.open(&config, &net, error) != STATUS_OK;
}

static int
teardown(void **state)
{
	(void)state;
	sink_webhook.close();
	net_close(&net);
	receiver_stop(&receiver);
	receiver = (struct receiver){ 0 };
	return 0;
}

static void
check_header(
    const struct receiver_request *r, const char *name, const char *want)
{
	char *value = receiver_header(r, name);

	if (value == NULL || strcmp(value, want) != 0)
		fail_msg("%s: %s", name, value != NULL ? value : "none");
	free(value);
}

static void
webhook__static_headers__sent_beside_ours(void **state)
{
	struct attempt a = deliver(url_of("/ok/a"),
	    "Authorization: Bearer s3cret.one==\nX-Api-Key: a:b c\td\n"
	    "Accept: text/plain");
	const struct receiver_request *r = receiver_find(&receiver, "/ok/a", 0);

	(void)state;
	assert_int_equal(a.error, ERROR_NONE);
	check_header(r, "authorization", "Bearer s3cret.one==");
	check_header(r, "x-api-key", "a:b c\td");
	check_header(r, "accept", "text/plain");
	check_header(r, "webhook-id", "id-1");
	check_header(r, "x-request-id", "request-1");
	check_header(r, "user-agent", "smartcity-orchestrator");
	check_header(
	    r, "content-type", "application/cloudevents+json; charset=utf-8");
	assert_null(strstr(r->raw, "Accept: */*"));
	buf_free(&a.answer);
}

static void
webhook__as_many_and_as_long_as_there_may_be__all_sent(void **state)
{
	const struct receiver_request *r;
	struct attempt a;
	char name[16];
	struct buf all;
	int i;

	(void)state;
	buf_init(&all, 1 << 16);
	for (i = 0; i < 16; i++)
		buf_printf(&all, "%sX-%02d: %0900d", i ? "\n" : "", i, i);
	a = deliver(url_of("/ok/a"), all.data);
	assert_int_equal(a.error, ERROR_NONE);
	r = receiver_find(&receiver, "/ok/a", 0);
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "X-%02d", i);
		assert_non_null(strstr(r->raw, name));
	}
	assert_non_null(strstr(r->raw, "webhook-signature: "));
	buf_free(&a.answer);
	buf_free(&all);
}

static void
webhook__one_server_for_two_subscriptions__each_has_its_own(void **state)
{
	struct attempt a = deliver(url_of("/ok/a"), "X-Who: a");
	struct attempt b = deliver(url_of("/ok/b"), "X-Who: b");
	struct attempt c = deliver(url_of("/ok/c"), NULL);
	char *none;

	(void)state;
	check_header(receiver_find(&receiver, "/ok/a", 0), "x-who", "a");
	check_header(receiver_find(&receiver, "/ok/b", 0), "x-who", "b");
	none = receiver_header(receiver_find(&receiver, "/ok/c", 0), "x-who");
	assert_null(none);
	buf_free(&a.answer);
	buf_free(&b.answer);
	buf_free(&c.answer);
}

static void
webhook__redirected__headers_go_nowhere_else(void **state)
{
	char path[256];
	struct attempt a;

	(void)state;
	snprintf(path, sizeof(path),
	    "/redirect/a?to=http://127.0.0.1:%d/ok/stolen", receiver.port);
	a = deliver(url_of(path), "Authorization: Bearer s3cret");
	assert_int_equal(a.error, ERROR_HTTP);
	assert_int_equal(a.http_status, 302);
	assert_int_equal(receiver_count(&receiver, "/ok/stolen"), 0);
	buf_free(&a.answer);
}

/* A server that answers with the request it received. */
static void *
echo(void *arg)
{
	char text[ECHO_MAX + 1];
	int fd = accept(*(int *)arg, NULL, NULL);
	ssize_t n, len = 0;

	while (len < ECHO_MAX &&
	    (n = read(fd, text + len, (size_t)(ECHO_MAX - len))) > 0) {
		len += n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n{}") != NULL)
			break;
	}
	dprintf(fd,
	    "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: %zd\r\n"
	    "\r\n%s",
	    len + 70, text);
	/* The token whole, with a backslash in it, and cut off. */
	dprintf(fd,
	    "the token s3cret-token! is no good, nor s3cret-tok\\/en! nor "
	    "s3cret-tok");
	close(fd);
	return NULL;
}

static void
webhook__answer_with_what_was_sent__secrets_are_not_kept(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	struct attempt a;
	char url[64];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	pthread_create(&thread, NULL, echo, &fd);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(at.sin_port));
	a = deliver(url,
	    "Authorization: Bearer s3cret-token!\nX-Api-Key: s3cret-key\n"
	    "X-Short: a");
	pthread_join(thread, NULL);
	close(fd);
	assert_int_equal(a.error, ERROR_HTTP);
	assert_int_equal(a.http_status, 401);
	if (strstr(a.answer.data, "s3cret") != NULL)
		fail_msg("%s", a.answer.data);
	assert_non_null(strstr(a.answer.data,
	    "the token ************* is no good, nor **********\\/en! nor "
	    "**********"));
	assert_non_null(strstr(a.answer.data, "X-Short: a"));
	assert_non_null(strstr(a.answer.data, "webhook-id: id-1"));
	buf_free(&a.answer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(webhook__static_headers__sent_beside_ours),
	TEST(webhook__as_many_and_as_long_as_there_may_be__all_sent),
	TEST(webhook__one_server_for_two_subscriptions__each_has_its_own),
	TEST(webhook__redirected__headers_go_nowhere_else),
	TEST(webhook__answer_with_what_was_sent__secrets_are_not_kept),
};

T_MAIN(tests)
