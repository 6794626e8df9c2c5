/*
 * GET /events with every set of filters: the right events, and few rows looked
 * at, whatever passes.
 */
#include "outbox_rows.h"

#include <string.h>

#include "buf.h"
#include "event_row.h"
#include "events_page.h"
#include "id.h"
#include "plans.h"

enum {
	EXAMINE =
	    10000, /* rows that one statement looks at, of events_search.c */
	STATEMENTS = 16 /* for one page: a count, and three for each window */
};

#define CAUSE "01a10000-0000-7000-8000-000000000001"

/*
 * Ten weeks of 20,000 events. "police" has only derived events, with one key;
 * "busy" has events in the first part of each week alone; "gate" gives its
 * events times of their own, in 2015.
 */
static const char fill[] =
    "CREATE TABLE weeks AS SELECT w, date_trunc('week', now() AT TIME ZONE"
    " 'UTC') AT TIME ZONE 'UTC' - w * interval '168 hours' AS monday"
    " FROM generate_series(0, 9) AS w;"
    "DO $$ BEGIN PERFORM events_partition_create('events', monday)"
    " FROM weeks; END $$;"
    "INSERT INTO events (id, service, \"timestamp\", payload,"
    " deduplication_key, source_event_id, own_time)"
    " SELECT (left(uuid_v7_floor(received)::text, 24)"
    "  || lpad(to_hex(n), 12, '0'))::uuid,"
    "  service, CASE WHEN own THEN timestamptz '2015-01-01Z' + n *"
    "  interval '1 minute' ELSE date_trunc('milliseconds', received) END,"
    "  '{}', key, cause, own"
    " FROM weeks, generate_series(1, 20000) AS n, LATERAL (SELECT"
    "  monday + n * interval '4 seconds' AS received,"
    "  CASE WHEN n % 3 = 0 THEN 'police' WHEN n % 5 = 0 THEN 'gate'"
    "   WHEN n < 5000 THEN 'busy' ELSE 'health' END AS service,"
    "  CASE WHEN n % 3 = 0 THEN 'same' WHEN n % 1000 = 1 THEN"
    "   'sent-' || n END AS key,"
    "  CASE WHEN n = 3 THEN '" CAUSE "'::uuid WHEN n % 3 = 0 THEN"
    "   gen_random_uuid() END AS cause,"
    "  CASE WHEN n % 3 <> 0 AND n % 5 = 0 THEN true END AS own) AS x;"
    /* A long run of derived events. */
    "INSERT INTO events (id, service, \"timestamp\", payload,"
    " deduplication_key, source_event_id)"
    " SELECT (left(uuid_v7_floor(monday + interval '1 day')::text, 24)"
    "  || lpad(to_hex(n), 12, '0'))::uuid,"
    "  'police', monday + interval '1 day', '{}', 'same', gen_random_uuid()"
    " FROM weeks, generate_series(1, 25000) AS n WHERE w = 1";

/* For times in the middle of the events' weeks. */
static char range[2][256], receipt[2][256];

static void
put_times(void)
{
	char *low = t_sql(url,
	    "SELECT rfc3339(monday + interval '7 hours') FROM weeks"
	    " WHERE w = 6");
	char *high = t_sql(url,
	    "SELECT rfc3339(monday + interval '7 hours') FROM weeks"
	    " WHERE w = 1");

	snprintf(range[0], sizeof(range[0]), "&since=%s&until=%s", low, high);
	snprintf(range[1], sizeof(range[1]),
	    " AND id >= uuid_v7_floor('%s') AND id < uuid_v7_floor('%s')", low,
	    high);
	snprintf(receipt[0], sizeof(receipt[0]), "&from=%s&to=%s", low, high);
	snprintf(receipt[1], sizeof(receipt[1]),
	    " AND \"timestamp\" >= '%s' AND \"timestamp\" < '%s'", low, high);
	free(low);
	free(high);
}

static int
make(void **state)
{
	database_make(state);
	t_exec(url, "%s", fill);
	t_exec(url, "VACUUM ANALYZE events");
	put_times();
	plans_watch(url);
	database = db_new(url, "test", 30000);
	return database == NULL;
}

/* A filter of the URL and of SQL; values of which many, few or none pass. */
static const struct choice {
	const char *query, *sql;
} services[] = {
	{ "&service=health", " AND service = 'health'" },
	{ "&service=police", " AND service = 'police'" },
	{ "&service=busy", " AND service = 'busy'" },
}, ranges[] = {
	{ range[0], range[1] },
}, causes[] = {
	{ "&source_event_id=" CAUSE, " AND source_event_id = '" CAUSE "'" },
}, keys[] = {
	{ "&deduplication_key=same", " AND deduplication_key = 'same'" },
	{ "&deduplication_key=sent-1", " AND deduplication_key = 'sent-1'" },
	{ "&deduplication_key=none", " AND deduplication_key = 'none'" },
}, origins[] = {
	{ "&derived=true", " AND source_event_id IS NOT NULL" },
	{ "&derived=false", " AND source_event_id IS NULL" },
}, times[] = {
	{ "&from=2000-01-01T00:00:00Z",
	    " AND \"timestamp\" >= '2000-01-01Z'" },
	{ "&from=2015-01-03T00:00:00Z&to=2015-01-03T12:00:00Z",
	    " AND \"timestamp\" >= '2015-01-03Z'"
	    " AND \"timestamp\" < '2015-01-03 12:00Z'" },
	{ "&to=2000-01-01T00:00:00Z", " AND \"timestamp\" < '2000-01-01Z'" },
	{ receipt[0], receipt[1] },
};

