#include "t.h"

#include <nats/nats.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "sink.h"
#include "stack.h"

enum {
	TIMEOUT_MS = 10000,
	SHORT_MS = 300,
	MANY = 2000
};

static char dir[256];
static int port;
static pid_t server;
static natsConnection *nc; /* the test's own */
static jsCtx *js;
static int count; /* of the attempts that are done */

/* --- a recorder instead of the worker's ---------------------------------- */

static const struct attempt untouched = { .timeout_ms = -1 };

static void
done(struct attempt *a)
{
	assert_ptr_not_equal(a->sink_data, &untouched);
	a->sink_data = (void *)&untouched;
	count++;
}

static struct attempt
attempt(const char *id, const char *url, int timeout_ms)
{
	return (struct attempt){
		.message = { .id = id },
		.body = "{\"id\":1}",
		.body_len = 8,
		.url = url,
		.timeout_ms = timeout_ms,
		.done = done,
		.error = ERROR_CLASSES, /* not done */
	};
}

static const char *
url_to(const char *host, int to, const char *subject)
{
	static char url[128];

	snprintf(url, sizeof(url), "nats://%s:%d/%s", host, to, subject);
	return url;
}

/* As the worker does: work() whenever fd is readable. */
static bool
all_done(void *arg)
{
	struct pollfd p = { sink_nats.fd(), POLLIN, 0 };

	if (poll(&p, 1, 0) == 1)
		sink_nats.work();
	return count >= *(int *)arg;
}

static void
wait_done(int n)
{
	stack_wait(all_done, &n, "the attempts are done");
	assert_int_equal(count, n);
}

static struct attempt
deliver(const char *id, const char *url, int timeout_ms)
{
	struct attempt a = attempt(id, url, timeout_ms);
	int n = count + 1;

	sink_nats.start(&a);
	wait_done(n);
	return a;
}

