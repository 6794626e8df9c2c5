/* The outbox: leases, fencing, retries, several workers, partitions. */
#include "t.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drain.h"
#include "jobs.h"

static const char *url;
static char *moved; /* the same with a clock that t_pass moves */
static struct db *one, *two;

static const struct claim claim = {
	.size = 10,
	.lease_seconds = 60,
	.max_attempts = 10,
};

static int
open_database(void **state)
{
	(void)state;
	url = t_database();
	moved = t_moved_clock(url);
	one = db_new(moved, "one", 5000);
	two = db_new(moved, "two", 5000);
	return one == NULL || two == NULL;
}

static int
close_database(void **state)
{
	(void)state;
	db_free(one);
	db_free(two);
	free(moved);
	t_drop(url);
	return 0;
}

static int
empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, events, workers;"
	    "UPDATE fake.clock SET ahead = '0'");
	return 0;
}

/* Due since a second, the first ones longest. */
static void
put(int n)
{
	t_exec(url,
	    "INSERT INTO outbox_messages"
	    " (id, event_id, topic, payload, next_attempt_at)"
	    " SELECT gen_random_uuid(), gen_random_uuid(), 'event.security',"
	    "  '{\"n\":' || n || '}',"
	    "  now() - interval '1 second' + n * interval '1 microsecond'"
	    " FROM generate_series(1, %d) AS n",
	    n);
}

static int
count(const char *status)
{
	return (int)t_number(url,
	    "SELECT count(*) FROM outbox_messages WHERE status = '%s'", status);
}

static void
expect_column(const char *column, const char *expected)
{
	char *value = t_sql(url, "SELECT %s FROM outbox_messages", column);

	assert_string_equal(value, expected);
	free(value);
}

static struct pg_result *
claim_n(struct db *db, const struct claim *c, int n)
{
	struct pg_result *batch = NULL;

	assert_int_equal(outbox_claim(db, c, &batch), STATUS_OK);
	assert_int_equal(db_rows(batch), n);
	return batch;
}

static void
expect_settled(struct db *db, struct buf *outcomes, int n)
{
	int settled;

	assert_int_equal(outbox_settle(db, outcomes, &settled), STATUS_OK);
	assert_int_equal(settled, n);
	buf_free(outcomes);
}

/* --- a sink that remembers --- */

static int fails_left, calls, told_fd = -1, hang_after;
static enum status failure = STATUS_RETRY;

static enum status
fake_publish(const struct message *m, char *error, size_t n)
{
	calls++;
	if (fails_left > 0) {
		fails_left--;
		snprintf(error, n, "no \"luck\" at %d", m->attempt);
		return failure;
	}
	if (told_fd >= 0 && write(told_fd, m->id, 36) != 36)
		_exit(1);
	while (hang_after > 0 && calls == hang_after)
		pause();
	return STATUS_OK;
}

static const struct sink fake = { "fake", fake_publish };

static void
drain_n(const struct claim *c, int n)
{
	int claimed;

	calls = 0;
	assert_int_equal(drain_batch(one, &fake, c, &claimed), STATUS_OK);
	assert_int_equal(claimed, n);
}

/* --- claim and settle --- */

static void
outbox__two_sessions__claim_disjoint_batches(void **state)
{
	struct pg_result *a, *b;
	int i, j;

	(void)state;
	put(15);
	a = claim_n(one, &claim, 10);
	b = claim_n(two, &claim, 5);
	for (i = 0; i < 10; i++)
		for (j = 0; j < 5; j++)
			assert_string_not_equal(
			    outbox_message(a, i).id, outbox_message(b, j).id);
	db_result_free(a);
	db_result_free(b);
	db_result_free(claim_n(two, &claim, 0));
}

static void
outbox__claimed__message_whole(void **state)
{
	struct pg_result *batch;
	struct message m;

	(void)state;
	put(1);
	batch = claim_n(one, &claim, 1);
	m = outbox_message(batch, 0);
	expect_column("id", m.id);
	expect_column("event_id", m.event_id);
	assert_string_equal(m.topic, "event.security");
	assert_string_equal(m.payload, "{\"n\":1}");
	assert_int_equal(m.attempt, 1);
	db_result_free(batch);
}

