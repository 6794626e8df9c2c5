/*
 * Headers and passwords for receivers: used, and shown nowhere.
 */
#include "t.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliveries.h"
#include "http.h"
#include "receiver.h"
#include "stack.h"

static bool
got_new_header(void *arg)
{
	static const char path[] = "/status/500/guarded";
	int n = receiver_count(&deliveries_receiver, path);
	char *fresh = receiver_header(
	    receiver_find(&deliveries_receiver, path, n - 1), "x-new");
	char *old = receiver_header(
	    receiver_find(&deliveries_receiver, path, n - 1), "authorization");
	bool yes = fresh != NULL && old == NULL;

	(void)arg;
	free(fresh);
	free(old);
	return yes;
}

/* A header of the first request to `path`; the caller frees it. */
static char *
header_of(const char *path, const char *name)
{
	deliveries_await(path, 1);
	return receiver_header(
	    receiver_find(&deliveries_receiver, path, 0), name);
}

/* Asserts that neither answers nor metrics nor logs contain the text. */
static void
check_told_nowhere(const char *text, const char *event)
{
	const char *const targets[] = { "/subscriptions", "/outbox", "/metrics",
		"/status", "/rejected" };
	char target[128], command[1024];
	struct http h;
	size_t i;

	for (i = 0; i <= sizeof(targets) / sizeof(*targets); i++) {
		snprintf(target, sizeof(target), "/outbox/%s", event);
		h = http_get(deliveries_stack.port,
		    i < sizeof(targets) / sizeof(*targets) ? targets[i]
							   : target);
		assert_int_equal(h.status, 200);
		if (strstr(h.body, text) != NULL)
			fail_msg("the answer shows a secret: %s", h.body);
		http_free(&h);
	}
	snprintf(command, sizeof(command),
	    "! grep -r -e '%s' '%s/log' '%s/run.log'", text,
	    deliveries_stack.dir, deliveries_stack.dir);
	assert_int_equal(system(command), 0);
}

static void
subscription__with_headers__sent_changed_and_told_nowhere(void **state)
{
	char *a = deliveries_subscribe("event.security", "/status/500/guarded",
		 J(",'headers':{'Authorization':'Bearer s3cret-a'}")),
	     *b = deliveries_subscribe("event.security", "/ok/guarded",
		 J(",'headers':{'authorization':'Bearer s3cret-b',"
		   "'X-Api-Key':'s3cret-key'}")),
	     *value, *event, target[64];

	(void)state;
	deliveries_emergency(1111, "");
	value = header_of("/status/500/guarded", "authorization");
	assert_string_equal(value, "Bearer s3cret-a");
	free(value);
	value = header_of("/ok/guarded", "authorization");
	assert_string_equal(value, "Bearer s3cret-b");
	free(value);
	value = header_of("/ok/guarded", "x-api-key");
	assert_string_equal(value, "s3cret-key");
	free(value);
	/* Attempts go on, and the next one has the new header. */
	snprintf(target, sizeof(target), "/subscriptions/%s", a);
	deliveries_call("PATCH", target,
	    J("{'headers':{'X-New':'s3cret-new'},"
	      "'paused':false}"),
	    200);
	stack_wait(got_new_header, NULL, "an attempt with the new header");
	event = t_sql(deliveries_stack.url,
	    "SELECT id FROM outbox_messages WHERE topic ="
	    " 'event.security'");
	check_told_nowhere("s3cret", event);
	free(event);
	free(a);
	free(b);
}

static void
subscription__nats_with_a_password__told_nowhere(void **state)
{
	char *id, *event, body[256];
	struct http h;

	(void)state;
	snprintf(body, sizeof(body),
	    "{\"topic\":\"event.security\","
	    "\"url\":\"nats://ann:s3cret-nats@127.0.0.1:%d/city\"}",
	    stack_free_port());
	h = http_post(deliveries_stack.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	assert_non_null(strstr(h.body, "\"url\":\"nats://ann:***@127.0.0.1:"));
	id = deliveries_member(&h, "id");
	http_free(&h);
	deliveries_emergency(1112, "");
	deliveries_await_text("/outbox", "connect: ");
	event = t_sql(deliveries_stack.url,
	    "SELECT id FROM outbox_messages WHERE topic ="
	    " 'event.security'");
	check_told_nowhere("s3cret", event);
	free(event);
	free(id);
}

static bool
accepts(void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t) * (int *)arg),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool yes = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	close(fd);
	return yes;
}

static int
start_nats(int port)
{
	char number[16];
	int pid = fork();

	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	snprintf(number, sizeof(number), "%d", port);
	execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", number,
	    "--user", "ann", "--pass", "s3cret-pass", (char *)NULL);
	_exit(127);
}

/* JetStream has no stream; an error that says so shows a successful login. */
static void
subscription__nats_wants_a_password__told_until_it_is_right(void **state)
{
	int port = stack_free_port(), pid = start_nats(port);
	char *id, target[64], body[256];
	struct http h;

	(void)state;
	stack_wait(accepts, &port, "nats-server listens");
	snprintf(body, sizeof(body),
	    "{\"topic\":\"event.security\","
	    "\"url\":\"nats://ann:s3cret@127.0.0.1:%d/city\"}",
	    port);
	h = http_post(deliveries_stack.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	id = deliveries_member(&h, "id");
	http_free(&h);
	deliveries_emergency(1113, "");
	deliveries_await_text("/outbox?status=retrying",
	    "nats: the server refuses these credentials");
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	snprintf(body, sizeof(body),
	    "{\"url\":\"nats://ann:s3cret-pass@127.0.0.1:%d/city\","
	    "\"paused\":false}",
	    port);
	deliveries_call("PATCH", target, body, 200);
	deliveries_await_text(
	    "/outbox", "nats: no responders: no stream covers");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	free(id);
}

static const struct CMUnitTest tests[] = {
	TEST(subscription__with_headers__sent_changed_and_told_nowhere),
	TEST(subscription__nats_with_a_password__told_nowhere),
	TEST(subscription__nats_wants_a_password__told_until_it_is_right),
};

T_MAIN_WITH(tests, deliveries_open, deliveries_close)