#define KINDS 6
static const struct {
	const struct choice *at;
	int n;
} kinds[KINDS] = {
#define KIND(x)                                                                \
	{                                                                      \
		x, sizeof(x) / sizeof(*(x))                                    \
	}
	KIND(services),
	KIND(ranges),
	KIND(causes),
	KIND(keys),
	KIND(origins),
	KIND(times),
};

/* Reads at most so many pages; returns whether they were all. */
static bool
follow(const char *first, int most, struct buf *ids)
{
	static char next[512];
	const char *p, *link;
	int pages = 0;

	snprintf(next, sizeof(next), "%s", first);
	do {
		plans_forget();
		if (rows_call("GET", next) != 200)
			fail_msg("%s: %s", next, rows_body);
		if (plans.most_examined > EXAMINE + 200 ||
		    plans.most_sorted > EXAMINE || plans.most_scanned > 1000 ||
		    plans.statements > STATEMENTS)
			fail_msg("%s: %d statements, %lld rows, %lld sorted,"
				 " %lld without an index\n%s",
			    next, plans.statements, plans.most_examined,
			    plans.most_sorted, plans.most_scanned, plans.last);
		for (p = rows_body; (p = strstr(p, "{\"id\":\"")); p += 7)
			buf_printf(ids, "%.36s ", p + 7);
		link = strchr(rows_headers, '<');
		if (strstr(rows_headers, "rel=\"next\"") == NULL)
			link = NULL;
		if (link != NULL)
			snprintf(next, sizeof(next), "%.*s",
			    (int)strcspn(link + 1, ">"), link + 1);
		pages++;
	} while (link != NULL && pages < most);
	return link == NULL;
}

/* The ids of the first pages must be those that a plain scan finds. */
static void
check(const char *query, const char *where)
{
	struct buf ids;
	char *wanted;
	bool is_all;

	buf_init(&ids, 1 << 20);
	buf_puts(&ids, "");
	is_all = follow(query, 12, &ids);
	wanted = t_sql(url,
	    "SELECT coalesce(string_agg(id || ' ', '' ORDER BY id DESC), '')"
	    " FROM (SELECT id FROM events WHERE true%s ORDER BY id DESC"
	    " LIMIT %zu) AS x",
	    where, ids.len / 37 + is_all);
	if (strcmp(ids.len > 0 ? ids.data : "", wanted) != 0)
		fail_msg("%s: %zu events instead of %zu", query, ids.len / 37,
		    strlen(wanted) / 37);
	free(wanted);
	buf_free(&ids);
}

/* All values of the filters in the set, one with the other. */
static void
check_set(unsigned set, int kind, const char *query, const char *where)
{
	char longer[512], more[512];
	int i;

	if (kind == KINDS) {
		check(query, where);
		return;
	}
	if ((set & 1u << kind) == 0) {
		check_set(set, kind + 1, query, where);
		return;
	}
	for (i = 0; i < kinds[kind].n; i++) {
		snprintf(longer, sizeof(longer), "%s%s", query,
		    kinds[kind].at[i].query);
		snprintf(
		    more, sizeof(more), "%s%s", where, kinds[kind].at[i].sql);
		check_set(set, kind + 1, longer, more);
	}
}

static void
search__all_sets_of_filters__right_events_from_few_rows(void **state)
{
	unsigned set;

	(void)state;
	for (set = 0; set < 1u << KINDS; set++)
		check_set(set, 0, "/events?limit=100", "");
}

static void
expect(const char *query, const char *where)
{
	char *wanted = t_sql(url,
	    "SELECT coalesce(string_agg(id || ' ', '' ORDER BY id DESC), '')"
	    " FROM (SELECT id FROM events WHERE true %s) AS x",
	    where);
	struct buf ids;
	const char *p;

	buf_init(&ids, 1 << 20);
	buf_puts(&ids, "");
	assert_int_equal(rows_call("GET", query), 200);
	for (p = rows_body; (p = strstr(p, "{\"id\":\"")) != NULL; p += 7)
		buf_printf(&ids, "%.36s ", p + 7);
	if (strcmp(ids.len > 0 ? ids.data : "", wanted) != 0)
		fail_msg("%s: %zu events instead of %zu", query, ids.len / 37,
		    strlen(wanted) / 37);
	free(wanted);
	buf_free(&ids);
}

