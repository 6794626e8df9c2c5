/*
 * The statements of the last release (tests/released/) on the newest schema,
 * because its responders and workers go on while the next release is rolled
 * out.
 */
#include "t.h"

#include <dirent.h>
#include <fnmatch.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "store_event.h"

enum {
	TEXT_MAX = 16384,
	RELEASED_MAX = 200
};

#define SENT "01a20000-0000-7000-8000-000000000001"
#define CAUSE "01a20000-0000-7000-8000-000000000002"
#define DERIVED "01a20000-0000-7000-8000-000000000003"
#define SUBSCRIPTION "01a20000-0000-7000-8000-000000000004"
#define TESTING "01a20000-0000-7000-8000-000000000005"
#define REJECTED "01a20000-0000-7000-8000-000000000006"
#define STANDING "01a20000-0000-7000-8000-000000000009"
#define LAST "ffffffff-ffff-ffff-ffff-ffffffffffff"
#define NONE "00000000-0000-0000-0000-000000000000"

static PGconn *conn;
static char schema[64]; /* last change of the schema that the release knows */
static struct {
	char name[64];
	bool was_run;
} released[RELEASED_MAX];
static int n_released;

static void
read_text(const char *path, char text[TEXT_MAX])
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("cannot read %s", path);
	n = fread(text, 1, TEXT_MAX - 1, f);
	assert_true(n < TEXT_MAX - 1);
	text[n] = '\0';
	fclose(f);
}

/* The last change before the last tag of the plan. */
static void
find_schema(void)
{
	char text[TEXT_MAX], last[sizeof(schema)] = "", *line, *rest = text;

	read_text("sql/sqitch.plan", text);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] == '@')
			strcpy(schema, last);
		else if (line[0] != '%' && line[0] != '\0')
			snprintf(last, sizeof(last), "%.*s",
			    (int)strcspn(line, " "), line);
	assert_string_not_equal(schema, "");
}

/* Prepares the statement, as the release does when it connects. */
static void
prepare(const char *file)
{
	char path[320], text[TEXT_MAX], *name = released[n_released].name;
	PGresult *r;

	assert_true(n_released < RELEASED_MAX);
	snprintf(path, sizeof(path), "tests/released/%s", file);
	read_text(path, text);
	snprintf(name, sizeof(released->name), "%.*s", (int)(strlen(file) - 4),
	    file);
	r = PQprepare(conn, name, text, 0, NULL);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", file, PQerrorMessage(conn));
	PQclear(r);
	n_released++;
}

static int
setup(void **state)
{
	DIR *dir = opendir("tests/released");
	const struct dirent *entry;

	assert_non_null(dir);
	database_make(state);
	conn = PQconnectdb(url);
	find_schema();
	while ((entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".sql") != NULL)
			prepare(entry->d_name);
	closedir(dir);
	return n_released == 0;
}

static int
teardown(void **state)
{
	PQfinish(conn);
	database_drop(state);
	return 0;
}

static void
mark_run(const char *name)
{
	int i;

	for (i = 0; i < n_released; i++)
		if (strcmp(released[i].name, name) == 0)
			released[i].was_run = true;
}

