/* One request in the logs of all programs; levels; slow requests. */
#include "t.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "http.h"
#include "log_lines.h"
#include "receiver.h"
#include "shell.h"
#include "stack.h"

enum {
	ID_MAX = 128,
	LINE_MS = 300
};

static struct stack s;
static struct receiver receiver;

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_SLOW_MS=300", "SMARTCITY_RETRY_SCHEDULE=0,0.1",
		"SMARTCITY_DELIVERY_ALLOW=loopback", NULL };

	(void)state;
	receiver_start(&receiver);
	stack_start(&s, settings);
	shell_begin("cd %s || exit", s.dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	receiver_stop(&receiver);
	return 0;
}

/* Returns the request's id; the caller frees it. */
static char *
post(const char *headers, const char *target, const char *body, int status)
{
	char all[512], *id;
	struct http h;

	snprintf(
	    all, sizeof(all), "Content-Type: application/json\r\n%s", headers);
	h = http_send(s.port, "POST", target, all, body);
	if (h.status != status)
		fail_msg("%s: %s", target, h.raw);
	id = http_header(&h, "X-Request-Id");
	assert_non_null(id);
	http_free(&h);
	return id;
}

/* Switches debug lines "on" or "off" in pool and worker. */
static void
switch_debug(const char *to)
{
	static int times[2];
	static const char *const names[] = { "fcgi", "worker" };
	char pattern[64];
	int i;

	snprintf(pattern, sizeof(pattern), "log: debug lines %s", to);
	times[to[1] == 'n']++;
	for (i = 0; i < 2; i++) {
		struct log_line l = { names[i], pattern, times[to[1] == 'n'] };

		assert_int_equal(kill(stack_pid(&s, names[i]), SIGUSR1), 0);
		stack_wait(log_has, &l, pattern);
	}
}

static bool
has_arrived(void *arg)
{
	return receiver_count(&receiver, arg) > 0;
}

static void
assert_rows(const char *id)
{
	char target[128], *event, text[128];
	struct http h;

	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM events WHERE request_id = '%s'", id),
	    3);
	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM outbox_messages WHERE request_id = '%s'",
		id),
	    2);
	event = t_sql(s.url,
	    "SELECT id FROM events WHERE request_id = '%s'"
	    " AND source_event_id IS NULL",
	    id);
	snprintf(target, sizeof(target), "/events/%s/trace", event);
	snprintf(text, sizeof(text), "{\"request_id\":\"%s\",\"event\":{", id);
	h = http_get(s.port, target);
	assert_ptr_equal(strstr(h.body, text), h.body);
	http_free(&h);
	free(event);
}

static void
request__its_id__in_each_log_each_row_and_the_delivery(void **state)
{
	char *id, *got, path[] = "/ok/one-id";
	char body[128];

	(void)state;
	snprintf(body, sizeof(body),
	    "{\"topic\":\"event.transport\",\"url\":\"http://127.0.0.1:%d%s\"}",
	    receiver.port, path);
	free(post("", "/subscriptions", body, 201));
	switch_debug("on");
	id = post("", "/ingest/health",
	    J("{'patient_id':1,'alert':'emergency'}"), 200);
	assert_int_equal(strlen(id), 32);
	stack_wait(has_arrived, path, "the delivery arrives");
	got =
	    receiver_header(receiver_find(&receiver, path, 0), "x-request-id");
	assert_string_equal(got, id);
	free(got);
	assert_rows(id);
	log_await("access",
	    "\"msg\":\"request\",\"request_id\":\"%s\",\"service\":\"health\","
	    "\"method\":\"POST\",\"path\":\"/ingest/health\",\"status\":200,"
	    "\"dur_ms\":[0-9]",
	    id);
	log_await("fcgi",
	    "\"msg\":\"[a-z ]*request\",\"request_id\":\"%s\","
	    "\"service\":\"health\",\"method\":\"POST\","
	    "\"path\":\"/ingest/health\",\"status\":200,\"dur_ms\":[0-9]",
	    id);
	log_await("worker",
	    "\"msg\":\"dispatch: delivered\",\"request_id\":\"%s\","
	    "\"topic\":\"event.transport\",\"message_id\":\"",
	    id);
	switch_debug("off");
	free(id);
}

