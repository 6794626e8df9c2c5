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
#include "log.h"

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

/* --- a web server --- */

static void
put_record(struct buf *out, int type, const struct buf *content)
{
	const unsigned char head[] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(content->len >> 8), (unsigned char)content->len,
		0, 0 };

	buf_put(out, head, sizeof(head));
	buf_put(out, content->data, content->len);
}

static void
put_param(struct buf *out, const char *name, const char *value)
{
	buf_putc(out, (char)strlen(name));
	buf_putc(out, (char)strlen(value));
	buf_puts(out, name);
	buf_puts(out, value);
}

static int
open_to(const struct listener *l)
{
	struct sockaddr_storage to;
	socklen_t n = sizeof(to);
	int fd;

	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&to, &n), 0);
	fd = socket(to.ss_family, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, n), 0);
	return fd;
}

/* length: CONTENT_LENGTH; the body is not sent. */
static int
send_long_request(
    const struct listener *l, const char *path, const char *length)
{
	enum {
		BEGIN = 1,
		PARAMS = 4,
		STDIN = 5
	};
	struct buf out, begin, params, none;
	int fd = open_to(l);

	buf_init(&out, 1024);
	buf_init(&begin, 8);
	buf_init(&params, 512);
	buf_init(&none, 0);
	buf_put(&begin, "\0\1\0\0\0\0\0\0", 8);
	put_param(&params, "REQUEST_METHOD", "GET");
	put_param(&params, "REQUEST_URI", path);
	put_param(&params, "CONTENT_LENGTH", length);
	put_record(&out, BEGIN, &begin);
	put_record(&out, PARAMS, &params);
	put_record(&out, PARAMS, &none);
	put_record(&out, STDIN, &none);
	assert_int_equal(write(fd, out.data, out.len), out.len);
	buf_free(&out);
	buf_free(&begin);
	buf_free(&params);
	return fd;
}

static int
send_request(const struct listener *l, const char *path)
{
	return send_long_request(l, path, "0");
}

static char answer[2 * LONG_ANSWER];

/* Reads until the connection ends; returns the number of bytes. */
static size_t
read_answer(int fd)
{
	/* FCGI_END_REQUEST, status 0, FCGI_REQUEST_COMPLETE. */
	static const char end[] = "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0";
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, answer + all, sizeof(answer) - all)) > 0)
		all += (size_t)n;
	assert_int_equal(n, 0);
	close(fd);
	assert_true(all > sizeof(end));
	assert_memory_equal(answer + all - sizeof(end), end, sizeof(end));
	return all;
}

static void
ask(const struct listener *l, const char *path)
{
	read_answer(send_request(l, path));
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
	fd = send_request(&l, "/hang");
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
		assert_in_range(read_answer(send_request(&l, "/long")),
		    LONG_ANSWER, 2 * LONG_ANSWER);
		stop(pid);
		listener_close(&l);
	}
}

static void
expect_together(int fd, const char *text)
{
	size_t n = read_answer(fd);

	assert_non_null(memmem(answer, n, text, strlen(text)));
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
		before[i] = send_request(&l, "/shared");
	get = send_request(&l, "/");
	after = send_request(&l, "/shared");
	/* A long body takes time to read, so it is read after the answer. */
	large = send_long_request(&l, "/shared", "1000000");
	last = send_request(&l, "/shared");
	kill(pid, SIGCONT);
	for (i = 0; i < 3; i++)
		expect_together(before[i], "together=3");
	read_answer(get);
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
	fd = send_request(&l, "/shared");
	silent[0] = open_to(&l);
	silent[1] = open_to(&l);
	after = send_request(&l, "/shared");
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
};

T_MAIN_WITH(tests, setup, NULL)
