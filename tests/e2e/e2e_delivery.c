/* From the ingest of an event to its receivers, through the whole product. */
#include "t.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "receiver.h"
#include "stack.h"

static struct stack s;
static struct receiver receiver;

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_RETRY_SCHEDULE=0,0.1",
		"SMARTCITY_DELIVERY_ALLOW=loopback", NULL };

	(void)state;
	receiver_start(&receiver);
	stack_start(&s, settings);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_stop(&s);
	receiver_stop(&receiver);
	return 0;
}

static int
no_subscriptions(void **state)
{
	(void)state;
	/* One by one: together they could deadlock with the worker. */
	t_exec(s.url, "TRUNCATE deliveries");
	t_exec(s.url, "TRUNCATE outbox_messages");
	t_exec(s.url, "TRUNCATE subscriptions");
	return 0;
}

/* The string behind "name":" in the body, to be freed. */
static char *
member(const struct http *h, const char *name)
{
	char quoted[64];
	const char *p;

	snprintf(quoted, sizeof(quoted), "\"%s\":\"", name);
	p = strstr(h->body, quoted);
	if (p == NULL)
		fail_msg("no %s in %s", name, h->body);
	p += strlen(quoted);
	return strndup(p, strcspn(p, "\""));
}

static void
call(const char *method, const char *target, const char *body, int status)
{
	struct http h = http_send(
	    s.port, method, target, "Content-Type: application/json\r\n", body);

	if (h.status != status)
		fail_msg("%s %s: %d %s", method, target, h.status, h.body);
	http_free(&h);
}

/* Its id, to be freed. */
static char *
subscribe(const char *topic, const char *path, const char *more)
{
	char body[512], *id;
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"topic\":\"%s\",\"url\":\"http://127.0.0.1:%d%s\"%s}", topic,
	    receiver.port, path, more);
	h = http_post(s.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	id = member(&h, "id");
	http_free(&h);
	return id;
}

static void
emergency(int patient, const char *headers)
{
	char body[128], all[512];
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"patient_id\":%d,\"alert\":\"emergency\",\"location\":\"here\"}",
	    patient);
	snprintf(
	    all, sizeof(all), "Content-Type: application/json\r\n%s", headers);
	h = http_send(s.port, "POST", "/ingest/health", all, body);
	assert_int_equal(h.status, 200);
	http_free(&h);
}

struct arrival {
	const char *path;
	int n;
};

static bool
has_arrived(void *arg)
{
	const struct arrival *a = arg;

	return receiver_count(&receiver, a->path) >= a->n;
}

static void
await(const char *path, int n)
{
	struct arrival a = { path, n };

	stack_wait(has_arrived, &a, path);
}

struct state {
	const char *target, *text;
};

static bool
says(void *arg)
{
	const struct state *want = arg;
	struct http h = http_get(s.port, want->target);
	bool yes = h.status == 200 && strstr(h.body, want->text) != NULL;

	http_free(&h);
	return yes;
}

static void
await_text(const char *target, const char *text)
{
	struct state want = { target, text };

	stack_wait(says, &want, text);
}

static void
emergency__subscribers__each_gets_what_it_asked_for(void **state)
{
	char *one = subscribe("event.transport", "/ok/transport", "");
	char *two = subscribe("event.*", "/ok/everything", "");

	(void)state;
	emergency(1001, "");
	await("/ok/transport", 1);
	await("/ok/everything", 2);
	await_text("/outbox?status=delivered&limit=1", "\"delivered\"");
	assert_int_equal(receiver_count(&receiver, "/ok/transport"), 1);
	assert_non_null(
	    strstr(receiver_find(&receiver, "/ok/transport", 0)->body,
		"\"action\":\"dispatch_nearest_vehicle\""));
	free(one);
	free(two);
}