/* Runs it; its rows, as lines a|b|c, must match a pattern of fnmatch(3). */
static void
expect(const char *name, const char *pattern, const char *const values[], int n)
{
	PGresult *r = PQexecPrepared(conn, name, n, values, NULL, NULL, 0);
	struct buf got;
	int i, k;

	if (PQresultStatus(r) != PGRES_TUPLES_OK &&
	    PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", name, PQerrorMessage(conn));
	buf_init(&got, 1 << 20);
	for (i = 0; i < PQntuples(r); i++)
		for (k = 0; k < PQnfields(r); k++)
			buf_printf(&got, "%s%s",
			    k > 0       ? "|"
				: i > 0 ? "\n"
					: "",
			    PQgetvalue(r, i, k));
	PQclear(r);
	buf_putc(&got, '\0');
	if (fnmatch(pattern, got.data, FNM_NOESCAPE) != 0)
		fail_msg("%s: %s", name, got.data);
	buf_free(&got);
	mark_run(name);
}

#define EXPECT(name, pattern, ...)                                             \
	expect(name, pattern, (const char *const[]){ __VA_ARGS__ },            \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
released__a_newer_schema__ready(void **state)
{
	(void)state;
	EXPECT("session", "UTF8|UTC|ISO, MDY|on|2s|2s|10s|on|on", "2s");
	EXPECT("ready", "t|t|f", schema, "30");
	EXPECT("worker_beat", "", "host:1");
	EXPECT("ready", "t|t|t", schema, "30");
	EXPECT("worker_leave", "", "host:1");
	/* A program newer than the schema asks for a change that is missing. */
	EXPECT("ready", "f|t|f", "next_year", "30");
}

static void
released__subscriptions__made_changed_and_found(void **state)
{
	(void)state;
	EXPECT("subscription_create", "*\"topic\":\"event.*\"*", SUBSCRIPTION,
	    "{\"topic\":\"event.*\",\"url\":\"http://x/\"}", "whsec_a");
	EXPECT("subscription_update", "*\"max_in_flight\":3,*", SUBSCRIPTION,
	    "{\"max_in_flight\":3}");
	EXPECT("subscription_rotate", "*\"secret_rotates_until\":\"2*",
	    SUBSCRIPTION, "whsec_b", "60");
	EXPECT("subscription_get", "*\"max_in_flight\":3,*", SUBSCRIPTION);
	EXPECT("subscriptions_page", SUBSCRIPTION "|*", LAST, "10", "0");
}

/* The last release must neither show nor lose what the next one stores. */
static void
released__secrets_of_a_subscription__masked_and_kept(void **state)
{
	(void)state;
	t_exec(
	    url, "UPDATE subscriptions SET headers = '{\"X-A\": \"secret\"}'");
	EXPECT("subscription_get", "*\"headers\":{\"X-A\":\"***\"},*",
	    SUBSCRIPTION);
	EXPECT("subscription_update", "*\"max_in_flight\":4,*", SUBSCRIPTION,
	    "{\"max_in_flight\":4}");
	EXPECT("subscription_update", "*\"max_in_flight\":3,*", SUBSCRIPTION,
	    "{\"max_in_flight\":3}");
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions"
			     " WHERE headers->>'X-A' = 'secret'"),
	    1);
	t_exec(url, "UPDATE subscriptions SET headers = NULL");
}

static void
released__ingest__stored_derived_and_announced(void **state)
{
	static const char found[] =
	    "[{\"n\":0,\"id\":\"" DERIVED "\","
	    "\"service\":\"security\",\"key\":\"k\",\"watched\":null,"
	    "\"quiet\":300,\"remind\":3600,\"payload\":{\"alert\":1e0}}]";

	(void)state;
	EXPECT("event_insert", "", SENT, "weather", "2026-01-01T00:00:00Z",
	    "{\"wind\":1.50}", "{\"wind\":1.5}");
	EXPECT("event_ingest", CAUSE "|" DERIVED, CAUSE, "energy",
	    "2026-01-01T00:00:01Z", "{\"energy\":600}", "{\"energy\":600.0}",
	    "sent-once", found, "request", NULL, "0");
	/* The key is taken: no row is stored, and the first answer is found. */
	EXPECT("event_ingest", "", TESTING, "energy", "2026-01-01T00:00:02Z",
	    "{\"energy\":600}", "{\"energy\":600.0}", "sent-once", found,
	    "request", NULL, "0");
	EXPECT("event_by_key", CAUSE "|" DERIVED "|t", "energy", "sent-once",
	    "{\"energy\":600}");
	EXPECT("event_answer", CAUSE "|" DERIVED, CAUSE);
	EXPECT("rejected_insert", "", REJECTED, "energy", NULL, "[]", "\\x7b");
	assert_int_equal(t_number(url, "SELECT count(*) FROM events"), 3);
	/* One delivery for each subscription of the previous test. */
	assert_int_equal(t_number(url, "SELECT count(*) FROM deliveries"),
	    t_number(url, "SELECT count(*) FROM subscriptions"));
}

/* What the last release found in a report of patient 7. */
#define FOUND(id)                                                              \
	"[{\"n\":0,\"id\":\"" id "\",\"service\":\"transport\","               \
	"\"key\":\"health_emergency_7\",\"watched\":\"A\","                    \
	"\"quiet\":300,\"remind\":3600,\"payload\":{}}]"

/* Both releases know what an open incident watches, whichever wrote it. */
static void
released__incident_open__counted_up_by_either_release(void **state)
{
	static const char first[] = "01a20000-0000-7000-8000-000000000007";
	static const char again[] = "01a20000-0000-7000-8000-000000000008";
	char *ids;

	(void)state;
	database = db_new(url, "test", 3000);
	EXPECT("event_ingest", "*|" STANDING, first, "health",
	    "2026-01-01T00:00:00Z", "{}", "{}", NULL, FOUND(STANDING),
	    "request", NULL, "0");
	ids = store_report(7, "A");
	assert_memory_equal(ids, STANDING, ID_LEN);
	free(ids);
	EXPECT("event_ingest", "*|" STANDING, again, "health",
	    "2026-01-01T00:00:00Z", "{}", "{}", NULL,
	    FOUND("01a20000-0000-7000-8000-00000000000a"), "request", NULL,
	    "0");
	t_expect(url, "3",
	    "SELECT occurrences FROM incidents"
	    " WHERE service = 'transport' AND key = 'health_emergency_7'");
}

