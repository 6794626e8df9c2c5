/* The gateway: bodies in, answers out, whatever the stream does. */
#include "t.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "gateway_fake.h"
#include "log.h"

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

static void
gateway__body_cut_short__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=10");
	gateway_assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__body_longer_than_announced__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST, "CONTENT_LENGTH=4");
	gateway_assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__body_without_a_length__nothing_handled(void **state)
{
	struct fake f = { .body = "hello", .left = 5 };

	(void)state;
	SERVE(&f, POST);
	gateway_assert_refused(&f, "Status: 400 Bad Request\r\n");
}

static void
gateway__stream_fails__nothing_handled_nothing_written(void **state)
{
	struct fake f = { .body = "hello", .left = 5, .break_at = 2 };

	(void)state;
	/* Nothing is handled, even if all announced bytes came. */
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
		gateway_assert_refused(&f, "Status: 400 Bad Request\r\n");
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
	gateway_assert_answer(&f, "Status: 200 OK\r\n");
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
	gateway_assert_answer(&f, "Status: 204 No Content\r\n");
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
	gateway_assert_answer(&f, "Status: 500 Internal Server Error\r\n");
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

/* What SERVE logs; valid until the next call. */
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
	fake_serve(&f, params);
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
	gateway_config.business.log_level = LOG_LEVEL_WARN;
	text = LOGGED(POST, "REQUEST_ID=r1", "SMARTCITY_SLOW_MS=20");
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		assert_non_null(strstr(text, wanted[i]));
	assert_true(strtol(strstr(text, "dur_ms") + 8, NULL, 10) >= 20);
	assert_string_equal(strchr(text, '\n'), "\n");
	assert_string_equal(LOGGED(POST, "SMARTCITY_SLOW_MS=20000"), "");
	assert_string_equal(LOGGED(POST, "SMARTCITY_SLOW_MS=0"), "");
	gateway_config.business.log_level = LOG_LEVEL_ERROR;
}

static void
gateway__level_of_the_location__for_that_request_alone(void **state)
{
	const char *text;

	(void)state;
	text = LOGGED("REQUEST_METHOD=GET", "REQUEST_URI=/ingest/No?q=secret",
	    "SMARTCITY_LOG_LEVEL=debug");
	assert_non_null(
	    strstr(text, J("'level':'debug','program':'smartcity'")));
	assert_non_null(strstr(text,
	    J("'msg':'request','method':'GET',"
	      "'path':'/ingest/No','status':200,")));
	assert_null(strstr(text, "secret"));
	assert_string_equal(LOGGED(POST), "");
	text = LOGGED(POST, "SMARTCITY_LOG_LEVEL=loud");
	assert_non_null(strstr(text,
	    "\"msg\":\"gateway: fastcgi_param "
	    "SMARTCITY_LOG_LEVEL: "));
	assert_non_null(strstr(text, J("'service':'health'")));
}

static const struct CMUnitTest tests[] = {
	TEST(gateway__whole_body__handled_and_answered_in_one_write),
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
	TEST(gateway__response_that_does_not_fit__500_and_whole),
	TEST(gateway__large_response__complete),
	TEST(gateway__slow_request__one_line_with_its_phases),
	TEST(gateway__level_of_the_location__for_that_request_alone),
};

T_MAIN(tests)
