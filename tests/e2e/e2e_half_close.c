/*
 * Clients that close their sending side after the request, as `nc -N` does, but
 * still wait for the answer; and clients that leave.
 */
#include "t.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "stack.h"

enum {
	RESPONDERS = 2,
	TIMES = 10,
	LONG = 300000, /* longer than nginx's buffers, both ways */
	TOO_LONG = (1 << 20) + 1
};

static struct stack s;

/*
 * While the pool is stopped, nginx has to wait, and has time to see which
 * clients left.
 */
static void
signal_pool(int number)
{
	int i, pid, pool = stack_pid(&s, "fcgi");

	for (i = 0; (pid = stack_child(pool, i)) != 0; i++)
		assert_int_equal(kill(pid, number), 0);
	assert_true(i >= RESPONDERS);
}

static void
expect(const char *request, size_t n, int status, const char *text)
{
	int i;

	for (i = 0; i < TIMES; i++) {
		struct http h = http_half_closed(s.port, request, n);

		if (h.status != status || strstr(h.raw, text) == NULL)
			fail_msg("%.200s: wanted %d, got %.300s", request,
			    status, h.raw);
		http_free(&h);
	}
}

#define HEAD " HTTP/1.1\r\nHost: x\r\n"
#define CLOSE "Connection: close\r\n"

static void
half_close__after_a_whole_request__answered(void **state)
{
	static const struct {
		const char *request;
		int status;
		const char *text;
	} rows[] = {
		{ "POST /ingest/half" HEAD "Content-Length: 7\r\n\r\n{\"n\":1}",
		    200, "stored_event_id" },
		{ "POST /ingest/half" HEAD CLOSE
		  "Content-Length: 7\r\n\r\n{\"n\":1}",
		    200, "stored_event_id" },
		{ "POST /ingest/half HTTP/1.0\r\n"
		  "Content-Length: 7\r\n\r\n{\"n\":1}",
		    200, "stored_event_id" },
		{ "POST /ingest/half" HEAD "Transfer-Encoding: chunked\r\n\r\n"
		  "3\r\n{\"n\r\n4\r\n\":1}\r\n0\r\n\r\n",
		    200, "stored_event_id" },
		{ "POST /ingest/health" HEAD
		  "Content-Length: 21\r\n\r\n{\"alert\":\"emergency\"}",
		    200, "derived_events\":[\"" },
		{ "POST /ingest/half" HEAD "Content-Length: 1\r\n\r\n{", 422,
		    "json_invalid" },
		{ "POST /ingest/half" HEAD "Content-Type: text/plain\r\n"
		  "Content-Length: 2\r\n\r\n{}",
		    415, "detail" },
		{ "GET /events?limit=1" HEAD "\r\n", 200, "\"payload\"" },
		{ "GET /events HTTP/1.0\r\n\r\n", 200, "\"payload\"" },
		{ "GET /events/x" HEAD "\r\n", 422, "detail" },
		{ "GET /nowhere" HEAD "\r\n", 404, "detail" },
		{ "GET /ingest/..%2fx" HEAD "\r\n", 404, "detail" },
		{ "DELETE /events" HEAD "\r\n", 405, "detail" },
		{ "GET /health" HEAD "\r\n", 200, "ok" },
		{ "GET /ready" HEAD "\r\n", 200, "" },
		{ "GET /metrics" HEAD "\r\n", 200, "smartcity_" },
		{ "GET /openapi.json" HEAD "\r\n", 200, "\"openapi\"" },
		{ "POST /subscriptions" HEAD "Content-Length: 2\r\n\r\n{}", 422,
		    "missing" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect(rows[i].request, strlen(rows[i].request), rows[i].status,
		    rows[i].text);
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "service = 'half'"),
	    4 * TIMES);
}

/* A request with a body of *n bytes, to be freed; sets *n to its length. */
static char *
request_of(size_t *n)
{
	char *request = malloc(*n + 200), *p;

	assert_non_null(request);
	p = request +
	    sprintf(request,
		"POST /ingest/long" HEAD "Content-Length: %zu\r\n\r\n", *n);
	memset(p, 'x', *n);
	memcpy(p, "{\"a\":\"", 6);
	memcpy(p + *n - 2, "\"}", 2);
	*n += (size_t)(p - request);
	return request;
}

static void
half_close__after_a_long_body__answered_and_shown(void **state)
{
	static const char get[] =
	    "GET /events?service=long&limit=1" HEAD CLOSE "\r\n";
	size_t n = LONG;
	char *request = request_of(&n);
	int i;

	(void)state;
	expect(request, n, 200, "stored");
	free(request);
	for (i = 0; i < TIMES; i++) {
		struct http h = http_half_closed(s.port, get, sizeof(get) - 1);

		assert_int_equal(h.status, 200);
		assert_true(h.body_len > 2 * LONG);
		assert_int_equal(h.raw[strlen(h.raw) - 1], ']');
		http_free(&h);
	}
}

