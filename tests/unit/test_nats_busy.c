/*
 * A nats-server that is slow, killed or full, and more servers than
 * connections.
 */
#include "t.h"

#include <signal.h>
#include <unistd.h>

#include "nats_server.h"

static void
nats__late_acknowledgment__touches_nothing(void **state)
{
	const char *url = nats_url("127.0.0.1", nats_port, "city.late");
	struct attempt *a = calloc(5, sizeof(*a)), after;
	int i;

	(void)state;
	nats_start_on_stopped_server(a, 5, url, SHORT_MS);
	nats_wait_done(5);
	for (i = 0; i < 5; i++)
		nats_assert_error(&a[i], ERROR_TIMEOUT, "no acknowledgment");
	free(a);
	kill(nats_pid, SIGCONT);
	after = nats_deliver("after", url, TIMEOUT_MS);
	nats_assert_delivered(&after);
}

static void
nats__server_killed__attempts_end_and_later_ones_arrive(void **state)
{
	const char *url = nats_url("127.0.0.1", nats_port, "city.killed");
	struct attempt a[5], away, after;
	uint64_t before = nats_stored("CITY");
	int i;

	(void)state;
	nats_start_on_stopped_server(a, 5, url, TIMEOUT_MS);
	nats_end_server(SIGKILL);
	nats_wait_done(5);
	for (i = 0; i < 5; i++)
		nats_assert_error(&a[i], ERROR_CONNECT, "connection lost");
	away = nats_deliver("away", url, TIMEOUT_MS);
	nats_assert_error(&away, ERROR_CONNECT, "");
	nats_start_server();
	after = nats_deliver("later", url, TIMEOUT_MS);
	nats_assert_delivered(&after);
	assert_int_equal(nats_stored("CITY"), before + 2);
}

static void
nats__thousands_at_once__all_acknowledged(void **state)
{
	const char *url = nats_url("127.0.0.1", nats_port, "city.many");
	struct attempt *a = calloc(MANY, sizeof(*a));
	char(*ids)[24] = calloc(MANY, sizeof(*ids));
	uint64_t before = nats_stored("CITY");
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof(ids[i]), "many-%d", i);
		a[i] = nats_attempt(ids[i], url, TIMEOUT_MS);
		sink_nats.start(&a[i]);
	}
	nats_wait_done(MANY);
	for (i = 0; i < MANY; i++)
		nats_assert_delivered(&a[i]);
	assert_int_equal(nats_stored("CITY"), before + MANY);
	free(ids);
	free(a);
}

static void
url_number(char *url, size_t n, int i, int at)
{
	snprintf(url, n, "nats://127.0.0.%d:%d/city.n", i + 1, at);
}

static void
nats__more_servers_than_places__idle_ones_make_room(void **state)
{
	char url[64], id[16];
	struct attempt a;
	int i;

	(void)state;
	for (i = 0; i < 40; i++) {
		url_number(url, sizeof(url), i, nats_port);
		snprintf(id, sizeof(id), "n-%d", i);
		a = nats_deliver(id, url, TIMEOUT_MS);
		nats_assert_delivered(&a);
	}
}

static void
nats__all_places_busy__refused_for_now(void **state)
{
	struct attempt a[33];
	int i, at, fd = nats_listen_at(&at);
	char urls[33][64];

	(void)state;
	for (i = 0; i < 33; i++) {
		url_number(urls[i], sizeof(urls[i]), i, at);
		a[i] = nats_attempt("1", urls[i], TIMEOUT_MS);
		sink_nats.start(&a[i]);
	}
	nats_wait_done(1);
	nats_assert_error(&a[32], ERROR_CONNECT, "too many");
	close(fd); /* which ends all connections to it */
	nats_wait_done(33);
}

static void
nats__closed_with_attempts_in_hand__all_ended(void **state)
{
	const char *url = nats_url("127.0.0.1", nats_port, "city.closed");
	struct attempt a[5];

	(void)state;
	nats_start_on_stopped_server(a, 5, url, TIMEOUT_MS);
	nats_disconnect();
	sink_nats.close();
	kill(nats_pid, SIGCONT);
	assert_int_equal(nats_done, 5);
	nats_assert_error(&a[4], ERROR_INTERNAL, "the worker stopped");
	nats_open_sink("loopback");
}

static const struct CMUnitTest tests[] = {
	TEST(nats__late_acknowledgment__touches_nothing),
	TEST(nats__server_killed__attempts_end_and_later_ones_arrive),
	TEST(nats__thousands_at_once__all_acknowledged),
	TEST(nats__more_servers_than_places__idle_ones_make_room),
	TEST(nats__all_places_busy__refused_for_now),
	TEST(nats__closed_with_attempts_in_hand__all_ended),
};

T_MAIN_WITH(tests, nats_group_setup, nats_group_teardown)
