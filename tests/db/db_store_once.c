/*
 * Storing the same event twice, and from many senders at once: stored once.
 */
#include "t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "store_event.h"

enum {
	SENDERS = 64,
	PIPE_LINE = 512
};

static void
store__same_key_twice__first_answer_again(void **state)
{
	static const char body[] = "{\"energy\":600,\"neighborhood\":\"k\"}";
	char *first = store_send("energy", body, "key-1"), *other;
	struct event event;
	char *derived;

	(void)state;
	event = store_send_as(database, id_new(), "energy", body, "key-1");
	assert_int_equal(event.end, EVENT_DUPLICATE);
	assert_false(event.receipt.is_other_body);
	assert_memory_equal(event.receipt.id.text, first, ID_LEN);
	derived = store_derived_ids(&event.receipt);
	assert_string_equal(derived, first + ID_LEN + 1);
	free(derived);
	event_free(&event);
	event = store_send_as(database, id_new(), "energy", "{}", "key-1");
	assert_int_equal(event.end, EVENT_DUPLICATE);
	assert_true(event.receipt.is_other_body);
	event_free(&event);
	/* Keys of different services are different keys. */
	other = store_send("health", "{}", "key-1");
	assert_memory_not_equal(other, first, ID_LEN);
	assert_int_equal(store_count("deduplication_key = 'key-1'"), 2);
	free(other);
	free(first);
}

/* The answer to the commit was lost: the same ids are sent once more. */
static void
store__same_id_twice__stored_once_and_answered_alike(void **state)
{
	static const char *const bodies[] = { "{}",
		"{\"patient_id\":9,\"alert\":\"emergency\"}" };
	struct event first, second;
	struct id id;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++) {
			const char *key = k ? "again" : NULL;

			if (k && i)
				key = "again-9";
			id = id_new();
			first = store_send_as(
			    database, id, "health", bodies[i], key);
			second = store_send_as(
			    database, id, "health", bodies[i], key);
			assert_int_equal(first.end, EVENT_STORED);
			assert_int_equal(second.end, EVENT_STORED);
			store_check_same_receipt(&first, &second);
			assert_int_equal(t_number(url,
					     "SELECT count(*) FROM events "
					     "WHERE id = '%s'",
					     id.text),
			    1);
			event_free(&first);
			event_free(&second);
		}
}

/* 64 connections at once on a busy machine can outlast one attempt's limit. */
static struct db *
connect_in_time(void)
{
	int64_t end = clock_steady_ms() + 60000;
	struct db *own = db_new(moved, "test", 20000);

	while (own != NULL && db_connect(own) != STATUS_OK)
		if (clock_steady_ms() >= end)
			return NULL;
	return own;
}

/*
 * Forks `SENDERS` processes, which wait for a pipe's end, send at once, and
 * write their answers; returns how many different answers there were.
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
		char line[PIPE_LINE], *derived, c;
		struct event event;
		struct db *own;
		int n;

		if (fork() != 0)
			continue;
		close(gate[1]);
		own = connect_in_time();
		if (own == NULL)
			_exit(1);
		/* Once all are connected, all read the end of file. */
		n = (int)read(gate[0], &c, 1);
		if (n != 0)
			_exit(1);
		event = store_send_as(own, id_new(), service, body, key);
		if (event.end == EVENT_FAILED)
			_exit(1);
		derived = store_derived_ids(&event.receipt);
		n = snprintf(line, sizeof(line), "%s>%s\n",
		    key ? event.receipt.id.text : "", derived);
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
	    answers_of_many("energy", J("{'energy':600,'neighborhood':'race'}"),
		"race-key"),
	    1);
	assert_int_equal(store_count("deduplication_key = 'race-key'"), 1);
	assert_int_equal(
	    store_count("deduplication_key = 'critical_energy_usage_race'"), 1);
}

static void
store__one_emergency_from_64_senders__one_dispatch(void **state)
{
	static const char body[] =
	    "{\"patient_id\":64,\"alert\":\"emergency\",\"location\":\"A\"}";

	(void)state;
	assert_int_equal(answers_of_many("health", body, NULL), 1);
	assert_int_equal(
	    store_count("deduplication_key = 'health_emergency_64'"), 2);
	assert_int_equal(store_count("payload->>'patient_id' = '64' AND "
				     "source_event_id IS NULL"),
	    SENDERS);
	t_pass(url, "1 day");
	assert_int_equal(answers_of_many("health", body, NULL), 1);
	assert_int_equal(
	    store_count("deduplication_key = 'health_emergency_64'"), 4);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(store__same_key_twice__first_answer_again),
	cmocka_unit_test(store__same_id_twice__stored_once_and_answered_alike),
	cmocka_unit_test(store__same_key_from_64_senders__one_event_one_answer),
	cmocka_unit_test(store__one_emergency_from_64_senders__one_dispatch),
};

T_MAIN_WITH(tests, database_open_moved, database_drop)
