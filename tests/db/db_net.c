/*
 * Who owns the HTTP client: the live stream works without any sink, and an
 * error names what cannot be opened. This program has no sinks.
 */
#include "t.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "database.h"
#include "net.h"
#include "sink.h"
#include "worker.h"

enum {
	PATIENCE_MS = 30000,
	REQUEST_MAX = 65536
};

static struct config config = { .stream_bytes = 1000000,
	.db_timeout_ms = 5000,
	.delivery_timeout = 1,
	.outbox_lease_seconds = 60,
	.in_flight = 16,
	.retry_schedule = "0,5" };
static char dir[] = "/tmp/db_net.XXXXXX";
static char request[REQUEST_MAX];
static int requests;

/* Replaces worker/net/sink.c: a program built without sinks. */
const struct sink *
sink_at(int i)
{
	(void)i;
	return NULL;
}

const struct sink *
sink_find(const char *to)
{
	(void)to;
	return NULL;
}

static int
open_all(void **state)
{
	database_make(state);
	snprintf(config.database_url, sizeof(config.database_url), "%s", url);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(config.stream, sizeof(config.stream), "%s/s", dir);
	return 0;
}

static int
close_all(void **state)
{
	database_drop(state);
	unlink(config.stream);
	return rmdir(dir);
}

/* --- an nginx that answers one request after the other -------------------- */

static int
listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* Whether the body is complete, by Content-Length. */
static bool
is_whole(void)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	return end != NULL && length != NULL &&
	    strlen(end + 4) >= strtoul(length + 16, NULL, 10);
}

/* Reads and answers; true if a request was complete. */
static bool
serve(int listener)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 16\r\n"
	    "\r\n\nsubscribers: 1\n";
	static int fd = -1;
	size_t len = strlen(request);
	ssize_t n;

	if (fd < 0) {
		request[0] = '\0';
		fd = accept(listener, NULL, NULL);
		return false;
	}
	n = recv(fd, request + len, sizeof(request) - 1 - len, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	assert_true(n > 0);
	request[len + (size_t)n] = '\0';
	if (!is_whole())
		return false;
	assert_int_equal(send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL),
	    sizeof(answer) - 1);
	close(fd);
	fd = -1;
	requests++;
	return true;
}

/* Lets the worker work until a request contains `text`. */
static void
await(struct worker *w, int listener, const char *text)
{
	int64_t end = clock_steady_ms() + PATIENCE_MS;
	struct pollfd files[WORKER_FILES];
	int n;

	while (!serve(listener) || strstr(request, text) == NULL) {
		if (clock_steady_ms() > end)
			fail_msg("not within 30 s: %s", text);
		assert_int_equal(stream_tick(w->stream, w->db), STATUS_OK);
		n = worker_files(w, files);
		if (poll(files, (nfds_t)n, 10) > 0)
			worker_work(w, files, n);
	}
}

/* --- tests -----------------------------------------------------------------
 */

static void
stream__no_sink_at_all__posts_what_is_committed(void **state)
{
	int listener = listen_at(config.stream);
	struct worker w;
	char error[256] = "";

	(void)state;
	if (worker_open(&w, &config, error) != STATUS_OK)
		fail_msg("%s", error);
	await(&w, listener, "POST /viewers ");
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload)"
	    " VALUES (uuid_v7_floor(clock_timestamp()), 'x', now(),"
	    "  '{\"n\": 42}')");
	await(&w, listener, "POST /publish?channel=all ");
	while (strstr(request, "42") == NULL)
		await(&w, listener, "POST /publish?channel=all ");
	worker_close(&w);
	close(listener);
}

static void
net__wrong_list_of_addresses__refused_by_its_name(void **state)
{
	struct config wrong = { .delivery_allow = "10.0.0.0/99" };
	struct net net = { .http = NULL };
	char error[256] = "";

	(void)state;
	assert_int_equal(net_open(&net, &wrong, error), STATUS_REJECT);
	assert_non_null(strstr(error, "SMARTCITY_DELIVERY_ALLOW"));
	net_close(&net);
}

/* Opens files until only `more` further ones can be opened. */
static struct rlimit
leave_files(int more)
{
	struct rlimit before, now;
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)fd + (rlim_t)more;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

static void
client__no_file_left__named_whichever_it_is(void **state)
{
	struct net net = { .http = NULL };
	char error[256];
	struct rlimit before;
	int more;

	(void)state;
	for (more = 0; more < 3; more++) {
		before = leave_files(more);
		error[0] = '\0';
		assert_int_equal(net_open(&net, &config, error), STATUS_FAULT);
		net_close(&net);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_string_equal(error, "HTTP client: Too many open files");
	}
	assert_int_equal(net_open(&net, &config, error), STATUS_OK);
	net_close(&net);
}

static void
worker__client_does_not_open__says_so(void **state)
{
	struct rlimit before;
	struct worker w;
	char error[256] = "";
	enum status status;

	(void)state;
	before = leave_files(0);
	status = worker_open(&w, &config, error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(status, STATUS_FAULT);
	assert_string_equal(error, "HTTP client: Too many open files");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(stream__no_sink_at_all__posts_what_is_committed),
	cmocka_unit_test(net__wrong_list_of_addresses__refused_by_its_name),
	cmocka_unit_test(client__no_file_left__named_whichever_it_is),
	cmocka_unit_test(worker__client_does_not_open__says_so),
};

T_MAIN_WITH(tests, open_all, close_all)