static void
outbox__more_than_a_batch__oldest_first(void **state)
{
	struct pg_result *batch;

	(void)state;
	put(30);
	batch = claim_n(one, &claim, 10);
	assert_int_equal(
	    t_number(url,
		"SELECT max((payload::json->>'n')::int) FROM outbox_messages"
		" WHERE attempts = 1"),
	    10);
	db_result_free(batch);
}

static void
outbox__lease_ran_out__claimed_again(void **state)
{
	struct pg_result *batch;

	(void)state;
	put(1);
	db_result_free(claim_n(one, &claim, 1));
	t_pass(url, "59 seconds");
	db_result_free(claim_n(two, &claim, 0));
	t_pass(url, "2 seconds");
	batch = claim_n(two, &claim, 1);
	assert_int_equal(outbox_message(batch, 0).attempt, 2);
	db_result_free(batch);
}

static void
outbox__settled_sent__published_and_done(void **state)
{
	struct pg_result *batch;
	struct buf outcomes;
	struct message m;

	(void)state;
	put(1);
	batch = claim_n(one, &claim, 1);
	m = outbox_message(batch, 0);
	buf_init(&outcomes, 1000);
	outbox_sent(&outcomes, &m);
	expect_settled(one, &outcomes, 1);
	expect_column("status", "sent");
	expect_column("published_at IS NOT NULL", "t");
	expect_column("last_error IS NULL", "t");
	t_pass(url, "1 day");
	db_result_free(claim_n(one, &claim, 0));
	db_result_free(batch);
}

static void
outbox__late_settle__changes_nothing(void **state)
{
	struct pg_result *late, *now;
	struct buf outcomes;
	struct message m;

	(void)state;
	put(1);
	late = claim_n(one, &claim, 1);
	t_pass(url, "61 seconds");
	now = claim_n(two, &claim, 1);
	m = outbox_message(late, 0);
	buf_init(&outcomes, 1000);
	outbox_failed(&outcomes, &m, "late");
	expect_settled(one, &outcomes, 0);
	expect_column("status", "pending");
	expect_column("last_error IS NULL", "t");
	m = outbox_message(now, 0);
	outbox_sent(&outcomes, &m);
	expect_settled(two, &outcomes, 1);
	db_result_free(late);
	db_result_free(now);
}

static void
outbox__settled_twice__second_changes_nothing(void **state)
{
	struct pg_result *batch;
	struct buf outcomes;
	struct message m;

	(void)state;
	put(1);
	batch = claim_n(one, &claim, 1);
	m = outbox_message(batch, 0);
	buf_init(&outcomes, 1000);
	outbox_sent(&outcomes, &m);
	expect_settled(one, &outcomes, 1);
	outbox_failed(&outcomes, &m, "again");
	expect_settled(one, &outcomes, 0);
	expect_column("status", "sent");
	db_result_free(batch);
}

static void
outbox__one_batch_three_outcomes__each_its_own(void **state)
{
	struct pg_result *batch;
	struct buf outcomes;
	struct message m;

	(void)state;
	put(3);
	batch = claim_n(one, &claim, 3);
	buf_init(&outcomes, 1000);
	m = outbox_message(batch, 0);
	outbox_sent(&outcomes, &m);
	m = outbox_message(batch, 1);
	outbox_later(&outcomes, &m, 90500, "bad \xff \"bytes\"\n\x01");
	m = outbox_message(batch, 2);
	outbox_failed(&outcomes, &m, "gone");
	expect_settled(one, &outcomes, 3);
	assert_int_equal(count("sent"), 1);
	assert_int_equal(count("pending"), 1);
	assert_int_equal(count("failed"), 1);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM outbox_messages WHERE status = 'pending'"
		" AND last_error = E'bad \\uFFFD \"bytes\"\\n\\x01'"
		" AND next_attempt_at - now()"
		" BETWEEN interval '80 seconds' AND interval '90.5 seconds'"),
	    1);
	db_result_free(batch);
}

static void
outbox__nothing_to_settle__nothing_said(void **state)
{
	struct buf outcomes;

	(void)state;
	buf_init(&outcomes, 1000);
	expect_settled(one, &outcomes, 0);
}

