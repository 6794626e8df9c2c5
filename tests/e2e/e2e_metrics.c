/*
 * /metrics: Prometheus can read it, its counters balance, it shows causes.
 */
#include "t.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "http.h"
#include "metric.h"
#include "shell.h"
#include "stack.h"

static struct stack s;

enum {
	SENDERS = 6,
	ROUNDS = 60
};

static struct http
metrics(void)
{
	struct http h = http_get(s.port, "/metrics");

	assert_int_equal(h.status, 200);
	return h;
}

/* The sum of all samples whose line begins with `begin`; -1: no sample. */
static double
sum(const char *begin)
{
	struct http h = metrics();
	const char *line = h.body, *space;
	double n = -1;

	for (; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, begin, strlen(begin)) != 0)
			continue;
		space = strchr(line, ' ');
		n = (n < 0 ? 0 : n) + strtod(space, NULL);
	}
	http_free(&h);
	return n;
}

static void
post(const char *target, const char *body, int status)
{
	struct http h = http_post(s.port, target, body);

	assert_int_equal(h.status, status);
	http_free(&h);
}

/* Does one of everything, so that every family has a sample. */
static void
use_all(void)
{
	post("/subscriptions",
	    "{\"topic\":\"event.*\",\"url\":\"http://127.0.0.1:1/x?k=geheim\","
	    "\"description\":\"Fire \\\"one\\\" \\\\ two\\nlines\"}",
	    201);
	post("/ingest/health?dedupe_key=a",
	    J("{'patient_id':1,'alert':'emergency'}"), 200);
	post("/ingest/health?dedupe_key=a",
	    J("{'patient_id':1,'alert':'emergency'}"), 200);
	post("/ingest/health", J("{'patient_id':1,'alert':'emergency'}"), 200);
	post("/ingest/energy", J("{'energy':'much'}"), 422);
	post("/ingest/weather", "{}", 200);
	post("/ingest/weather", "[]", 422);
	post("/ingest/weather?dedupe_key=%0a", "{}", 422);
}

static bool
worker_has_told(void *arg)
{
	(void)arg;
	return sum("smartcity_worker_attempts_total{") > 0;
}

