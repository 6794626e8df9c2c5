/*
 * Debian's nginx, set up by tests/stock-nginx exactly as nginx/README.md says:
 * its three lines, and each of its examples.
 */
#include "t.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "shell.h"
#include "stack.h"
#include "stock.h"

enum {
	ONE_REQUEST = 8192,
	QUIET_MS = 300
};

static struct stack s;

/* Sends one request; its answer must contain the text. */
static void
expect_with(const struct stock *o, const char *method, const char *target,
    const char *headers, const char *body, int status, const char *text)
{
	http_expect(o->port, method, target, headers, body, status, text);
}

static void
expect(const struct stock *o, const char *target, const char *body, int status,
    const char *text)
{
	expect_with(o, body ? "POST" : "GET", target,
	    body ? "Content-Type: application/json\r\n" : "", body, status,
	    text);
}

static void
three_lines__stock_nginx__serves_its_site_and_the_api(void **state)
{
	static char big[1100000];
	struct stock o;

	(void)state;
	stock_start(&o, &s, "", "");
	expect(&o, "/", NULL, 200, "Welcome to nginx");
	/* The site's own paths stay as they were; only ours answer in JSON. */
	expect(&o, "/nothing", NULL, 404, "<html>");
	expect(&o, "/health", NULL, 200, "ok");
	expect(&o, "/ready", NULL, 200, "");
	expect(&o, "/status", NULL, 200, "pool:");
	expect(&o, "/ingest/transport", "{}", 200, "stored_event_id");
	expect(&o, "/events", NULL, 200, "transport");
	expect(&o, "/subscriptions", NULL, 200, "[]");
	expect(&o, "/ingest", "{}", 404, "{\"detail\":");
	expect(&o, "/docs", NULL, 404, "<html>");
	expect(&o, "/events/stream", NULL, 501, "{\"detail\":");
	expect(&o, "/ingest/..%2fhealth", NULL, 404, "{\"detail\":");
	expect(&o, "/ingest//health", "{}", 404, "{\"detail\":");
	expect(&o, "/ingest/health%0a", "{}", 422, "{\"detail\":");
	memset(big, ' ', sizeof(big) - 1);
	expect(&o, "/ingest/transport", big, 413,
	    J("{'detail':'Request body must not be larger than 1 MiB'}"));
	expect_with(&o, "GET", "/ingest/..%2fhealth",
	    "Accept: application/problem+json\r\n", NULL, 404,
	    J("'type':'about:blank'"));
	stock_stop(&o);
}

static void
locations__settings_of_their_own__not_the_pools(void **state)
{
	static const char reading[] = "{\"energy\":%d,\"neighborhood\":\"n\"}";
	char below[64], above[64];
	struct stock o;

	(void)state;
	snprintf(below, sizeof(below), reading, 640);
	snprintf(above, sizeof(above), reading, 660);
	stock_start(&o, &s, "Settings per location",
	    "s/QUIET_SECONDS 600/QUIET_SECONDS 0/");
	expect(&o, "/ingest/energy", below, 200, "derived_events\":[]");
	expect(&o, "/ingest/energy", above, 200, "derived_events\":[\"");
	/* A request header is not a setting, whatever its name. */
	expect_with(&o, "POST", "/ingest/energy",
	    "Content-Type: application/json\r\nTHRESHOLD_KWH: 1\r\n"
	    "THRESHOLD-KWH: 1\r\nHTTP-THRESHOLD-KWH: 1\r\n",
	    below, 200, "derived_events\":[]");
	expect(&o, "/ingest/security", "{\"camera_id\":[]}", 200, "stored");
	expect(&o, "/ingest/weather", "{}", 404, "known are");
	expect(&o, "/ingest/noise", "{}", 200, "stored");
	stock_stop(&o);
}

static void
locations__bad_values__500_and_a_line_in_the_log(void **state)
{
	static const char *const bad[][2] = {
		{ "/ingest/energy", "THRESHOLD_KWH" },
		{ "/ingest/security", "SMARTCITY_VALIDATION" },
		{ "/ingest/weather", "SMARTCITY_UNKNOWN_SERVICES" },
	};
	struct stock o;
	size_t i;

	(void)state;
	stock_start(&o, &s, "Settings per location",
	    "s/KWH 650/KWH much/; s/lenient/no/; s/SERVICES reject/SERVICES "
	    "no/");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect(&o, bad[i][0], "{}", 500,
		    J("{'detail':'The server is misconfigured'}"));
		shell_must(
		    "grep -q 'gateway: fastcgi_param %s' %s/log/fcgi.log",
		    bad[i][1], s.dir);
	}
	stock_stop(&o);
}

