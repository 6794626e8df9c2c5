/* Which sites' web pages can use the API, in browsers and elsewhere. */
#include "t.h"

#include <string.h>

#include "http.h"
#include "shell.h"
#include "stack.h"

#define EVENT "{\"a\":1}"
#define JSON "Content-Type: application/json\r\n"
#define EVIL "Origin: http://evil.example\r\n"
#define DASH "Origin: https://dash.example\r\n"
#define SSE "Accept: text/event-stream\r\n"
#define WEBSOCKET                                                              \
	"Connection: Upgrade\r\nUpgrade: websocket\r\n"                        \
	"Sec-WebSocket-Version: 13\r\n"                                        \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define NOBODY "00000000-0000-0000-0000-000000000000"

static struct stack s;
static int dash_port;

static int
setup(void **state)
{
	char origins[128];
	const char *const settings[] = { "SMARTCITY_PROCESSES=2", origins,
		NULL };

	(void)state;
	dash_port = stack_free_port();
	snprintf(origins, sizeof(origins),
	    "SMARTCITY_ORIGINS=https://dash.example,http://dash.example:%d",
	    dash_port);
	stack_start(&s, settings);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	return 0;
}

#define expect(...) http_expect(s.port, __VA_ARGS__)

/* Expects `status` and `text` in the answer to a viewer; closes the stream. */
static void
expect_stream(const char *headers, const char *status, const char *text)
{
	char request[1024], head[4096];

	snprintf(request, sizeof(request),
	    "GET /events/stream HTTP/1.1\r\nHost: "
	    "city.localhost:8000\r\n%s\r\n",
	    headers);
	http_head(s.port, request, head, sizeof(head));
	if (strncmp(head + 9, status, 3) != 0 || strstr(head, text) == NULL)
		fail_msg("%s: wanted %s and %s, got %s", headers, status, text,
		    head);
}

static void
senders__no_browsers__notice_nothing(void **state)
{
	(void)state;
	expect("POST", "/ingest/noise", "", EVENT, 200, "stored");
	expect("POST", "/ingest/noise",
	    JSON "Referer: http://evil.example/\r\n", EVENT, 200, "stored");
	expect("POST", "/ingest/noise", "Sec-Fetch-Mode: cors\r\n", EVENT, 200,
	    "stored");
	expect("POST", "/outbox/replay", "", NULL, 200, "");
	expect_stream(SSE, "200", "text/event-stream");
	expect_stream(WEBSOCKET, "101", "Sec-WebSocket-Accept");
}

static long long
stored(void)
{
	return t_number(s.url,
	    "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM "
	    "rejected_events) + (SELECT count(*) FROM subscriptions)");
}

static void
changes__page_of_another_site__403_and_nothing_stored(void **state)
{
	static const char *const routes[][3] = {
		{ "POST", "/ingest/health", "{\"patient_id\":\"x\"}" },
		{ "POST", "/ingest/noise", EVENT },
		{ "POST", "/ingest/noise", "" },
		{ "POST", "/subscriptions",
		    "{\"topic\":\"event.*\",\"url\":\"http://evil.example/"
		    "\"}" },
		{ "PATCH", "/subscriptions/" NOBODY, "{}" },
		{ "DELETE", "/subscriptions/" NOBODY, NULL },
		{ "POST", "/subscriptions/" NOBODY "/secret/rotate", "" },
		{ "POST", "/subscriptions/" NOBODY "/test", "" },
		{ "POST", "/outbox/replay", "" },
		{ "POST", "/outbox/" NOBODY "/retry", "" },
		{ "POST", "/nothing", EVENT },
		{ "PUT", "/events", EVENT },
	};
	static const char *const pages[] = { EVIL, "Origin: null\r\n",
		"Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
		"Sec-Fetch-Site: cross-site\r\n",
		"Sec-Fetch-Site: same-site\r\n",
		"Origin: https://dash.example.evil.example\r\n",
		"Origin: http://dash.example\r\n",
		EVIL "Sec-Fetch-Site: same-origin\r\n",
		EVIL "Sec-Fetch-Site: none\r\n",
		"Origin: http://localhost\r\n" EVIL, EVIL DASH,
		"Origin: https://dash.example, http://evil.example\r\n" };
	long long before = stored();
	char headers[256];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		for (j = 0; j < sizeof(routes) / sizeof(*routes); j++)
			expect(routes[j][0], routes[j][1], pages[i],
			    routes[j][2], 403,
			    "{\"detail\":\"A page of another site may not do "
			    "this. If it is to, list its origin in "
			    "SMARTCITY_ORIGINS");
	snprintf(headers, sizeof(headers), "%s%s", EVIL,
	    "Accept: application/problem+json\r\n");
	expect("POST", "/ingest/noise", headers, EVENT, 403,
	    J("'title':'Forbidden','status':403"));
	assert_true(stored() == before);
}

