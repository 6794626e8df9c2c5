/*
 * A worker whose role can read and write, but owns no table.
 */
#include "t.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"
#include "one_job.h"
#include "receiver.h"
#include "stack.h"
#include "store_event.h"

static char role[32], *plain; /* plain: the URI with that role */
static struct db *db;
static struct receiver receiver;
static const struct config config = { .partitions_ahead = 4,
	.retry_schedule = "0" };

static int
open_database(void **state)
{
	database_make(state);
	receiver_start(&receiver);
	snprintf(role, sizeof(role), "app_%d", (int)getpid());
	t_exec(url, "CREATE ROLE %s LOGIN", role);
	if (asprintf(&plain, "%s&user=%s", url, role) < 0)
		return 1;
	db = db_new(plain, "test", 5000);
	db_keep_denials(db);
	return 0;
}

static int
close_database(void **state)
{
	db_free(db);
	free(plain);
	receiver_stop(&receiver);
	t_exec(url, "DROP OWNED BY %s; DROP ROLE %s", role, role);
	database_drop(state);
	return 0;
}

/* Grants select, insert, update, delete and execute; partitions are missing. */
static int
grant_all_but_ownership(void **state)
{
	(void)state;
	t_exec(url,
	    "GRANT USAGE ON SCHEMA public, sqitch TO %s;"
	    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
	    " IN SCHEMA public, sqitch TO %s;"
	    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO %s;"
	    "TRUNCATE workers, subscriptions, deliveries, outbox_messages;"
	    "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT inhrelid FROM"
	    " pg_inherits WHERE inhparent = 'events'::regclass AND"
	    " inhrelid <> 'events_default'::regclass"
	    " LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $$",
	    role, role, role);
	return 0;
}

/* --- the program --- */

static pid_t
start(FILE *out)
{
	const char *build = getenv("TEST_BUILD");
	char path[256];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/smartcity-worker",
	    build != NULL ? build : "build");
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fileno(out), STDERR_FILENO);
	setenv("DATABASE_URL", plain, 1);
	setenv("SMARTCITY_DELIVERY_ALLOW", "loopback", 1);
	execl(path, path, (char *)NULL);
	_exit(127);
}

static int
count_written(FILE *out, const char *text)
{
	static char all[65536];
	ssize_t len = pread(fileno(out), all, sizeof(all) - 1, 0);
	const char *at = all;
	int n;

	all[len > 0 ? len : 0] = '\0';
	for (n = 0; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

static bool
is_delivered(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM deliveries"
		   " WHERE status = 'delivered'") == 1;
}

/* Whether the second heartbeat has come, which takes five seconds. */
static bool
has_beaten_twice(void *arg)
{
	(void)arg;
	return t_number(url,
		   "SELECT count(*) FROM workers"
		   " WHERE last_seen_at > started_at + interval '3 s'") == 1;
}

static void
worker__rights_to_data_alone__delivers_and_says_once_what_lacks(void **state)
{
	FILE *out = tmpfile();
	char text[256];
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(out);
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, secret) VALUES"
	    " (gen_random_uuid(), 'event.*', 'http://127.0.0.1:%d/ok/r',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');"
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload)"
	    " VALUES (uuid_v7_floor(now()), 'event.x', '{}') RETURNING id)"
	    "INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT m.id, s.id FROM m, subscriptions AS s",
	    receiver.port);
	pid = start(out);
	stack_wait(is_delivered, NULL, "it is delivered");
	stack_wait(has_beaten_twice, NULL, "the worker goes on");
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	snprintf(text, sizeof(text),
	    "\"level\":\"error\",\"program\":\"smartcity-worker\",\"pid\":%d,"
	    "\"msg\":\"jobs: partitions: role %s lacks a right: ",
	    (int)pid, role);
	assert_int_equal(count_written(out, text), 1);
	assert_int_equal(count_written(out, "42501"), 1);
	assert_int_equal(
	    count_written(out, "grant it the role that owns the tables"), 1);
	assert_int_equal(count_written(out, J("'level':'error'")), 1);
	assert_int_equal(count_written(out, J("'level':'warn'")), 0);
	fclose(out);
}