static void
assert_error(
    const struct attempt *a, enum error_class error, const char *detail)
{
	if (a->error == ERROR_NONE)
		fail_msg("delivered: %s", a->detail);
	assert_int_equal(a->error, error);
	if (strstr(a->detail, detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", detail, a->detail);
}

static void
assert_delivered(const struct attempt *a)
{
	if (a->error != ERROR_NONE)
		fail_msg("%d: %s", (int)a->error, a->detail);
}

static void
open_sink(const char *allow)
{
	struct config config = { .in_flight = 512 };
	char error[256];

	snprintf(
	    config.delivery_allow, sizeof(config.delivery_allow), "%s", allow);
	assert_int_equal(sink_nats.open(&config, error), STATUS_OK);
}

/* --- a real server
 * ------------------------------------------------------------ */

static int
listen_at(int *at_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*at_port = ntohs(at.sin_port);
	return fd;
}

static int
free_port(void)
{
	int at_port, fd = listen_at(&at_port);

	close(fd);
	return at_port;
}

static void
become_server(void)
{
	char path[sizeof(dir) + 8], number[16];
	int fd;

	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(number, sizeof(number), "%d", port);
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0644);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that died leaves none */
	execlp("nats-server", "nats-server", "-a", "0.0.0.0", "-p", number,
	    "-js", "-sd", dir, NULL);
	_exit(127);
}

static bool
connects(void *arg)
{
	char url[64];

	(void)arg;
	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	return natsConnection_ConnectTo(&nc, url) == NATS_OK;
}

static void
connect_test(void)
{
	stack_wait(connects, NULL, "nats-server answers");
	assert_int_equal(natsConnection_JetStream(&js, nc, NULL), NATS_OK);
}

static void
start_server(void)
{
	server = fork();
	if (server == 0)
		become_server();
	connect_test();
}

/* Also before sink_nats.close(), which ends libnats as a whole. */
static void
disconnect(void)
{
	jsCtx_Destroy(js);
	natsConnection_Destroy(nc);
	js = NULL;
	nc = NULL;
}

static void
end_server(int sig)
{
	disconnect();
	kill(server, sig);
	waitpid(server, NULL, 0);
	server = 0;
}

static void
make_stream(const char *name, const char *subject, int64_t max)
{
	const char *subjects[] = { subject };
	jsStreamConfig c;
	jsErrCode code;

	jsStreamConfig_Init(&c);
	c.Name = name;
	c.Subjects = subjects;
	c.SubjectsLen = 1;
	c.MaxMsgs = max;
	c.Discard = js_DiscardNew;
	assert_int_equal(js_AddStream(NULL, js, &c, NULL, &code), NATS_OK);
}

static uint64_t
stored(const char *stream)
{
	jsStreamInfo *info;
	uint64_t n;

	assert_int_equal(
	    js_GetStreamInfo(&info, js, stream, NULL, NULL), NATS_OK);
	n = info->State.Msgs;
	jsStreamInfo_Destroy(info);
	return n;
}

static int
remove_it(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
group_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(
	    dir, sizeof(dir), "%s/nats-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	port = free_port();
	start_server();
	make_stream("CITY", "city.>", -1);
	make_stream("FULL", "full", 1);
	disconnect();
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	end_server(SIGTERM);
	nats_CloseAndWait(TIMEOUT_MS);
	return nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
}

static int
setup(void **state)
{
	(void)state;
	count = 0;
	connect_test();
	open_sink("loopback");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	kill(server, SIGCONT);
	disconnect();
	sink_nats.close();
	return 0;
}

/* --- tests
 * --------------------------------------------------------------------- */

static void
assert_header(natsMsg *msg, const char *name, const char *expected)
{
	const char *value;

	assert_int_equal(natsMsgHeader_Get(msg, name, &value), NATS_OK);
	assert_string_equal(value, expected);
}

static void
nats__stream_is_there__stored_byte_for_byte(void **state)
{
	struct attempt a =
	    attempt("stored", url_to("127.0.0.1", port, "city.a"), TIMEOUT_MS);
	natsMsg *msg;

	(void)state;
	a.body = "{\"caf\xc3\xa9\":\"\\u0000\"}";
	a.body_len = strlen(a.body);
	a.message.request_id = "r-1";
	a.message.traceparent = "00-1-2-01";
	sink_nats.start(&a);
	wait_done(1);
	assert_delivered(&a);
	assert_string_equal(a.address, "127.0.0.1");
	assert_int_equal(
	    js_GetLastMsg(&msg, js, "CITY", "city.a", NULL, NULL), NATS_OK);
	assert_int_equal(natsMsg_GetDataLength(msg), a.body_len);
	assert_memory_equal(natsMsg_GetData(msg), a.body, a.body_len);
	assert_header(msg, "Nats-Msg-Id", "stored");
	assert_header(msg, "Content-Type", "application/cloudevents+json");
	assert_header(msg, "X-Request-Id", "r-1");
	assert_header(msg, "traceparent", "00-1-2-01");
	natsMsg_Destroy(msg);
}

static void
nats__published_twice__delivered_twice_stored_once(void **state)
{
	const char *url = url_to("localhost", port, "city.b");
	uint64_t before = stored("CITY");
	struct attempt first = deliver("twice", url, TIMEOUT_MS);
	struct attempt second = deliver("twice", url, TIMEOUT_MS);

	(void)state;
	assert_delivered(&first);
	assert_delivered(&second);
	assert_non_null(strstr(second.detail, "a duplicate"));
	assert_int_equal(stored("CITY"), before + 1);
}

static void
nats__no_stream_for_subject__refused(void **state)
{
	struct attempt a =
	    deliver("1", url_to("127.0.0.1", port, "nobody"), TIMEOUT_MS);

	(void)state;
	assert_error(&a, ERROR_NATS, "no responders");
}

static void
answer(natsConnection *c, natsSubscription *sub, natsMsg *msg, void *text)
{
	(void)sub;
	natsConnection_PublishString(c, natsMsg_GetReply(msg), text);
	natsMsg_Destroy(msg);
}

static struct attempt
deliver_to_one_who_answers(const char *text)
{
	natsSubscription *sub;
	struct attempt a;

	assert_int_equal(
	    natsConnection_Subscribe(&sub, nc, "fake", answer, (void *)text),
	    NATS_OK);
	assert_int_equal(natsConnection_Flush(nc), NATS_OK);
	a = deliver("1", url_to("127.0.0.1", port, "fake"), TIMEOUT_MS);
	natsSubscription_Destroy(sub);
	return a;
}

static void
nats__answer_is_no_acknowledgment__not_delivered(void **state)
{
	struct attempt object = deliver_to_one_who_answers("{}");
	struct attempt text = deliver_to_one_who_answers("thanks");

	(void)state;
	assert_error(&object, ERROR_PROTOCOL, "no acknowledgment");
	assert_error(&text, ERROR_NATS, "");
}

static void
nats__stream_is_full__refused_with_its_words(void **state)
{
	const char *url = url_to("127.0.0.1", port, "full");
	struct attempt a = deliver("full-1", url, TIMEOUT_MS);
	struct attempt b = deliver("full-2", url, TIMEOUT_MS);

	(void)state;
	assert_delivered(&a);
	assert_error(&b, ERROR_NATS, "maximum messages exceeded");
}

static void
nats__message_too_large__refused(void **state)
{
	struct attempt a =
	    attempt("large", url_to("127.0.0.1", port, "city.a"), TIMEOUT_MS);
	char *body = calloc(1, 2 << 20);

	(void)state;
	a.body = body;
	a.body_len = 2 << 20;
	sink_nats.start(&a);
	wait_done(1);
	free(body);
	assert_error(&a, ERROR_NATS, "ayload");
}

static void
nats__no_server__connect_fails(void **state)
{
	struct attempt a = deliver(
	    "1", url_to("127.0.0.1", free_port(), "city.a"), TIMEOUT_MS);

	(void)state;
	assert_error(&a, ERROR_CONNECT, "");
	assert_string_not_equal(a.detail, "");
}

static void
nats__unknown_name__not_resolved(void **state)
{
	struct attempt a = deliver(
	    "1", url_to("no-such-host.invalid", port, "city.a"), TIMEOUT_MS);

	(void)state;
	assert_error(&a, ERROR_DNS, "");
}

static void
nats__no_subject_in_url__refused(void **state)
{
	const char *const bad[] = { "", "a.*", "a.>", ".a", "a.", "a..b",
		"$JS.API.STREAM.PURGE.CITY", "_INBOX.a", "a/b", "a?b" };
	struct attempt a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a = deliver("1", url_to("127.0.0.1", port, bad[i]), TIMEOUT_MS);
		assert_error(&a, ERROR_FORBIDDEN, "");
	}
}

static void
nats__silent_server__ends_in_time(void **state)
{
	int at, fd = listen_at(&at);
	struct attempt a =
	    deliver("1", url_to("127.0.0.1", at, "city.a"), SHORT_MS);

	(void)state;
	assert_error(&a, ERROR_TIMEOUT, "");
	close(fd);
}

static void
nats__forbidden_address__never_connected_to(void **state)
{
	int at, fd = listen_at(&at);
	struct attempt a;

	(void)state;
	disconnect();
	sink_nats.close();
	open_sink("");
	a = deliver("1", url_to("localhost", at, "city.a"), TIMEOUT_MS);
	assert_error(&a, ERROR_FORBIDDEN, "loopback");
	assert_string_equal(a.address, "");
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	close(fd);
}

static void
nats__wrong_setting__refused(void **state)
{
	struct config config = { .delivery_allow = "10.0.0.0/99" };
	char error[256] = "";

	(void)state;
	assert_int_equal(sink_nats.open(&config, error), STATUS_REJECT);
	assert_string_not_equal(error, "");
}

/* The server is stopped, so that they are in hand for certain. */
static void
start_on_stopped_server(struct attempt *a, int n, const char *url, int timeout)
{
	struct attempt first = deliver(url, url, TIMEOUT_MS);
	int i;

	assert_delivered(&first);
	count = 0;
	kill(server, SIGSTOP);
	assert_int_equal(waitpid(server, NULL, WUNTRACED), server);
	for (i = 0; i < n; i++) {
		a[i] = attempt("held", url, timeout);
		sink_nats.start(&a[i]);
	}
}

static void
nats__late_acknowledgment__touches_nothing(void **state)
{
	const char *url = url_to("127.0.0.1", port, "city.late");
	struct attempt *a = calloc(5, sizeof(*a)), after;
	int i;

	(void)state;
	start_on_stopped_server(a, 5, url, SHORT_MS);
	wait_done(5);
	for (i = 0; i < 5; i++)
		assert_error(&a[i], ERROR_TIMEOUT, "no acknowledgment");
	free(a);
	kill(server, SIGCONT);
	after = deliver("after", url, TIMEOUT_MS);
	assert_delivered(&after);
}

static void
nats__server_killed__attempts_end_and_later_ones_arrive(void **state)
{
	const char *url = url_to("127.0.0.1", port, "city.killed");
	struct attempt a[5], away, after;
	uint64_t before = stored("CITY");
	int i;

	(void)state;
	start_on_stopped_server(a, 5, url, TIMEOUT_MS);
	end_server(SIGKILL);
	wait_done(5);
	for (i = 0; i < 5; i++)
		assert_error(&a[i], ERROR_CONNECT, "connection lost");
	away = deliver("away", url, TIMEOUT_MS);
	assert_error(&away, ERROR_CONNECT, "");
	start_server();
	after = deliver("later", url, TIMEOUT_MS);
	assert_delivered(&after);
	assert_int_equal(stored("CITY"), before + 2);
}

static void
nats__thousands_at_once__all_acknowledged(void **state)
{
	const char *url = url_to("127.0.0.1", port, "city.many");
	struct attempt *a = calloc(MANY, sizeof(*a));
	char(*ids)[24] = calloc(MANY, sizeof(*ids));
	uint64_t before = stored("CITY");
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof(ids[i]), "many-%d", i);
		a[i] = attempt(ids[i], url, TIMEOUT_MS);
		sink_nats.start(&a[i]);
	}
	wait_done(MANY);
	for (i = 0; i < MANY; i++)
		assert_delivered(&a[i]);
	assert_int_equal(stored("CITY"), before + MANY);
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
		url_number(url, sizeof(url), i, port);
		snprintf(id, sizeof(id), "n-%d", i);
		a = deliver(id, url, TIMEOUT_MS);
		assert_delivered(&a);
	}
}

