/*
 * ETag and If-None-Match (RFC 9110, sections 8.8.3 and 13.1.2).
 */
#include "t.h"

#include <string.h>

#include "etag.h"

static void
etag__in_a_list__matches_weakly(void **state)
{
	static const char *const lists[] = { "\"a\"", "W/\"a\"", "\"b\", \"a\"",
		"\"b\",\"a\"", "W/\"b\" ,\t W/\"a\"", ", ,\"a\"",
		"\"x,y\", \"a\"", "*", " * ", "\"a\", \"open" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (!etag_matches(lists[i], "\"a\""))
			fail_msg("%s", lists[i]);
}

static void
etag__not_in_the_list__no_match(void **state)
{
	static const char *const lists[] = { "", " ", "\"b\"", "a", "\"a", "\"",
		"\"a \"", "\"A\"", "\"ab\"", "\"b,\"a\"", "w/\"a\"", "W/a",
		"W/", "b, \"a\"", "\"b\" x \"a\"" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (etag_matches(lists[i], "\"a\""))
			fail_msg("%s", lists[i]);
}

static void
etag__answer__304_only_for_the_same_bytes(void **state)
{
	struct request req = { .method = "GET" };
	struct response res = { .status = 200 };
	char tag[64];

	(void)state;
	buf_init(&res.headers, 1000);
	buf_init(&res.body, 1000);
	buf_puts(&res.body, "[]");
	etag_answer(&req, "ids", 3, &res);
	assert_int_equal(res.status, 200);
	assert_string_equal(res.body.data, "[]");
	assert_string_equal(res.cache_control, "private, no-cache");
	assert_int_equal(sscanf(res.headers.data, "ETag: %63s", tag), 1);

	req.if_none_match = tag;
	etag_answer(&req, "idz", 3, &res);
	assert_int_equal(res.status, 200);
	etag_answer(&req, "ids", 3, &res);
	assert_int_equal(res.status, 304);
	assert_int_equal(res.body.len, 0);
	buf_free(&res.headers);
	buf_free(&res.body);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(etag__in_a_list__matches_weakly),
	cmocka_unit_test(etag__not_in_the_list__no_match),
	cmocka_unit_test(etag__answer__304_only_for_the_same_bytes),
};

T_MAIN(tests)
