/* /status and the status responders: what an operator sees, and when. */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events_lock.h"
#include "http.h"
#include "stack.h"

static struct stack s;

enum {
	PROCESSES = 2
};

/* The number after "name": in a JSON page, or -1. */
static long long
figure(const char *target, const char *name)
{
	struct http h = http_get(s.port, target);
	char pattern[64];
	const char *at;
	long long n = -1;

	snprintf(pattern, sizeof(pattern), "\"%s\":", name);
	assert_int_equal(h.status, 200);
	if ((at = strstr(h.body, pattern)) != NULL)
		n = atoll(at + strlen(pattern));
	http_free(&h);
	return n;
}

static void
assert_shows(const char *target, const char *text)
{
	struct http h = http_get(s.port, target);

	assert_int_equal(h.status, 200);
	if (strstr(h.body, text) == NULL)
		fail_msg("%s lacks \"%s\": %s", target, text, h.body);
	http_free(&h);
}

static void
status__asked_for__php_fpms_fields(void **state)
{
	static const char *const fields[] = { "start since", "accepted conn",
		"listen queue", "max listen queue", "listen queue len",
		"idle processes", "active processes", "total processes",
		"max active processes", "max children reached",
		"slow requests" };
	size_t i;

	(void)state;
	assert_shows("/status", "pool:                 smartcity\n");
	assert_shows("/status", "process manager:      static\n");
	assert_shows("/status", "total processes:      2\n");
	assert_shows("/status?full", "state:                Idle\n");
	assert_shows("/status?full", "\nrequest URI:          ");
	assert_shows("/status?full&json", J(",'processes':[{'pid':"));
	assert_shows("/status?json", J("'pool':'smartcity'"));
	/* Generated clients write parameters with "=". */
	assert_shows("/status?full=&json=", J(",'processes':[{'pid':"));
	assert_shows("/status?jsonp=&x=json", "process manager:      static\n");
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_true(figure("/status?json", fields[i]) >= 0);
	assert_true(figure("/status?json", "listen queue len") > 0);
}

static void
status__after_requests__they_are_counted(void **state)
{
	long long before = figure("/status?json", "accepted conn");
	struct http h;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		h = http_get(s.port, "/events?limit=1");
		assert_int_equal(h.status, 200);
		http_free(&h);
	}
	/* The status responders answer /status itself. */
	assert_int_equal(figure("/status?json", "accepted conn"), before + 5);
	assert_shows("/status?full", "request URI:          /events?limit=1\n");
}

/* Posts from a new process, which ends when the post was answered. */
static pid_t
post_aside(void)
{
	struct http h;
	pid_t pid = fork();

	if (pid == 0) {
		h = http_post(s.port, "/ingest/load", "{}");
		_exit(h.status == 503 ? 0 : 1);
	}
	return pid;
}

static bool
is_full_and_more_wait(void *arg)
{
	(void)arg;
	return figure("/status?json", "active processes") == PROCESSES &&
	    figure("/status?json", "listen queue") >= 1;
}

static void
assert_logged(const char *pattern)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -q '%s' %s/log/fcgi.log",
	    pattern, s.dir);
	assert_int_equal(system(command), 0);
}

static bool
is_idle(void *arg)
{
	(void)arg;
	return figure("/status?json", "active processes") == 0;
}

static void
pool__all_busy__status_answers_and_shows_it(void **state)
{
	long long reached = figure("/status?json", "max children reached");
	pid_t posts[PROCESSES + 2];
	FILE *lock;
	int i, status;

	(void)state;
	lock = events_lock(s.url, "");
	for (i = 0; i < PROCESSES + 2; i++)
		posts[i] = post_aside();
	stack_wait(is_full_and_more_wait, NULL, "the pool is full");
	assert_shows("/status?full", "state:                Running\n");
	assert_shows("/status?full", "request URI:          /ingest/load\n");
	assert_true(figure("/status?json", "max children reached") > reached);
	assert_true(figure("/status?json", "max listen queue") >= 1);
	assert_shows("/health", "ok");
	assert_shows("/ready", "ready");
	assert_shows("/metrics", "smartcity_pool_processes{state=\"idle\"} 0");
	/* All requests outlasted the database's time limit, so they got 503. */
	for (i = 0; i < PROCESSES + 2; i++) {
		assert_int_equal(waitpid(posts[i], &status, 0), posts[i]);
		assert_int_equal(status, 0);
	}
	assert_shows(
	    "/metrics", "smartcity_http_responses_total{class=\"5xx\"} 4\n");
	assert_logged("db: event_insert: 57014 ");
	events_unlock(lock);
	stack_wait(is_idle, NULL, "the pool is idle");
}

static bool
is_new(void *arg)
{
	return stack_child(stack_pid(&s, "fcgi"), 0) > 0 &&
	    kill(*(int *)arg, 0) != 0;
}

static void
counters__pool_reloaded__go_on(void **state)
{
	long long before = figure("/status?json", "accepted conn");
	int pool = stack_pid(&s, "fcgi"), last = stack_child(pool, 3);

	(void)state;
	assert_true(before > 0);
	assert_true(last > 0);
	assert_int_equal(kill(pool, SIGHUP), 0);
	stack_wait(is_new, &last, "the status responders were replaced");
	assert_int_equal(figure("/status?json", "accepted conn"), before);
	assert_int_equal(figure("/status?json", "total processes"), PROCESSES);
}

static void
status__other_method__405(void **state)
{
	struct http h = http_post(s.port, "/status", "{}");

	(void)state;
	assert_int_equal(h.status, 405);
	http_free(&h);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(status__asked_for__php_fpms_fields),
	cmocka_unit_test(status__after_requests__they_are_counted),
	cmocka_unit_test(pool__all_busy__status_answers_and_shows_it),
	cmocka_unit_test(counters__pool_reloaded__go_on),
	cmocka_unit_test(status__other_method__405),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=2", "SMARTCITY_DB_TIMEOUT_MS=9000")
