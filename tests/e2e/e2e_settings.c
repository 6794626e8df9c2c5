/* The stack under other settings, and the same binary as plain CGI. */
#include "t.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "stack.h"

static struct stack s;

static void
post(const char *target, const char *body, int status, const char *text)
{
	struct http h = http_post(s.port, target, body);

	if (h.status != status || strstr(h.body, text) == NULL)
		fail_msg("%s: %s", target, h.raw);
	http_free(&h);
}

static void
unknown_service__rejected__404_with_the_known_names(void **state)
{
	(void)state;
	post("/ingest/weather", "{}", 404,
	    "energy, health, security, transport");
}

static void
validation__lenient__stored_as_it_is_and_fires_all_the_same(void **state)
{
	(void)state;
	post("/ingest/health", J("{'patient_id':'x','alert':'emergency'}"), 200,
	    "\"derived_events\":[\"");
	assert_int_equal(
	    t_number(s.url,
		"SELECT count(*) FROM events WHERE source_event_id "
		"IS NULL AND normalized_payload::text = "
		"payload::text AND payload->>'patient_id' = 'x'"),
	    1);
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "deduplication_key = "
			     "'health_emergency_None'"),
	    2);
	/* A rule that lacks its field does not fire. */
	post("/ingest/energy", J("{'energy':'much'}"), 200,
	    "\"derived_events\":[]");
	assert_int_equal(
	    t_number(s.url, "SELECT count(*) FROM rejected_events"), 0);
}

static void
threshold_and_window__lowered__each_report_fires(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		post("/ingest/energy", J("{'energy':11,'neighborhood':'w'}"),
		    200, "\"derived_events\":[\"");
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "deduplication_key = "
			     "'critical_energy_usage_w'"),
	    3);
}

static void
responders__recycled_after_their_requests__none_fails(void **state)
{
	int pool = stack_pid(&s, "fcgi"), before = stack_child(pool, 0), i;

	(void)state;
	for (i = 0; i < 300; i++)
		post("/ingest/transport", "{}", 200, "stored");
	assert_int_not_equal(stack_child(pool, 0), before);
}

static void
cgi__from_a_shell__one_request(void **state)
{
	char command[1024], out[1024] = "";
	FILE *p;

	(void)state;
	snprintf(command, sizeof(command),
	    "printf '{\"bus_id\":1}' | env DATABASE_URL='%s' "
	    "GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=POST "
	    "SCRIPT_NAME=/ingest/transport CONTENT_LENGTH=12 "
	    "CONTENT_TYPE=application/json "
	    "\"${TEST_BUILD:-build}/smartcity-fcgi\" 2>/dev/null",
	    s.url);
	p = popen(command, "r");
	assert_non_null(p);
	assert_true(fread(out, 1, sizeof(out) - 1, p) > 0);
	assert_int_equal(pclose(p), 0);
	assert_non_null(strstr(out, "Status: 200 OK\r\n"));
	assert_non_null(strstr(out, "{\"stored_event_id\":\""));
}

static bool
has_processes(void *text)
{
	struct http h = http_get(s.port, "/status?json");
	bool has = strstr(h.body, text) != NULL;

	http_free(&h);
	return has;
}

static bool
is_refused(void *arg)
{
	char command[128];

	(void)arg;
	snprintf(command, sizeof(command),
	    "grep -q '^refused: smartcity-fcgi: SMARTCITY_PROCESSES' "
	    "%s/run.log",
	    s.dir);
	return system(command) == 0;
}

static void
reload_with(const char *line)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/.env", s.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", line);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(kill(s.pid, SIGUSR2), 0);
}

/* By USR2 to nginx/run, which does what `make reload` does. */
static void
run__reloaded__takes_what_the_file_says_now_or_goes_on(void **state)
{
	int pool = stack_pid(&s, "fcgi");

	(void)state;
	reload_with("export SMARTCITY_PROCESSES = '3'");
	stack_wait(has_processes, "\"total processes\":3,", "three responders");
	reload_with("SMARTCITY_PROCESSES=many");
	stack_wait(is_refused, NULL, "a wrong setting is refused");
	assert_true(has_processes("\"total processes\":3,"));
	/* The environment takes precedence over .env. */
	reload_with("SMARTCITY_PROCESSES=1\nTHRESHOLD_KWH=1000");
	stack_wait(has_processes, "\"total processes\":1,", "one responder");
	post("/ingest/energy", J("{'energy':12,'neighborhood':'x'}"), 200,
	    "\"derived_events\":[\"");
	assert_int_equal(stack_pid(&s, "fcgi"), pool);
}

static int
status_of(const char *setting)
{
	char command[512];

	snprintf(command, sizeof(command),
	    "env %s \"${TEST_BUILD:-build}/smartcity-fcgi\" --check "
	    ">/dev/null 2>&1",
	    setting);
	return system(command) >> 8;
}

static void
check__bad_setting__78_and_no_start(void **state)
{
	(void)state;
	assert_int_equal(status_of("THRESHOLD_KWH=much"), 78);
	assert_int_equal(status_of("SMARTCITY_VALIDATION=no"), 78);
	assert_int_equal(status_of("DATABASE_URL=mysql://x/y"), 78);
	assert_int_equal(status_of("SMARTCITY_DELIVERY_ALLOW=10/8"), 78);
	assert_int_equal(status_of("SMARTCITY_RETRY_SCHEDULE=soon"), 78);
	assert_int_equal(status_of("SMARTCITY_ORIGINS='*'"), 78);
	assert_int_equal(status_of("SMARTCITY_ORIGINS=dash.example"), 78);
	assert_int_equal(status_of("THRESHOLD_KWH=1"), 0);
	assert_int_equal(status_of("SMARTCITY_DELIVERY_ALLOW=loopback"), 0);
	assert_int_equal(status_of("SMARTCITY_RETRY_SCHEDULE=0,1.5"), 0);
	assert_int_equal(
	    status_of("SMARTCITY_ORIGINS=https://dash.example"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(unknown_service__rejected__404_with_the_known_names),
	cmocka_unit_test(
	    validation__lenient__stored_as_it_is_and_fires_all_the_same),
	cmocka_unit_test(threshold_and_window__lowered__each_report_fires),
	cmocka_unit_test(responders__recycled_after_their_requests__none_fails),
	cmocka_unit_test(cgi__from_a_shell__one_request),
	cmocka_unit_test(
	    run__reloaded__takes_what_the_file_says_now_or_goes_on),
	cmocka_unit_test(check__bad_setting__78_and_no_start),
};

STACK_MAIN(tests, s, "SMARTCITY_VALIDATION=lenient",
    "SMARTCITY_UNKNOWN_SERVICES=reject", "THRESHOLD_KWH=10",
    "SMARTCITY_QUIET_SECONDS=0", "SMARTCITY_MAX_REQUESTS=20")
