/* Which job is due, how long to sleep; a worker's settings. */
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
jobs__table__all_due_at_once_each_with_an_interval(void **state)
{
	struct job table[JOBS];
	int i;

	(void)state;
	jobs_init(table);
	for (i = 0; i < JOBS; i++) {
		assert_non_null(table[i].name);
		assert_int_equal(table[i].due_ms, 0);
		assert_true(table[i].interval_ms > 0);
	}
}

static struct config config = {
	.database_url = "postgresql:///none?host=/nonexistent",
	.db_timeout_ms = 1000,
	.outbox_batch_size = 10,
	.outbox_max_attempts = 10,
	.outbox_lease_seconds = 60,
	.outbox_poll_seconds = 1,
	.delivery_timeout = 15,
	.in_flight = 10,
	.retry_schedule = "0,1",
	.stream = "/nonexistent/stream.sock",
	.stream_bytes = 1000000,
};

static void
expect_refused(const char *setting)
{
	struct worker w;
	char error[256] = "";

	assert_int_equal(worker_open(&w, &config, error), STATUS_REJECT);
	assert_non_null(strstr(error, setting));
}

static void
worker__wrong_settings__refused_by_name(void **state)
{
	struct config good = config;

	(void)state;
	strcpy(config.retry_schedule, "soon");
	expect_refused("SMARTCITY_RETRY_SCHEDULE");
	config = good;
	config.outbox_lease_seconds = 16;
	expect_refused("SMARTCITY_LEASE_SECONDS");
	config = good;
	strcpy(config.delivery_allow, "everything");
	expect_refused("SMARTCITY_DELIVERY_ALLOW");
	config = good;
}

static void
worker__database_away__jobs_wait_for_it(void **state)
{
	struct job table[JOBS];
	struct worker w;
	char error[256];
	int i;

	(void)state;
	assert_int_equal(worker_open(&w, &config, error), STATUS_OK);
	assert_non_null(strchr(w.name, ':'));
	jobs_init(table);
	for (i = 0; i < JOBS; i++)
		/* Deleting old rows can wait. */
		assert_int_equal(table[i].run(&w),
		    strcmp(table[i].name, "expunge") == 0 ? TURN_LATER
							  : TURN_RETRY);
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
	cmocka_unit_test(jobs__table__all_due_at_once_each_with_an_interval),
	cmocka_unit_test(worker__wrong_settings__refused_by_name),
	cmocka_unit_test(worker__database_away__jobs_wait_for_it),
};

T_MAIN(tests)