static void
reading__page_of_another_site__answered_but_not_readable(void **state)
{
	static const char *const targets[] = { "/events", "/subscriptions",
		"/health", "/ready", "/status", "/metrics", "/nothing" };
	struct http h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		h = http_send(s.port, "GET", targets[i],
		    EVIL "Sec-Fetch-Site: cross-site\r\n", NULL);
		assert_int_not_equal(h.status, 403);
		assert_null(strstr(h.raw, "Access-Control"));
		assert_non_null(
		    strstr(h.raw, "X-Content-Type-Options: nosniff\r\n"));
		assert_non_null(strstr(
		    h.raw, "Cross-Origin-Resource-Policy: same-origin\r\n"));
		http_free(&h);
	}
	/* Answers of nginx itself have the header, too. */
	expect("GET", "/ingest//x", EVIL, NULL, 404,
	    "X-Content-Type-Options: nosniff\r\n");
	h = http_send(s.port, "OPTIONS", "/ingest/health",
	    EVIL "Access-Control-Request-Method: POST\r\n", NULL);
	assert_int_equal(h.status, 204);
	assert_null(strstr(h.raw, "Access-Control"));
	http_free(&h);
}

static void
page__of_this_site__works(void **state)
{
	static const char *const pages[] = {
		"Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n",
		"Origin: http://localhost\r\n",
		/* A proxy in front terminates https. */
		"Origin: https://localhost\r\n",
		"Origin: HTTP://LOCALHOST:80\r\n",
		"Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n"
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		expect("POST", "/ingest/noise", pages[i], EVENT, 200, "stored");
}

static void
page__of_a_listed_site__works_and_reads(void **state)
{
	static const char allow[] =
	    "Access-Control-Allow-Origin: https://dash.example\r\n";
	static const char ask[] =
	    DASH "Access-Control-Request-Method: POST\r\n";

	(void)state;
	expect("POST", "/ingest/noise", DASH "Sec-Fetch-Site: cross-site\r\n",
	    EVENT, 200, allow);
	expect("GET", "/events?limit=1", DASH, NULL, 200, allow);
	expect("GET", "/nothing", DASH, NULL, 404, allow);
	expect("POST", "/ingest/noise", DASH, "{", 422, allow);
	expect("OPTIONS", "/ingest/noise", ask, NULL, 204, allow);
	expect("OPTIONS", "/ingest/noise", ask, NULL, 204,
	    "Access-Control-Allow-Methods: POST, OPTIONS\r\n");
	expect("OPTIONS", "/ingest/noise", ask, NULL, 204,
	    "Access-Control-Allow-Headers: Authorization, Content-Encoding, "
	    "Content-Type, Idempotency-Key, ");
	expect("OPTIONS", "/events/stream", DASH, NULL, 204, allow);
}

static void
stream__by_whose_page__opened_or_403(void **state)
{
	static const struct {
		const char *page;
		bool opens;
	} rows[] = {
		{ "Sec-Fetch-Site: same-origin\r\n", true },
		{ "Origin: http://city.localhost:8000\r\n", true },
		{ "Origin: https://city.localhost:8000\r\n", true },
		{ DASH, true },
		{ DASH "Sec-Fetch-Site: cross-site\r\n", true },
		{ EVIL, false },
		{ EVIL "Sec-Fetch-Site: same-origin\r\n", false },
		{ "Origin: null\r\n", false },
		{ "Origin: http://city.localhost\r\n", false },
		{ "Origin: http://city.localhost:8000.evil.example\r\n",
		    false },
		{ "Sec-Fetch-Site: cross-site\r\n", false },
		{ "Sec-Fetch-Site: same-site\r\n", false },
		{ "Origin: http://city.localhost:8000\r\n"
		  "Sec-Fetch-Site: same-site\r\n",
		    false },
		{ EVIL "Origin: http://city.localhost:8000\r\n", false },
	};
	char headers[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(headers, sizeof(headers), SSE "%s", rows[i].page);
		expect_stream(headers, rows[i].opens ? "200" : "403",
		    rows[i].opens ? "text/event-stream" : "application/json");
		snprintf(
		    headers, sizeof(headers), WEBSOCKET "%s", rows[i].page);
		expect_stream(headers, rows[i].opens ? "101" : "403", "");
		snprintf(headers, sizeof(headers),
		    WEBSOCKET "Sec-WebSocket-Protocol: json\r\n%s",
		    rows[i].page);
		expect_stream(headers, rows[i].opens ? "101" : "403",
		    rows[i].opens ? "Sec-WebSocket-Protocol: json\r\n" : "");
	}
	expect("GET", "/events/stream", SSE EVIL, NULL, 403,
	    "{\"detail\":\"A page of another site may not do this. If it is "
	    "to, list its origin in SMARTCITY_ORIGINS");
	expect("OPTIONS", "/events/stream", EVIL, NULL, 403, "detail");
	expect_stream(SSE DASH, "200",
	    "Access-Control-Allow-Origin: https://dash.example\r\n");
}

/* DNS rebinding: the name of the page's site resolves to this host. */
static void
page__under_a_name_that_leads_here__changes_nothing(void **state)
{
	static const char rebound[] =
	    "Host: evil.example:8000\r\nOrigin: http://evil.example:8000\r\n"
	    "Sec-Fetch-Site: same-origin\r\nContent-Length: 2\r\n"
	    "Content-Type: application/json\r\nConnection: close\r\n\r\n{}";
	char request[512], head[4096];

	(void)state;
	snprintf(request, sizeof(request), "POST /ingest/noise HTTP/1.1\r\n%s",
	    rebound);
	http_head(s.port, request, head, sizeof(head));
	assert_memory_equal(head + 9, "403", 3);
}

static void
websocket__subprotocols__the_first_is_given(void **state)
{
	(void)state;
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: a.b, json\r\n", "101",
	    "\r\nSec-WebSocket-Protocol: a.b\r\n");
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: 0\r\n", "101",
	    "\r\nSec-WebSocket-Protocol: 0\r\n");
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: , json\r\n", "101",
	    "\r\nSec-WebSocket-Protocol: json\r\n");
	/* nchan's own subprotocol. */
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: ws+meta.nchan\r\n",
	    "101", "\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n");
}