static void
emergency__ids_of_its_request__carried_to_the_receiver(void **state)
{
	const struct receiver_request *r;
	char *id = subscribe("event.security", "/ok/traced", ""), *value;

	(void)state;
	emergency(1002,
	    "traceparent: "
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
	await("/ok/traced", 1);
	r = receiver_find(&receiver, "/ok/traced", 0);
	value = receiver_header(r, "traceparent");
	assert_int_equal(
	    strncmp(value, "00-0af7651916cd43dd8448eb211c80319c-", 36), 0);
	free(value);
	value = receiver_header(r, "x-request-id");
	assert_int_equal(strlen(value), 32); /* nginx's */
	assert_int_equal(t_number(s.url,
			     "SELECT count(*) FROM outbox_messages"
			     " WHERE request_id = '%s'",
			     value),
	    2);
	free(value);
	free(id);
}

static void
emergency__nobody_subscribed__unclaimed(void **state)
{
	(void)state;
	emergency(1003, "");
	await_text("/outbox", "\"status\":\"unclaimed\"");
	assert_int_equal(t_number(s.url, "SELECT count(*) FROM deliveries"), 0);
}

static void
subscription__paused__held_and_delivered_when_resumed(void **state)
{
	char *id = subscribe("event.security", "/ok/paused", ""), target[64];

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	call("PATCH", target, "{\"paused\":true}", 200);
	emergency(1004, "");
	await_text("/outbox?status=held", "\"status\":\"held\"");
	assert_int_equal(receiver_count(&receiver, "/ok/paused"), 0);
	call("PATCH", target, "{\"paused\":false}", 200);
	await("/ok/paused", 1);
	free(id);
}

static void
subscription__answers_410__disabled_then_resumed(void **state)
{
	char *id = subscribe("event.security", "/gone/x", ""), target[64],
	     body[128];

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	emergency(1005, "");
	await_text(target, "\"status\":\"disabled\"");
	await_text("/outbox?status=held", "\"status\":\"held\"");
	snprintf(body, sizeof(body),
	    "{\"paused\":false,\"url\":\"http://127.0.0.1:%d/ok/new\"}",
	    receiver.port);
	call("PATCH", target, body, 200);
	await("/ok/new", 1);
	free(id);
}

static void
subscription__tested__receives_a_test(void **state)
{
	char *id = subscribe("event.security", "/ok/tested", ""), target[80];
	struct http h;
	char *message;

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s/test", id);
	h = http_send(s.port, "POST", target, "", NULL);
	assert_int_equal(h.status, 202);
	message = member(&h, "id");
	http_free(&h);
	await("/ok/tested", 1);
	assert_string_equal(
	    receiver_find(&receiver, "/ok/tested", 0)->id, message);
	snprintf(target, sizeof(target), "/outbox/%s", message);
	await_text(target, "\"http_status\":204");
	free(message);
	free(id);
}

static void
subscription__secret_rotated__signed_twice(void **state)
{
	char *id = subscribe("event.security", "/ok/rotates", ""), target[80],
	     *value;
	struct http h;

	(void)state;
	snprintf(target, sizeof(target), "/subscriptions/%s/secret/rotate", id);
	h = http_send(s.port, "POST", target, "", NULL);
	assert_int_equal(h.status, 200);
	free(member(&h, "secret"));
	http_free(&h);
	emergency(1006, "");
	await("/ok/rotates", 1);
	value = receiver_header(
	    receiver_find(&receiver, "/ok/rotates", 0), "webhook-signature");
	assert_int_equal(strlen(value), 47 + 1 + 47);
	assert_int_equal(strncmp(value + 47, " v1,", 4), 0);
	free(value);
	free(id);
}

static void
delivery__failed__replayed_on_request(void **state)
{
	char *id = subscribe("event.security", "/status/400/dead", ""),
	     target[160];

	(void)state;
	emergency(1007, "");
	await_text("/outbox?status=failed", "\"status\":\"failed\"");
	assert_int_equal(receiver_count(&receiver, "/status/400/dead"), 10);
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	t_exec(s.url,
	    "UPDATE subscriptions SET url ="
	    " 'http://127.0.0.1:%d/ok/replayed'",
	    receiver.port);
	snprintf(target, sizeof(target),
	    "/outbox/replay?status=failed&subscription=%s&dry_run=true", id);
	call("POST", target, NULL, 200);
	assert_int_equal(receiver_count(&receiver, "/ok/replayed"), 0);
	/* Not there: it would be overlooked. */
	call("POST", "/outbox/replay", "{\"dry_run\":true}", 422);
	call("POST", "/outbox/replay?dryrun=true", NULL, 422);
	*strstr(target, "&dry_run") = '\0';
	call("POST", target, NULL, 200);
	await("/ok/replayed", 1);
	assert_string_equal(receiver_find(&receiver, "/ok/replayed", 0)->id,
	    receiver_find(&receiver, "/status/400/dead", 0)->id);
	free(id);
}

static void
subscription__deleted__what_waits_expires(void **state)
{
	char *id = subscribe("event.security", "/status/503/deleted",
		 ",\"retry_schedule\":\"0,3600\""),
	     target[80];

	(void)state;
	emergency(1008, "");
	await_text("/outbox?status=retrying", "\"status\":\"retrying\"");
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	call("DELETE", target, NULL, 204);
	await_text("/outbox?status=expired", "\"status\":\"expired\"");
	call("GET", target, NULL, 404);
	free(id);
}

static void
subscription__nats_without_a_server__retried_and_told(void **state)
{
	struct http h;
	char *id;

	(void)state;
	h = http_post(s.port, "/subscriptions",
	    "{\"topic\":\"event.*\",\"url\":\"nats://127.0.0.1:1/city\"}");
	assert_int_equal(h.status, 201);
	id = member(&h, "id");
	http_free(&h);
	emergency(1009, "");
	await_text("/outbox", "connect: ");
	free(id);
}

static bool
got_new_header(void *arg)
{
	static const char path[] = "/status/500/guarded";
	int n = receiver_count(&receiver, path);
	char *fresh =
	    receiver_header(receiver_find(&receiver, path, n - 1), "x-new");
	char *old = receiver_header(
	    receiver_find(&receiver, path, n - 1), "authorization");
	bool yes = fresh != NULL && old == NULL;

	(void)arg;
	free(fresh);
	free(old);
	return yes;
}

/* Its first request's header; to be freed. */
static char *
header_of(const char *path, const char *name)
{
	await(path, 1);
	return receiver_header(receiver_find(&receiver, path, 0), name);
}

/* Neither answers, nor metrics, nor logs have the text. */
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
		h = http_get(s.port,
		    i < sizeof(targets) / sizeof(*targets) ? targets[i]
							   : target);
		assert_int_equal(h.status, 200);
		if (strstr(h.body, text) != NULL)
			fail_msg("told: %s", h.body);
		http_free(&h);
	}
	snprintf(command, sizeof(command),
	    "! grep -r -e '%s' '%s/log' '%s/run.log'", text, s.dir, s.dir);
	assert_int_equal(system(command), 0);
}