/* nginx writes the log line once the answer is sent, without buffering. */
static void
nginx__request_answered__its_line_is_there_at_once(void **state)
{
	int64_t end;
	char *id;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		id = post("", "/ingest/weather", "{}", 200);
		end = clock_steady_ms() + LINE_MS;
		while (!log_has_line("access", id))
			if (clock_steady_ms() > end)
				fail_msg("no line within %d ms", LINE_MS);
		free(id);
	}
}

static void
pool__sigusr1_again__no_more_debug_lines(void **state)
{
	char *on, *off;

	(void)state;
	switch_debug("on");
	on = post("", "/ingest/weather", "{}", 200);
	log_await("fcgi", "\"msg\":\"[a-z ]*request\",\"request_id\":\"%s", on);
	switch_debug("off");
	off = post("", "/ingest/weather", "{}", 200);
	log_await("access", "%s", off);
	assert_int_not_equal(
	    shell("grep '\"level\":\"debug\".*%s' log/fcgi.log", off), 0);
	free(on);
	free(off);
}

/* Signals that are pending at the same time are merged into one. */
static bool
is_off(void *arg)
{
	(void)arg;
	if (shell("grep 'debug lines' log/fcgi.log | tail -n 1 | "
		  "grep -q 'lines off'") == 0)
		return true;
	return kill(stack_pid(&s, "fcgi"), SIGUSR1) != 0;
}

/* The children block SIGUSR1; libfcgi would take it as an order to end. */
static void
pool__sigusr1_all_the_time__no_request_fails(void **state)
{
	int pool = stack_pid(&s, "fcgi"), child = stack_child(pool, 0), i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(kill(pool, SIGUSR1), 0);
		assert_int_equal(kill(child, SIGUSR1), 0);
		free(post("", "/ingest/weather", "{\"a\":1}", 200));
	}
	assert_int_equal(stack_child(pool, 0), child);
	stack_wait(is_off, NULL, "debug lines are off");
}

static void *
hold_events(void *arg)
{
	t_exec(s.url, "BEGIN; LOCK TABLE events; SELECT pg_sleep(0.6); COMMIT");
	return arg;
}

static bool
is_held(void *arg)
{
	(void)arg;
	return t_number(s.url,
		   "SELECT count(*) FROM pg_locks WHERE granted"
		   " AND mode = 'AccessExclusiveLock'"
		   " AND relation = 'events'::regclass") > 0;
}

static void
request__slow_for_its_database__says_so(void **state)
{
	pthread_t holder;
	char *id;

	(void)state;
	assert_int_equal(pthread_create(&holder, NULL, hold_events, NULL), 0);
	stack_wait(is_held, NULL, "events is locked");
	id = post("", "/ingest/weather", "{}", 200);
	assert_int_equal(pthread_join(holder, NULL), 0);
	log_await("fcgi",
	    "\"level\":\"warn\".*\"msg\":\"slow request\","
	    "\"request_id\":\"%s\",\"service\":\"weather\".*\"status\":200,"
	    "\"dur_ms\":[0-9]\\{3,\\},\"read_ms\":[0-9]*,\"parse_ms\":[0-9]*,"
	    "\"rules_ms\":[0-9]*,\"db_ms\":[0-9]\\{3,\\},\"write_ms\":",
	    id);
	free(id);
}

/* True once nginx has reloaded: it keeps the client's id for the request. */
static bool
is_taken(void *arg)
{
	char headers[256], *id;
	bool taken;

	snprintf(headers, sizeof(headers), "X-Request-Id: %s\r\n",
	    (const char *)arg);
	id = post(headers, "/ingest/weather", "{}", 200);
	taken = strcmp(id, arg) == 0;
	free(id);
	return taken;
}

static void
expect_its_own(const char *theirs)
{
	char headers[256], *id;

	snprintf(headers, sizeof(headers), "X-Request-Id: %s\r\n", theirs);
	id = post(headers, "/ingest/weather", "{}", 200);
	assert_int_equal(strlen(id), 32);
	assert_int_equal(strspn(id, "0123456789abcdef"), 32);
	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM events WHERE request_id = '%s'", id),
	    1);
	free(id);
}