static void
nats__all_places_busy__refused_for_now(void **state)
{
	struct attempt a[33];
	int i, at, fd = listen_at(&at);
	char urls[33][64];

	(void)state;
	for (i = 0; i < 33; i++) {
		url_number(urls[i], sizeof(urls[i]), i, at);
		a[i] = attempt("1", urls[i], TIMEOUT_MS);
		sink_nats.start(&a[i]);
	}
	wait_done(1);
	assert_error(&a[32], ERROR_CONNECT, "too many");
	close(fd); /* and with it all connections to it */
	wait_done(33);
}

static void
nats__closed_with_attempts_in_hand__all_ended(void **state)
{
	const char *url = url_to("127.0.0.1", port, "city.closed");
	struct attempt a[5];

	(void)state;
	start_on_stopped_server(a, 5, url, TIMEOUT_MS);
	disconnect();
	sink_nats.close();
	kill(server, SIGCONT);
	assert_int_equal(count, 5);
	assert_error(&a[4], ERROR_INTERNAL, "the worker stopped");
	open_sink("loopback");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(nats__stream_is_there__stored_byte_for_byte),
	TEST(nats__published_twice__delivered_twice_stored_once),
	TEST(nats__no_stream_for_subject__refused),
	TEST(nats__answer_is_no_acknowledgment__not_delivered),
	TEST(nats__stream_is_full__refused_with_its_words),
	TEST(nats__message_too_large__refused),
	TEST(nats__no_server__connect_fails),
	TEST(nats__unknown_name__not_resolved),
	TEST(nats__no_subject_in_url__refused),
	TEST(nats__silent_server__ends_in_time),
	TEST(nats__forbidden_address__never_connected_to),
	TEST(nats__wrong_setting__refused),
	TEST(nats__late_acknowledgment__touches_nothing),
	TEST(nats__server_killed__attempts_end_and_later_ones_arrive),
	TEST(nats__thousands_at_once__all_acknowledged),
	TEST(nats__more_servers_than_places__idle_ones_make_room),
	TEST(nats__all_places_busy__refused_for_now),
	TEST(nats__closed_with_attempts_in_hand__all_ended),
};

T_MAIN_WITH(tests, group_setup, group_teardown)
