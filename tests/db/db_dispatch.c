/* The worker's core with a real database and real receivers. */
#include "t.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "dispatch.h"
#include "receiver.h"

enum {
	PATIENCE_MS = 30000
};

static const char *url;
static struct db *db;
static PGconn *watch;
static struct receiver receiver;
static struct dispatch *d;
static struct net net;
static struct config config;
static int put_so_far;

static int
open_all(void **state)
{
	(void)state;
	url = t_database();
	db = db_new(url, "test", 30000);
	watch = PQconnectdb(url);
	receiver_start(&receiver);
	return db == NULL;
}

static int
close_all(void **state)
{
	(void)state;
	receiver_stop(&receiver);
	PQfinish(watch);
	db_free(db);
	t_drop(url);
	return 0;
}

static const struct config usual = {
	.outbox_batch_size = 100,
	.outbox_max_attempts = 10,
	.outbox_lease_seconds = 60,
	.outbox_poll_seconds = 0.02,
	.delivery_allow = "loopback",
	.delivery_timeout = 1,
	.retry_schedule = "0,0.05",
	.in_flight = 64,
};

static void
start(void)
{
	char error[256];

	assert_int_equal(net_open(&net, &config, error), STATUS_OK);
	assert_int_equal(dispatch_open(&d, &config, &net, error), STATUS_OK);
}

static void
close_dispatch(void)
{
	dispatch_close(d, db);
	net_close(&net);
	d = NULL;
}

static int
empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions");
	config = usual;
	d = NULL;
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	close_dispatch();
	return 0;
}

/* A subscription to the receiver's path, or to any URL. */
static void
subscribe(const char *name, const char *path)
{
	char text[256];

	if (path[0] == '/')
		snprintf(text, sizeof(text), "http://127.0.0.1:%d%s",
		    receiver.port, path);
	else
		snprintf(text, sizeof(text), "%s", path);
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, description, secret)"
	    " VALUES (gen_random_uuid(), 'event.*', '%s', '%s',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')",
	    text, name);
}

/* n more messages, each to every subscription. */
static void
put(int n)
{
	t_exec(url,
	    "WITH m AS (INSERT INTO outbox_messages (id, topic, payload,"
	    "  request_id, traceparent)"
	    " SELECT uuid_v7_floor(now() + n * interval '1 ms'),"
	    "  'event.security', '{\"n\":' || n || '}', 'request-' || n,"
	    "  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'"
	    " FROM generate_series(%d, %d) AS n RETURNING id)"
	    " INSERT INTO deliveries (message_id, subscription_id)"
	    " SELECT m.id, s.id FROM m, subscriptions AS s",
	    put_so_far + 1, put_so_far + n);
	put_so_far += n;
}

/* Asked often, so on a connection that stays. */
static int
count(const char *status)
{
	PGresult *r = PQexecParams(watch,
	    "SELECT count(*) FROM deliveries WHERE status = $1", 1, NULL,
	    &status, NULL, NULL, 0);
	int n;

	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	n = atoi(PQgetvalue(r, 0, 0));
	PQclear(r);
	return n;
}

static int
count_of(const char *name, const char *status)
{
	return (int)t_number(url,
	    "SELECT count(*) FROM deliveries AS d JOIN subscriptions AS s"
	    " ON s.id = d.subscription_id"
	    " WHERE s.description = '%s' AND d.status = '%s'",
	    name, status);
}

static void
turn(void)
{
	struct pollfd fd = { post_fd(net.http), POLLIN, 0 };
	int64_t wait = dispatch_run(d, db);

	if (poll(&fd, 1, wait < 20 ? (int)wait : 20) > 0)
		post_work(net.http);
}

/* Works until so many deliveries have come to that status. */
static void
work_until(const char *status, int n)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS, next;

	while (count(status) < n) {
		if (clock_steady_ms() > end)
			fail_msg("not within 30 s: %d %s", n, status);
		next = clock_steady_ms() + 20;
		while (clock_steady_ms() < next)
			turn();
	}
	assert_int_equal(count(status), n);
}

static void
expect(const char *expected, const char *query)
{
	char *value = t_sql(url, "%s", query);

	assert_string_equal(value, expected);
	free(value);
}

static void
expect_header(
    const struct receiver_request *r, const char *name, const char *expected)
{
	char *value = receiver_header(r, name);

	assert_non_null(value);
	assert_string_equal(value, expected);
	free(value);
}

