#include "dispatcher.h"

#include <libpq-fe.h>
#include <poll.h>

#include "clock.h"
#include "dispatch.h"
#include "receiver.h"

static PGconn *watch;
struct receiver dispatcher_receiver;
struct dispatch *dispatcher;
static struct net net;
struct config dispatcher_config;
static int put_so_far;

int
dispatcher_open(void **state)
{
	database_open(state);
	watch = PQconnectdb(url);
	receiver_start(&dispatcher_receiver);
	return 0;
}

int
dispatcher_close(void **state)
{
	receiver_stop(&dispatcher_receiver);
	PQfinish(watch);
	database_drop(state);
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

void
dispatcher_start(void)
{
	char error[256];

	assert_int_equal(net_open(&net, &dispatcher_config, error), STATUS_OK);
	assert_int_equal(
	    dispatch_open(&dispatcher, &dispatcher_config, &net, error),
	    STATUS_OK);
}

void
dispatcher_end(void)
{
	dispatch_close(dispatcher, database);
	net_close(&net);
	dispatcher = NULL;
}

int
dispatcher_empty(void **state)
{
	(void)state;
	t_exec(url,
	    "TRUNCATE outbox_messages, deliveries, delivery_attempts,"
	    " subscriptions");
	dispatcher_config = usual;
	dispatcher = NULL;
	return 0;
}

int
dispatcher_stop(void **state)
{
	(void)state;
	dispatcher_end();
	return 0;
}

void
dispatcher_subscribe(const char *name, const char *path)
{
	char text[256];

	if (path[0] == '/')
		snprintf(text, sizeof(text), "http://127.0.0.1:%d%s",
		    dispatcher_receiver.port, path);
	else
		snprintf(text, sizeof(text), "%s", path);
	t_exec(url,
	    "INSERT INTO subscriptions (id, topic, url, description, secret)"
	    " VALUES (gen_random_uuid(), 'event.*', '%s', '%s',"
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')",
	    text, name);
}

void
dispatcher_put(int n)
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

int
dispatcher_count(const char *status)
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

int
dispatcher_count_of(const char *name, const char *status)
{
	return (int)t_number(url,
	    "SELECT count(*) FROM deliveries AS d JOIN subscriptions AS s"
	    " ON s.id = d.subscription_id"
	    " WHERE s.description = '%s' AND d.status = '%s'",
	    name, status);
}

void
dispatcher_turn(void)
{
	struct pollfd fd = { post_fd(net.http), POLLIN, 0 };
	int64_t wait = dispatch_run(dispatcher, database);

	if (poll(&fd, 1, wait < 20 ? (int)wait : 20) > 0)
		post_work(net.http);
}

void
dispatcher_work_until(const char *status, int n)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS, next;

	while (dispatcher_count(status) < n) {
		if (clock_steady_ms() > end)
			fail_msg("not within 30 s: %d %s", n, status);
		next = clock_steady_ms() + 20;
		while (clock_steady_ms() < next)
			dispatcher_turn();
	}
	assert_int_equal(dispatcher_count(status), n);
}

int64_t
dispatcher_gap_us(const char *path)
{
	return receiver_find(&dispatcher_receiver, path, 1)->received_us -
	    receiver_find(&dispatcher_receiver, path, 0)->received_us;
}