static void
outbox__outcomes_too_long__fault_and_delivered_again(void **state)
{
	struct pg_result *batch;
	struct buf outcomes;
	struct message m;
	int settled;

	(void)state;
	put(1);
	batch = claim_n(one, &claim, 1);
	m = outbox_message(batch, 0);
	buf_init(&outcomes, 20);
	outbox_sent(&outcomes, &m);
	assert_int_equal(outbox_settle(one, &outcomes, &settled), STATUS_FAULT);
	buf_free(&outcomes);
	db_result_free(batch);
	t_pass(url, "61 seconds");
	db_result_free(claim_n(one, &claim, 1));
}

/* --- bury --- */

static void
bury__worker_died_in_last_attempt__failed(void **state)
{
	const struct claim last = { 10, 60, 1 };
	int buried;

	(void)state;
	put(2);
	db_result_free(claim_n(one, &last, 2));
	assert_int_equal(outbox_bury(one, 1, &buried), STATUS_OK);
	assert_int_equal(buried, 0);
	t_pass(url, "61 seconds");
	db_result_free(claim_n(one, &last, 0));
	assert_int_equal(outbox_bury(one, 1, &buried), STATUS_OK);
	assert_int_equal(buried, 2);
	assert_int_equal(count("failed"), 2);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM outbox_messages"
		" WHERE last_error LIKE '%%stopped during the last%%'"),
	    2);
}

static void
bury__attempts_left__untouched(void **state)
{
	int buried;

	(void)state;
	put(1);
	db_result_free(claim_n(one, &claim, 1));
	t_pass(url, "61 seconds");
	assert_int_equal(outbox_bury(one, 10, &buried), STATUS_OK);
	assert_int_equal(buried, 0);
	assert_int_equal(count("pending"), 1);
}

/* --- drain --- */

static void
drain__nothing_due__nothing_published(void **state)
{
	(void)state;
	drain_n(&claim, 0);
	assert_int_equal(calls, 0);
}

static void
drain__sink_fails_twice__sent_at_the_third_attempt(void **state)
{
	(void)state;
	put(1);
	fails_left = 2;
	drain_n(&claim, 1);
	expect_column("last_error", "no \"luck\" at 1");
	drain_n(&claim, 0); /* the back-off has begun */
	t_pass(url, "2 seconds");
	drain_n(&claim, 1);
	expect_column("last_error", "no \"luck\" at 2");
	t_pass(url, "3 seconds");
	drain_n(&claim, 0);
	t_pass(url, "4 seconds");
	drain_n(&claim, 1);
	expect_column("status", "sent");
	expect_column("attempts", "3");
	expect_column("published_at IS NOT NULL", "t");
}

static void
drain__last_attempt_fails__failed_and_error_kept(void **state)
{
	const struct claim two_attempts = { 10, 60, 2 };

	(void)state;
	put(1);
	fails_left = 2;
	drain_n(&two_attempts, 1);
	expect_column("status", "pending");
	t_pass(url, "2 seconds");
	drain_n(&two_attempts, 1);
	expect_column("status", "failed");
	expect_column("last_error", "no \"luck\" at 2");
	expect_column("published_at IS NULL", "t");
	t_pass(url, "1 day");
	drain_n(&two_attempts, 0);
}

static void
drain__sink_rejects__failed_at_once(void **state)
{
	(void)state;
	put(1);
	fails_left = 1;
	failure = STATUS_REJECT;
	drain_n(&claim, 1);
	failure = STATUS_RETRY;
	expect_column("status", "failed");
	expect_column("attempts", "1");
}

static void
drain__one_of_a_batch_fails__others_sent(void **state)
{
	(void)state;
	put(10);
	fails_left = 1;
	drain_n(&claim, 10);
	assert_int_equal(calls, 10);
	assert_int_equal(count("sent"), 9);
	assert_int_equal(count("pending"), 1);
}

static void
drain__lease_over_before_the_end__rest_left_alone(void **state)
{
	const struct claim no_time = { 10, 0, 10 };

	(void)state;
	put(3);
	drain_n(&no_time, 3);
	assert_int_equal(calls, 0);
	assert_int_equal(count("pending"), 3);
	drain_n(&claim, 3);
	assert_int_equal(count("sent"), 3);
}

