/* A responder as its own process: its alarm, and the end of a connection. */
#include "t.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "child.h"
#include "clock.h"
#include "fastcgi_peer.h"
#include "log.h"
#include "score.h"

enum {
	LONG_ANSWER = 1 << 20,
	SLOW_MS = 1100,    /* above a second, which requests share an alarm */
	ALARM_MS = 2000,   /* after a timeout of one second, at the latest */
	PATIENCE_MS = 8000 /* more than any wait here */
};

static struct config config = {
	/* There is no such directory. */
	.database_url = "postgresql://x@/x?host=/nonexistent",
	.db_timeout_ms = 1000,
	.business = { .log_level = LOG_LEVEL_ERROR },
	.request_timeout = 1,
};

static void
handle(
    const struct context *context, const struct request *q, struct response *r)
{
	static char bytes[LONG_ANSWER];

	(void)context;
	if (strcmp(q->path, "/hang") == 0)
		for (;;)
			pause();
	if (strcmp(q->path, "/slow") == 0)
		poll(NULL, 0, SLOW_MS);
	r->status = 200;
	if (strcmp(q->path, "/long") == 0)
		buf_put(&r->body, bytes, sizeof(bytes));
}

static size_t
body_max(const struct request *q)
{
	(void)q;
	return 1024;
}

/* Requests for /shared/… can be answered together. */
struct ingest {
	struct response *response;
};

static struct ingest *
begin(const struct request *q, struct response *r)
{
	struct ingest *g;

	if (strncmp(q->path, "/shared", 7) != 0)
		return NULL;
	g = malloc(sizeof(*g));
	assert_non_null(g);
	g->response = r;
	return g;
}

static bool
is_shared(const struct ingest *g)
{
	return g != NULL;
}

/* Answers each with the number of those that are answered together. */
static void
finish(const struct context *context, struct ingest *const list[], size_t n)
{
	size_t i;

	(void)context;
	for (i = 0; i < n; i++) {
		buf_printf(&list[i]->response->body, "together=%zu", n);
		free(list[i]);
	}
}

static const struct routing routing = {
	.handle = handle,
	.body_max = body_max,
	.begin = begin,
	.is_shared = is_shared,
	.finish = finish,
};

static struct listener
open_at(const char *address)
{
	struct listener l;
	char error[256];

	if (listener_open(&l, address, error) != STATUS_OK)
		fail_msg("%s", error);
	return l;
}

static pid_t
start(struct listener *l)
{
	const struct child child = {
		.config = &config,
		.routing = &routing,
		.listener = l,
		.processes = 1,
	};
	pid_t pid = fork();

	if (pid == 0) {
		log_level(LOG_LEVEL_ERROR);
		_exit(child_run((void *)&child, 0));
	}
	assert_true(pid > 0);
	return pid;
}

static void
ask(const struct listener *l, const char *path)
{
	fastcgi_peer_read(fastcgi_peer_send(l, path));
}

/* Returns the wait status of the process, or -1 if it has not ended in time. */
static int
await_end(pid_t pid, int64_t ms)
{
	int64_t deadline = clock_steady_ms() + ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_steady_ms() >= deadline)
			return -1;
		poll(NULL, 0, 10);
	}
	return status;
}

static void
stop(pid_t pid)
{
	kill(pid, SIGTERM);
	assert_int_equal(await_end(pid, PATIENCE_MS), 0);
}

/* --- the tests --- */

/* The alarm was set for the request before it. */
static void
child__hangs_in_a_request__ended_between_timeout_and_a_second_more(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	pid_t pid = start(&l);
	int64_t began, took;
	int fd, status;

	(void)state;
	ask(&l, "/");
	began = clock_steady_ms();
	fd = fastcgi_peer_send(&l, "/hang");
	status = await_end(pid, PATIENCE_MS);
	took = clock_steady_ms() - began;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGALRM);
	assert_in_range(took, config.request_timeout * 1000, PATIENCE_MS);
	close(fd);
	listener_close(&l);
}

static void
child__idle_after_requests__not_ended_by_the_alarm(void **state)
{
	static const char *const before[] = { "/", "/slow" };
	struct listener listeners[2];
	pid_t pids[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		listeners[i] = open_at("127.0.0.1:0");
		pids[i] = start(&listeners[i]);
		ask(&listeners[i], before[i]);
	}
	assert_int_equal(await_end(pids[1], ALARM_MS + 500), -1);
	for (i = 0; i < 2; i++) {
		ask(&listeners[i], "/");
		stop(pids[i]);
		listener_close(&listeners[i]);
	}
}

