/*
 * Processes are killed, the database goes away and comes back: no event that
 * was acknowledged is lost.
 */
#include "t.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "http.h"
#include "stack.h"

enum {
	SENDERS = 8,
	STATUS_RESPONDERS = 2,
	ACKS_MAX = 20000
};

static struct stack s;
static atomic_bool is_over;
static char acks[ACKS_MAX][37];
static atomic_int acked, refused, cut;

static void *
send_on(void *arg)
{
	while (!atomic_load(&is_over) && atomic_load(&acked) < ACKS_MAX - 64) {
		struct http h =
		    http_post(s.port, "/ingest/load", "{\"a\":[1,2,3]}");
		const char *id = strstr(h.body, "\"stored_event_id\":\"");

		if (h.status == 200 && id != NULL)
			memcpy(acks[atomic_fetch_add(&acked, 1)], id + 19, 36);
		else if (h.status == 0)
			atomic_fetch_add(&cut, 1);
		else
			atomic_fetch_add(&refused, 1);
		http_free(&h);
	}
	return arg;
}

static pthread_t senders[SENDERS];

static void
load_start(void)
{
	int i;

	is_over = false;
	acked = refused = cut = 0;
	memset(acks, 0, sizeof(acks));
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(
		    pthread_create(&senders[i], NULL, send_on, NULL), 0);
}

static void
load_stop(void)
{
	int i;

	is_over = true;
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_join(senders[i], NULL), 0);
}

static bool
has_more_acks(void *arg)
{
	return atomic_load(&acked) > *(int *)arg;
}

static void
wait_acks(int more)
{
	int n = atomic_load(&acked) + more;

	stack_wait(has_more_acks, &n, "more events are acknowledged");
}

/* Returns how many acknowledged ids are not in the table. */
static int
missing(void)
{
	char *ids = calloc(ACKS_MAX, 40), *p = ids;
	int i, n = acked, found;

	assert_non_null(ids);
	for (i = 0; i < n; i++)
		p += sprintf(p, "%s'%s'", i ? "," : "", acks[i]);
	found = (int)t_number(
	    s.url, "SELECT count(*) FROM events WHERE id IN (%s)", ids);
	free(ids);
	return n - found;
}

static void
responders__killed_under_load__no_acknowledged_event_lost(void **state)
{
	int i, pid;

	(void)state;
	load_start();
	for (i = 0; i < 20; i++) {
		wait_acks(20);
		pid = stack_child(stack_pid(&s, "fcgi"), i % 4);
		if (pid > 0)
			kill(pid, SIGKILL);
	}
	wait_acks(50);
	load_stop();
	assert_int_equal(missing(), 0);
	/*
	 * Each kill fails at most the requests that the responder had in hand:
	 * each sender has one.
	 */
	assert_in_range(refused + cut, 0, 20 * SENDERS);
}

enum {
	CROWD = 64
};

static const char *crowd_target, *crowd_body;
static pthread_barrier_t crowd_gate;
static struct http crowd[CROWD];

static void *
send_with_the_crowd(void *arg)
{
	pthread_barrier_wait(&crowd_gate);
	*(struct http *)arg = http_post(s.port, crowd_target, crowd_body);
	return NULL;
}

/*
 * Sends a crowd's requests at once; returns how many different bodies the
 * answers 200 had.
 */
static int
send_as_crowd(const char *target, const char *body, size_t from)
{
	pthread_t threads[CROWD];
	int i, j, different = 0;

	crowd_target = target;
	crowd_body = body;
	pthread_barrier_init(&crowd_gate, NULL, CROWD);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     send_with_the_crowd, &crowd[i]),
		    0);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&crowd_gate);
	for (i = 0; i < CROWD; i++) {
		assert_int_equal(crowd[i].status, 200);
		for (j = 0; j < i; j++)
			if (strcmp(crowd[i].body + from,
				crowd[j].body + from) == 0)
				break;
		different += j == i;
	}
	for (i = 0; i < CROWD; i++)
		http_free(&crowd[i]);
	return different;
}

static void
ingest__same_key_from_64_senders__one_answer_one_event(void **state)
{
	(void)state;
	assert_int_equal(send_as_crowd("/ingest/energy?dedupe_key=crowd",
			     J("{'energy':700,'neighborhood':'crowd'}"), 0),
	    1);
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "deduplication_key = 'crowd'"),
	    1);
}

