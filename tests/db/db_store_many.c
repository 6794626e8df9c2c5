/*
 * Many events in one transaction: the same result as one after the other, and
 * no deadlocks between transactions.
 */
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_event.h"

enum {
	MANY = 120, /* more than a prepared plan is used for */
	ROUNDS = 12,
	WRITERS = 8,
	BATCHES = 20
};

/* Events of one test, which share a business. */
struct many {
	struct event events[MANY], *list[MANY];
	char bodies[MANY][128], keys[MANY][16];
	size_t n;
};

static void
add(struct many *m, const char *service, int key)
{
	struct event given = { .service = service,
		.body = m->bodies[m->n],
		.body_len = strlen(m->bodies[m->n]),
		.time_us = -1,
		.business = &store_business };

	snprintf(m->keys[m->n], sizeof(m->keys[m->n]), "key-%d", key);
	given.key = key > 0 ? m->keys[m->n] : NULL;
	event_init(&m->events[m->n], &given);
	event_check(&m->events[m->n]);
	m->list[m->n] = &m->events[m->n];
	m->n++;
}

/* The nth of a random mix of services, patients, places, keys and faults. */
static void
add_random(struct many *m, unsigned int *seed)
{
	static const char *const places[] = { "\"A\"", "\"A\"", "\"A\"", "\"\"",
		"null" };
	int what = rand_r(seed) % 10, who = rand_r(seed) % 3;
	int key = rand_r(seed) % 4 ? 0 : 1 + rand_r(seed) % 6;
	char *body = m->bodies[m->n];
	size_t size = sizeof(m->bodies[m->n]);

	if (what < 6) {
		snprintf(body, size,
		    "{\"patient_id\":%d,\"alert\":\"emergency\",\"location\":%"
		    "s}",
		    who, places[rand_r(seed) % 5]);
		add(m, "health", key);
	} else if (what < 8) {
		snprintf(body, size, "{\"energy\":%d,\"neighborhood\":\"%c\"}",
		    rand_r(seed) % 2 ? 600 : 10, 'a' + who);
		add(m, "energy", key);
	} else if (what < 9) {
		snprintf(body, size, "{\"energy\":\"bad %d\"}", who);
		add(m, "energy", key);
	} else {
		snprintf(body, size, "{\"wind\":%d}", who);
		add(m, "weather", key);
	}
}

static void
fill(struct many *m, unsigned int seed, size_t n)
{
	m->n = 0;
	while (m->n < n)
		add_random(m, &seed);
}

static void
forget(struct many *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		event_free(&m->events[i]);
}

/* Names an id by the event or the finding that it was made for. */
static void
put_name(struct buf *out, const struct many *m, const struct id *id)
{
	const struct event *e;
	size_t i;
	int k;

	for (i = 0; i < m->n; i++) {
		e = &m->events[i];
		if (strcmp(id->text, e->id.text) == 0)
			buf_printf(out, " %zu", i);
		for (k = 0; k < e->findings.n; k++)
			if (strcmp(id->text, e->findings.list[k].id.text) == 0)
				buf_printf(out, " %zu/%d", i, k);
	}
}

/* Every answer, and what is in the database afterwards. */
static char *
describe(const struct many *m)
{
	const struct event *e;
	struct buf out;
	char *rows;
	size_t i;
	int k;

	buf_init(&out, 1 << 20);
	for (i = 0; i < m->n; i++) {
		e = &m->events[i];
		buf_printf(&out, "%zu: %d%s", i, e->end,
		    e->end == EVENT_DUPLICATE && e->receipt.is_other_body
			? " other"
			: "");
		if (e->end != EVENT_REJECTED)
			put_name(&out, m, &e->receipt.id);
		for (k = 0; k < e->receipt.derived_count; k++)
			put_name(&out, m, &e->receipt.derived[k]);
		buf_putc(&out, '\n');
	}
	rows = t_sql(url,
	    "SELECT (SELECT string_agg(concat_ws(' ', service, key,"
	    " occurrences, watched IS NULL, watched, closes_at - last_seen_at),"
	    " E'\\n' ORDER BY service, key) FROM incidents)"
	    " || (SELECT concat_ws(' ', count(*), count(source_event_id),"
	    " count(derived_event_ids)) FROM events)"
	    " || (SELECT concat_ws(' ', '', count(*), count(subject))"
	    " FROM outbox_messages)"
	    " || (SELECT concat_ws(' ', '', count(*), count(deduplication_key))"
	    " FROM rejected_events)");
	buf_puts(&out, rows);
	free(rows);
	return out.data;
}

