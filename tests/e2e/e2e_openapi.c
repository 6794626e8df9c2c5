/*
 * The API's description, checked against the running stack, and the pages that
 * show it. Checks that need JSON Schema, the linter or a browser are JavaScript
 * in tests/openapi/, which node runs against our stack.
 */
#include "t.h"

#include <string.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

#define LINT                                                                   \
	"REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "           \
	"node build/npm/tests/node_modules/@redocly/cli/bin/cli.js lint "      \
	"--max-problems 20 --config tests/openapi/redocly.yaml "

static struct stack s;

static void
expect_header(const struct http *h, const char *name, const char *part)
{
	char *value = http_header(h, name);

	if (value == NULL || strstr(value, part) == NULL)
		fail_msg("%s: wanted %s, got %s", name, part,
		    value ? value : "nothing");
	free(value);
}

static void
pages__asked_for__come_with_their_policy(void **state)
{
	static const char *const targets[] = { "/docs", "/docs/", "/redoc",
		"/redoc/" };
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		h = http_get(s.port, targets[i]);
		assert_int_equal(h.status, 200);
		expect_header(&h, "Content-Type", "text/html; charset=utf-8");
		expect_header(
		    &h, "Content-Security-Policy", "script-src 'self';");
		expect_header(
		    &h, "Content-Security-Policy", "default-src 'none';");
		expect_header(&h, "Cache-Control", "no-cache");
		expect_header(&h, "X-Content-Type-Options", "nosniff");
		assert_null(strstr(h.body, "https:"));
		assert_null(strstr(h.body, "<script>"));
		http_free(&h);
	}
}

static void
openapi__asked_for_again__compressed_then_304(void **state)
{
	struct http h = http_send(
	    s.port, "GET", "/openapi.json", "Accept-Encoding: gzip\r\n", NULL);
	char headers[256], *tag = http_header(&h, "ETag");

	(void)state;
	assert_int_equal(h.status, 200);
	expect_header(&h, "Content-Type", "application/json");
	expect_header(&h, "Content-Encoding", "gzip");
	assert_true(h.body_len < 30000);
	http_free(&h);
	assert_non_null(tag);
	snprintf(headers, sizeof(headers), "If-None-Match: %s\r\n", tag);
	free(tag);
	h = http_send(s.port, "GET", "/openapi.json", headers, NULL);
	assert_int_equal(h.status, 304);
	http_free(&h);
}

static void
pages__wrong_method_or_path__405_or_404(void **state)
{
	static const char *const targets[] = { "/docs", "/redoc/",
		"/openapi.json" };
	static const char *const methods[] = { "POST", "PUT", "DELETE" };
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		h = http_send(s.port, methods[i], targets[i],
		    "Accept: application/problem+json\r\n", NULL);
		assert_int_equal(h.status, 405);
		expect_header(&h, "Allow", "GET, HEAD");
		expect_header(&h, "Content-Type", "application/problem+json");
		http_free(&h);
	}
	h = http_get(s.port, "/docs/../openapi.json");
	assert_int_equal(h.status, 404);
	http_free(&h);
	h = http_get(s.port, "/docs/nothing.js");
	assert_int_equal(h.status, 404);
	assert_string_equal(h.body, "{\"detail\":\"Not Found\"}\n");
	http_free(&h);
}

static void
openapi__held_against_the_stack__every_word_is_true(void **state)
{
	(void)state;
	shell_must(
	    "node tests/openapi/contract.mjs %d %s '%s'", s.port, s.dir, s.url);
}

static void
openapi__client_generated__compiles_strictly_and_uses_every_route(void **state)
{
	(void)state;
	shell_must("node tests/openapi/client.mjs %d %s/client", s.port, s.dir);
}

static void
openapi__linted__no_error_and_no_warning(void **state)
{
	(void)state;
	shell_must(LINT "%s/nginx/www/openapi.json >%s/lint.log 2>&1 || "
			"{ cat %s/lint.log; false; }",
	    s.dir, s.dir, s.dir);
	assert_int_not_equal(shell("grep -q warning %s/lint.log", s.dir), 0);
}

static void
start_page__asked_for__html_and_nothing_else_changes(void **state)
{
	static const char *const targets[] = { "/", "/_smartcity/" };
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		h = http_get(s.port, targets[i]);
		assert_int_equal(h.status, 200);
		expect_header(&h, "Content-Type", "text/html; charset=utf-8");
		expect_header(&h, "Content-Security-Policy",
		    "default-src 'none'; script-src 'self'; style-src 'self';");
		assert_null(strstr(h.body, "https:"));
		assert_null(strstr(h.body, "<script>"));
		assert_null(strstr(h.body, "style="));
		http_free(&h);
	}
	h = http_send(s.port, "HEAD", "/", "", NULL);
	assert_int_equal(h.status, 200);
	assert_int_equal(h.body_len, 0);
	http_free(&h);
	h = http_post(s.port, "/", "{}");
	assert_int_equal(h.status, 405);
	expect_header(&h, "Allow", "GET, HEAD");
	assert_string_equal(h.body, "{\"detail\":\"Method Not Allowed\"}\n");
	http_free(&h);
	h = http_get(s.port, "/favicon.ico");
	assert_int_equal(h.status, 200);
	expect_header(&h, "Content-Type", "image/x-icon");
	http_free(&h);
	h = http_get(s.port, "/nothing");
	assert_int_equal(h.status, 404);
	http_free(&h);
}

