/* Ingest against a real database: keys, incidents, races, second tries. */
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"

enum {
	SENDERS = 64,
	PIPE_LINE = 512
};

static const char *url;
static char *clock_url;
static struct db *db;
static struct business business = {
	.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
};

static int
setup(void **state)
{
	(void)state;
	url = t_database();
	clock_url = t_moved_clock(url);
	db = db_new(clock_url, "test", 5000);
	return db == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	db_free(db);
	free(clock_url);
	t_drop(url);
	return 0;
}

/* The whole pipeline but for HTTP. The caller frees the receipt. */
static enum status
send_as(struct db *to, struct id id, const char *service, const char *body,
    const char *key, struct receipt *receipt)
{
	const struct event given = { .service = service,
		.body = body,
		.body_len = strlen(body),
		.key = key };
	enum status status;
	struct event event;

	event_init(&event, &given);
	event.id = id;
	event_ingest(to, &event, &business, "0", receipt, &status);
	event_free(&event);
	return status;
}

/* With commas between; the caller frees it. */
static char *
derived_ids(const struct receipt *receipt)
{
	struct buf out;
	int i;

	buf_init(&out, 4096);
	for (i = 0; i < receipt->derived_count; i++)
		buf_printf(
		    &out, "%s%s", i > 0 ? "," : "", receipt->derived[i].text);
	buf_puts(&out, "");
	return out.data;
}

/* "id>derived,derived" of a request that must be stored. */
static char *
send(const char *service, const char *body, const char *key)
{
	struct receipt receipt;
	char *out, *derived;

	assert_int_equal(
	    send_as(db, id_new(), service, body, key, &receipt), STATUS_OK);
	derived = derived_ids(&receipt);
	assert_true(asprintf(&out, "%s>%s", receipt.id.text, derived) > 0);
	free(derived);
	receipt_free(&receipt);
	return out;
}

/* The derived ids of one report of an emergency. */
static char *
report(int patient, const char *location)
{
	char body[256], *answer, *derived;

	snprintf(body, sizeof(body),
	    "{\"patient_id\":%d,\"alert\":\"emergency\",\"location\":\"%s\"}",
	    patient, location);
	answer = send("health", body, NULL);
	derived = strdup(strchr(answer, '>') + 1);
	free(answer);
	return derived;
}

static long long
events(const char *where)
{
	return t_number(url, "SELECT count(*) FROM events WHERE %s", where);
}

static void
check_same(char *a, char *b, bool want)
{
	assert_int_equal(strcmp(a, b) == 0, want);
	free(b);
}

static void
store__emergency__base_derived_and_outbox_together(void **state)
{
	char *derived = report(1, "A");

	(void)state;
	assert_int_equal(strlen(derived), 2 * ID_LEN + 1);
	assert_int_equal(events("source_event_id IS NOT NULL"), 2);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM outbox_messages o "
			     "JOIN events e USING (id) "
			     "JOIN events b ON b.id = o.causation_id "
			     "WHERE o.topic = 'event.' || e.service "
			     "AND o.payload = e.payload::text "
			     "AND o.subject = e.deduplication_key "
			     "AND o.source = '/ingest/' || b.service "
			     "AND b.id = e.source_event_id "
			     "AND o.occurred_at = e.timestamp"),
	    2);
	assert_int_equal(events("derived_event_ids[1] IN (SELECT id FROM "
				"events WHERE service = 'transport')"),
	    1);
	free(derived);
}

static void
store__reported_again__the_standing_ids_answered(void **state)
{
	char *first = report(2, "A");

	(void)state;
	check_same(first, report(2, "A"), true);
	check_same(first, report(2, "A"), true);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_2'"),
	    3);
	assert_int_equal(events("deduplication_key = 'health_emergency_2'"), 2);
	free(first);
}

static void
store__a_day_later__dispatches_again(void **state)
{
	char *first = report(3, "A");

	(void)state;
	t_pass(url, "1 day");
	check_same(first, report(3, "A"), false);
	assert_int_equal(events("deduplication_key = 'health_emergency_3'"), 4);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_3'"),
	    1);
	free(first);
}

static void
store__quiet_window_nearly_over__still_one_incident(void **state)
{
	char *first = report(4, "A");

	(void)state;
	t_pass(url, "299 seconds");
	check_same(first, report(4, "A"), true);
	t_pass(url, "299 seconds");
	check_same(first, report(4, "A"), true);
	t_pass(url, "301 seconds");
	check_same(first, report(4, "A"), false);
	free(first);
}