/* --- what is sent --- */

static void
webhook__delivered__cloudevent_and_its_headers(void **state)
{
	const struct receiver_request *r;
	char *id, *trace;

	(void)state;
	subscribe("a", "/ok/whole");
	put(1);
	start();
	work_until("delivered", 1);
	assert_int_equal(receiver_count(&receiver, "/ok/whole"), 1);
	r = receiver_find(&receiver, "/ok/whole", 0);
	id = t_sql(url, "SELECT id FROM outbox_messages");
	expect_header(r, "webhook-id", id);
	expect_header(
	    r, "content-type", "application/cloudevents+json; charset=utf-8");
	assert_non_null(strstr(r->body, id));
	assert_non_null(strstr(r->body, "\"data\":{\"n\":"));
	/* The same trace, another span. */
	trace = receiver_header(r, "traceparent");
	assert_non_null(trace);
	assert_int_equal(strlen(trace), 55);
	assert_int_equal(
	    strncmp(trace, "00-0af7651916cd43dd8448eb211c80319c-", 36), 0);
	assert_string_equal(trace + 52, "-01");
	assert_null(strstr(trace, "b7ad6b7169203331"));
	assert_non_null(strstr(r->raw, "X-Request-Id: request-"));
	assert_null(strstr(r->raw, "Expect:"));
	free(trace);
	free(id);
}

/*
 * Perl's own HMAC over what arrived, with the secret's bytes: its output is the
 * signature that the header must hold.
 */
static void
expect_signed_by(const struct receiver_request *r, const char *secret)
{
	char path[] = "/tmp/smartcity-signed.XXXXXX", command[1024], good[64];
	char *id = receiver_header(r, "webhook-id");
	char *at = receiver_header(r, "webhook-timestamp");
	char *signature = receiver_header(r, "webhook-signature");
	FILE *f = fdopen(mkstemp(path), "w"), *perl;

	fprintf(f, "%s.%s.", id, at);
	fwrite(r->body, 1, r->body_len, f);
	fclose(f);
	snprintf(command, sizeof(command),
	    "perl -MDigest::SHA=hmac_sha256 -MMIME::Base64 -0777 -ne"
	    " 'print \"v1,\", encode_base64(hmac_sha256($_,"
	    " decode_base64(\"%s\")), \"\")' %s",
	    secret, path);
	perl = popen(command, "r");
	assert_non_null(fgets(good, sizeof(good), perl));
	assert_int_equal(pclose(perl), 0);
	assert_int_equal(strlen(good), 47);
	assert_non_null(strstr(signature, good));
	/* It is of now. */
	assert_in_range(atoll(at), clock_wall_us() / 1000000 - 60,
	    clock_wall_us() / 1000000 + 1);
	remove(path);
	free(id);
	free(at);
	free(signature);
}

