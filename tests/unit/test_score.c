/*
 * The scoreboard: its counters balance whichever process dies; the text writer.
 */
#include "t.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "prom.h"

enum {
	CHILDREN = 8,
	REQUESTS = 2000
};

static int
setup(void **state)
{
	(void)state;
	return board_open(CHILDREN) != STATUS_OK;
}

static uint64_t
received(const struct tally *t)
{
	uint64_t n = 0;
	int s;

	for (s = 0; s < SCORE_SERVICES; s++)
		n += t->received[s];
	return n;
}

/* Requests settled with one outcome, or, for OUTCOMES, with any. */
static uint64_t
settled(const struct tally *t, int outcome)
{
	uint64_t n = 0;
	int s, o, b;

	for (s = 0; s < SCORE_SERVICES; s++)
		for (o = 0; o < OUTCOMES; o++)
			for (b = 0; b < SCORE_BUCKETS; b++)
				if (outcome == OUTCOMES || outcome == o)
					n += t->took[s][o][b];
	return n;
}

static void
serve(const char *path, int outcome, int status)
{
	struct scored r;

	score_begin(&r, "POST", path, "", "2");
	score_end(&r, status, outcome, 0);
	score_idle();
}

static void
outcomes__mixed__each_in_its_place(void **state)
{
	struct tally before, after;

	(void)state;
	score_sum(&before);
	serve("/ingest/health", OUTCOME_STORED, 200);
	serve("/ingest/health", OUTCOME_DUPLICATE, 200);
	serve("/ingest/energy", OUTCOME_REJECTED, 422);
	serve("/ingest/weather", -1, 415);
	serve("/ingest/weather", -1, 0);
	serve("/ingest/weather", -1, 503);
	/* Stored, but the answer could not be made. */
	serve("/ingest/weather", OUTCOME_STORED, 500);
	/* These do not ingest an event. */
	serve("/ingest/health/batch", -1, 404);
	serve("/ingest/", -1, 404);
	serve("/outbox/replay", -1, 200);
	score_sum(&after);
	assert_int_equal(received(&after) - received(&before), 7);
	assert_int_equal(settled(&after, OUTCOMES), received(&after));
	assert_int_equal(settled(&after, OUTCOME_STORED), 1);
	assert_int_equal(settled(&after, OUTCOME_DUPLICATE), 1);
	assert_int_equal(settled(&after, OUTCOME_REJECTED), 1);
	assert_int_equal(settled(&after, OUTCOME_REFUSED), 2);
	assert_int_equal(settled(&after, OUTCOME_FAILED), 2);
	assert_int_equal(after.received[SCORE_health], 2);
	assert_int_equal(after.received[SCORE_OTHER], 4);
	assert_int_equal(after.responses[0] - before.responses[0], 1);
	assert_int_equal(after.accepted - before.accepted, 10);
}

static void
request__in_hand__received_and_not_settled(void **state)
{
	struct scored r;
	struct tally t;

	(void)state;
	score_begin(&r, "POST", "/ingest/health", "", NULL);
	score_sum(&t);
	assert_int_equal(received(&t), settled(&t, OUTCOMES) + 1);
	score_end(&r, 200, -1, 0);
	score_sum(&t);
	assert_int_equal(received(&t), settled(&t, OUTCOMES));
}

static pid_t
start_child(void)
{
	pid_t pid = fork();
	int i;

	if (pid == 0) {
		score_join(false);
		for (i = 0; i < REQUESTS; i++)
			serve("/ingest/health", OUTCOME_STORED, 200);
		for (;;)
			serve("/ingest/energy", OUTCOME_STORED, 200);
	}
	return pid;
}

static bool
all_are_busy(void)
{
	struct score_process p;
	int slot = 0, n = 0;

	while (score_process(&slot, &p))
		n += p.requests > REQUESTS;
	return n == CHILDREN;
}

static void
children__killed_at_any_moment__the_ledger_balances(void **state)
{
	struct score_pool pool;
	struct tally t;
	pid_t pids[CHILDREN];
	int round, i, status;

	(void)state;
	for (round = 0; round < 5; round++) {
		for (i = 0; i < CHILDREN; i++)
			pids[i] = start_child();
		while (!all_are_busy())
			poll(NULL, 0, 1);
		for (i = 0; i < CHILDREN; i++)
			kill(pids[i], SIGKILL);
		for (i = 0; i < CHILDREN; i++) {
			waitpid(pids[i], &status, 0);
			score_ended(pids[i], status);
		}
		score_sum(&t);
		assert_int_equal(received(&t), settled(&t, OUTCOMES));
		score_pool(&pool);
		assert_int_equal(pool.processes, 0);
		assert_int_equal(pool.active, 0);
		/* Each round took the same slots: no more than CHILDREN are in
		 * use. */
		i = 0;
		assert_false(score_process(&i, &(struct score_process){ 0 }));
		assert_int_equal(i, CHILDREN);
	}
	assert_true(settled(&t, OUTCOME_STORED) >= 5 * CHILDREN * REQUESTS);
	assert_int_equal(pool.started, 5 * CHILDREN);
	assert_int_equal(pool.ended[END_KILLED], 5 * CHILDREN);
	assert_in_range(pool.max_active, 1, CHILDREN);
}

static void
buckets__bounds__rise_to_infinity(void **state)
{
	int i;

	(void)state;
	for (i = 1; i < SCORE_BUCKETS; i++)
		assert_true(score_bucket(i) > score_bucket(i - 1));
	assert_true(isinf(score_bucket(SCORE_BUCKETS - 1)));
}

static void
rules__all_of_them__have_a_place(void **state)
{
	struct derivation at;
	int n = 0;

	(void)state;
	while (service_derivation(n, &at))
		n++;
	assert_in_range(n, 3, SCORE_RULES);
}

#define M "smartcity_workers"

static void
sample__any_label__escaped(void **state)
{
	const char *labels[] = { "a", "x\"y\\z\n", "b", "é", NULL };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	prom_family(&out, METRIC_workers);
	prom_sample(&out, METRIC_workers, labels, 123456789012345.0);
	prom_sample(&out, METRIC_workers, NULL, 0.25);
	prom_sample(&out, METRIC_workers, NULL, INFINITY);
	prom_sample(&out, METRIC_workers, NULL, -INFINITY);
	prom_sample(&out, METRIC_workers, NULL, NAN);
	assert_string_equal(out.data,
	    "# HELP " M " Workers seen within SMARTCITY_WORKER_SEEN seconds.\n"
	    "# TYPE " M " gauge\n" M
	    "{a=\"x\\\"y\\\\z\\n\",b=\"é\"} 123456789012345\n" M " 0.25\n" M
	    " +Inf\n" M " -Inf\n" M " NaN\n");
	buf_free(&out);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(outcomes__mixed__each_in_its_place),
	cmocka_unit_test(request__in_hand__received_and_not_settled),
	cmocka_unit_test(children__killed_at_any_moment__the_ledger_balances),
	cmocka_unit_test(buckets__bounds__rise_to_infinity),
	cmocka_unit_test(rules__all_of_them__have_a_place),
	cmocka_unit_test(sample__any_label__escaped),
};

T_MAIN_WITH(tests, setup, NULL)
