/* Which job is due, how long to sleep; sinks by name; a worker's parts. */
#include "t.h"

#include <string.h>

#include "jobs.h"

static struct job jobs[] = {
	{ .name = "a", .interval_ms = 5000 },
	{ .name = "b", .interval_ms = 200 },
	{ .name = "c", .interval_ms = 3600000 },
};

enum {
	N = sizeof(jobs) / sizeof(*jobs)
};

static int
all_due_at_0(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < N; i++)
		jobs[i].due_ms = 0;
	return 0;
}

static void
jobs__at_start__all_due_in_order(void **state)
{
	(void)state;
	assert_ptr_equal(jobs_due(jobs, N, 10), &jobs[0]);
	job_done(&jobs[0], TURN_REST, 10);
	assert_ptr_equal(jobs_due(jobs, N, 10), &jobs[1]);
	job_done(&jobs[1], TURN_REST, 10);
	assert_ptr_equal(jobs_due(jobs, N, 10), &jobs[2]);
	job_done(&jobs[2], TURN_REST, 10);
	assert_null(jobs_due(jobs, N, 10));
}

static void
jobs__none_due__sleep_until_the_first(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < N; i++)
		job_done(&jobs[i], TURN_REST, 1000);
	assert_int_equal(jobs_wait_ms(jobs, N, 1000), 200);
	assert_int_equal(jobs_wait_ms(jobs, N, 1150), 50);
	assert_null(jobs_due(jobs, N, 1199));
	assert_ptr_equal(jobs_due(jobs, N, 1200), &jobs[1]);
}

static void
jobs__one_due__no_sleep(void **state)
{
	(void)state;
	assert_int_equal(jobs_wait_ms(jobs, N, 0), 0);
	assert_int_equal(jobs_wait_ms(jobs, N, 99999), 0);
}

static void
jobs__no_jobs__sleep_and_nothing_due(void **state)
{
	(void)state;
	assert_null(jobs_due(jobs, 0, 99999));
	assert_true(jobs_wait_ms(jobs, 0, 99999) > 0);
}

static void
jobs__more_to_do__again_at_once_but_after_the_overdue(void **state)
{
	(void)state;
	job_done(&jobs[1], TURN_AGAIN, 50);
	assert_ptr_equal(jobs_due(jobs, N, 50), &jobs[0]);
	job_done(&jobs[0], TURN_REST, 50);
	job_done(&jobs[2], TURN_REST, 50);
	assert_ptr_equal(jobs_due(jobs, N, 50), &jobs[1]);
}

static void
jobs__failed__soon_but_never_later_than_usual(void **state)
{
	(void)state;
	job_done(&jobs[2], TURN_RETRY, 0);
	assert_int_equal(jobs[2].due_ms, JOBS_RETRY_MS);
	job_done(&jobs[1], TURN_RETRY, 0);
	assert_int_equal(jobs[1].due_ms, 200);
}

static void
jobs__late_run__not_made_up_for(void **state)
{
	(void)state;
	job_done(&jobs[0], TURN_REST, 60000);
	assert_int_equal(jobs[0].due_ms, 65000);
}

static void
jobs__table__polls_as_configured(void **state)
{
	const struct config config = { .outbox_poll_seconds = 0.25 };
	struct job table[JOBS];
	int i, polls = 0;

	(void)state;
	jobs_init(table, &config);
	for (i = 0; i < JOBS; i++) {
		assert_int_equal(table[i].due_ms, 0);
		assert_true(table[i].interval_ms > 0);
		polls += strcmp(table[i].name, "drain") == 0 &&
		    table[i].interval_ms == 250;
	}
	assert_int_equal(polls, 1);
}

static void
sink__known_name__found(void **state)
{
	(void)state;
	assert_ptr_equal(sink_find("log"), &sink_log);
	assert_string_equal(sink_log.name, "log");
}

static void
sink__unknown_name__null(void **state)
{
	(void)state;
	assert_null(sink_find(""));
	assert_null(sink_find("lo"));
	assert_null(sink_find("carrier-pigeon"));
}

static void
worker__unknown_sink__refused_with_the_names(void **state)
{
	struct config config = { .sink = "carrier-pigeon" };
	struct worker w;
	char error[256];

	(void)state;
	assert_int_equal(worker_open(&w, &config, error), STATUS_REJECT);
	assert_non_null(strstr(error, "SMARTCITY_SINK"));
	assert_non_null(strstr(error, "carrier-pigeon"));
	assert_non_null(strstr(error, "log"));
}

static void
worker__database_away__jobs_wait_for_it(void **state)
{
	struct config config = {
		.sink = "log",
		.database_url = "postgresql:///none?host=/nonexistent",
		.db_timeout_ms = 1000,
		.outbox_batch_size = 10,
		.outbox_max_attempts = 10,
		.outbox_lease_seconds = 1,
		.outbox_poll_seconds = 1,
	};
	struct job table[JOBS];
	struct worker w;
	char error[256];
	int i;

	(void)state;
	assert_int_equal(worker_open(&w, &config, error), STATUS_OK);
	assert_non_null(strchr(w.name, ':'));
	jobs_init(table, &config);
	for (i = 0; i < JOBS; i++)
		assert_int_equal(table[i].run(&w), TURN_RETRY);
	worker_close(&w);
}

#define FRESH(test) cmocka_unit_test_setup(test, all_due_at_0)

static const struct CMUnitTest tests[] = {
	FRESH(jobs__at_start__all_due_in_order),
	FRESH(jobs__none_due__sleep_until_the_first),
	FRESH(jobs__one_due__no_sleep),
	FRESH(jobs__no_jobs__sleep_and_nothing_due),
	FRESH(jobs__more_to_do__again_at_once_but_after_the_overdue),
	FRESH(jobs__failed__soon_but_never_later_than_usual),
	FRESH(jobs__late_run__not_made_up_for),
	cmocka_unit_test(jobs__table__polls_as_configured),
	cmocka_unit_test(sink__known_name__found),
	cmocka_unit_test(sink__unknown_name__null),
	cmocka_unit_test(worker__unknown_sink__refused_with_the_names),
	cmocka_unit_test(worker__database_away__jobs_wait_for_it),
};

T_MAIN(tests)