/* nginx's own refusals have the form of the API's. */
static void
limits__more_than_the_rate__429_with_retry_after(void **state)
{
	struct stock o;

	(void)state;
	stock_start(
	    &o, &s, "Limits", "s|rate=100r/s|rate=1r/m|; s/burst=200/burst=1/");
	expect(&o, "/ingest/noise", "{}", 200, "stored");
	expect(&o, "/ingest/noise", "{}", 200, "stored");
	expect(&o, "/ingest/noise", "{}", 429, "Retry-After: 1\r\n");
	expect(&o, "/ingest/noise", "{}", 429,
	    J("{'detail':'Too many requests, try again later'}"));
	/* Other paths are not limited. */
	expect(&o, "/", NULL, 200, "Welcome");
	expect(&o, "/events", NULL, 200, "noise");
	stock_stop(&o);
}

static void
passwords__none_or_wrong__401_and_nothing_stored(void **state)
{
	static const char basic[] = "Content-Type: application/json\r\n"
				    "Authorization: Basic ";
	struct stock o;
	char right[128], wrong[128];

	(void)state;
	/* a:b and a:c */
	snprintf(right, sizeof(right), "%sYTpi\r\n", basic);
	snprintf(wrong, sizeof(wrong), "%sYTpj\r\n", basic);
	stock_start(&o, &s, "Passwords", "");
	shell_must("echo 'a:{PLAIN}b' >%s/smartcity.htpasswd", o.dir);
	expect(&o, "/ingest/guarded", "{}", 401, "WWW-Authenticate: Basic");
	expect(&o, "/events", NULL, 401, J("{'detail':'Unauthorized'}"));
	expect_with(&o, "POST", "/ingest/guarded", wrong, "{}", 401, "detail");
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "service = 'guarded'"),
	    0);
	expect_with(&o, "POST", "/ingest/guarded", right, "{}", 200, "stored");
	/* A browser's preflight request has no password. */
	expect_with(&o, "OPTIONS", "/ingest/guarded", "", NULL, 204, "Allow");
	expect_with(&o, "OPTIONS", "/events", "", NULL, 204, "Allow");
	expect(&o, "/health", NULL, 200, "ok");
	expect(&o, "/ready", NULL, 200, "");
	expect(&o, "/", NULL, 200, "Welcome");
	stock_stop(&o);
}

/* The header is in all our locations, with their own, and in the site's. */
static void
headers__of_ones_own__on_every_answer(void **state)
{
	static const struct {
		const char *target, *body;
		int status;
	} rows[] = {
		{ "/", NULL, 200 },
		{ "/nothing", NULL, 404 },
		{ "/health", NULL, 200 },
		{ "/status", NULL, 200 },
		{ "/events", NULL, 200 },
		{ "/ingest/noise", "{}", 200 },
		{ "/ingest/noise", "{", 422 },
		{ "/ingest//noise", "{}", 404 },
	};
	struct stock o;
	size_t i;

	(void)state;
	stock_start(&o, &s, "Headers of your own", "");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		expect(&o, rows[i].target, rows[i].body, rows[i].status,
		    "\r\nStrict-Transport-Security: max-age=31536000\r\n");
		expect(&o, rows[i].target, rows[i].body, rows[i].status,
		    "\r\nX-Robots-Tag: noindex\r\n");
	}
	expect(&o, "/events", NULL, 200, "\r\nX-Request-Id: ");
	stock_stop(&o);
}

static void
pages__in_stock_nginx__start_page_where_it_was_asked_for(void **state)
{
	struct stock o;

	(void)state;
	stock_start(&o, &s, "The pages", "");
	expect(&o, "/", NULL, 200, "Does it work?");
	expect(&o, "/favicon.ico", NULL, 200, "image/x-icon");
	expect(&o, "/_smartcity/", NULL, 200, "Does it work?");
	expect(&o, "/openapi.json", NULL, 200, "\"openapi\":");
	/* The site's own paths stay as they were. */
	expect(&o, "/nothing", NULL, 404, "<html>");
	expect(&o, "/index.nginx-debian.html", NULL, 200, "Welcome");
	stock_stop(&o);
}