static void
store__reported_for_an_hour__reminds_once(void **state)
{
	char *first = report(5, "A"), *again;
	int minute;

	(void)state;
	for (minute = 4; minute < 60; minute += 4) {
		t_pass(url, "4 minutes");
		check_same(first, report(5, "A"), true);
	}
	t_pass(url, "4 minutes");
	again = report(5, "A");
	check_same(first, strdup(again), false);
	t_pass(url, "4 minutes");
	check_same(again, report(5, "A"), true);
	assert_int_equal(
	    t_number(url,
		"SELECT occurrences FROM incidents WHERE service = "
		"'transport' AND key = 'health_emergency_5'"),
	    17);
	free(again);
	free(first);
}

static void
store__location_changed__fires_at_once(void **state)
{
	char *first = report(6, "A"), *moved = report(6, "B");

	(void)state;
	check_same(first, strdup(moved), false);
	check_same(moved, report(6, "B"), true);
	free(moved);
	free(first);
}

static void
store__window_zero__every_report_fires(void **state)
{
	char *first;

	(void)state;
	business.quiet_seconds = 0;
	first = report(7, "A");
	check_same(first, report(7, "A"), false);
	business.quiet_seconds = -1;
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM incidents WHERE "
			     "key = 'health_emergency_7'"),
	    0);
	free(first);
}

/* A sender must not be able to silence an ambulance. */
static void
store__sender_uses_a_derived_key__both_live(void **state)
{
	char *mine, *derived;

	(void)state;
	mine = send("transport", "{}", "health_emergency_8");
	derived = report(8, "A");
	assert_int_equal(strlen(derived), 2 * ID_LEN + 1);
	free(mine);
	free(derived);
}

static void
store__same_key_twice__first_answer_again(void **state)
{
	static const char body[] = "{\"energy\":600,\"neighborhood\":\"k\"}";
	char *first = send("energy", body, "key-1"), *other;
	struct receipt receipt;
	char *derived;

	(void)state;
	assert_int_equal(
	    send_as(db, id_new(), "energy", body, "key-1", &receipt),
	    STATUS_OK);
	assert_true(receipt.is_replayed);
	assert_false(receipt.is_other_body);
	assert_memory_equal(receipt.id.text, first, ID_LEN);
	derived = derived_ids(&receipt);
	assert_string_equal(derived, first + ID_LEN + 1);
	free(derived);
	receipt_free(&receipt);
	assert_int_equal(
	    send_as(db, id_new(), "energy", "{}", "key-1", &receipt),
	    STATUS_OK);
	assert_true(receipt.is_other_body);
	receipt_free(&receipt);
	/* A key is one service's own. */
	other = send("health", "{}", "key-1");
	assert_memory_not_equal(other, first, ID_LEN);
	assert_int_equal(events("deduplication_key = 'key-1'"), 2);
	free(other);
	free(first);
}

/* The commit was cut off after it took effect: the same ids once more. */
static void
store__same_id_twice__stored_once_and_answered_alike(void **state)
{
	static const char *const bodies[] = { "{}",
		"{\"patient_id\":9,\"alert\":\"emergency\"}" };
	struct receipt first, second;
	struct id id;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++) {
			const char *key = k ? "again" : NULL;

			if (k && i)
				key = "again-9";
			id = id_new();
			assert_int_equal(
			    send_as(db, id, "health", bodies[i], key, &first),
			    STATUS_OK);
			assert_int_equal(
			    send_as(db, id, "health", bodies[i], key, &second),
			    STATUS_OK);
			assert_string_equal(second.id.text, first.id.text);
			assert_int_equal(
			    second.derived_count, first.derived_count);
			assert_memory_equal(second.derived, first.derived,
			    (size_t)first.derived_count * sizeof(struct id));
			assert_false(second.is_replayed);
			assert_int_equal(t_number(url,
					     "SELECT count(*) FROM events "
					     "WHERE id = '%s'",
					     id.text),
			    1);
			receipt_free(&first);
			receipt_free(&second);
		}
}

/* Sixty-four at once on a busy machine may outlast one attempt's time limit. */
static struct db *
connect_in_time(void)
{
	int64_t end = clock_steady_ms() + 60000;
	struct db *own = db_new(clock_url, "test", 20000);

	while (own != NULL && db_connect(own) != STATUS_OK)
		if (clock_steady_ms() >= end)
			return NULL;
	return own;
}

/*
 * Forks `SENDERS` processes that wait for each other at a pipe's end, send, and
 * write their answer down; returns how many different answers there were.
 */