static void
metrics__real_output__promtool_agrees(void **state)
{
	char path[128], command[256];
	struct http h;
	FILE *f;

	(void)state;
	use_all();
	stack_wait(worker_has_told, NULL, "the worker's counters are there");
	h = metrics();
	snprintf(path, sizeof(path), "%s/metrics.txt", s.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(h.body, 1, h.body_len, f);
	fclose(f);
	snprintf(
	    command, sizeof(command), "promtool check metrics <%s >&2", path);
	assert_int_equal(system(command), 0);
	http_free(&h);
}

/* Each metric of the table is shown, under its type. */
static void
metrics__the_whole_table__is_shown(void **state)
{
	const struct metric_family *f;
	int i;

	(void)state;
	for (i = 0; i < METRICS; i++) {
		f = metric_family((enum metric)i);
		if (shell("grep -qx '# TYPE %s %s' %s/metrics.txt", f->name,
			f->type, s.dir) != 0)
			fail_msg("/metrics lacks %s", f->name);
	}
}

/* All metrics that the rules and the dashboard ask for must be there. */
static void
prometheus__rules_and_dashboard__fit_the_output(void **state)
{
	char command[512];

	(void)state;
	assert_int_equal(system("cd nginx/prometheus && "
				"promtool check rules smartcity-alerts.yml && "
				"promtool test rules smartcity-alerts-test.yml "
				"&& python3 -m json.tool "
				"smartcity-dashboard.json /dev/null"),
	    0);
	snprintf(command, sizeof(command),
	    "for name in $(cat nginx/prometheus/*.yml "
	    "nginx/prometheus/*.json | grep -oE 'smartcity_[a-z_]+' | "
	    "sort -u); do "
	    "grep -q \"^$name[ {]\" %s/metrics.txt || echo $name; done | "
	    "grep . >&2",
	    s.dir);
	assert_int_not_equal(system(command), 0);
}

static void
metrics__after_one_of_each__counted(void **state)
{
	(void)state;
	assert_true(sum(J("smartcity_ingest_requests_total{service='health',"
			  "outcome='stored'}")) == 2);
	assert_true(sum(J("smartcity_ingest_requests_total{service='health',"
			  "outcome='duplicate'}")) == 1);
	assert_true(sum(J("smartcity_ingest_requests_total{service='energy',"
			  "outcome='rejected'}")) == 1);
	assert_true(sum(J("smartcity_ingest_requests_total{service='other',"
			  "outcome='refused'}")) >= 1);
	assert_true(sum("smartcity_rules_fired_total{service=\"health\"") == 2);
	assert_true(
	    sum("smartcity_rules_suppressed_total{service=\"health\"") == 2);
	assert_true(sum("smartcity_ingest_duration_seconds_count{") ==
	    sum("smartcity_ingest_requests_total{"));
	assert_true(sum("smartcity_database_up ") == 1);
	assert_true(sum("smartcity_workers ") == 1);
	assert_true(sum("smartcity_outbox_deliveries{") == 2);
	assert_true(sum("smartcity_subscription_waiting{") == 2);
	assert_true(sum("smartcity_worker_job_last_success_timestamp_seconds"
			"{") > 1e9);
	assert_true(sum("smartcity_pool_processes{state=\"status\"}") == 2);
}

/* An alert names a subscription so; the rest of the URL may be a secret. */
static void
metrics__subscription__its_topic_host_and_description(void **state)
{
	char *id = t_sql(s.url, "SELECT id FROM subscriptions"), want[256];
	struct http h = metrics();

	(void)state;
	snprintf(want, sizeof(want),
	    "\nsmartcity_subscription_info{subscription=\"%s\","
	    "topic=\"event.*\",host=\"127.0.0.1\","
	    "description=\"Fire \\\"one\\\" \\\\ two\\nlines\"} 1\n",
	    id);
	if (strstr(h.body, want) == NULL)
		fail_msg("%s", strstr(h.body, "smartcity_subscription_info"));
	assert_null(strstr(h.body, "geheim"));
	http_free(&h);
	free(id);
}

/* Cut off after 100 characters, not bytes. */
static void
metrics__subscription_described_at_length__cut_off(void **state)
{
	char *was = t_sql(s.url, "SELECT description FROM subscriptions");
	char want[256] = "description=\"";
	struct http h;
	int i;

	(void)state;
	t_exec(
	    s.url, "UPDATE subscriptions SET description = repeat('é', 500)");
	for (i = 0; i < 100; i++)
		strcat(want, "é");
	strcat(want, "\"} 1\n");
	h = metrics();
	assert_non_null(strstr(h.body, want));
	http_free(&h);
	t_exec(s.url, "UPDATE subscriptions SET description = '%s'", was);
	free(was);
}

static atomic_int answered;

static void *
send_mixed(void *arg)
{
	static const char *const targets[] = { "/ingest/transport",
		"/ingest/energy", "/ingest/weather?dedupe_key=k",
		"/ingest/health" };
	static const char *const bodies[] = { "{}", "{\"energy\":\"x\"}", "{}",
		"{" };
	struct http h;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		h = http_post(s.port, targets[i % 4], bodies[i % 4]);
		http_free(&h);
		atomic_fetch_add(&answered, 1);
	}
	return arg;
}

static bool
is_balanced(void *arg)
{
	(void)arg;
	return sum("smartcity_pool_processes{state=\"active\"}") == 0 &&
	    sum("smartcity_pool_processes{state=\"idle\"}") == 3 &&
	    sum("smartcity_ingest_received_total{") ==
	    sum("smartcity_ingest_requests_total{");
}