/* --- several workers --- */

static pid_t
start_worker(int fd, int hang)
{
	pid_t pid = fork();
	struct db *db;
	int claimed;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none */
	db = db_new(moved, "worker", 5000);
	told_fd = fd;
	hang_after = hang;
	calls = 0;
	do {
		if (drain_batch(db, &fake, &claim, &claimed) != STATUS_OK)
			_exit(2);
	} while (claimed > 0);
	_exit(0);
}

/* Puts the next n ids that workers told into the table `told`. */
static void
read_told(int fd, int n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char ids[500 * 37], *at = ids;
	ssize_t got;

	for (; n > 0; n--) {
		char *end = at + 36;

		for (; at < end; at += got) {
			assert_int_equal(poll(&p, 1, 30000), 1);
			got = read(fd, at, (size_t)(end - at));
			assert_true(got > 0);
		}
		*at++ = n > 1 ? ',' : '\0';
	}
	t_exec(url,
	    "CREATE TABLE IF NOT EXISTS told (id uuid);"
	    "INSERT INTO told SELECT unnest('{%s}'::uuid[])",
	    ids);
}

static void
expect_nothing_more(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 0), 0);
}

static void
workers__four_at_once__each_message_published_once(void **state)
{
	int i, status, fds[2];
	pid_t pids[4];

	(void)state;
	put(500);
	assert_int_equal(pipe(fds), 0);
	for (i = 0; i < 4; i++)
		pids[i] = start_worker(fds[1], 0);
	read_told(fds[0], 500);
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	expect_nothing_more(fds[0]);
	assert_int_equal(count("sent"), 500);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT id) FROM told"), 500);
	assert_int_equal(
	    t_number(url, "SELECT max(attempts) FROM outbox_messages"), 1);
	t_exec(url, "DROP TABLE told");
	close(fds[0]);
	close(fds[1]);
}