static int
answers_of_many(const char *service, const char *body, const char *key)
{
	char lines[SENDERS][PIPE_LINE] = { { 0 } };
	int gate[2], out[2], i, j, different = 0;
	FILE *f;

	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(out), 0);
	for (i = 0; i < SENDERS; i++) {
		struct receipt receipt;
		char line[PIPE_LINE], *derived, c;
		struct db *own;
		int n;

		if (fork() != 0)
			continue;
		close(gate[1]);
		own = connect_in_time();
		if (own == NULL)
			_exit(1);
		/* Everyone connected reads the end of file at once. */
		n = (int)read(gate[0], &c, 1);
		if (n != 0 ||
		    send_as(own, id_new(), service, body, key, &receipt) !=
			STATUS_OK)
			_exit(1);
		derived = derived_ids(&receipt);
		n = snprintf(line, sizeof(line), "%s>%s\n",
		    key ? receipt.id.text : "", derived);
		if (write(out[1], line, (size_t)n) != n)
			_exit(1);
		_exit(0);
	}
	close(gate[0]);
	close(out[1]);
	close(gate[1]);
	f = fdopen(out[0], "r");
	assert_non_null(f);
	for (i = 0; i < SENDERS; i++) {
		assert_non_null(fgets(lines[i], PIPE_LINE, f));
		for (j = 0; j < i; j++)
			if (strcmp(lines[i], lines[j]) == 0)
				break;
		different += j == i;
	}
	fclose(f);
	for (i = 0; i < SENDERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	return different;
}

static void
store__same_key_from_64_senders__one_event_one_answer(void **state)
{
	(void)state;
	assert_int_equal(
	    answers_of_many("energy",
		"{\"energy\":600,\"neighborhood\":\"race\"}", "race-key"),
	    1);
	assert_int_equal(events("deduplication_key = 'race-key'"), 1);
	assert_int_equal(
	    events("deduplication_key = 'critical_energy_usage_race'"), 1);
}

static void
store__one_emergency_from_64_senders__one_dispatch(void **state)
{
	static const char body[] =
	    "{\"patient_id\":64,\"alert\":\"emergency\",\"location\":\"A\"}";

	(void)state;
	assert_int_equal(answers_of_many("health", body, NULL), 1);
	assert_int_equal(
	    events("deduplication_key = 'health_emergency_64'"), 2);
	assert_int_equal(events("payload->>'patient_id' = '64' AND "
				"source_event_id IS NULL"),
	    SENDERS);
	t_pass(url, "1 day");
	assert_int_equal(answers_of_many("health", body, NULL), 1);
	assert_int_equal(
	    events("deduplication_key = 'health_emergency_64'"), 4);
}

static void
store__outbox_refuses__nothing_at_all_is_stored(void **state)
{
	struct receipt receipt;
	long long before = events("true");

	(void)state;
	t_exec(url,
	    "ALTER TABLE outbox_messages ADD CONSTRAINT no CHECK "
	    "(topic <> 'event.security') NOT VALID");
	assert_int_equal(
	    send_as(db, id_new(), "energy",
		"{\"energy\":999,\"neighborhood\":\"torn\"}", "torn", &receipt),
	    STATUS_FAULT);
	receipt_free(&receipt);
	t_exec(url, "ALTER TABLE outbox_messages DROP CONSTRAINT no");
	assert_int_equal(events("true"), before);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM event_keys WHERE "
			     "key = 'torn'"),
	    0);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM incidents WHERE "
			     "key LIKE '%%torn'"),
	    0);
}

static void
store__rejected__body_kept_byte_for_byte(void **state)
{
	static const char body[] = "\x00\xff{\"a\":'\\";
	const struct event given = { .service = "health",
		.body = body,
		.body_len = sizeof(body) - 1,
		.key = "k" };
	struct receipt receipt;
	enum status status;
	struct event event;
	char *kept;

	(void)state;
	event_init(&event, &given);
	assert_int_equal(
	    event_ingest(db, &event, &business, "0", &receipt, &status),
	    EVENT_REJECTED);
	event_free(&event);
	kept = t_sql(url, "SELECT encode(body, 'hex') FROM rejected_events");
	assert_string_equal(kept, "00ff7b2261223a275c");
	free(kept);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(store__emergency__base_derived_and_outbox_together),
	cmocka_unit_test(store__reported_again__the_standing_ids_answered),
	cmocka_unit_test(store__a_day_later__dispatches_again),
	cmocka_unit_test(store__quiet_window_nearly_over__still_one_incident),
	cmocka_unit_test(store__reported_for_an_hour__reminds_once),
	cmocka_unit_test(store__location_changed__fires_at_once),
	cmocka_unit_test(store__window_zero__every_report_fires),
	cmocka_unit_test(store__sender_uses_a_derived_key__both_live),
	cmocka_unit_test(store__same_key_twice__first_answer_again),
	cmocka_unit_test(store__same_id_twice__stored_once_and_answered_alike),
	cmocka_unit_test(store__same_key_from_64_senders__one_event_one_answer),
	cmocka_unit_test(store__one_emergency_from_64_senders__one_dispatch),
	cmocka_unit_test(store__outbox_refuses__nothing_at_all_is_stored),
	cmocka_unit_test(store__rejected__body_kept_byte_for_byte),
};

T_MAIN_WITH(tests, setup, teardown)