static void
ingest__rights_to_data_alone__kept_without_a_partition(void **state)
{
	struct event event;
	struct id id;

	(void)state;
	assert_true(id_parse("01a205b3-d000-7000-8000-000000000001", &id));
	event = store_send_as(db, id, "weather", "{}", NULL);
	assert_int_equal(event.end, EVENT_STORED);
	event_free(&event);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 1);
	t_exec(url, "TRUNCATE events_default");
}

/* --- jobs --- */

static void
job__denied__again_after_a_minute_said_once_an_hour(void **state)
{
	struct worker w = { .config = &config, .db = db };
	struct job job = one_job("partitions");

	(void)state;
	assert_int_equal(job_run(&job, &w, 1000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 1000);
	job_done(&job, TURN_DENIED, 1000);
	assert_int_equal(job.due_ms, 61000);
	assert_int_equal(job_run(&job, &w, 61000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 1000);
	assert_int_equal(job_run(&job, &w, 3602000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 3602000);
}

static void
job__another_right_lacks__said_at_once(void **state)
{
	struct worker w = { .config = &config, .db = db };
	struct job job = one_job("partitions");

	(void)state;
	assert_int_equal(job_run(&job, &w, 1000), TURN_DENIED);
	t_exec(url, "GRANT CREATE ON SCHEMA public TO %s", role);
	assert_int_equal(job_run(&job, &w, 2000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 2000);
	assert_non_null(strstr(job.rights.reason, "must be owner of"));
	t_exec(url, "REVOKE CREATE ON SCHEMA public FROM %s", role);
}

static void
job__denied_now_and_then__not_said_anew(void **state)
{
	struct worker w = { .config = &config, .db = db };
	struct job job = one_job("partitions");

	(void)state;
	assert_int_equal(job_run(&job, &w, 1000), TURN_DENIED);
	t_exec(url, "ALTER ROLE %s SUPERUSER", role);
	assert_int_equal(job_run(&job, &w, 2000), TURN_AGAIN);
	assert_false(job.rights.is_said);
	t_exec(url, "ALTER ROLE %s NOSUPERUSER", role);
	assert_int_equal(job_run(&job, &w, 3000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 1000);
	assert_int_equal(job_run(&job, &w, 3601000), TURN_DENIED);
	assert_int_equal(job.rights.said_ms, 3601000);
}

static void
jobs__no_rights_at_all__each_says_it_once(void **state)
{
	struct worker w = { .config = &config, .db = db, .name = "me:1" };
	char error[256];
	struct config with_stream = config;
	struct job jobs[JOBS];
	int i, denied = 0;

	(void)state;
	strcpy(with_stream.stream, "/nonexistent/stream.sock");
	with_stream.stream_bytes = 1000000;
	assert_int_equal(
	    stream_open(&w.stream, &with_stream, NULL, error), STATUS_OK);
	t_exec(url, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %s", role);
	jobs_init(jobs);
	for (i = 0; i < JOBS; i++) {
		/* The job watch needs no rights beyond connecting. */
		if (strcmp(jobs[i].name, "watch") == 0)
			continue;
		denied++;
		assert_int_equal(job_run(&jobs[i], &w, 1000), TURN_DENIED);
		assert_int_equal(job_run(&jobs[i], &w, 2000), TURN_DENIED);
		assert_int_equal(jobs[i].rights.said_ms, 1000);
		if (strcmp(jobs[i].name, "partitions") != 0)
			assert_non_null(strstr(jobs[i].rights.reason,
			    "permission denied for table"));
	}
	assert_int_equal(denied, JOBS - 1);
	stream_close(w.stream);
}

#define TEST(test) cmocka_unit_test_setup(test, grant_all_but_ownership)

static const struct CMUnitTest tests[] = {
	TEST(worker__rights_to_data_alone__delivers_and_says_once_what_lacks),
	TEST(ingest__rights_to_data_alone__kept_without_a_partition),
	TEST(job__denied__again_after_a_minute_said_once_an_hour),
	TEST(job__another_right_lacks__said_at_once),
	TEST(job__denied_now_and_then__not_said_anew),
	TEST(jobs__no_rights_at_all__each_says_it_once),
};

T_MAIN_WITH(tests, open_database, close_database)
