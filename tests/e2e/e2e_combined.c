/*
 * Requests that wait are stored together while responders are killed: what was
 * acknowledged is stored once, derived once, and answered with the right ids.
 * In the environment, KILLS: how many responders are killed; PAUSE_MS: how long
 * to wait before each, for a longer measurement.
 */
#include "t.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "events_lock.h"
#include "http.h"
#include "shell.h"
#include "stack.h"

enum {
	SENDERS = 64,
	PROCESSES = 3,
	ACKS_MAX = 2000000,
	ID_LEN = 36,
	KEYS_AFTER = 40 /* a repeated key is one of the last so many */
};

/* What a sender was told about its event number n. */
struct ack {
	int n;
	char kind;               /* p: plain, k: with a key, e: an emergency */
	char ids[3][ID_LEN + 1]; /* the event, and what it derived */
};

static struct stack s;
static atomic_bool is_over;
static struct ack *acks;
static atomic_int acked, failed, next;

static void
read_ids(struct ack *ack, const char *body)
{
	const char *p = body;
	int i;

	for (i = 0; i < 3 && (p = strchr(p, '0')) != NULL; i++) {
		snprintf(ack->ids[i], sizeof(ack->ids[i]), "%.36s", p);
		p += ID_LEN;
	}
}

/* 10 % are emergencies; 20 % have a key, which was used before or will be. */
static struct ack
make(char target[64], char body[128], unsigned int *seed)
{
	struct ack ack = { .n = atomic_fetch_add(&next, 1), .kind = 'p' };
	int dice = rand_r(seed) % 10;

	snprintf(target, 64, "/ingest/load");
	if (dice == 0) {
		ack.kind = 'e';
		snprintf(target, 64, "/ingest/health");
		snprintf(body, 128,
		    "{\"patient_id\":%d,\"alert\":\"emergency\",\"n\":%d}",
		    ack.n, ack.n);
		return ack;
	}
	if (dice <= 2) {
		ack.kind = 'k';
		ack.n -= rand_r(seed) % KEYS_AFTER;
		snprintf(target, 64, "/ingest/keyed?dedupe_key=key%d", ack.n);
	}
	snprintf(body, 128, "{\"n\":%d}", ack.n);
	return ack;
}

static void *
send_on(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	char target[64], body[128];
	struct ack ack;
	struct http h;

	while (!atomic_load(&is_over) &&
	    atomic_load(&acked) < ACKS_MAX - SENDERS) {
		ack = make(target, body, &seed);
		h = http_post(s.port, target, body);
		if (h.status == 200) {
			read_ids(&ack, h.body);
			acks[atomic_fetch_add(&acked, 1)] = ack;
		} else {
			atomic_fetch_add(&failed, 1);
		}
		http_free(&h);
	}
	return NULL;
}

static bool
has_more_acks(void *arg)
{
	return atomic_load(&acked) >= *(int *)arg;
}

static void
kill_under_load(int kills, int pause_ms)
{
	pthread_t senders[SENDERS];
	int i, pid, wanted;

	is_over = false;
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&senders[i], NULL, send_on,
				     (void *)(uintptr_t)(i + 1)),
		    0);
	for (i = 0; i < kills; i++) {
		wanted = acked + 300;
		stack_wait(has_more_acks, &wanted, "events are acknowledged");
		poll(NULL, 0, pause_ms);
		pid = stack_child(stack_pid(&s, "fcgi"), i % PROCESSES);
		if (pid > 0)
			kill(pid, SIGKILL);
	}
	wanted = acked + 300;
	stack_wait(has_more_acks, &wanted, "events are acknowledged");
	is_over = true;
	for (i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_join(senders[i], NULL), 0);
}

/* Puts what the senders were told into the table acks. */
static void
load_acks(void)
{
	char path[96];
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/acks", s.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	for (i = 0; i < acked; i++)
		fprintf(f, "%d,%c,%s,%s,%s\n", acks[i].n, acks[i].kind,
		    acks[i].ids[0], acks[i].ids[1], acks[i].ids[2]);
	fclose(f);
	t_exec(s.url,
	    "CREATE TABLE acks (n int, kind text, id uuid, first uuid, second "
	    "uuid)");
	shell_begin("cd %s || exit", s.dir);
	shell_must("psql -qX '%s' -c '\\copy acks from acks csv'", s.url);
}

