#include "t.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "gateway.h"
#include "log.h"

/* A web server made of strings. */
struct fake {
	const char *body;
	size_t left;
	size_t break_at; /* bytes before the end that the stream fails at */
	bool failed;
	struct buf out;
	int writes, finishes;
	bool wrote_early; /* before the body was read to its end */
};

/* What the route was given, and what it is to answer. */
static struct {
	int calls;
	struct request request;
	char path[4096], query[4096], body[64];
	int status;
	const char *body_out;
	bool overflow;
	int delay_ms;
} seen;

static void
handle(
    const struct context *context, const struct request *q, struct response *r)
{
	(void)context;
	seen.calls++;
	poll(NULL, 0, seen.delay_ms);
	seen.request = *q;
	snprintf(seen.path, sizeof(seen.path), "%s", q->path);
	snprintf(seen.query, sizeof(seen.query), "%s", q->query);
	snprintf(seen.body, sizeof(seen.body), "%s", q->body);
	r->status = seen.status;
	r->content_type = "application/json";
	buf_puts(&r->headers, "X-Test: 1\r\n");
	buf_puts(&r->body, seen.body_out);
	r->body.failed = seen.overflow;
}

static size_t
fake_read(void *arg, char *to, size_t n)
{
	struct fake *f = arg;

	if (f->left <= f->break_at) {
		f->failed = f->left > 0;
		return 0;
	}
	if (n > f->left - f->break_at)
		n = f->left - f->break_at;
	if (f->body != NULL)
		memcpy(to, f->body, n);
	else
		memset(to, 'x', n);
	if (f->body != NULL)
		f->body += n;
	f->left -= n;
	return n;
}

static bool
fake_failed(void *arg)
{
	const struct fake *f = arg;

	return f->failed;
}

static void
fake_write(void *arg, const char *from, size_t n)
{
	struct fake *f = arg;

	f->wrote_early |= f->left > 0;
	f->writes++;
	buf_put(&f->out, from, n);
}

static void
fake_finish(void *arg)
{
	struct fake *f = arg;

	f->finishes++;
}

static struct config config = { .business = { .threshold_kwh = 500,
				    .log_level = LOG_LEVEL_ERROR } };

static void
serve(struct fake *f, char **params)
{
	const struct context context = { .handle = handle, .config = &config };
	const struct gateway gateway = { f, params, fake_read, fake_failed,
		fake_write, fake_finish };

	buf_init(&f->out, RESPONSE_MAX);
	gateway_serve(&context, &gateway);
	assert_false(f->wrote_early);
	assert_int_equal(f->finishes, f->writes > 0);
}

#define SERVE(f, ...) serve(f, (char *[]){ __VA_ARGS__, NULL })
#define POST "REQUEST_METHOD=POST", "REQUEST_URI=/ingest/health"

static int
setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.status = 200;
	seen.body_out = "{\"a\":1}";
	return 0;
}

static void
assert_answer(struct fake *f, const char *start)
{
	assert_memory_equal(f->out.data, start, strlen(start));
	buf_free(&f->out);
}

/* Nothing was handled; the answer has that status. */
static void
assert_refused(struct fake *f, const char *start)
{
	assert_int_equal(seen.calls, 0);
	assert_answer(f, start);
}

static void
gateway__whole_body__handled_and_answered_in_one_write(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=5", "CONTENT_TYPE=application/json",
	    "HTTP_ACCEPT=*/*", "REQUEST_ID=r1");
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.body, "hello");
	assert_int_equal(seen.request.body_len, 5);
	assert_string_equal(seen.request.method, "POST");
	assert_string_equal(seen.request.content_type, "application/json");
	assert_string_equal(seen.request.accept, "*/*");
	assert_string_equal(seen.request.request_id, "r1");
	assert_int_equal(f.writes, 1);
	assert_string_equal(f.out.data,
	    "Status: 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: 7\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\nX-Test: 1\r\n\r\n{\"a\":1}");
	buf_free(&f.out);
}

/* Whose page asks, as the headers in params say. */
#define ASK(...)                                                               \
	do {                                                                   \
		struct fake f = { 0 };                                         \
		SERVE(&f, POST, __VA_ARGS__);                                  \
		snprintf(head, sizeof(head), "%s", f.out.data);                \
		buf_free(&f.out);                                              \
	} while (0)