/* Operators' headers in routes that e2e_snippet's stock nginx does not have. */
static void
headers__of_ones_own__in_stream_and_pages(void **state)
{
	static const char own[] = "\r\nX-Own: yes\r\n";

	(void)state;
	shell_must("echo 'add_header X-Own yes always;' "
		   ">%s/nginx/smartcity-headers.conf",
	    s.dir);
	stack_reload_nginx(&s);
	expect_stream(SSE, "200", own);
	expect_stream(SSE DASH, "200", own);
	expect_stream(SSE EVIL, "403", own);
	expect_stream(WEBSOCKET, "101", own);
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: a\r\n", "101", own);
	expect("GET", "/openapi.json", "", NULL, 200, own);
	expect("GET", "/docs/none", "", NULL, 404, own);
	expect("POST", "/docs/", "", NULL, 405, own);
	expect("GET", "/nothing", "", NULL, 404, own);
}

static bool
is_listed(const char *origin)
{
	struct http h =
	    http_send(s.port, "POST", "/ingest/noise", origin, EVENT);
	bool is = h.status == 200;

	http_free(&h);
	return is;
}

/* Reloads as `make reload` does: pool and stream use the same list. */
static void
list__changed_and_reloaded__in_use_by_pool_and_stream(void **state)
{
	static const char origin[] = "Origin: https://new.example\r\n";
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2", NULL };
	struct stack with = s;

	(void)state;
	stack_start(&s, settings);
	assert_false(is_listed(origin));
	expect_stream(SSE "Origin: https://new.example\r\n", "403", "");
	shell_must("echo SMARTCITY_ORIGINS=https://new.example >%s/.env && "
		   "DATA_DIR=%s nginx/reload >/dev/null",
	    s.dir, s.dir);
	assert_true(is_listed(origin));
	expect_stream(SSE "Origin: https://new.example\r\n", "200", "");
	stack_stop(&s);
	s = with;
}