static void
responders__killed_while_they_store_together__each_ack_holds(void **state)
{
	const char *kills = getenv("KILLS"), *pause = getenv("PAUSE_MS");

	(void)state;
	acks = calloc(ACKS_MAX, sizeof(*acks));
	assert_non_null(acks);
	kill_under_load(
	    kills != NULL ? atoi(kills) : 15, pause != NULL ? atoi(pause) : 0);
	load_acks();
	printf("%d acknowledged, %d failed\n", acked, failed);
	/* Stored under the id that was told, with the body that was sent. */
	t_expect(s.url, "0",
	    "SELECT count(*) FROM acks AS a LEFT JOIN events AS e USING (id)"
	    " WHERE e.id IS NULL OR (e.payload->>'n')::int <> a.n"
	    " OR e.service <> CASE kind WHEN 'p' THEN 'load'"
	    " WHEN 'k' THEN 'keyed' ELSE 'health' END");
	t_expect(s.url, "0",
	    "SELECT count(*) FROM (SELECT FROM acks WHERE kind <> 'k'"
	    " GROUP BY id HAVING count(*) > 1) AS x");
	/* A key has one event, whoever was told so. */
	t_expect(s.url, "0",
	    "SELECT count(*) FROM (SELECT FROM acks WHERE kind = 'k'"
	    " GROUP BY n HAVING count(DISTINCT id) > 1) AS x");
	t_expect(s.url, "0",
	    "SELECT count(*) FROM (SELECT FROM events WHERE service = 'keyed'"
	    " GROUP BY deduplication_key HAVING count(*) > 1) AS x");
	t_expect(s.url, "t",
	    "SELECT count(*) > count(DISTINCT n) FROM acks WHERE kind = 'k'");
	/* Each emergency derived its two events, and the sender knows them. */
	t_expect(s.url, "0",
	    "SELECT count(*) FROM acks AS a"
	    " WHERE kind = 'e' AND ARRAY[first, second] IS DISTINCT FROM"
	    " (SELECT array_agg(d.id ORDER BY d.id) FROM events AS d"
	    "   WHERE d.source_event_id = a.id"
	    "     AND (d.payload->>'patient_id')::int = a.n)");
	t_expect(s.url, "0",
	    "SELECT count(*) FROM acks WHERE kind <> 'e' AND first IS NOT "
	    "NULL");
	/* One message for each. */
	t_expect(s.url, "t",
	    "SELECT (SELECT count(*) FROM outbox_messages) ="
	    " (SELECT count(*) FROM events WHERE source_event_id IS NOT NULL)");
	free(acks);
}

static void
commits__while_all_were_busy__of_several_events(void **state)
{
	struct http h = http_get(s.port, "/metrics");
	double one, all;
	const char *at;

	(void)state;
	assert_int_equal(h.status, 200);
	at = strstr(h.body, "smartcity_commit_events_bucket{le=\"1\"} ");
	assert_non_null(at);
	one = atof(strchr(at, ' '));
	at = strstr(h.body, "smartcity_commit_events_count ");
	assert_non_null(at);
	all = atof(strchr(at, ' '));
	assert_true(all > one);
	http_free(&h);
}

enum {
	CROWD = 64, /* more than the responders accept, 16 each */
	BAD = 13    /* of the crowd, whose body the database refuses */
};

static void *
send_one(void *arg)
{
	int *n = arg;
	char body[64];
	struct http h;

	snprintf(body, sizeof(body), "{\"crowd\":%d}", *n);
	h = http_post(s.port, "/ingest/crowd", body);
	*n = h.status;
	http_free(&h);
	return NULL;
}

/* Requests of which no responder has taken any yet. */
static bool
has_queue(void *arg)
{
	struct http h = http_get(s.port, "/status?json");
	const char *at = strstr(h.body, "\"listen queue\":");
	bool is_long =
	    at != NULL && atoi(strchr(at, ':') + 1) >= CROWD - 16 * PROCESSES;

	(void)arg;
	http_free(&h);
	return is_long;
}

static void
value__refused_by_the_database__harms_no_other_request(void **state)
{
	pthread_t senders[CROWD];
	int results[CROWD], i;
	FILE *lock;

	(void)state;
	/* 22012, as all of class 22: the database cannot take a value. */
	t_exec(s.url,
	    "ALTER TABLE events ADD CONSTRAINT no CHECK (1 = 1 / "
	    "CASE payload->>'crowd' WHEN '%d' THEN 0 ELSE 1 END) NOT VALID",
	    BAD);
	lock = events_lock(s.url, "");
	for (i = 0; i < CROWD; i++) {
		results[i] = i;
		assert_int_equal(
		    pthread_create(&senders[i], NULL, send_one, &results[i]),
		    0);
	}
	stack_wait(has_queue, NULL, "requests wait at the socket");
	events_unlock(lock);
	for (i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(senders[i], NULL), 0);
		assert_int_equal(results[i], i == BAD ? 422 : 200);
	}
	t_exec(s.url, "ALTER TABLE events DROP CONSTRAINT no");
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM events"
			     " WHERE service = 'crowd'"),
	    CROWD - 1);
	t_expect(s.url, "{\"crowd\":13}",
	    "SELECT convert_from(body, 'UTF8') FROM rejected_events");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    responders__killed_while_they_store_together__each_ack_holds),
	cmocka_unit_test(commits__while_all_were_busy__of_several_events),
	cmocka_unit_test(
	    value__refused_by_the_database__harms_no_other_request),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=3", "SMARTCITY_LOG_LEVEL=warn",
    "SMARTCITY_DB_TIMEOUT_MS=20000")