static void
search__offsets__skip_what_passes(void **state)
{
	(void)state;
	expect("/events?offset=0&limit=3", "ORDER BY id DESC LIMIT 3");
	expect("/events?offset=19990&limit=20",
	    "ORDER BY id DESC LIMIT 20 OFFSET 19990");
	expect("/events?offset=150000&limit=7",
	    "ORDER BY id DESC LIMIT 7 OFFSET 150000");
	expect("/events?offset=225000", "AND false");
	expect(
	    "/events?offset=224999", "ORDER BY id DESC LIMIT 1 OFFSET 224999");
	expect("/events?offset=30000&limit=9&service=gate",
	    "AND service = 'gate' ORDER BY id DESC LIMIT 9 OFFSET 30000");
	expect("/events?offset=9&derived=false&deduplication_key=sent-1",
	    "AND deduplication_key = 'sent-1' ORDER BY id DESC OFFSET 9");
	expect("/events?offset=70&from=2015-01-03T00:00:00Z"
	       "&to=2015-01-03T12:00:00Z",
	    "AND \"timestamp\" BETWEEN '2015-01-03Z' AND '2015-01-03 11:59Z'"
	    " ORDER BY id DESC LIMIT 100 OFFSET 70");
}

/* Also above the clock, where a wrong clock has put them. */
static void
search__events_of_the_far_future_and_past__found(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload) VALUES"
	    " ('ffffffff-fff0-7000-8000-000000000001', 'odd', now(), '{}'),"
	    " ('00000000-0001-7000-8000-000000000001', 'odd', now(), '{}')");
	assert_int_equal(
	    rows_call("GET", "/events/ffffffff-fff0-7000-8000-000000000001"),
	    200);
	assert_int_equal(
	    rows_call("GET", "/events/00000000-0001-7000-8000-000000000001"),
	    200);
	assert_int_equal(
	    rows_call("GET", "/events/00000000-0001-7000-8000-000000000002"),
	    404);
	expect("/events?limit=2", "ORDER BY id DESC LIMIT 2");
	expect("/events?service=odd", "AND service = 'odd'");
	expect("/events?cursor=01000000-0000-0000-0000-000000000000",
	    "AND id < '01000000-0000-0000-0000-000000000000'");
	expect("/events?offset=225001", "ORDER BY id LIMIT 1");
	t_exec(url, "DELETE FROM events WHERE service = 'odd'");
}

#define ODD "01a20d01-f51c-7000-8000-000000000001"

/* The event as it is written with this time; false: it cannot be. */
static bool
write_at(const char *timestamp, struct buf *out)
{
	const struct id id = { ODD };
	struct pg_result *r = NULL;

	t_exec(url,
	    "DELETE FROM events WHERE id = '" ODD "'; INSERT INTO events (id,"
	    " service, \"timestamp\", payload) VALUES ('" ODD "', 'odd', '%s',"
	    " '{}')",
	    timestamp);
	assert_int_equal(events_read(database, &id, &r), STATUS_OK);
	buf_reset(out);
	event_row_write(out, r, 0);
	pg_free(r);
	return !out->failed;
}

static void
rows__times__as_rfc3339_from_1970_to_9999(void **state)
{
	static const char *const good[] = { "1970-01-01T00:00:00.000000Z",
		"1999-12-31T23:59:59.999999Z", "2000-02-29T01:02:03.000004Z",
		"2026-11-27T12:34:56.100000Z", "9999-12-31T23:59:59.999999Z" };
	static const char *const bad[] = { "1969-12-31T23:59:59Z",
		"10000-01-01T00:00:00Z", "infinity", "-infinity" };
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(write_at(good[i], &out));
		assert_non_null(strstr(out.data, good[i]));
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(write_at(bad[i], &out));
	t_exec(url, "DELETE FROM events WHERE service = 'odd'");
	buf_free(&out);
}

static void
search__times_that_cannot_be_read_or_used__422(void **state)
{
	(void)state;
	assert_int_equal(rows_call("GET", "/events?from=yesterday"), 422);
	assert_int_equal(rows_call("GET", "/events?to=2026-01-01"), 422);
	assert_int_equal(
	    rows_call("GET", "/events?after=0&from=2026-01-01T00:00:00Z"), 422);
	expect("/events?from=2015-01-02T00:00:00Z&to=2015-01-01T00:00:00Z",
	    "AND false");
}

#define TEST(name) cmocka_unit_test(name)

static const struct CMUnitTest tests[] = {
	TEST(search__all_sets_of_filters__right_events_from_few_rows),
	TEST(search__offsets__skip_what_passes),
	TEST(search__events_of_the_far_future_and_past__found),
	TEST(search__times_that_cannot_be_read_or_used__422),
	TEST(rows__times__as_rfc3339_from_1970_to_9999),
};

T_MAIN_WITH(tests, make, rows_close)