#define OWN "HTTP_ORIGIN=http://a.example:8000"
#define DASH "HTTP_ORIGIN=https://dash.example"
#define EVIL "HTTP_ORIGIN=https://evil.example"
#define HOST "HTTP_HOST=a.example:8000"
#define FETCH(site) "HTTP_SEC_FETCH_SITE=" site

static void
gateway__page_of_another_site__known_by_either_header(void **state)
{
	char head[1024];

	(void)state;
	strcpy(config.origins, "https://dash.example");
	ASK(HOST, "CONTENT_LENGTH=0");
	assert_int_equal(seen.request.origin, ORIGIN_NONE);
	ASK(HOST, OWN, FETCH("same-origin"));
	assert_int_equal(seen.request.origin, ORIGIN_OWN);
	ASK(HOST, OWN);
	assert_int_equal(seen.request.origin, ORIGIN_OWN);
	ASK(HOST, EVIL);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, EVIL, FETCH("same-origin"));
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, FETCH("cross-site"));
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, OWN, FETCH("same-site"));
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, OWN, EVIL);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, "HTTP_ORIGIN=http://a.example:8000, null");
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(HOST, "REQUEST_SCHEME=https", OWN);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(OWN);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	ASK(OWN, FETCH("same-origin"));
	assert_int_equal(seen.request.origin, ORIGIN_OWN);
	assert_null(seen.request.reader);
	assert_null(strstr(head, "Access-Control"));
}

static void
gateway__page_of_a_listed_site__may_read_the_answer(void **state)
{
	char head[1024];

	(void)state;
	strcpy(config.origins, "https://dash.example");
	ASK(HOST, DASH, FETCH("cross-site"));
	assert_int_equal(seen.request.origin, ORIGIN_LISTED);
	assert_non_null(strstr(
	    head, "\r\nAccess-Control-Allow-Origin: https://dash.example\r\n"));
	assert_non_null(strstr(head, "\r\nVary: Origin\r\n"));
	ASK(HOST, DASH, DASH);
	assert_int_equal(seen.request.origin, ORIGIN_LISTED);
	assert_null(strstr(head, "Access-Control"));
	ASK(HOST, DASH ", https://dash.example");
	assert_int_equal(seen.request.origin, ORIGIN_LISTED);
	assert_null(strstr(head, "Access-Control"));
	strcpy(config.origins, "");
	ASK(HOST, DASH);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	assert_null(strstr(head, "Access-Control"));
}

static void
gateway__body_cut_short__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=10");
	assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__body_longer_than_announced__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=4");
	assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__body_without_a_length__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST);
	assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__stream_fails__nothing_handled_nothing_written(void **state)
{
	struct fake f = { .body = "hello", .left = 5, .break_at = 2 };

	(void)state;
	/* Even where what came has the announced length. */
	SERVE(&f, POST, "CONTENT_LENGTH=3");
	assert_int_equal(seen.calls, 0);
	assert_int_equal(f.writes, 0);
	buf_free(&f.out);
}

static void
gateway__length_is_no_number__nothing_handled(void **state)
{
	static const char *const lengths[] = { "CONTENT_LENGTH=abc",
		"CONTENT_LENGTH=-5", "CONTENT_LENGTH=+5", "CONTENT_LENGTH= 5",
		"CONTENT_LENGTH=5 ", "CONTENT_LENGTH=0x5", "CONTENT_LENGTH=5.0",
		"CONTENT_LENGTH=18446744073709551621" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct fake f = { .body = "hello", .left = 5 };

		SERVE(&f, POST, (char *)lengths[i]);
		assert_refused(&f, "Status: 400 Bad Request\r\n");
	}
}

static void
gateway__empty_length__no_body(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(
	    &f, "REQUEST_METHOD=GET", "REQUEST_URI=/events", "CONTENT_LENGTH=");
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.body, "");
	assert_answer(&f, "Status: 200 OK\r\n");
}

static void
gateway__largest_body__handled_whole(void **state)
{
	struct fake f = { .left = BODY_MAX };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=1048576");
	assert_false(seen.request.body_too_large);
	assert_int_equal(seen.request.body_len, BODY_MAX);
	buf_free(&f.out);
}