static void
workers__one_killed_mid_batch__only_its_batch_again(void **state)
{
	int status, fds[2];
	pid_t pid;

	(void)state;
	put(35);
	assert_int_equal(pipe(fds), 0);
	pid = start_worker(fds[1], 26); /* the sixth of its third batch */
	read_told(fds[0], 26);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(count("sent"), 20);
	pid = start_worker(fds[1], 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_told(fds[0], 5); /* what was not yet claimed; the lease stands */
	expect_nothing_more(fds[0]);
	t_pass(url, "61 seconds");
	pid = start_worker(fds[1], 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_told(fds[0], 10);
	expect_nothing_more(fds[0]);
	assert_int_equal(count("sent"), 35);
	assert_int_equal(
	    t_number(url, "SELECT count(DISTINCT id) FROM told"), 35);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM (SELECT 1 FROM told"
		" JOIN outbox_messages USING (id) GROUP BY id, attempts"
		" HAVING count(*) > 1 AND attempts = 2) AS twice"),
	    6);
	t_exec(url, "DROP TABLE told");
	close(fds[0]);
	close(fds[1]);
}

/* --- jobs on a database --- */

static struct config config = {
	.db_timeout_ms = 5000,
	.sink = "log",
	.outbox_batch_size = 10,
	.outbox_max_attempts = 10,
	.outbox_lease_seconds = 60,
	.outbox_poll_seconds = 1,
	.partitions_ahead = 4,
};

static void
open_worker(struct worker *w)
{
	char error[256];

	snprintf(config.database_url, sizeof(config.database_url), "%s", moved);
	assert_int_equal(worker_open(w, &config, error), STATUS_OK);
	w->sink = &fake;
}

static enum turn
run(struct worker *w, const char *name)
{
	struct job jobs[JOBS];
	int i;

	jobs_init(jobs, w->config);
	for (i = 0; i < JOBS; i++)
		if (strcmp(jobs[i].name, name) == 0)
			return jobs[i].run(w);
	fail_msg("no job %s", name);
	return TURN_RETRY;
}

static void
heartbeat__worker_lives_and_leaves__seen_and_forgotten(void **state)
{
	struct worker w;

	(void)state;
	open_worker(&w);
	assert_int_equal(run(&w, "heartbeat"), TURN_REST);
	t_pass(url, "5 seconds");
	assert_int_equal(run(&w, "heartbeat"), TURN_REST);
	assert_int_equal(
	    t_number(url,
		"SELECT count(*) FROM workers WHERE name = '%s' AND"
		" last_seen_at - started_at >= interval '5 seconds'",
		w.name),
	    1);
	worker_close(&w);
	assert_int_equal(t_number(url, "SELECT count(*) FROM workers"), 0);
}

static void
drain_job__full_batch__again_at_once(void **state)
{
	struct worker w;

	(void)state;
	put(14);
	open_worker(&w);
	assert_int_equal(run(&w, "drain"), TURN_AGAIN);
	assert_int_equal(run(&w, "drain"), TURN_REST);
	assert_int_equal(count("sent"), 14);
	worker_close(&w);
}

static void
bury_job__something_to_bury__buried(void **state)
{
	struct worker w;

	(void)state;
	put(1);
	t_exec(url, "UPDATE outbox_messages SET attempts = 10");
	open_worker(&w);
	assert_int_equal(run(&w, "bury"), TURN_AGAIN);
	assert_int_equal(run(&w, "bury"), TURN_REST);
	expect_column("status", "failed");
	worker_close(&w);
}

static long long
partitions(void)
{
	return t_number(url,
	    "SELECT count(*) FROM pg_inherits"
	    " WHERE inhparent = 'events'::regclass");
}

static void
partitions_job__weeks_went_by__made_ahead_and_rows_moved(void **state)
{
	long long before = partitions();
	struct worker w;

	(void)state;
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload)"
	    " SELECT uuid_v7_floor(now() + w * interval '1 week'), 'x',"
	    "  now(), '{}' FROM generate_series(10, 12) AS w");
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 3);
	open_worker(&w);
	t_pass(url, "70 days");
	assert_int_equal(run(&w, "partitions"), TURN_REST);
	assert_int_equal(partitions(), before + 5);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM events_default"), 0);
	assert_int_equal(t_number(url, "SELECT count(*) FROM events"), 3);
	assert_int_equal(run(&w, "partitions"), TURN_REST);
	assert_int_equal(partitions(), before + 5);
	worker_close(&w);
}

#define EMPTY(test) cmocka_unit_test_setup(test, empty)

static const struct CMUnitTest tests[] = {
	EMPTY(outbox__two_sessions__claim_disjoint_batches),
	EMPTY(outbox__claimed__message_whole),
	EMPTY(outbox__more_than_a_batch__oldest_first),
	EMPTY(outbox__lease_ran_out__claimed_again),
	EMPTY(outbox__settled_sent__published_and_done),
	EMPTY(outbox__late_settle__changes_nothing),
	EMPTY(outbox__settled_twice__second_changes_nothing),
	EMPTY(outbox__one_batch_three_outcomes__each_its_own),
	EMPTY(outbox__nothing_to_settle__nothing_said),
	EMPTY(outbox__outcomes_too_long__fault_and_delivered_again),
	EMPTY(bury__worker_died_in_last_attempt__failed),
	EMPTY(bury__attempts_left__untouched),
	EMPTY(drain__nothing_due__nothing_published),
	EMPTY(drain__sink_fails_twice__sent_at_the_third_attempt),
	EMPTY(drain__last_attempt_fails__failed_and_error_kept),
	EMPTY(drain__sink_rejects__failed_at_once),
	EMPTY(drain__one_of_a_batch_fails__others_sent),
	EMPTY(drain__lease_over_before_the_end__rest_left_alone),
	EMPTY(workers__four_at_once__each_message_published_once),
	EMPTY(workers__one_killed_mid_batch__only_its_batch_again),
	EMPTY(heartbeat__worker_lives_and_leaves__seen_and_forgotten),
	EMPTY(drain_job__full_batch__again_at_once),
	EMPTY(bury_job__something_to_bury__buried),
	EMPTY(partitions_job__weeks_went_by__made_ahead_and_rows_moved),
};

T_MAIN_WITH(tests, open_database, close_database)