static void
clean(void)
{
	t_exec(url,
	    "TRUNCATE events, event_keys, incidents, outbox_messages, "
	    "rejected_events");
}

static char *
store_at_once(unsigned int seed, size_t n, size_t step)
{
	static struct many m;
	char *out;
	size_t i;

	clean();
	fill(&m, seed, n);
	for (i = 0; i < n; i += step)
		event_store(database, m.list + i, i + step < n ? step : n - i,
		    "0", false);
	out = describe(&m);
	forget(&m);
	return out;
}

static void
many__at_once__as_one_after_the_other(void **state)
{
	unsigned int round;
	char *one, *many;
	size_t n;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		n = round % 2 ? MANY : 20;
		store_business.remind_seconds = round % 4 == 3 ? 0 : -1;
		store_business.quiet_seconds = round % 6 == 5 ? 0 : -1;
		one = store_at_once(round + 1, n, 1);
		many = store_at_once(round + 1, n, n);
		assert_string_equal(many, one);
		free(many);
		/* What came before is seen like what is in the same list. */
		many = store_at_once(round + 1, n, n / 2 + 3);
		assert_string_equal(many, one);
		free(many);
		free(one);
	}
	store_business.remind_seconds = store_business.quiet_seconds = -1;
}

/* The answer to the commit was lost: the same ids are sent once more. */
static void
many__same_ids_twice__stored_once_and_answered_alike(void **state)
{
	static struct many m, again;
	char *before;
	size_t i;

	(void)state;
	clean();
	fill(&m, 99, MANY);
	again.n = 0;
	fill(&again, 99, MANY);
	for (i = 0; i < MANY; i++)
		again.events[i].id = m.events[i].id;
	event_store(database, m.list, MANY, "0", false);
	before = t_sql(url, "SELECT count(*) FROM events");
	event_store(database, again.list, MANY, "0", false);
	t_expect(url, before, "SELECT count(*) FROM events");
	for (i = 0; i < MANY; i++) {
		assert_int_equal(again.events[i].end, m.events[i].end);
		if (m.events[i].end != EVENT_REJECTED)
			store_check_same_receipt(
			    &again.events[i], &m.events[i]);
	}
	free(before);
	forget(&m);
	forget(&again);
}

/* The one at `bad` has {"wind":13}; keyed: every second one has a key. */
static void
fill_winds(struct many *m, size_t n, size_t bad, bool keyed)
{
	for (m->n = 0; m->n < n;) {
		snprintf(m->bodies[m->n], sizeof(m->bodies[m->n]),
		    "{\"wind\":%zu}", m->n == bad ? 13 : m->n);
		add(m, "weather", keyed && m->n % 2 ? (int)m->n : 0);
	}
}

/* 22012, like all of class 22: the database has something against a value. */
static void
many__database_refuses_one__rejected_alone(void **state)
{
	static struct many m;
	size_t i;

	(void)state;
	clean();
	t_exec(url,
	    "ALTER TABLE events ADD CONSTRAINT no CHECK (1 = 1 / "
	    "CASE payload::text WHEN '{\"wind\":13}' THEN 0 ELSE 1 END) "
	    "NOT VALID");
	fill_winds(&m, 9, 4, true);
	event_store(database, m.list, m.n, "0", true);
	for (i = 0; i < m.n; i++) {
		assert_int_equal(m.events[i].end, EVENT_FAILED);
		m.events[i].end = EVENT_CHECKED;
	}
	assert_int_equal(store_count("true"), 0);
	event_store(database, m.list, m.n, "0", false);
	t_exec(url, "ALTER TABLE events DROP CONSTRAINT no");
	for (i = 0; i < m.n; i++)
		assert_int_equal(
		    m.events[i].end, i == 4 ? EVENT_REJECTED : EVENT_STORED);
	assert_int_equal(store_count("true"), 8);
	t_expect(url, "{\"wind\":13} 1",
	    "SELECT convert_from(body, 'UTF8') || ' '"
	    " || json_array_length(reasons) FROM rejected_events");
	forget(&m);
}

