/*
 * The gateway: how it reads the request line, headers and parameters.
 */
#include "t.h"

#include <string.h>

#include "gateway_fake.h"

/* Serves a POST with these params; puts the start of its answer into head. */
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
	strcpy(gateway_config.origins, "https://dash.example");
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
	strcpy(gateway_config.origins, "https://dash.example");
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
	strcpy(gateway_config.origins, "");
	ASK(HOST, DASH);
	assert_int_equal(seen.request.origin, ORIGIN_FOREIGN);
	assert_null(strstr(head, "Access-Control"));
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
gateway__content_encoding__counted_without_identity(void **state)
{
	static const struct {
		const char *one, *two, *want;
		int count;
	} rows[] = {
		{ "br", "br", NULL, 0 }, /* headers of other names */
		{ "", "", NULL, 0 },
		{ "identity", "IDENTITY", NULL, 0 },
		{ " identity ,\tidentity,", ", ,", NULL, 0 },
		{ "br", "identity", "br", 1 },
		{ "identity", "br", "br", 1 },
		{ "identity, br", "", "br", 1 },
		{ "br, identity", "", "br, identity", 1 },
		{ "br, zstd", "", "br, zstd", 2 },
		{ "gzip", "gzip", "gzip", 2 },
		{ "gzip, gzip", "gzip", "gzip, gzip", 3 },
		{ "identity2", "", "identity2", 1 },
		{ "identit", "", "identit", 1 },
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
		assert_int_equal(seen.request.content_encodings, rows[i].count);
		if (rows[i].want == NULL)
			assert_null(seen.request.content_encoding);
		else
			assert_string_equal(
			    seen.request.content_encoding, rows[i].want);
		buf_free(&f.out);
	}
}

static void
gateway__headers_of_a_cloudevent__as_they_came(void **state)
{
	struct fake f = { .left = 0 };

	(void)state;
	SERVE(&f, POST, "HTTP_CE_SPECVERSION=1.0", "HTTP_CE_ID=a%20b",
	    "HTTP_CE_SOURCE=\"/s\"", "HTTP_CE_TYPE=", "HTTP_CE_SUBJECT=x",
	    "HTTP_CE_TRACEPARENT=no", "HTTP_CE_IDS=c");
	assert_string_equal(seen.request.ce.specversion, "1.0");
	assert_string_equal(seen.request.ce.id, "a%20b");
	assert_string_equal(seen.request.ce.source, "\"/s\"");
	assert_string_equal(seen.request.ce.type, "");
	assert_string_equal(seen.request.ce.traceparent, "no");
	assert_null(seen.request.ce.time);
	buf_free(&f.out);
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
gateway__request_id_with_any_byte__letters_digits_and_nine_signs(void **state)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-._~+/=:@";
	char line[] = "REQUEST_ID=a?";
	struct fake f;
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		line[sizeof(line) - 2] = (char)c;
		f = (struct fake){ .left = 0 };
		SERVE(&f, POST, line);
		assert_true((seen.request.request_id != NULL) ==
		    (strchr(good, c) != NULL));
		buf_free(&f.out);
	}
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
	gateway_assert_refused(&f, "Status: 500 Internal Server Error\r\n");
}

static const struct CMUnitTest tests[] = {
	TEST(gateway__page_of_another_site__known_by_either_header),
	TEST(gateway__page_of_a_listed_site__may_read_the_answer),
	TEST(gateway__target_in_any_form__path_and_query),
	TEST(gateway__no_request_uri__script_and_path_info),
	TEST(gateway__two_idempotency_keys__first_and_their_number),
	TEST(gateway__repeated_lines__several_types_any_accept_no_trace),
	TEST(gateway__content_encoding__counted_without_identity),
	TEST(gateway__headers_of_a_cloudevent__as_they_came),
	TEST(gateway__request_id__nginx_s_alone_short_and_plain),
	TEST(gateway__request_id_with_any_byte__letters_digits_and_nine_signs),
	TEST(gateway__setting_of_the_location__wins),
	TEST(gateway__bad_setting_of_the_location__500),
};

T_MAIN(tests)