/* The answers differ in the id of the report and in nothing after it. */
static void
ingest__one_emergency_from_64_senders__one_dispatch(void **state)
{
	(void)state;
	assert_int_equal(send_as_crowd("/ingest/health",
			     J("{'patient_id':6400,'alert':'emergency'}"),
			     strlen("{\"stored_event_id\":\"") + 36),
	    1);
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events WHERE "
			     "deduplication_key = "
			     "'health_emergency_6400'"),
	    2);
}

static bool
is_whole(void *arg)
{
	int pool = stack_pid(&s, "fcgi");

	(void)arg;
	return stack_child(pool, 3 + STATUS_RESPONDERS) > 0 &&
	    stack_child(pool, 4 + STATUS_RESPONDERS) == 0;
}

static void
pool__reloaded_under_load__no_request_fails(void **state)
{
	int pool = stack_pid(&s, "fcgi"), old[4], i, k;

	(void)state;
	stack_wait(is_whole, NULL, "the pool is whole");
	load_start();
	for (k = 0; k < 3; k++) {
		for (i = 0; i < 4; i++)
			old[i] = stack_child(pool, i);
		wait_acks(20);
		assert_int_equal(kill(pool, k % 2 ? SIGUSR2 : SIGHUP), 0);
		for (i = 0; i < 4; i++) {
			int64_t n = 0;

			while (kill(old[i], 0) == 0 && n++ < 300)
				wait_acks(5);
			assert_int_equal(kill(old[i], 0), -1);
		}
		stack_wait(is_whole, NULL, "the pool is whole");
	}
	wait_acks(20);
	load_stop();
	assert_int_equal(stack_pid(&s, "fcgi"), pool);
	assert_int_equal(refused, 0);
	assert_int_equal(cut, 0);
	assert_int_equal(missing(), 0);
}

/* Connections are refused and open ones ended, as when a server shuts down. */
static void
database__gone__503_and_back_again(void **state)
{
	char *name = t_sql(s.url, "SELECT current_database()");
	const char *cluster = getenv("TEST_DATABASE_URL");
	struct http h;
	char *retry;

	(void)state;
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name);
	t_exec(cluster,
	    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
	    "WHERE datname = '%s'",
	    name);
	h = http_post(s.port, "/ingest/health", "{}");
	assert_int_equal(h.status, 503);
	assert_non_null(strstr(h.body, "\"detail\""));
	retry = http_header(&h, "Retry-After");
	assert_non_null(retry);
	free(retry);
	http_free(&h);
	/*
	 * A body that fails its schema is answered with 503, too, so that the
	 * sender keeps it.
	 */
	h = http_post(s.port, "/ingest/health", "{\"patient_id\":[]}");
	assert_int_equal(h.status, 503);
	http_free(&h);
	h = http_get(s.port, "/events");
	assert_int_equal(h.status, 503);
	http_free(&h);
	h = http_get(s.port, "/ready");
	assert_int_equal(h.status, 503);
	assert_non_null(strstr(h.body, "database: "));
	http_free(&h);
	stack_wait_status(&s, "/health", 200);
	t_exec(cluster, "ALTER DATABASE \"%s\" ALLOW_CONNECTIONS true", name);
	stack_wait_status(&s, "/ready", 200);
	stack_wait_status(&s, "/events?limit=1", 200);
	free(name);
}

static void
worker__killed_and_gone__ready_says_so(void **state)
{
	struct http h;

	(void)state;
	t_exec(s.url,
	    "UPDATE workers SET last_seen_at = last_seen_at - "
	    "interval '1 minute'");
	assert_int_equal(kill(stack_pid(&s, "worker"), SIGSTOP), 0);
	t_exec(s.url,
	    "UPDATE workers SET last_seen_at = last_seen_at - "
	    "interval '1 minute'");
	stack_wait_status(&s, "/ready", 503);
	h = http_get(s.port, "/ready");
	assert_non_null(strstr(h.body, "worker: "));
	http_free(&h);
	stack_wait_status(&s, "/health", 200);
	assert_int_equal(kill(stack_pid(&s, "worker"), SIGCONT), 0);
	stack_wait_status(&s, "/ready", 200);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    responders__killed_under_load__no_acknowledged_event_lost),
	cmocka_unit_test(
	    ingest__same_key_from_64_senders__one_answer_one_event),
	cmocka_unit_test(ingest__one_emergency_from_64_senders__one_dispatch),
	cmocka_unit_test(pool__reloaded_under_load__no_request_fails),
	cmocka_unit_test(database__gone__503_and_back_again),
	cmocka_unit_test(worker__killed_and_gone__ready_says_so),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=4", "OUTBOX_POLL_SECONDS=0.1",
    "SMARTCITY_WORKER_SEEN=6")