/* Accept as browsers send it for a typed URL, and as programs send it. */
static void
stream__opened_in_a_browser__explains_itself(void **state)
{
	static const char *const others[] = { "", "Accept: */*\r\n",
		"Accept: application/json\r\n" };
	struct http h =
	    http_send(s.port, "GET", "/events/stream?service=health",
		"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", NULL);
	size_t i;

	(void)state;
	assert_int_equal(h.status, 200);
	expect_header(&h, "Content-Type", "text/html; charset=utf-8");
	expect_header(&h, "Content-Security-Policy", "default-src 'none';");
	assert_non_null(strstr(h.raw, "Vary: Accept\r\n"));
	assert_non_null(strstr(h.body, "new EventSource"));
	http_free(&h);
	for (i = 0; i < 3; i++) {
		h = http_send(s.port, "GET", "/events/stream", others[i], NULL);
		assert_int_equal(h.status, 406);
		expect_header(&h, "Content-Type", "application/json");
		http_free(&h);
	}
}

static void
browse(const char *pages)
{
	if (shell("command -v chromium >%s/browser", s.dir) != 0)
		skip();
	shell_must("HOME=%s node tests/openapi/browser.mjs %d "
		   "\"$(cat %s/browser)\" %s",
	    s.dir, s.port, s.dir, pages);
}

static void
pages__in_a_browser__work_and_ask_nobody_else(void **state)
{
	(void)state;
	browse("docs redoc");
}

static void
docs__on_a_phone__every_opened_operation_fits(void **state)
{
	(void)state;
	browse("docsOnAPhone");
}

static void
start_page__in_a_browser__says_what_ready_answers(void **state)
{
	(void)state;
	browse("start");
}

/* The last two tests, because they remove the pages. */
static void
start_page__docs_not_built__is_there_and_says_so(void **state)
{
	(void)state;
	shell_must("rm -r %s/nginx/www/docs %s/nginx/www/redoc", s.dir, s.dir);
	browse("startAlone");
}

static void
pages__not_built__404_says_so(void **state)
{
	static const char *const targets[] = { "/docs", "/redoc" };
	struct http h;
	size_t i;

	(void)state;
	shell_must("cd %s/nginx/www && rm -rf docs redoc _smartcity", s.dir);
	for (i = 0; i < 2; i++) {
		h = http_get(s.port, targets[i]);
		assert_int_equal(h.status, 404);
		assert_string_equal(h.body,
		    "{\"detail\":\"This page is not installed here; GET "
		    "/openapi.json has what it shows\"}\n");
		http_free(&h);
	}
	h = http_get(s.port, "/openapi.json");
	assert_int_equal(h.status, 200);
	http_free(&h);
	h = http_get(s.port, "/");
	assert_int_equal(h.status, 404);
	assert_string_equal(h.body, "{\"detail\":\"Not Found\"}\n");
	http_free(&h);
	h = http_send(
	    s.port, "GET", "/events/stream", "Accept: text/html\r\n", NULL);
	assert_int_equal(h.status, 406);
	assert_non_null(strstr(h.body, "{\"detail\":\"Ask with Accept:"));
	http_free(&h);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pages__asked_for__come_with_their_policy),
	cmocka_unit_test(openapi__asked_for_again__compressed_then_304),
	cmocka_unit_test(pages__wrong_method_or_path__405_or_404),
	cmocka_unit_test(openapi__linted__no_error_and_no_warning),
	cmocka_unit_test(openapi__held_against_the_stack__every_word_is_true),
	cmocka_unit_test(
	    openapi__client_generated__compiles_strictly_and_uses_every_route),
	cmocka_unit_test(start_page__asked_for__html_and_nothing_else_changes),
	cmocka_unit_test(stream__opened_in_a_browser__explains_itself),
	cmocka_unit_test(pages__in_a_browser__work_and_ask_nobody_else),
	cmocka_unit_test(docs__on_a_phone__every_opened_operation_fits),
	cmocka_unit_test(start_page__in_a_browser__says_what_ready_answers),
	cmocka_unit_test(start_page__docs_not_built__is_there_and_says_so),
	cmocka_unit_test(pages__not_built__404_says_so),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=4")
