/* Receivers that answer badly, and addresses that are guarded. */
#include "t.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "dispatcher.h"
#include "receiver.h"

static void
expect_attempt(const char *path, const char *outcome)
{
	dispatcher_empty(NULL);
	dispatcher_config.outbox_max_attempts = 1;
	dispatcher_subscribe("a", path);
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("failed", 1);
	t_expect(url, outcome,
	    "SELECT concat_ws(' ', error, http_status) FROM delivery_attempts");
	dispatcher_end();
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

/* The status counts long before the timeout. */
static void
receiver__200_with_a_faulty_body__delivered_once(void **state)
{
	static const char *const paths[] = { "/drip/x", "/cut/200/x",
		"/cut-by-reset/204/x", "/stalled/200/x", "/endless/201/x",
		"/bad-chunks/200/x", "/bad-length/200/x", "/reset-head/200/x" };
	size_t i;

	(void)state;
	dispatcher_config.delivery_timeout = 40;
	dispatcher_start();
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		dispatcher_subscribe("a", paths[i]);
		dispatcher_put(1);
		dispatcher_work_until("delivered", 1);
		assert_int_equal(
		    receiver_count(&dispatcher_receiver, paths[i]), 1);
		t_expect(url, "1 delivered",
		    "SELECT attempts || ' ' || concat_ws(' ', status,"
		    " last_error) FROM deliveries");
		t_expect(url, "1",
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
		dispatcher_empty(NULL);
		dispatcher_subscribe("a", paths[i]);
		dispatcher_put(1);
		dispatcher_start();
		dispatcher_work_until("retrying", 1);
		t_expect(url, "1 410",
		    "SELECT count(disabled_reason) || ' ' || (SELECT"
		    " http_status FROM delivery_attempts) FROM subscriptions");
		dispatcher_end();
	}
}

static void
receiver__retry_after_with_a_faulty_body__waited(void **state)
{
	(void)state;
	strcpy(dispatcher_config.retry_schedule, "0,0.01");
	dispatcher_subscribe("a", "/cut-later/503/x");
	dispatcher_subscribe("b", "/stalled-later/429/x");
	dispatcher_put(1);
	dispatcher_start();
	while (receiver_count(&dispatcher_receiver, "/cut-later/503/x") < 2 ||
	    receiver_count(&dispatcher_receiver, "/stalled-later/429/x") < 2)
		dispatcher_turn();
	assert_true(dispatcher_gap_us("/cut-later/503/x") >= 1990000);
	assert_true(dispatcher_gap_us("/stalled-later/429/x") >= 1990000);
}

static void
receiver__headers_too_long__its_fault_and_its_breaker_opens(void **state)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;

	(void)state;
	strcpy(dispatcher_config.retry_schedule, "0,60");
	dispatcher_subscribe("a", "/long-header/200/x");
	dispatcher_put(12);
	dispatcher_start();
	while (t_number(url,
		   "SELECT count(*) FROM subscriptions"
		   " WHERE open_until > now()") == 0) {
		assert_true(clock_steady_ms() < end);
		dispatcher_turn();
	}
	t_expect(url, "protocol: the answer's headers are longer than 100 KiB",
	    "SELECT DISTINCT last_error FROM deliveries"
	    " WHERE status = 'retrying'");
}

/* Answers the first connection with bytes that are no TLS. */
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
	dispatcher_subscribe("a", "/big/1000000/x");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	t_expect(url, "16384", "SELECT length(answer) FROM delivery_attempts");
}

static void
guard__name_of_a_forbidden_address__nothing_sent(void **state)
{
	char text[64];

	(void)state;
	dispatcher_config.delivery_allow[0] = '\0';
	dispatcher_config.outbox_max_attempts = 1;
	snprintf(text, sizeof(text), "http://localhost:%d/ok/named",
	    dispatcher_receiver.port);
	dispatcher_subscribe("a", text);
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("failed", 1);
	t_expect(url, "forbidden", "SELECT error FROM delivery_attempts");
	assert_int_equal(receiver_count(&dispatcher_receiver, "/ok/named"), 0);
}

static void
guard__proxy_in_the_environment__ignored(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	dispatcher_subscribe("a", "/ok/direct");
	dispatcher_put(1);
	dispatcher_start();
	dispatcher_work_until("delivered", 1);
	unsetenv("http_proxy");
}

static const struct CMUnitTest tests[] = {
	TEST(receiver__bad_in_any_way__its_class_told),
	TEST(receiver__200_with_a_faulty_body__delivered_once),
	TEST(receiver__410_with_a_faulty_body__disabled),
	TEST(receiver__retry_after_with_a_faulty_body__waited),
	TEST(receiver__headers_too_long__its_fault_and_its_breaker_opens),
	TEST(receiver__plain_where_tls_is_asked__tls),
	TEST(receiver__long_answer__first_16_kib_kept),
	TEST(guard__name_of_a_forbidden_address__nothing_sent),
	TEST(guard__proxy_in_the_environment__ignored),
};

T_MAIN_WITH(tests, dispatcher_open, dispatcher_close)