/* 23514: a constraint of the operator's, which tells nothing of the value. */
static void
many__constraint_against_one__fails_alone(void **state)
{
	static struct many m;
	size_t i;

	(void)state;
	clean();
	t_exec(url,
	    "ALTER TABLE events ADD CONSTRAINT no CHECK"
	    " (payload::text <> '{\"wind\":13}') NOT VALID");
	fill_winds(&m, 9, 4, false);
	event_store(database, m.list, m.n, "0", false);
	t_exec(url, "ALTER TABLE events DROP CONSTRAINT no");
	for (i = 0; i < m.n; i++)
		assert_int_equal(
		    m.events[i].end, i == 4 ? EVENT_FAILED : EVENT_STORED);
	assert_int_equal(m.events[4].status, STATUS_FAULT);
	assert_int_equal(store_count("true"), 8);
	forget(&m);
}

/* 23505 of something that is not ours does not mean that all are stored. */
static void
many__unique_violation_not_ours__none_taken_for_stored(void **state)
{
	static struct many m;
	size_t i;

	(void)state;
	clean();
	t_exec(url,
	    "CREATE FUNCTION wind() RETURNS trigger LANGUAGE plpgsql AS"
	    " 'BEGIN RAISE unique_violation; END';"
	    "CREATE TRIGGER no BEFORE INSERT ON events FOR EACH ROW"
	    " WHEN (NEW.payload::text = '{\"wind\":13}')"
	    " EXECUTE FUNCTION wind()");
	fill_winds(&m, 3, 1, false);
	event_store(database, m.list, m.n, "0", false);
	t_exec(url, "DROP TRIGGER no ON events");
	for (i = 0; i < m.n; i++)
		assert_int_equal(m.events[i].end, EVENT_FAILED);
	assert_int_equal(store_count("true"), 0);
	forget(&m);
}

/* Writes batches with the same keys and incidents in another order. */
static int
write_batches(unsigned int seed)
{
	struct db *own = db_new(moved, "test", 30000);
	static struct many m;
	size_t i;
	int b;

	for (b = 0; b < BATCHES; b++) {
		fill(&m, seed + (unsigned int)b * WRITERS, MANY);
		event_store(own, m.list, MANY, "0", false);
		for (i = 0; i < MANY; i++)
			if (m.events[i].end == EVENT_FAILED)
				return 1;
		forget(&m);
	}
	db_free(own);
	return 0;
}

static void
many__writers_of_the_same_keys_at_once__no_deadlock(void **state)
{
	unsigned int i;
	int status;

	(void)state;
	clean();
	for (i = 0; i < WRITERS; i++)
		if (fork() == 0)
			_exit(write_batches(1000 + i));
	for (i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	t_expect(url, "0",
	    "SELECT deadlocks FROM pg_stat_database"
	    " WHERE datname = current_database()");
	/* Each key has one event, and each incident's events are its own. */
	t_expect(url, "0",
	    "SELECT count(*) FROM (SELECT FROM events"
	    " WHERE source_event_id IS NULL AND deduplication_key IS NOT NULL"
	    " GROUP BY service, deduplication_key HAVING count(*) > 1) AS x");
	t_expect(url, "t",
	    "SELECT (SELECT sum(occurrences) FROM incidents) ="
	    " (SELECT sum(cardinality(derived_event_ids)) FROM events)");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(many__at_once__as_one_after_the_other),
	cmocka_unit_test(many__same_ids_twice__stored_once_and_answered_alike),
	cmocka_unit_test(many__database_refuses_one__rejected_alone),
	cmocka_unit_test(many__constraint_against_one__fails_alone),
	cmocka_unit_test(
	    many__unique_violation_not_ours__none_taken_for_stored),
	cmocka_unit_test(many__writers_of_the_same_keys_at_once__no_deadlock),
};

T_MAIN_WITH(tests, database_open_moved, database_drop)