static void
gateway__body_over_the_limit__drained_and_marked(void **state)
{
	struct fake f = { .left = 3 * BODY_MAX };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=3145728");
	assert_int_equal(f.left, 0);
	assert_true(seen.request.body_too_large);
	assert_int_equal(seen.request.body_len, 0);
	assert_string_equal(seen.body, "");
	buf_free(&f.out);
}

static void
gateway__body_after_a_large_one__alone(void **state)
{
	struct fake large = { .left = BODY_MAX };
	struct fake small = { .body = "hi", .left = 2 };

	(void)state;
	SERVE(&large, POST, "CONTENT_LENGTH=1048576");
	SERVE(&small, POST, "CONTENT_LENGTH=2");
	assert_string_equal(seen.body, "hi");
	assert_int_equal(seen.request.body_len, 2);
	buf_free(&large.out);
	buf_free(&small.out);
}

static void
gateway__head__length_without_body(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(&f, "REQUEST_METHOD=HEAD", "REQUEST_URI=/events");
	assert_non_null(strstr(f.out.data, "Content-Length: 7\r\n"));
	assert_string_equal(strstr(f.out.data, "\r\n\r\n"), "\r\n\r\n");
	buf_free(&f.out);
}

static void
gateway__no_content__neither_length_nor_body(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	seen.status = 204;
	SERVE(&f, "REQUEST_METHOD=OPTIONS", "REQUEST_URI=/events");
	assert_null(strstr(f.out.data, "Content-Length"));
	assert_string_equal(strstr(f.out.data, "\r\n\r\n"), "\r\n\r\n");
	assert_answer(&f, "Status: 204 No Content\r\n");
}

static void
gateway__target_in_any_form__path_and_query(void **state)
{
	static const struct {
		char *uri;
		const char *path, *query;
	} rows[] = {
		{ "REQUEST_URI=/a/b", "/a/b", "" },
		{ "REQUEST_URI=/a?b=c?d", "/a", "b=c?d" },
		{ "REQUEST_URI=/a%3Fb?", "/a%3Fb", "" },
		{ "REQUEST_URI=http://host:1/a?b", "/a", "b" },
		{ "REQUEST_URI=HTTPS://host", "/", "" },
		{ "REQUEST_URI=http://host?b", "/", "b" },
		{ "REQUEST_URI=*", "*", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake f = { .left = 0 };

		SERVE(&f, "REQUEST_METHOD=GET", rows[i].uri,
		    "QUERY_STRING=not=this");
		assert_string_equal(seen.path, rows[i].path);
		assert_string_equal(seen.query, rows[i].query);
		buf_free(&f.out);
	}
}

static void
gateway__no_request_uri__script_and_path_info(void **state)
{
	struct fake f = { .left = 0 }, bare = { .left = 0 };

	(void)state;
	SERVE(&f, "REQUEST_METHOD=GET", "SCRIPT_NAME=/cgi", "PATH_INFO=/events",
	    "QUERY_STRING=limit=1");
	assert_string_equal(seen.path, "/cgi/events");
	assert_string_equal(seen.query, "limit=1");
	SERVE(&bare, "REQUEST_METHOD=GET");
	assert_string_equal(seen.path, "/");
	assert_string_equal(seen.query, "");
	buf_free(&f.out);
	buf_free(&bare.out);
}

static void
gateway__two_idempotency_keys__first_and_their_number(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(&f, POST, "HTTP_IDEMPOTENCY_KEY=one", "HTTP_IDEMPOTENCY_KEY=two");
	assert_string_equal(seen.request.idempotency_key, "one");
	assert_int_equal(seen.request.idempotency_keys, 2);
	buf_free(&f.out);
}

static void
gateway__repeated_lines__several_types_any_accept_no_trace(void **state)
{
	static char trace[] = "HTTP_TRACEPARENT="
			      "00-0af7651916cd43dd8448eb211c80319c-"
			      "b7ad6b7169203331-01";
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(&f, POST, "HTTP_CONTENT_TYPE=a/b", "HTTP_CONTENT_TYPE=c/d",
	    "HTTP_ACCEPT=text/html", "HTTP_ACCEPT=application/problem+json",
	    trace, trace);
	assert_int_equal(seen.request.content_types, 2);
	assert_string_equal(seen.request.accept, "application/problem+json");
	assert_null(seen.request.traceparent);
	buf_free(&f.out);
}

static void
gateway__content_encoding__none_where_it_is_identity(void **state)
{
	static const struct {
		const char *one, *two, *want;
	} rows[] = {
		{ "gzip", "gzip", NULL }, /* of other names */
		{ "", "", NULL },
		{ "identity", "IDENTITY", NULL },
		{ " identity ,\tidentity,", ", ,", NULL },
		{ "gzip", "identity", "gzip" },
		{ "identity", "br", "br" },
		{ "identity, gzip", "", "identity, gzip" },
		{ "identity2", "", "identity2" },
		{ "identit", "", "identit" },
	};
	char one[64], two[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake f = { .left = 0 };

		snprintf(one, sizeof(one), "HTTP_CONTENT_ENCODING%s%s",
		    i == 0 ? "S=" : "=", rows[i].one);
		snprintf(two, sizeof(two), "HTTP_CONTENT_ENCODING%s%s",
		    i == 0 ? "_=" : "=", rows[i].two);
		SERVE(&f, POST, one, two);
		if (rows[i].want == NULL)
			assert_null(seen.request.content_encoding);
		else
			assert_string_equal(
			    seen.request.content_encoding, rows[i].want);
		buf_free(&f.out);
	}
}

static void
gateway__request_id__nginx_s_alone_short_and_plain(void **state)
{
	static char *const bad[] = { "HTTP_X_REQUEST_ID=sender",
		"REQUEST_ID=", "REQUEST_ID=a b", "REQUEST_ID=a\"b",
		"REQUEST_ID=a\nb" };
	char large[400] = "REQUEST_ID=";
	struct fake f = { .left = 0 };
	size_t i;

	(void)state;
	SERVE(&f, POST, "HTTP_X_REQUEST_ID=sender", "REQUEST_ID=nginx");
	assert_string_equal(seen.request.request_id, "nginx");
	buf_free(&f.out);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		f = (struct fake){ .left = 0 };
		SERVE(&f, POST, bad[i]);
		assert_null(seen.request.request_id);
		buf_free(&f.out);
	}
	memset(large + strlen(large), 'x', sizeof(large) - strlen(large) - 1);
	large[sizeof(large) - 1] = '\0';
	f = (struct fake){ .left = 0 };
	SERVE(&f, POST, large);
	assert_null(seen.request.request_id);
	buf_free(&f.out);
}