static void
subscription__with_headers__sent_changed_and_told_nowhere(void **state)
{
	char *a = subscribe("event.security", "/status/500/guarded",
		 ",\"headers\":{\"Authorization\":\"Bearer s3cret-a\"}"),
	     *b = subscribe("event.security", "/ok/guarded",
		 ",\"headers\":{\"authorization\":\"Bearer s3cret-b\","
		 "\"X-Api-Key\":\"s3cret-key\"}"),
	     *value, *event, target[64];

	(void)state;
	emergency(1111, "");
	value = header_of("/status/500/guarded", "authorization");
	assert_string_equal(value, "Bearer s3cret-a");
	free(value);
	value = header_of("/ok/guarded", "authorization");
	assert_string_equal(value, "Bearer s3cret-b");
	free(value);
	value = header_of("/ok/guarded", "x-api-key");
	assert_string_equal(value, "s3cret-key");
	free(value);
	/* The attempts go on, and the next has what it has now. */
	snprintf(target, sizeof(target), "/subscriptions/%s", a);
	call("PATCH", target,
	    "{\"headers\":{\"X-New\":\"s3cret-new\"},"
	    "\"paused\":false}",
	    200);
	stack_wait(got_new_header, NULL, "an attempt with the new header");
	event = t_sql(s.url,
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
	h = http_post(s.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	assert_non_null(strstr(h.body, "\"url\":\"nats://ann:***@127.0.0.1:"));
	id = member(&h, "id");
	http_free(&h);
	emergency(1112, "");
	await_text("/outbox", "connect: ");
	event = t_sql(s.url,
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

/* There is no stream: that it says so means that it let the worker in. */
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
	h = http_post(s.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	id = member(&h, "id");
	http_free(&h);
	emergency(1113, "");
	await_text("/outbox?status=retrying",
	    "nats: the server refuses these credentials");
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	snprintf(body, sizeof(body),
	    "{\"url\":\"nats://ann:s3cret-pass@127.0.0.1:%d/city\","
	    "\"paused\":false}",
	    port);
	call("PATCH", target, body, 200);
	await_text("/outbox", "nats: no responders: no stream covers");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	free(id);
}

static void
subscription__forbidden_address__refused(void **state)
{
	static const char *const urls[] = { "http://169.254.169.254/latest",
		"http://10.1.2.3/", "http://0x0a010203/", "http://[fe80::1]/",
		"gopher://x/", "http://user:secret@example.org/" };
	char body[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		snprintf(body, sizeof(body),
		    "{\"topic\":\"event.*\",\"url\":\"%s\"}", urls[i]);
		call("POST", "/subscriptions", body, 422);
	}
}

/* The examples for receivers, and the README's first screen. */
static void shell(const char *fmt, ...) T_PRINTF(1, 2);

static void
shell(const char *fmt, ...)
{
	char command[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static bool
is_listening(void *arg)
{
	struct http h = http_get(*(int *)arg, "/");
	bool answered = h.status != 0;

	http_free(&h);
	return answered;
}

static void
example__receiver_in_python__knows_ours_from_others(void **state)
{
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	int port = stack_free_port(), pid;
	char *id, target[80], number[16];
	struct http h;

	(void)state;
	snprintf(number, sizeof(number), "%d", port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execlp("python3", "python3", "worker/examples/receiver.py",
		    secret, number, (char *)NULL);
		_exit(127);
	}
	stack_wait(is_listening, &port, "the receiver listens");
	id = subscribe("event.security", "/", "");
	t_exec(s.url,
	    "UPDATE subscriptions SET url = 'http://127.0.0.1:%d/',"
	    " secret = '%s'",
	    port, secret);
	emergency(1011, "");
	await_text("/outbox?status=delivered", "\"delivered\"");
	t_exec(s.url,
	    "UPDATE subscriptions SET"
	    " secret = 'whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'");
	snprintf(target, sizeof(target), "/subscriptions/%s/test", id);
	h = http_send(s.port, "POST", target, "", NULL);
	http_free(&h);
	await_text("/outbox?topic=subscription.test", "answered 401");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	free(id);
}

static bool
is_verified(void *path)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "grep -q \"^verified: event.transport "
	    ".*'dispatch_nearest_vehicle'\" "
	    "%s",
	    (const char *)path);
	return system(command) == 0;
}

/* Both blocks, as whoever reads it pastes them, but for the two ports. */
static void
readme__first_event_and_webhook__pasted__verified(void **state)
{
	int port = stack_free_port();
	char output[96];

	(void)state;
	snprintf(output, sizeof(output), "%s/pasted", s.dir);
	shell("{ echo 'trap \"kill 0\" TERM'; sed -n '/^```sh/,/^```$/p' "
	      "README.md | sed -e '/^```/d' -e 's/8000/%d/; s/9000/%d/' "
	      "-e 's/\"$secret\"/& %d/'; echo wait; } >%s.sh; "
	      "setsid sh %s.sh >%s 2>&1 & echo $! >%s.id",
	    s.port, port, port, output, output, output, output);
	stack_wait(is_verified, output, "the receiver has verified a webhook");
	shell("kill $(cat %s.id) && "
	      "grep -q '\"derived_events\":\\[\"[^]]*\",\"[^]]*\"\\]' %s",
	    output, output);
}

static void
example__signature_in_shell__knows_ours_from_others(void **state)
{
	const struct receiver_request *r;
	char *id = subscribe("event.security", "/ok/shell", ""), *at, *by;
	char path[96];
	FILE *f;

	(void)state;
	t_exec(s.url,
	    "UPDATE subscriptions SET secret ="
	    " 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'");
	emergency(1012, "");
	await("/ok/shell", 1);
	r = receiver_find(&receiver, "/ok/shell", 0);
	snprintf(path, sizeof(path), "%s/body", s.dir);
	f = fopen(path, "w");
	fwrite(r->body, 1, r->body_len, f);
	fclose(f);
	at = receiver_header(r, "webhook-timestamp");
	by = receiver_header(r, "webhook-signature");
	shell(
	    "verify=worker/examples/verify.sh; "
	    "$verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s %s '%s' <%s && "
	    "! $verify whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s %s '%s' <%s "
	    "&& ! $verify whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw %s 1 '%s' "
	    "<%s",
	    r->id, at, by, path, r->id, at, by, path, r->id, by, path);
	free(at);
	free(by);
	free(id);
}

static void
trace__emergency__from_event_to_attempts(void **state)
{
	char *id = subscribe("event.transport", "/ok/trace", ""), *event,
	     target[80];
	struct http h;

	(void)state;
	h = http_post(s.port, "/ingest/health",
	    "{\"patient_id\":1010,\"alert\":\"emergency\"}");
	event = member(&h, "stored_event_id");
	http_free(&h);
	await("/ok/trace", 1);
	snprintf(target, sizeof(target), "/events/%s/trace", event);
	await_text(target, "\"http_status\":204");
	await_text(target, "\"fired\":true");
	free(event);
	free(id);
}

#define TEST(test) cmocka_unit_test_setup(test, no_subscriptions)

static const struct CMUnitTest tests[] = {
	TEST(emergency__subscribers__each_gets_what_it_asked_for),
	TEST(emergency__ids_of_its_request__carried_to_the_receiver),
	TEST(emergency__nobody_subscribed__unclaimed),
	TEST(subscription__paused__held_and_delivered_when_resumed),
	TEST(subscription__answers_410__disabled_then_resumed),
	TEST(subscription__tested__receives_a_test),
	TEST(subscription__secret_rotated__signed_twice),
	TEST(delivery__failed__replayed_on_request),
	TEST(subscription__deleted__what_waits_expires),
	TEST(subscription__nats_without_a_server__retried_and_told),
	TEST(subscription__with_headers__sent_changed_and_told_nowhere),
	TEST(subscription__nats_with_a_password__told_nowhere),
	TEST(subscription__nats_wants_a_password__told_until_it_is_right),
	TEST(subscription__forbidden_address__refused),
	TEST(example__receiver_in_python__knows_ours_from_others),
	TEST(example__signature_in_shell__knows_ours_from_others),
	TEST(readme__first_event_and_webhook__pasted__verified),
	TEST(trace__emergency__from_event_to_attempts),
};

T_MAIN_WITH(tests, setup, teardown)