/* A password of server { } protects the stream, too, however it is opened. */
static void
passwords__of_the_server__asked_for_by_the_stream(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_ORIGINS=https://dash.example", NULL };
	struct stack with = s;

	(void)state;
	stack_start(&s, settings);
	shell_must(
	    "cd %s/nginx && echo 'a:{PLAIN}b' >users && sed -i "
	    "'s|include smartcity.conf;|auth_basic x; auth_basic_user_file "
	    "users; &|' nginx.conf",
	    s.dir);
	stack_reload_nginx(&s);
	expect_stream(SSE, "401", "WWW-Authenticate");
	expect_stream(SSE DASH, "401", "");
	expect_stream(WEBSOCKET, "401", "");
	expect_stream(WEBSOCKET "Sec-WebSocket-Protocol: a\r\n", "401", "");
	expect_stream(
	    WEBSOCKET DASH "Authorization: Basic YTpi\r\n", "101", "");
	expect_stream(SSE EVIL "Authorization: Basic YTpi\r\n", "403", "");
	stack_stop(&s);
	s = with;
}

static void
pages__in_a_browser__others_can_do_nothing(void **state)
{
	(void)state;
	if (shell("command -v chromium >/dev/null") != 0)
		skip();
	shell_must("HOME=%s node tests/openapi/origins.mjs %d %d %s "
		   "\"$(command -v chromium)\"",
	    s.dir, s.port, dash_port, s.dir);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(senders__no_browsers__notice_nothing),
	cmocka_unit_test(changes__page_of_another_site__403_and_nothing_stored),
	cmocka_unit_test(
	    reading__page_of_another_site__answered_but_not_readable),
	cmocka_unit_test(page__of_this_site__works),
	cmocka_unit_test(page__of_a_listed_site__works_and_reads),
	cmocka_unit_test(stream__by_whose_page__opened_or_403),
	cmocka_unit_test(page__under_a_name_that_leads_here__changes_nothing),
	cmocka_unit_test(websocket__subprotocols__the_first_is_given),
	cmocka_unit_test(headers__of_ones_own__in_stream_and_pages),
	cmocka_unit_test(list__changed_and_reloaded__in_use_by_pool_and_stream),
	cmocka_unit_test(passwords__of_the_server__asked_for_by_the_stream),
	cmocka_unit_test(pages__in_a_browser__others_can_do_nothing),
};

T_MAIN_WITH(tests, setup, teardown)