static void
gateway__setting_of_the_location__wins(void **state)
{
	struct fake f = { .left = 0 }, without = { .left = 0 };

	(void)state;
	SERVE(&f, POST, "THRESHOLD_KWH=7.5");
	assert_true(seen.request.business.threshold_kwh == 7.5);
	SERVE(&without, POST, "THRESHOLD_KWH=");
	assert_true(seen.request.business.threshold_kwh == 500);
	buf_free(&f.out);
	buf_free(&without.out);
}

static void
gateway__bad_setting_of_the_location__500(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(&f, POST, "THRESHOLD_KWH=lots");
	assert_refused(&f, "Status: 500 Internal Server Error\r\n");
}

static void
gateway__response_that_does_not_fit__500_and_whole(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	seen.overflow = true;
	SERVE(&f, POST);
	assert_null(strstr(f.out.data, "X-Test"));
	assert_non_null(strstr(f.out.data, "{\"detail\":"));
	assert_answer(&f, "Status: 500 Internal Server Error\r\n");
}

static void
gateway__large_response__complete(void **state)
{
	enum {
		LARGE = 1 << 20
	};
	char *large = malloc(LARGE + 1);
	struct fake f = { .left = 0 };

	(void)state;
	assert_non_null(large);
	memset(large, 'y', LARGE);
	large[LARGE] = '\0';
	seen.body_out = large;
	SERVE(&f, POST);
	assert_non_null(strstr(f.out.data, "Content-Length: 1048576\r\n"));
	assert_string_equal(strstr(f.out.data, "\r\n\r\n") + 4, large);
	free(large);
	buf_free(&f.out);
}