static bool
has_answered(void *arg)
{
	return atomic_load(&answered) >= *(int *)arg;
}

static void
ledger__mixed_load_and_responders_killed__balances(void **state)
{
	double stored = sum(J("smartcity_ingest_requests_total{service="
			      "'transport',outcome='stored'}")),
	       killed = sum("smartcity_pool_children_ended_total{reason="
			    "\"killed\"}"),
	       failed;
	pthread_t senders[SENDERS];
	long long events;
	int i, pid, want;

	(void)state;
	answered = 0;
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(
		    pthread_create(&senders[i], NULL, send_mixed, NULL), 0);
	for (i = 1; i <= 8; i++) {
		want = i * 30;
		stack_wait(has_answered, &want, "the senders get answers");
		pid = stack_child(stack_pid(&s, "fcgi"), i % 2);
		if (pid > 0)
			kill(pid, SIGKILL);
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	stack_wait(is_balanced, NULL, "the counters balance");
	assert_true(sum("smartcity_pool_children_ended_total{reason="
			"\"killed\"}") >= killed + 8);
	/*
	 * A responder may have stored an event and been killed before it
	 * counted it; then the request counts as failed.
	 */
	stored = sum(J("smartcity_ingest_requests_total{service="
		       "'transport',outcome='stored'}")) -
	    stored;
	failed = sum(J("smartcity_ingest_requests_total{service="
		       "'transport',outcome='failed'}"));
	events = t_number(s.url,
	    "SELECT count(*) FROM events WHERE service = 'transport' AND "
	    "source_event_id IS NULL");
	assert_true(stored <= (double)events);
	assert_true((double)events <= stored + failed);
}

static bool
is_down(void *arg)
{
	(void)arg;
	return sum("smartcity_database_up ") == 0;
}

static bool
is_up(void *arg)
{
	(void)arg;
	return sum("smartcity_database_up ") == 1;
}

static void
assert_logged(const char *pattern)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -q '%s' %s/log/fcgi.log",
	    pattern, s.dir);
	if (system(command) != 0)
		fail_msg("not in the log: %s", pattern);
}

/* Cause: the database is gone. */
static void
database__gone__seen_everywhere(void **state)
{
	char *name = t_sql(s.url, "SELECT current_database()");
	const char *cluster = getenv("TEST_DATABASE_URL");
	int64_t began;

	(void)state;
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name);
	t_exec(cluster,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	    "WHERE datname = '%s'",
	    name);
	stack_wait(is_down, NULL, "the database is down");
	began = clock_steady_ms();
	assert_true(sum("smartcity_database_up ") == 0);
	assert_true(clock_steady_ms() - began < 3000);
	assert_true(sum("smartcity_ingest_received_total{") > 0);
	assert_true(sum("smartcity_workers") == -1);
	assert_true(sum("smartcity_database_errors_total{") > 0);
	http_expect(s.port, "GET", "/ready", "", NULL, 503, "\"database: ");
	http_expect(s.port, "GET", "/status", "", NULL, 200,
	    "total processes:      3\n");
	assert_logged("db: cannot connect: ");
	post("/ingest/weather", "{}", 503);
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", name);
	stack_wait(is_up, NULL, "the database is back");
	free(name);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(metrics__real_output__promtool_agrees),
	cmocka_unit_test(metrics__the_whole_table__is_shown),
	cmocka_unit_test(prometheus__rules_and_dashboard__fit_the_output),
	cmocka_unit_test(metrics__after_one_of_each__counted),
	cmocka_unit_test(metrics__subscription__its_topic_host_and_description),
	cmocka_unit_test(metrics__subscription_described_at_length__cut_off),
	cmocka_unit_test(ledger__mixed_load_and_responders_killed__balances),
	cmocka_unit_test(database__gone__seen_everywhere),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=3", "SMARTCITY_DB_TIMEOUT_MS=6000",
    "OUTBOX_POLL_SECONDS=0.1")