/* Only this host can read /status. */
static void
proxy__names_its_client__the_client_is_judged(void **state)
{
	static const char elsewhere[] = "X-Forwarded-For: 203.0.113.9\r\n";
	struct stock o;

	(void)state;
	stock_start(&o, &s, "Behind another proxy", "");
	/* The client is not a trusted proxy, so its header is ignored. */
	expect_with(&o, "GET", "/status", elsewhere, NULL, 200, "pool:");
	stock_stop(&o);
	stock_start(&o, &s, "Behind another proxy", "s|10.0.0.0/8|127.0.0.1|");
	expect_with(&o, "GET", "/status", elsewhere, NULL, 403,
	    J("{'detail':'Forbidden'}"));
	expect(&o, "/status", NULL, 200, "pool:");
	stock_stop(&o);
}

static int
host_listen(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/*
 * Accepts a connection at either host, or returns -1 after ms. Reads one small
 * FastCGI request to its end and closes the connection without an answer.
 */
static ssize_t
host_die(const int fds[2], int ms, char request[ONE_REQUEST])
{
	static const char end[8] = { 1, 5, 0, 1, 0, 0, 0, 0 };
	struct pollfd p[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
	ssize_t n = 0, got;
	int fd;

	if (poll(p, 2, ms) < 1)
		return -1;
	fd = accept(p[0].revents ? fds[0] : fds[1], NULL, NULL);
	do {
		got = read(fd, request + n, (size_t)(ONE_REQUEST - n));
		n += got > 0 ? got : 0;
	} while (got > 0 && (n < 8 || memcmp(request + n - 8, end, 8) != 0));
	close(fd);
	return n;
}

static bool
has(const char *bytes, ssize_t n, const char *text)
{
	return memmem(bytes, (size_t)n, text, strlen(text)) != NULL;
}

/* Checks what the pool receives for one request. */
static void
assert_safe(const char *request, ssize_t n)
{
	/* FCGI_BEGIN_REQUEST, role responder, FCGI_KEEP_CONN not set. */
	assert_true(n > 16);
	assert_int_equal(request[1], 1);
	assert_int_equal(request[10], 0);
	/* httpoxy. */
	assert_false(has(request, n, "HTTP_PROXY"));
	assert_false(has(request, n, "http://evil"));
	assert_false(has(request, n, "REMOTE_USER"));
	assert_true(has(request, n, "REQUEST_URI/ingest/energy"));
	assert_false(has(request, n, "SCRIPT_FILENAME"));
}

static pid_t
send_one(const struct stock *o)
{
	pid_t pid = fork();
	struct http h;

	if (pid > 0)
		return pid;
	h = http_send(o->port, "POST", "/ingest/energy",
	    "Content-Type: application/json\r\nProxy: http://evil\r\n"
	    "Authorization: Basic YTpi\r\n",
	    "{}");
	_exit(h.status == 502 && strstr(h.body, "{\"detail\":") ? 0 : 1);
}

static void
hosts__one_dies_on_a_request__not_sent_again_and_still_asked(void **state)
{
	char edit[160], request[ONE_REQUEST];
	int fds[2], ports[2], i, status;
	struct stock o;
	ssize_t n;
	pid_t pid;

	(void)state;
	for (i = 0; i < 2; i++)
		fds[i] = host_listen(&ports[i]);
	snprintf(edit, sizeof(edit),
	    "s/10.0.0.1:9000/127.0.0.1:%d/; s/10.0.0.2:9000/127.0.0.1:%d/",
	    ports[0], ports[1]);
	stock_start(&o, &s, "Several hosts", edit);
	/* With max_fails=1 the third request would find no host to ask. */
	for (i = 0; i < 6; i++) {
		pid = send_one(&o);
		n = host_die(fds, 30000, request);
		assert_safe(request, n);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(host_die(fds, QUIET_MS, request), -1);
	}
	stock_stop(&o);
	close(fds[0]);
	close(fds[1]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(three_lines__stock_nginx__serves_its_site_and_the_api),
	cmocka_unit_test(locations__settings_of_their_own__not_the_pools),
	cmocka_unit_test(locations__bad_values__500_and_a_line_in_the_log),
	cmocka_unit_test(limits__more_than_the_rate__429_with_retry_after),
	cmocka_unit_test(passwords__none_or_wrong__401_and_nothing_stored),
	cmocka_unit_test(headers__of_ones_own__on_every_answer),
	cmocka_unit_test(
	    pages__in_stock_nginx__start_page_where_it_was_asked_for),
	cmocka_unit_test(proxy__names_its_client__the_client_is_judged),
	cmocka_unit_test(
	    hosts__one_dies_on_a_request__not_sent_again_and_still_asked),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2")