/* What SERVE writes on stderr, until the next call. */
static const char *
logged(char **params)
{
	static char text[8192];
	struct fake f = { .left = 0 };
	int stderr_was = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	size_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	serve(&f, params);
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	buf_free(&f.out);
	return text;
}

#define LOGGED(...) logged((char *[]){ __VA_ARGS__, NULL })

static void
gateway__slow_request__one_line_with_its_phases(void **state)
{
	static const char *const wanted[] = { "\"level\":\"warn\"",
		"\"msg\":\"slow request\",\"request_id\":\"r1\","
		"\"service\":\"health\",\"method\":\"POST\","
		"\"path\":\"/ingest/health\",\"status\":200,\"dur_ms\":",
		"\"read_ms\":0,\"parse_ms\":0,\"rules_ms\":0,\"db_ms\":0,",
		"\"db_ms\":0,\"write_ms\":" };
	const char *text;
	size_t i;

	(void)state;
	seen.delay_ms = 20;
	config.business.log_level = LOG_LEVEL_WARN;
	text = LOGGED(POST, "REQUEST_ID=r1", "SMARTCITY_SLOW_MS=20");
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		assert_non_null(strstr(text, wanted[i]));
	assert_true(strtol(strstr(text, "dur_ms") + 8, NULL, 10) >= 20);
	assert_string_equal(strchr(text, '\n'), "\n");
	assert_string_equal(LOGGED(POST, "SMARTCITY_SLOW_MS=20000"), "");
	assert_string_equal(LOGGED(POST, "SMARTCITY_SLOW_MS=0"), "");
	config.business.log_level = LOG_LEVEL_ERROR;
}

static void
gateway__level_of_the_location__for_that_request_alone(void **state)
{
	const char *text;

	(void)state;
	text = LOGGED("REQUEST_METHOD=GET", "REQUEST_URI=/ingest/No?q=secret",
	    "SMARTCITY_LOG_LEVEL=debug");
	assert_non_null(
	    strstr(text, "\"level\":\"debug\",\"program\":\"smartcity\""));
	assert_non_null(strstr(text,
	    "\"msg\":\"request\",\"method\":\"GET\","
	    "\"path\":\"/ingest/No\",\"status\":200,"));
	assert_null(strstr(text, "secret"));
	assert_string_equal(LOGGED(POST), "");
	text = LOGGED(POST, "SMARTCITY_LOG_LEVEL=loud");
	assert_non_null(strstr(text,
	    "\"msg\":\"gateway: fastcgi_param "
	    "SMARTCITY_LOG_LEVEL: "));
	assert_non_null(strstr(text, "\"service\":\"health\""));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

static const struct CMUnitTest tests[] = {
	TEST(gateway__whole_body__handled_and_answered_in_one_write),
	TEST(gateway__page_of_another_site__known_by_either_header),
	TEST(gateway__page_of_a_listed_site__may_read_the_answer),
	TEST(gateway__body_cut_short__nothing_handled),
	TEST(gateway__body_longer_than_announced__nothing_handled),
	TEST(gateway__body_without_a_length__nothing_handled),
	TEST(gateway__stream_fails__nothing_handled_nothing_written),
	TEST(gateway__length_is_no_number__nothing_handled),
	TEST(gateway__empty_length__no_body),
	TEST(gateway__largest_body__handled_whole),
	TEST(gateway__body_over_the_limit__drained_and_marked),
	TEST(gateway__body_after_a_large_one__alone),
	TEST(gateway__head__length_without_body),
	TEST(gateway__no_content__neither_length_nor_body),
	TEST(gateway__target_in_any_form__path_and_query),
	TEST(gateway__no_request_uri__script_and_path_info),
	TEST(gateway__two_idempotency_keys__first_and_their_number),
	TEST(gateway__repeated_lines__several_types_any_accept_no_trace),
	TEST(gateway__content_encoding__none_where_it_is_identity),
	TEST(gateway__request_id__nginx_s_alone_short_and_plain),
	TEST(gateway__setting_of_the_location__wins),
	TEST(gateway__bad_setting_of_the_location__500),
	TEST(gateway__response_that_does_not_fit__500_and_whole),
	TEST(gateway__large_response__complete),
	TEST(gateway__slow_request__one_line_with_its_phases),
	TEST(gateway__level_of_the_location__for_that_request_alone),
};

T_MAIN(tests)