static void
client__its_own_id__taken_from_trusted_addresses_if_plain(void **state)
{
	char longest[ID_MAX + 2], *id;

	(void)state;
	expect_its_own("gateway-1");
	shell_must("sed -i '/^geo .smartcity_names_requests/,/}/"
		   "s|default 0;|&\\n\\t127.0.0.0/8 1;|' "
		   "nginx/smartcity-http.conf");
	stack_reload_nginx(&s);
	stack_wait(is_taken, "gateway-1", "the gateway's id is taken");
	log_await("access", "\"request_id\":\"gateway-1\"");
	id = post("X-Request-Id: gateway-2\r\nX-Request-Id: gateway-3\r\n",
	    "/ingest/weather", "{}", 200);
	assert_string_equal(id, "gateway-2");
	free(id);
	memset(longest, 'x', sizeof(longest));
	longest[ID_MAX] = '\0';
	assert_true(is_taken(longest));
	longest[ID_MAX] = 'x';
	longest[ID_MAX + 1] = '\0';
	expect_its_own(longest);
	expect_its_own("a b");
	expect_its_own("a\"b");
	expect_its_own("a\xc3\xa9");
	expect_its_own("");
}

static bool
is_listing_logged(void *arg)
{
	struct http h = http_get(s.port, "/events");

	(void)arg;
	assert_int_equal(h.status, 200);
	http_free(&h);
	return log_has_line("fcgi", J("'msg':'request'.*'path':'/events'"));
}

static void
location__level_debug__for_its_requests_alone(void **state)
{
	(void)state;
	shell_must("sed -i 's|^location  = /events .*|location = /events {"
		   " include fastcgi_smartcity;"
		   " fastcgi_param SMARTCITY_LOG_LEVEL debug; }|' "
		   "nginx/smartcity.conf");
	stack_reload_nginx(&s);
	stack_wait(is_listing_logged, NULL, "the location's debug lines");
	free(post("X-Request-Id: quiet\r\n", "/ingest/weather", "{}", 200));
	log_await("access", "\"request_id\":\"quiet\"");
	assert_false(log_has_line("fcgi", J("'level':'debug'.*'quiet'")));
}

static bool
is_hup_logged(void *arg)
{
	(void)arg;
	free(post("X-Request-Id: hup\r\n", "/ingest/weather", "{}", 200));
	return log_has_line("fcgi", J("'request_id':'hup'"));
}

static void
pool__sighup__settings_read_again(void **state)
{
	(void)state;
	shell_must("echo SMARTCITY_LOG_LEVEL=debug >run/.env");
	assert_int_equal(kill(stack_pid(&s, "fcgi"), SIGHUP), 0);
	stack_wait(is_hup_logged, NULL, "the pool has read .env");
}

/* Checks the logs of all tests above, at level debug, and of a 422. */
static void
logs__everything_above__json_and_no_secrets(void **state)
{
	char *secret;

	(void)state;
	free(post("", "/ingest/health", J("{'patient_id':'geheim'}"), 422));
	free(post("Idempotency-Key: geheim\r\n", "/ingest/weather?q=geheim",
	    J("{'a':'geheim'}"), 200));
	log_await("fcgi", "\"status\":422");
	secret = t_sql(s.url, "SELECT secret FROM subscriptions LIMIT 1");
	assert_int_equal(strncmp(secret, "whsec_", 6), 0);
	shell_must("cat log/*.log run.log | grep -c -e geheim "
		   "-e '%s' | grep -qx 0",
	    secret + 6);
	shell_must("cat log/access.log log/fcgi.log log/worker.log | "
		   "python3 -c 'import json, sys\n"
		   "for line in sys.stdin: json.loads(line)'");
	shell_must("cat log/access.log log/fcgi.log log/worker.log | "
		   "grep -v -E '^\\{\"ts\":\"[0-9T:-]{19}\\.[0-9]{3}"
		   "(Z|[+-][0-9:]{5})\",\"level\":' | wc -l | grep -qx 0");
	free(secret);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    request__its_id__in_each_log_each_row_and_the_delivery),
	cmocka_unit_test(nginx__request_answered__its_line_is_there_at_once),
	cmocka_unit_test(pool__sigusr1_again__no_more_debug_lines),
	cmocka_unit_test(pool__sigusr1_all_the_time__no_request_fails),
	cmocka_unit_test(request__slow_for_its_database__says_so),
	cmocka_unit_test(
	    client__its_own_id__taken_from_trusted_addresses_if_plain),
	cmocka_unit_test(location__level_debug__for_its_requests_alone),
	cmocka_unit_test(pool__sighup__settings_read_again),
	cmocka_unit_test(logs__everything_above__json_and_no_secrets),
};

T_MAIN_WITH(tests, setup, teardown)