static void
child__long_answer__whole_before_the_connection_ends(void **state)
{
	char path[64];
	const char *const addresses[] = { "127.0.0.1:0", path };
	struct listener l;
	pid_t pid;
	int i;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-child-%d", (int)getpid());
	for (i = 0; i < 2; i++) {
		l = open_at(addresses[i]);
		pid = start(&l);
		assert_in_range(
		    fastcgi_peer_read(fastcgi_peer_send(&l, "/long")),
		    LONG_ANSWER, 2 * LONG_ANSWER);
		stop(pid);
		listener_close(&l);
	}
}

static void
expect_together(int fd, const char *text)
{
	size_t n = fastcgi_peer_read(fd);

	assert_non_null(memmem(fastcgi_peer_answer, n, text, strlen(text)));
}

static void
child__requests_wait__shared_ones_answered_together(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	int before[3], get, after, large, last;
	pid_t pid = start(&l);
	size_t i;

	(void)state;
	ask(&l, "/");
	kill(pid, SIGSTOP);
	for (i = 0; i < 3; i++)
		before[i] = fastcgi_peer_send(&l, "/shared");
	get = fastcgi_peer_send(&l, "/");
	after = fastcgi_peer_send(&l, "/shared");
	/* A long body takes time to read, so it is read after the answer. */
	large = fastcgi_peer_send_long(&l, "/shared", "1000000");
	last = fastcgi_peer_send(&l, "/shared");
	kill(pid, SIGCONT);
	for (i = 0; i < 3; i++)
		expect_together(before[i], "together=3");
	fastcgi_peer_read(get);
	expect_together(after, "together=1");
	expect_together(large, "Status: 400");
	expect_together(last, "together=1");
	stop(pid);
	listener_close(&l);
}

/* A connection can send nothing for two seconds before it is given up. */
static void
child__silent_connections_wait__others_not_kept_waiting(void **state)
{
	struct listener l = open_at("127.0.0.1:0");
	int fd, silent[2], after;
	int64_t began;
	pid_t pid;

	(void)state;
	config.request_timeout = 10;
	pid = start(&l);
	config.request_timeout = 1;
	ask(&l, "/");
	kill(pid, SIGSTOP);
	fd = fastcgi_peer_send(&l, "/shared");
	silent[0] = fastcgi_peer_connect(&l);
	silent[1] = fastcgi_peer_connect(&l);
	after = fastcgi_peer_send(&l, "/shared");
	began = clock_steady_ms();
	kill(pid, SIGCONT);
	expect_together(fd, "together=1");
	assert_in_range(clock_steady_ms() - began, 0, 1900);
	expect_together(after, "together=1");
	close(silent[0]);
	close(silent[1]);
	stop(pid);
	listener_close(&l);
}

/* Of a pool that is under load without end. */
static void
store_on(void)
{
	struct scored r;

	score_join(false);
	for (;;) {
		score_begin(&r, "POST", "/ingest/load", "", NULL);
		score_storing();
	}
}

static void
status_responder__pool_stores_without_end__answers(void **state)
{
	struct timeval patience = { PATIENCE_MS / 1000, 0 };
	struct listener l = open_at("127.0.0.1:0");
	struct child child = { .config = &config,
		.routing = &routing,
		.listener = &l,
		.status_listener = &l,
		.processes = 1 };
	pid_t load = fork(), pid;
	int fd, status;

	(void)state;
	if (load == 0)
		store_on();
	while (!score_is_storing())
		continue;
	pid = fork();
	if (pid == 0)
		_exit(child_run(&child, 1));
	fd = fastcgi_peer_send(&l, "/");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fastcgi_peer_read(fd);
	stop(pid);
	kill(load, SIGKILL);
	assert_int_equal(waitpid(load, &status, 0), load);
	score_ended(load, status);
	listener_close(&l);
}

static int
setup(void **state)
{
	(void)state;
	/* With one responder, which is busy whenever it has a request. */
	return board_open(1) == STATUS_OK ? 0 : -1;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    child__hangs_in_a_request__ended_between_timeout_and_a_second_more),
	cmocka_unit_test(child__idle_after_requests__not_ended_by_the_alarm),
	cmocka_unit_test(child__long_answer__whole_before_the_connection_ends),
	cmocka_unit_test(child__requests_wait__shared_ones_answered_together),
	cmocka_unit_test(
	    child__silent_connections_wait__others_not_kept_waiting),
	cmocka_unit_test(status_responder__pool_stores_without_end__answers),
};

T_MAIN_WITH(tests, setup, NULL)