static void
released__reads__what_was_written(void **state)
{
	static const char sent[] = SENT "|weather|*|{\"wind\":1.50}|"
					"{\"wind\":1.5}|||*";
	static const char derived[] =
	    DERIVED "|security|*|{\"alert\":1e0}||k|" CAUSE "|*";

	(void)state;
	EXPECT("event_get", sent, SENT);
	EXPECT("events_page", sent, CAUSE, "10", "0");
	EXPECT("events_search", derived, LAST, "10", "0", NULL, "security",
	    CAUSE, "k", "true");
	EXPECT("events_feed",
	    SENT "|weather|*\n" CAUSE "|energy|*\n" DERIVED "|security|*", "0",
	    NONE, "10", NULL);
	EXPECT("event_trace", CAUSE "|*\n" DERIVED "|*|t|*", CAUSE);
	EXPECT("rejected_page", REJECTED "|energy||??|\\x7b|*|1", LAST, "10",
	    "0", NULL);
	EXPECT("rejected_get", REJECTED "|energy||??|\\x7b|*|1", REJECTED);
	EXPECT("outbox_get", "*\"data\":{\"alert\":1e0}*", DERIVED);
	EXPECT("outbox_page", DERIVED "|*\"status\":\"pending\"*", LAST, "10",
	    NULL, "event.security", "pending", SUBSCRIPTION);
}

static void
settle(const char *status, const char *attempt)
{
	char outcome[512];

	snprintf(outcome, sizeof(outcome),
	    "[{\"message\":\"" DERIVED "\",\"subscription\":\"" SUBSCRIPTION
	    "\",\"attempt\":%s,\"status\":\"%s\",\"delay\":0,"
	    "\"verdict\":\"good\",\"began\":1,\"ms\":1,\"http\":204}]",
	    attempt, status);
	EXPECT("outbox_settle", "1||", outcome, "10", "30", "600", "2");
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM deliveries WHERE status = '%s'",
		status),
	    1);
}

static void
released__outbox__claimed_settled_and_replayed(void **state)
{
	static const char claimed[] = DERIVED
	    "|" SUBSCRIPTION "|delivering|?|1|event.security|{\"alert\":1e0}|/"
	    "ingest/energy|k|" CAUSE
	    "|2026-01-01T00:00:01*|request||http://x/|whsec_b|whsec_a||3";

	(void)state;
	EXPECT("outbox_claim", claimed, "[]", NULL, "60", "10", "100", "16");
	settle("failed", "1");
	EXPECT("outbox_replay", "{\"matched\":1,\"replayed\":1,*", LAST, "10",
	    NULL, NULL, "failed", NULL, "false");
	EXPECT("outbox_claim", claimed, "[]", NULL, "60", "10", "100", "16");
	settle("delivered", "2");
	EXPECT("outbox_retry", "1", DERIVED, NULL, "delivered");
	EXPECT("outbox_claim", claimed, "[]", NULL, "60", "10", "100", "16");
	settle("delivered", "3");
}

static void
released__jobs_and_streams__run(void **state)
{
	(void)state;
	EXPECT("subscription_test", TESTING, SUBSCRIPTION, TESTING, "request",
	    NULL);
	EXPECT("subscription_delete", SUBSCRIPTION, SUBSCRIPTION);
	expect("deliveries_expire", "0", NULL, 0);
	EXPECT("outbox_expunge", "2|", "0", "0", NONE);
	EXPECT("partitions_ensure", "?", "4");
	EXPECT("stream_pass", "*", "live", "");
	EXPECT("event_insert", "", REJECTED, "weather", "2026-01-01T00:00:03Z",
	    "{}", "{}");
	EXPECT("stream_take", "*|f|weather|{\"id\":\"" REJECTED "\",*", "live",
	    "100", "100000");
}

/* A statement that is new in a release needs a test here, too. */
static void
released__all_of_its_statements__were_run(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < n_released; i++)
		if (!released[i].was_run)
			fail_msg("%s was not run", released[i].name);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(released__a_newer_schema__ready),
	cmocka_unit_test(released__subscriptions__made_changed_and_found),
	cmocka_unit_test(released__secrets_of_a_subscription__masked_and_kept),
	cmocka_unit_test(released__ingest__stored_derived_and_announced),
	cmocka_unit_test(released__reads__what_was_written),
	cmocka_unit_test(released__outbox__claimed_settled_and_replayed),
	cmocka_unit_test(released__jobs_and_streams__run),
	cmocka_unit_test(released__incident_open__counted_up_by_either_release),
	cmocka_unit_test(released__all_of_its_statements__were_run),
};

T_MAIN_WITH(tests, setup, teardown)