static void
half_close__after_a_too_long_body__told_so(void **state)
{
	size_t n = TOO_LONG;
	char *request = request_of(&n);

	(void)state;
	expect(request, n, 413, "\"detail\"");
	free(request);
}

static int
dial(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)s.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = 30 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

/* nginx has read these requests when it has answered later ones. */
static void
half_close__while_nobody_answers_yet__answered_then(void **state)
{
	static const char *const requests[] = {
		"POST /ingest/later" HEAD "Content-Length: 2\r\n\r\n{}",
		"GET /events" HEAD "\r\n",
		"GET /health" HEAD "\r\n",
		"POST /subscriptions" HEAD "Content-Length: 2\r\n\r\n{}",
	};
	static const char *const answers[] = { "HTTP/1.1 200", "HTTP/1.1 200",
		"HTTP/1.1 200", "HTTP/1.1 422" };
	enum {
		N = sizeof(requests) / sizeof(*requests)
	};
	char got[13];
	int fds[N], i;

	(void)state;
	signal_pool(SIGSTOP);
	for (i = 0; i < N; i++) {
		fds[i] = dial();
		assert_true(
		    send(fds[i], requests[i], strlen(requests[i]), 0) > 0);
		assert_int_equal(shutdown(fds[i], SHUT_WR), 0);
	}
	for (i = 0; i < 50; i++) {
		struct http h = http_get(s.port, "/openapi.json");

		http_free(&h);
	}
	signal_pool(SIGCONT);
	for (i = 0; i < N; i++) {
		memset(got, 0, sizeof(got));
		recv(fds[i], got, 12, MSG_WAITALL);
		assert_string_equal(got, answers[i]);
		close(fds[i]);
	}
}

static bool
is_stored(void *service)
{
	return t_number(s.url,
		   "SELECT count(*) FROM events WHERE service = "
		   "'%s'",
		   (const char *)service) == 1;
}

/* Logged with the event's status, although no byte of the answer was sent. */
static bool
is_logged(void *path)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "grep -q '\"path\":\"%s\",\"status\":200,.*\"bytes\":0,' "
	    "%s/log/access.log",
	    (const char *)path, s.dir);
	return system(command) == 0;
}

/*
 * nginx cannot tell in time that the client is gone, and the client's request
 * is complete.
 */
static void
client__gone_behind_its_request__event_stored_and_logged(void **state)
{
	static const char request[] =
	    "POST /ingest/gone" HEAD "Content-Length: 2\r\n\r\n{}";
	static char path[] = "/ingest/gone", service[] = "gone";
	struct linger at_once = { .l_onoff = 1 };
	int fd;

	(void)state;
	signal_pool(SIGSTOP);
	fd = dial();
	assert_true(send(fd, request, sizeof(request) - 1, 0) > 0);
	stack_wait_status(&s, "/openapi.json", 200);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	stack_wait_status(&s, "/openapi.json", 200);
	signal_pool(SIGCONT);
	stack_wait(is_stored, service, "an event whose sender left");
	stack_wait(is_logged, path, "its line in the access log");
}

static void
half_close__within_a_body__nothing_stored(void **state)
{
	static const char *const rows[] = {
		"POST /ingest/cut" HEAD "Content-Length: 8\r\n\r\n{}",
		"POST /ingest/cut" HEAD "Content-Length: 3\r\n\r\n{}",
		"POST /ingest/cut HTTP/1.0\r\nContent-Length: 8\r\n\r\n{}",
		"POST /ingest/cut" HEAD
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
		"POST /ingest/cut" HEAD
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
		"POST /ingest/cut" HEAD "Content-Length: 8\r\n\r\n",
		"POST /ingest/cut" HEAD "Content-Length: 2\r\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http h =
		    http_half_closed(s.port, rows[i], strlen(rows[i]));

		if (h.status != 0 && h.status != 400)
			fail_msg("%s got %s", rows[i], h.raw);
		http_free(&h);
	}
	assert_int_equal(t_number(s.url,
			     "SELECT (SELECT count(*) FROM events WHERE "
			     "service = 'cut') + (SELECT count(*) FROM "
			     "rejected_events WHERE service = 'cut')"),
	    0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(half_close__after_a_whole_request__answered),
	cmocka_unit_test(half_close__after_a_long_body__answered_and_shown),
	cmocka_unit_test(half_close__after_a_too_long_body__told_so),
	cmocka_unit_test(half_close__while_nobody_answers_yet__answered_then),
	cmocka_unit_test(half_close__within_a_body__nothing_stored),
	cmocka_unit_test(
	    client__gone_behind_its_request__event_stored_and_logged),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2")