static void
webhook__signature__good_for_another_implementation(void **state)
{
	(void)state;
	subscribe("a", "/ok/signed");
	put(1);
	start();
	work_until("delivered", 1);
	expect_signed_by(receiver_find(&receiver, "/ok/signed", 0),
	    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

static void
webhook__secret_being_rotated__signed_by_both(void **state)
{
	const struct receiver_request *r;

	(void)state;
	subscribe("a", "/ok/rotated");
	t_exec(url,
	    "UPDATE subscriptions SET old_secret = secret, secret ="
	    " 'whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=',"
	    " old_secret_until = now() + interval '1 day'");
	put(1);
	start();
	work_until("delivered", 1);
	r = receiver_find(&receiver, "/ok/rotated", 0);
	expect_signed_by(r, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	expect_signed_by(r, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=");
}

/* --- retries --- */

static void
retry__flaky_receiver__third_attempt_same_id(void **state)
{
	(void)state;
	subscribe("a", "/flaky/2/x");
	put(1);
	start();
	work_until("delivered", 1);
	assert_int_equal(receiver_count(&receiver, "/flaky/2/x"), 3);
	assert_int_equal(receiver_distinct(&receiver, "/flaky/2/x"), 1);
	expect("1 503 http, 2 503 http, 3 204",
	    "SELECT string_agg(concat_ws(' ', attempt, http_status, error),"
	    " ', ' ORDER BY attempt) FROM delivery_attempts");
}

static void
retry__attempts_used_up__failed(void **state)
{
	(void)state;
	config.outbox_max_attempts = 3;
	subscribe("a", "/status/500/x");
	put(1);
	start();
	work_until("failed", 1);
	assert_int_equal(receiver_count(&receiver, "/status/500/x"), 3);
	expect("3 http: answered 500",
	    "SELECT attempts || ' ' || last_error FROM deliveries");
}

static void
retry__receivers_own_schedule__followed(void **state)
{
	(void)state;
	strcpy(config.retry_schedule, "0,1000");
	subscribe("a", "/flaky/1/own");
	t_exec(url, "UPDATE subscriptions SET retry_schedule = '0,0.01'");
	put(1);
	start();
	work_until("delivered", 1);
}

static int64_t
gap_us(const char *path)
{
	return receiver_find(&receiver, path, 1)->received_us -
	    receiver_find(&receiver, path, 0)->received_us;
}

static void
retry__retry_after_seconds__waited(void **state)
{
	(void)state;
	subscribe("a", "/retry-after/2/x");
	put(1);
	start();
	work_until("delivered", 1);
	assert_true(gap_us("/retry-after/2/x") >= 1990000);
}

/* Whole seconds are all that a date has. */
static void
retry__retry_after_date__waited(void **state)
{
	(void)state;
	subscribe("a", "/retry-date/3/x");
	put(1);
	start();
	work_until("delivered", 1);
	assert_true(gap_us("/retry-date/3/x") >= 1900000);
}

static void
retry__410__disabled_and_nothing_lost(void **state)
{
	(void)state;
	subscribe("a", "/gone/x");
	put(1);
	start();
	work_until("retrying", 1);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM subscriptions"
			     " WHERE disabled_reason IS NOT NULL"),
	    1);
	/* It gets a new address and is served again. */
	t_exec(url,
	    "UPDATE subscriptions SET disabled_reason = NULL, woken_at = now(),"
	    " url = 'http://127.0.0.1:%d/ok/moved'",
	    receiver.port);
	work_until("delivered", 1);
	assert_int_equal(receiver_count(&receiver, "/ok/moved"), 1);
}

/* --- bad receivers --- */

static void
expect_attempt(const char *path, const char *outcome)
{
	empty(NULL);
	config.outbox_max_attempts = 1;
	subscribe("a", path);
	put(1);
	start();
	work_until("failed", 1);
	expect(outcome,
	    "SELECT concat_ws(' ', error, http_status) FROM delivery_attempts");
	close_dispatch();
}

static void
receiver__bad_in_any_way__its_class_told(void **state)
{
	static const char *const rows[][2] = {
		{ "/status/404/x", "http 404" },
		{ "/status/301/x", "http 301" },
		{ "/redirect/x?to=http://169.254.169.254/", "http 302" },
		{ "/hang/x", "timeout" },
		{ "/reset-head/404/x", "http 404" },
		{ "/cut/404/x", "http 404" },
		{ "/stalled/301/x", "http 301" },
		{ "/long-header/200/x", "protocol 200" },
		{ "/reset/x", "protocol" },
		{ "/garbage/x", "protocol" },
		{ "http://127.0.0.1:1/", "connect" },
		{ "http://no-such-host.invalid/", "dns" },
		{ "http://169.254.169.254/latest/", "forbidden" },
		{ "http://[fe80::1]/", "forbidden" },
		{ "http://0.0.0.0/", "forbidden" },
		{ "http://[::ffff:224.0.0.1]/", "forbidden" },
		{ "http://10.0.0.1/", "forbidden" },
		{ "ftp://127.0.0.1/", "internal" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_attempt(rows[i][0], rows[i][1]);
}

/* Long before the timeout. */
static void
receiver__200_with_a_faulty_body__delivered_once(void **state)
{
	static const char *const paths[] = { "/drip/x", "/cut/200/x",
		"/cut-by-reset/204/x", "/stalled/200/x", "/endless/201/x",
		"/bad-chunks/200/x", "/bad-length/200/x", "/reset-head/200/x" };
	size_t i;

	(void)state;
	config.delivery_timeout = 40;
	start();
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		subscribe("a", paths[i]);
		put(1);
		work_until("delivered", 1);
		assert_int_equal(receiver_count(&receiver, paths[i]), 1);
		expect("1 delivered",
		    "SELECT attempts || ' ' || concat_ws(' ', status,"
		    " last_error) FROM deliveries");
		expect("1",
		    "SELECT count(*) FROM delivery_attempts"
		    " WHERE error IS NULL AND http_status BETWEEN 200 AND 204");
		t_exec(url,
		    "TRUNCATE outbox_messages, deliveries,"
		    " delivery_attempts, subscriptions");
	}
}

static void
receiver__410_with_a_faulty_body__disabled(void **state)
{
	static const char *const paths[] = { "/cut/410/x", "/stalled/410/x",
		"/endless-chunks/410/x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		empty(NULL);
		subscribe("a", paths[i]);
		put(1);
		start();
		work_until("retrying", 1);
		expect("1 410",
		    "SELECT count(disabled_reason) || ' ' || (SELECT"
		    " http_status FROM delivery_attempts) FROM subscriptions");
		close_dispatch();
	}
}

static void
receiver__retry_after_with_a_faulty_body__waited(void **state)
{
	(void)state;
	strcpy(config.retry_schedule, "0,0.01");
	subscribe("a", "/cut-later/503/x");
	subscribe("b", "/stalled-later/429/x");
	put(1);
	start();
	while (receiver_count(&receiver, "/cut-later/503/x") < 2 ||
	    receiver_count(&receiver, "/stalled-later/429/x") < 2)
		turn();
	assert_true(gap_us("/cut-later/503/x") >= 1990000);
	assert_true(gap_us("/stalled-later/429/x") >= 1990000);
}

static void
receiver__headers_too_long__its_fault_and_its_breaker_opens(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	strcpy(config.retry_schedule, "0,60");
	subscribe("a", "/long-header/200/x");
	put(12);
	start();
	while (t_number(url,
		   "SELECT count(*) FROM subscriptions"
		   " WHERE open_until > now()") == 0) {
		assert_true(clock_steady_ms() < end);
		turn();
	}
	expect("protocol: the answer's headers are longer than 100 KiB",
	    "SELECT DISTINCT last_error FROM deliveries"
	    " WHERE status = 'retrying'");
}

/* Says something that is no TLS to whoever comes. */
static void *
speak_plainly(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	if (fd >= 0 && write(fd, "220 plain\r\n", 11) != 11)
		abort();
	close(fd);
	return NULL;
}

static void
receiver__plain_where_tls_is_asked__tls(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	char text[64];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	pthread_create(&thread, NULL, speak_plainly, &fd);
	snprintf(
	    text, sizeof(text), "https://127.0.0.1:%d/", ntohs(at.sin_port));
	expect_attempt(text, "tls");
	pthread_join(thread, NULL);
	close(fd);
}

static void
receiver__long_answer__first_16_kib_kept(void **state)
{
	(void)state;
	subscribe("a", "/big/1000000/x");
	put(1);
	start();
	work_until("delivered", 1);
	expect("16384", "SELECT length(answer) FROM delivery_attempts");
}

static void
guard__name_of_a_forbidden_address__nothing_sent(void **state)
{
	char text[64];

	(void)state;
	config.delivery_allow[0] = '\0';
	config.outbox_max_attempts = 1;
	snprintf(
	    text, sizeof(text), "http://localhost:%d/ok/named", receiver.port);
	subscribe("a", text);
	put(1);
	start();
	work_until("failed", 1);
	expect("forbidden", "SELECT error FROM delivery_attempts");
	assert_int_equal(receiver_count(&receiver, "/ok/named"), 0);
}

static void
guard__proxy_in_the_environment__ignored(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	subscribe("a", "/ok/direct");
	put(1);
	start();
	work_until("delivered", 1);
	unsetenv("http_proxy");
}

/* --- many --- */

static void
isolation__dead_and_slow_beside_good__good_gets_all(void **state)
{
	(void)state;
	config.delivery_timeout = 10;
	subscribe("dead", "http://127.0.0.1:1/");
	subscribe("slow", "/slow/8000/x");
	subscribe("good", "/ok/good");
	put(200);
	start();
	work_until("delivered", 200);
	assert_int_equal(count_of("good", "delivered"), 200);
	assert_int_equal(receiver_count(&receiver, "/ok/good"), 200);
}

/* It was quick, so much of its work is in hand when it dies. */
static void
breaker__quick_receiver_dies__few_attempts_are_wasted(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	strcpy(config.retry_schedule, "0,60");
	subscribe("a", "/ok/alive");
	put(300);
	start();
	work_until("delivered", 300);
	t_exec(url, "UPDATE subscriptions SET url = 'http://127.0.0.1:1/'");
	put(800);
	while (t_number(url,
		   "SELECT count(*) FROM subscriptions"
		   " WHERE open_until > now()") == 0) {
		assert_true(clock_steady_ms() < end);
		turn();
	}
	while (count("delivering") > 0) {
		assert_true(clock_steady_ms() < end);
		turn();
	}
	assert_int_equal(count("pending") + count("retrying"), 800);
	assert_true(count("retrying") < 100);
}

static void
isolation__more_hanging_receivers_than_places__good_gets_all(void **state)
{
	char path[32];
	int i;

	(void)state;
	config.in_flight = 16;
	config.delivery_timeout = 10;
	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/hang/%d", i);
		subscribe("hanging", path);
	}
	subscribe("good", "/ok/among");
	put(50);
	start();
	work_until("delivered", 50);
	assert_int_equal(count_of("good", "delivered"), 50);
}

static void
many__thousands__each_once_and_nothing_left(void **state)
{
	(void)state;
	subscribe("a", "/ok/many");
	put(3000);
	start();
	work_until("delivered", 3000);
	assert_int_equal(receiver_count(&receiver, "/ok/many"), 3000);
	assert_int_equal(receiver_distinct(&receiver, "/ok/many"), 3000);
	assert_int_equal(
	    t_number(url, "SELECT count(*) FROM delivery_attempts"), 3000);
}

/* More than a claim takes, all of it due for an hour. */
static void
many__old_backlog__not_left_to_the_sweeps(void **state)
{
	(void)state;
	config.outbox_batch_size = 10;
	subscribe("a", "/ok/backlog");
	t_exec(url,
	    "UPDATE subscriptions SET woken_at = now() - interval '1 hour'");
	put(400);
	t_exec(url,
	    "UPDATE deliveries SET next_attempt_at = now() - interval '1 "
	    "hour'");
	start();
	work_until("delivered", 400);
}

static void
order__by_subject__as_they_were_made(void **state)
{
	int i;

	(void)state;
	subscribe("a", "/flaky/1/order");
	t_exec(url, "UPDATE subscriptions SET ordering = 'subject'");
	put(10);
	t_exec(url, "UPDATE deliveries SET subject = 'one'");
	start();
	work_until("delivered", 10);
	assert_int_equal(receiver_count(&receiver, "/flaky/1/order"), 20);
	for (i = 0; i < 20; i += 2)
		assert_string_equal(
		    receiver_find(&receiver, "/flaky/1/order", i)->id,
		    receiver_find(&receiver, "/flaky/1/order", i + 1)->id);
	for (i = 2; i < 20; i += 2)
		assert_true(
		    strcmp(
			receiver_find(&receiver, "/flaky/1/order", i - 2)->id,
			receiver_find(&receiver, "/flaky/1/order", i)->id) < 0);
}

/* --- stop, and a database that leaves --- */

static void
stop__with_a_queue__given_back_at_once(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	subscribe("a", "/slow/300/x");
	t_exec(url, "UPDATE subscriptions SET max_in_flight = 2");
	put(2);
	start();
	work_until("delivered", 2); /* now its pace is known */
	put(30);
	while (count("delivering") == 0)
		turn();
	dispatch_stop(d);
	while (!dispatch_is_idle(d)) {
		assert_true(clock_steady_ms() < end);
		turn();
	}
	assert_int_equal(count("delivering"), 0);
	assert_int_equal(count("delivered") + count("pending"), 32);
	assert_int_equal(t_number(url,
			     "SELECT count(*) FROM deliveries"
			     " WHERE status = 'pending' AND attempts <> 0"),
	    0);
}

static void
stop__receiver_that_hangs__told_to_be_tried_again(void **state)
{
	(void)state;
	config.delivery_timeout = 30;
	subscribe("a", "/hang/stop");
	put(1);
	start();
	while (receiver_count(&receiver, "/hang/stop") == 0)
		turn();
	close_dispatch();
	expect("retrying internal: the worker stopped",
	    "SELECT status || ' ' || last_error FROM deliveries");
}

static void
stop__last_attempt_cut_off__not_failed_for_that(void **state)
{
	(void)state;
	config.delivery_timeout = 30;
	config.outbox_max_attempts = 1;
	subscribe("a", "/hang/last");
	put(1);
	start();
	while (receiver_count(&receiver, "/hang/last") == 0)
		turn();
	close_dispatch();
	expect("pending 0", "SELECT status || ' ' || attempts FROM deliveries");
}

static void
database__connection_cut_while_delivering__outcomes_told_later(void **state)
{
	(void)state;
	subscribe("a", "/slow/200/cut");
	put(20);
	start();
	while (receiver_count(&receiver, "/slow/200/cut") == 0)
		turn();
	t_exec(url,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
	    " application_name = 'test'");
	work_until("delivered", 20);
	assert_int_equal(receiver_count(&receiver, "/slow/200/cut"), 20);
}

static void
lease__too_short_for_what_waits__given_back_not_begun(void **state)
{
	(void)state;
	config.outbox_lease_seconds = 4;
	config.delivery_timeout = 2;
	config.in_flight = 1;
	subscribe("a", "/slow/1200/one");
	subscribe("b", "/slow/1200/two");
	put(2);
	start();
	work_until("delivered", 4);
	assert_int_equal(receiver_count(&receiver, "/slow/1200/"), 4);
	assert_int_equal(
	    t_number(url, "SELECT max(attempts) FROM deliveries"), 1);
}

static void
poison__secret_that_is_none__others_delivered(void **state)
{
	(void)state;
	subscribe("a", "/ok/poison");
	put(3);
	/* A secret that is none: nothing can be signed with it. */
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, description, secret)"
	    " VALUES (gen_random_uuid(), 'event.*',"
	    " 'http://127.0.0.1:%d/ok/unsigned', 'bad', 'whsec_!')",
	    receiver.port);
	config.outbox_max_attempts = 2;
	put(3);
	start();
	work_until("failed", 3);
	work_until("delivered", 6);
	expect("internal: cannot sign",
	    "SELECT DISTINCT last_error FROM deliveries"
	    " WHERE status = 'failed'");
	assert_int_equal(receiver_count(&receiver, "/ok/unsigned"), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, empty, stop)

static const struct CMUnitTest tests[] = {
	TEST(webhook__delivered__cloudevent_and_its_headers),
	TEST(webhook__signature__good_for_another_implementation),
	TEST(webhook__secret_being_rotated__signed_by_both),
	TEST(retry__flaky_receiver__third_attempt_same_id),
	TEST(retry__attempts_used_up__failed),
	TEST(retry__receivers_own_schedule__followed),
	TEST(retry__retry_after_seconds__waited),
	TEST(retry__retry_after_date__waited),
	TEST(retry__410__disabled_and_nothing_lost),
	TEST(receiver__bad_in_any_way__its_class_told),
	TEST(receiver__200_with_a_faulty_body__delivered_once),
	TEST(receiver__410_with_a_faulty_body__disabled),
	TEST(receiver__retry_after_with_a_faulty_body__waited),
	TEST(receiver__headers_too_long__its_fault_and_its_breaker_opens),
	TEST(receiver__plain_where_tls_is_asked__tls),
	TEST(receiver__long_answer__first_16_kib_kept),
	TEST(guard__name_of_a_forbidden_address__nothing_sent),
	TEST(guard__proxy_in_the_environment__ignored),
	TEST(isolation__dead_and_slow_beside_good__good_gets_all),
	TEST(breaker__quick_receiver_dies__few_attempts_are_wasted),
	TEST(isolation__more_hanging_receivers_than_places__good_gets_all),
	TEST(many__thousands__each_once_and_nothing_left),
	TEST(many__old_backlog__not_left_to_the_sweeps),
	TEST(order__by_subject__as_they_were_made),
	TEST(stop__with_a_queue__given_back_at_once),
	TEST(stop__receiver_that_hangs__told_to_be_tried_again),
	TEST(stop__last_attempt_cut_off__not_failed_for_that),
	TEST(database__connection_cut_while_delivering__outcomes_told_later),
	TEST(lease__too_short_for_what_waits__given_back_not_begun),
	TEST(poison__secret_that_is_none__others_delivered),
};

T_MAIN_WITH(tests, open_all, close_all)
