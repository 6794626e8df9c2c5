/* The live stream through the whole stack: SSE, WebSocket, and without nchan.
 */
#include "t.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "stack.h"

enum {
	IDS_MAX = 64,
	ID_CHARS = 36,
	TEXT_MAX = 1 << 20
};

/* A connection that is held open, and all that came over it. */
struct viewer {
	int fd;
	size_t n;
	char *text;
	const char *awaited;
};

static struct stack s;
static struct viewer idle; /* from the first test to the last */

static void
view(struct viewer *v, const char *target, const char *headers)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)s.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char request[512];
	int n;

	*v = (struct viewer){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
	v->text = calloc(1, TEXT_MAX);
	assert_non_null(v->text);
	assert_int_equal(connect(v->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
	assert_int_equal(write(v->fd, request, (size_t)n), n);
}

static void
leave(struct viewer *v)
{
	close(v->fd);
	free(v->text);
}

static bool
has_come(void *arg)
{
	struct viewer *v = arg;
	ssize_t n =
	    recv(v->fd, v->text + v->n, TEXT_MAX - 1 - v->n, MSG_DONTWAIT);

	if (n == 0)
		fail_msg("the stream ended after: %s", v->text);
	if (n > 0)
		v->n += (size_t)n;
	return strstr(v->text, v->awaited) != NULL;
}

static void
await(struct viewer *v, const char *text)
{
	v->awaited = text;
	stack_wait(has_come, v, text);
}

#define SSE "Accept: text/event-stream\r\n"

/* From when this returns, nothing is missed. */
static void
view_sse(struct viewer *v, const char *target, const char *headers)
{
	char all[256];

	snprintf(all, sizeof(all), SSE "%s", headers);
	view(v, target, all);
	await(v, ": hi\n");
	assert_non_null(strstr(v->text, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(v->text, "Content-Type: text/event-stream"));
	assert_non_null(strstr(v->text, "Cache-Control: no-store"));
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* Each event begins so; an id as a source has another name before it. */
static const char *
find_event(const struct viewer *v, const char *id, int *times)
{
	char start[64];

	snprintf(start, sizeof(start), "{\"id\":\"%.36s\"", id);
	*times = count(v->text, start);
	return strstr(v->text, start);
}

/* Posts it; the ids of the base event and of those derived, each NUL-ended. */
static int
ingest(const char *service, const char *body, char ids[][ID_CHARS + 1])
{
	char target[128];
	struct http h;
	const char *at;
	int n = 0;

	snprintf(target, sizeof(target), "/ingest/%s", service);
	h = http_post(s.port, target, body);
	assert_int_equal(h.status, 200);
	for (at = h.body; (at = strstr(at, "\"01")) != NULL && n < 3; at++)
		snprintf(ids[n++], ID_CHARS + 1, "%.36s", at + 1);
	http_free(&h);
	return n;
}

static bool
has_begun(void *arg)
{
	char command[128];

	(void)arg;
	snprintf(command, sizeof(command),
	    "grep -q \"viewers may miss some\" %s/log/worker.log", s.dir);
	return system(command) == 0;
}

static int
setup(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_QUIET_SECONDS=0", "SMARTCITY_LOG_LEVEL=debug",
		NULL };

	(void)state;
	stack_start(&s, settings);
	stack_wait(has_begun, NULL, "the worker tells what it may have lost");
	view_sse(&idle, "/events/stream?service=nobody", "");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	leave(&idle);
	stack_stop(&s);
	return 0;
}

static const char emergency[] =
    "{\"patient_id\":1,\"alert\":\"emergency\",\"location\":\"here\"}";

/* --- server-sent events --- */

static void
sse__an_emergency__base_and_derived_once_in_order(void **state)
{
	char ids[3][ID_CHARS + 1], last[3][ID_CHARS + 1];
	const char *at, *before = NULL;
	struct viewer v;
	int i, times;

	(void)state;
	view_sse(&v, "/events/stream", "");
	assert_int_equal(ingest("health", emergency, ids), 3);
	await(&v, ids[2]);
	assert_int_equal(ingest("weather", "{\"wind\":1e2}", last), 1);
	await(&v, last[0]);
	for (i = 0; i < 3; i++) {
		at = find_event(&v, ids[i], &times);
		assert_int_equal(times, 1);
		assert_true(at > before);
		before = at;
	}
	assert_non_null(strstr(v.text, "\"payload\":{\"wind\":1e2}"));
	assert_non_null(strstr(v.text, "],\"cursor\":\""));
	assert_null(strstr(v.text, "skipped_after"));
	leave(&v);
}

static void
sse__one_service__its_events_alone(void **state)
{
	char ids[3][ID_CHARS + 1];
	struct viewer v;

	(void)state;
	view_sse(&v, "/events/stream?service=security", "");
	assert_int_equal(ingest("health", emergency, ids), 3);
	await(&v, "\"service\":\"security\"");
	assert_int_equal(ingest("energy", "{\"energy\":900}", ids), 2);
	await(&v, ids[1]);
	assert_int_equal(count(v.text, "\"service\":\"security\""), 2);
	assert_int_equal(count(v.text, "\"service\":"), 2);
	leave(&v);
}

static void
sse__back_with_last_event_id__what_came_meanwhile(void **state)
{
	char first[3][ID_CHARS + 1], second[3][ID_CHARS + 1], header[128];
	struct viewer v, witness;
	const char *id;
	int times;

	(void)state;
	view_sse(&witness, "/events/stream", "");
	view_sse(&v, "/events/stream", "");
	ingest("weather", "{\"n\":1}", first);
	await(&v, first[0]);
	id = strstr(v.text, "\nid: ") + 5;
	snprintf(header, sizeof(header), "Last-Event-ID: %.*s\r\n",
	    (int)strcspn(id, "\n"), id);
	leave(&v);
	ingest("weather", "{\"n\":2}", second);
	await(&witness, second[0]);
	view_sse(&v, "/events/stream", header);
	await(&v, second[0]);
	assert_null(find_event(&v, first[0], &times));
	leave(&v);
	leave(&witness);
}

static void
sse__cursor_of_a_message__the_feed_goes_on_there(void **state)
{
	char first[3][ID_CHARS + 1], second[3][ID_CHARS + 1], target[128];
	const char *cursor;
	struct viewer v;
	struct http h;

	(void)state;
	view_sse(&v, "/events/stream", "");
	ingest("weather", "{\"n\":1}", first);
	await(&v, "\"cursor\":\"");
	await(&v, "}\n\n");
	cursor = strstr(v.text, "\"cursor\":\"") + 10;
	snprintf(target, sizeof(target), "/events?after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	ingest("weather", "{\"n\":2}", second);
	await(&v, second[0]);
	h = http_get(s.port, target);
	assert_int_equal(h.status, 200);
	assert_null(strstr(h.body, first[0]));
	assert_non_null(strstr(h.body, second[0]));
	http_free(&h);
	leave(&v);
}

static void
sse__nothing_happens__heart_beats(void **state)
{
	(void)state;
	await(&idle, "\n:still here\n");
	assert_null(strstr(idle.text, "data:"));
}

static void
expect(const char *method, const char *target, const char *headers, int status,
    const char *text)
{
	struct http h = http_send(s.port, method, target, headers, NULL);

	if (h.status != status || strstr(h.raw, text) == NULL)
		fail_msg("%s %s: wanted %d and %s, got %s", method, target,
		    status, text, h.raw);
	http_free(&h);
}

/* --- what nginx forgets --- */

/* A new process of nginx serves, and no old one is left. */
/* The id of the last message that it saw, as a header. */
static void
resume(const struct viewer *v, char header[128])
{
	const char *at = v->text, *id = NULL;

	while ((at = strstr(at, "\nid: ")) != NULL)
		id = at += 5;
	assert_non_null(id);
	snprintf(
	    header, 128, "Last-Event-ID: %.*s\r\n", (int)strcspn(id, "\n"), id);
}

/* Behind what it was told is missing, the feed has this event. */
static void
expect_in_feed(const struct viewer *v, const char *id)
{
	const char *cursor = strstr(v->text, "\"skipped_after\":\"");
	char target[128];

	assert_non_null(cursor);
	cursor += strlen("\"skipped_after\":\"");
	snprintf(target, sizeof(target), "/events?after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	expect("GET", target, "", 200, id);
}

/* What came between its last message and the reload is in no memory now. */
static void
back_after_a_reload(const char *path, const char *service, bool more)
{
	char first[3][ID_CHARS + 1], missed[3][ID_CHARS + 1],
	    next[3][ID_CHARS + 1], header[128];
	struct viewer v, witness;

	view_sse(&witness, path, "");
	view_sse(&v, path, "");
	ingest(service, "{\"n\":1}", first);
	await(&v, first[0]);
	await(&v, "}\n\n");
	resume(&v, header);
	leave(&v);
	ingest(service, "{\"n\":2}", missed);
	await(&witness, missed[0]);
	leave(&witness);
	stack_reload_nginx(&s);
	if (more)
		ingest(service, "{\"n\":3}", next);
	view_sse(&v, path, header);
	await(&v, "\"skipped_after\":\"");
	await(&v, "\"}\n\n");
	expect_in_feed(&v, missed[0]);
	ingest(service, "{\"n\":4}", next);
	await(&v, next[0]);
	leave(&v);
}

static void
sse__back_after_a_reload_and_nothing_comes__told(void **state)
{
	(void)state;
	back_after_a_reload("/events/stream", "weather", false);
	back_after_a_reload("/events/stream?service=wind", "wind", false);
}

static void
sse__back_after_a_reload_and_events_came__told(void **state)
{
	(void)state;
	back_after_a_reload("/events/stream", "weather", true);
	back_after_a_reload("/events/stream?service=wind", "wind", true);
}

/* A viewer that never left sees a chain, and no skip. */
static void
sse__stays__each_message_follows_the_one_before(void **state)
{
	char ids[3][ID_CHARS + 1], after[160], cursor[128] = "";
	const char *at;
	struct viewer v;
	int i;

	(void)state;
	view_sse(&v, "/events/stream?service=chain", "");
	for (i = 0; i < 4; i++) {
		ingest("chain", "{}", ids);
		await(&v, ids[0]);
		ingest("weather", "{}", ids);
	}
	await(&idle, ": hi\n");
	for (i = 0, at = v.text; i < 4; i++) {
		assert_non_null(at = strstr(at, "\"cursor\":\""));
		if (i > 0) {
			snprintf(
			    after, sizeof(after), "\"after\":\"%s\"", cursor);
			assert_non_null(strstr(at, after));
		}
		snprintf(cursor, sizeof(cursor), "%.*s",
		    (int)strcspn(at + 10, "\""), at + 10);
		at += 10;
	}
	assert_null(strstr(v.text, "skipped_after"));
	leave(&v);
}

/* --- WebSocket (RFC 6455) --- */

static bool
has_frame(void *arg)
{
	struct viewer *v = arg;
	const unsigned char *frame;
	const char *end;
	size_t n, head = 2;

	v->awaited = "\r\n\r\n";
	if (!has_come(v))
		return false;
	end = strstr(v->text, "\r\n\r\n") + 4;
	frame = (const unsigned char *)end;
	n = v->n - (size_t)(end - v->text);
	if (n < 4)
		return false;
	/* The whole of a text, and a server masks nothing. */
	assert_int_equal(frame[0], 0x81);
	assert_true(frame[1] < 127);
	if (frame[1] == 126)
		head = 4;
	return n >=
	    head + (head == 2 ? frame[1] : (size_t)(frame[2] << 8 | frame[3]));
}

static void
websocket__an_event__one_text_frame(void **state)
{
	char ids[3][ID_CHARS + 1];
	struct viewer v;
	const char *text;

	(void)state;
	/* The key and its answer are the RFC's own. */
	view(&v, "/events/stream?service=frames",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	await(&v, "\r\n\r\n");
	assert_non_null(strstr(v.text, "HTTP/1.1 101 "));
	assert_non_null(strstr(v.text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	ingest("frames", "{\"n\":1}", ids);
	stack_wait(has_frame, &v, "a frame");
	text = memchr(v.text, 0x81, v.n);
	assert_non_null(text);
	text = memmem(text, v.n - (size_t)(text - v.text), "{\"", 2);
	assert_non_null(text);
	assert_int_equal(strncmp(text, "{\"events\":[{\"id\":\"", 18), 0);
	assert_int_equal(strncmp(text + 18, ids[0], ID_CHARS), 0);
	leave(&v);
}

/* --- what is no viewer --- */

static void
stream__asked_wrongly__told_how_in_json(void **state)
{
	(void)state;
	expect("GET", "/events/stream", "", 406,
	    "{\"detail\":\"Ask with Accept: text/event-stream");
	expect("GET", "/events/stream", "Accept: application/problem+json\r\n",
	    406, "\"title\":\"Not Acceptable\",\"status\":406");
	expect("POST", "/events/stream", SSE, 405, "Allow: GET\r\n");
	expect("GET", "/events/stream?service=Health", SSE, 422,
	    "{\"detail\":\"service must match");
	expect("GET", "/events/stream?service=a%20b", SSE, 422, "detail");
	expect("GET", "/events//stream", SSE, 404, "detail");
	expect("GET", "/events/stream/", SSE, 404, "detail");
}

static void
stream__last_event_id_that_is_none__told_so_in_json(void **state)
{
	static const char *const wrong[] = { "garbage", "1795672956",
		"1795672956:", ":0", "-5:0", "1795672956:0:0", "1795672956:-1",
		"1795672956:0x", "1795672956:[0]", "1795672956:0,0",
		"1795672956:999999", "99999999999:0", "742.01a205e9-d001-7000",
		"<b>\"\\", "garbage, 1795672956:0" };
	char header[8192];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(header, sizeof(header), SSE "Last-Event-ID: %s\r\n",
		    wrong[i]);
		expect("GET", "/events/stream", header, 400,
		    "{\"detail\":\"Last-Event-ID must be the id of a message");
	}
	snprintf(header, sizeof(header), SSE "Last-Event-ID: %04000d:0\r\n", 1);
	expect("GET", "/events/stream", header, 400, "Last-Event-ID must be");
	expect("GET", "/events/stream?last_event_id=garbage", SSE, 400,
	    "Last-Event-ID must be");
	expect("GET", "/events/stream?service=x&last_event_id=1:0x", SSE, 400,
	    "Last-Event-ID must be");
	expect("GET", "/events/stream",
	    SSE "Accept: application/problem+json\r\nLast-Event-ID: x\r\n", 400,
	    "Last-Event-ID must be");
	expect("GET", "/events/stream",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nLast-Event-ID: x\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	    400, "Last-Event-ID must be");
	/* Elsewhere it is nobody's business. */
	expect("GET", "/events?limit=1", "Last-Event-ID: x\r\n", 200, "[");
}

/* nchan would wait for it, and show nothing that comes before. */
static void
stream__last_event_id_of_the_future__refused_and_no_other(void **state)
{
	struct viewer v;
	char header[128];
	long long now = clock_wall_us() / 1000000, far;
	int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		/* 20 s, 1 h, 4 days … ahead, then as long ago. */
		far = (long long[]){ 20, 3600, 400000, 1000000000 }[i % 4];
		snprintf(header, sizeof(header),
		    SSE "Last-Event-ID: %lld:0\r\n",
		    now + (i < 4 ? far : -far));
		if (i < 4) {
			expect("GET", "/events/stream", header, 400,
			    "{\"detail\":\"Last-Event-ID is ahead of the "
			    "clock");
			continue;
		}
		view_sse(&v, "/events/stream", header + strlen(SSE));
		leave(&v);
	}
	/* A clock may have been set back a little. */
	snprintf(header, sizeof(header), "Last-Event-ID: %lld:0\r\n", now + 9);
	view_sse(&v, "/events/stream", header);
	leave(&v);
	view_sse(&v, "/events/stream?last_event_id=1%3A0", "");
	leave(&v);
	view_sse(&v, "/events/stream", "Last-Event-ID:\r\n");
	leave(&v);
}

/* nginx opens its sockets to everybody: the directory must not be. */
static void
publisher__from_outside__out_of_reach(void **state)
{
	static const char request[] = "POST /publish?channel=all HTTP/1.1\r\n"
				      "Host: stream\r\nContent-Length: 0\r\n"
				      "Connection: close\r\n\r\n";
	struct stat st;
	struct http h;
	char path[96];

	(void)state;
	expect("POST", "/publish?channel=all", "", 404, "detail");
	h = http_raw(s.port, request, sizeof(request) - 1);
	assert_int_equal(h.status, 404);
	http_free(&h);
	snprintf(path, sizeof(path), "%s/run/sockets/", s.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & S_IRWXO, 0);
	snprintf(path, sizeof(path), "%s/run/sockets/stream.sock", s.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
}

/* --- many --- */

static pid_t
start_worker(void)
{
	char program[512], path[128];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(program, sizeof(program), "%s/smartcity-worker",
	    getenv("TEST_BUILD"));
	snprintf(path, sizeof(path), "%s/run/sockets/stream.sock", s.dir);
	setenv("DATABASE_URL", s.url, 1);
	setenv("SMARTCITY_STREAM", path, 1);
	execl(program, program, (char *)NULL);
	_exit(127);
}

static bool
are_two(void *arg)
{
	(void)arg;
	return t_number(s.url, "SELECT count(*) FROM workers") == 2;
}

static bool
has_all(void *arg)
{
	struct viewer *v = arg;

	v->awaited = "";
	has_come(v);
	return count(v->text, "{\"id\":\"") >= IDS_MAX;
}

static void
workers__two_on_a_host__no_event_twice(void **state)
{
	char ids[IDS_MAX][3][ID_CHARS + 1];
	struct viewer v;
	int i, status, times;
	pid_t pid;

	(void)state;
	view_sse(&v, "/events/stream", "");
	pid = start_worker();
	stack_wait(are_two, NULL, "a second worker");
	for (i = 0; i < IDS_MAX; i++)
		assert_int_equal(ingest("weather", "{}", ids[i]), 1);
	stack_wait(has_all, &v, "all events");
	for (i = 0; i < IDS_MAX; i++) {
		find_event(&v, ids[i][0], &times);
		assert_int_equal(times, 1);
	}
	assert_int_equal(count(v.text, "{\"id\":\""), IDS_MAX);
	assert_int_equal(t_number(s.url, "SELECT count(*) FROM streams"), 1);
	leave(&v);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
viewers__200_held_open__two_responders_are_free(void **state)
{
	char command[512], line[128] = "", ids[3][ID_CHARS + 1];
	int viewers = 0, i;
	long long messages = 0;
	FILE *f;

	(void)state;
	snprintf(command, sizeof(command),
	    "\"$TEST_BUILD/tests/tools/viewers\" %d 200 4 2>&1", s.port);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "open\n");
	for (i = 0; i < 10; i++)
		expect("GET", "/events?limit=1", "", 200, "[");
	ingest("weather", "{}", ids);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(
	    sscanf(line, "viewers=%d messages=%lld", &viewers, &messages), 2);
	assert_int_equal(viewers, 200);
	assert_true(messages >= 200 && messages % 200 == 0);
	assert_int_equal(pclose(f), 0);
}

/* --- without nchan --- */

static bool
is_said(void *arg)
{
	char command[128];

	(void)arg;
	snprintf(command, sizeof(command), "grep -q '(501, .*nchan' %s/run.log",
	    s.dir);
	return system(command) == 0;
}

static void
nginx_without_nchan__stream_asked_for__501_and_the_rest_works(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"NCHAN=no", NULL };
	char ids[3][ID_CHARS + 1];
	struct stack with = s;

	(void)state;
	stack_start(&s, settings);
	expect("GET", "/events/stream", SSE, 501,
	    "{\"detail\":\"The live stream is nginx's");
	expect("GET", "/events/stream?service=x",
	    "Accept: application/problem+json\r\n", 501,
	    "\"title\":\"Not Implemented\",\"status\":501");
	expect(
	    "POST", "/events/stream", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_int_equal(ingest("health", emergency, ids), 3);
	expect("GET", "/events", "", 200, ids[2]);
	expect("GET", "/events/01a205e9-0000-7000-8000-000000000001", "", 404,
	    "detail");
	assert_int_equal(t_number(s.url, "SELECT count(*) FROM streams"), 0);
	stack_wait(is_said, NULL, "nginx/run says so");
	stack_stop(&s);
	s = with;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sse__an_emergency__base_and_derived_once_in_order),
	cmocka_unit_test(sse__one_service__its_events_alone),
	cmocka_unit_test(sse__back_with_last_event_id__what_came_meanwhile),
	cmocka_unit_test(sse__cursor_of_a_message__the_feed_goes_on_there),
	cmocka_unit_test(sse__stays__each_message_follows_the_one_before),
	cmocka_unit_test(websocket__an_event__one_text_frame),
	cmocka_unit_test(stream__asked_wrongly__told_how_in_json),
	cmocka_unit_test(stream__last_event_id_that_is_none__told_so_in_json),
	cmocka_unit_test(
	    stream__last_event_id_of_the_future__refused_and_no_other),
	cmocka_unit_test(publisher__from_outside__out_of_reach),
	cmocka_unit_test(workers__two_on_a_host__no_event_twice),
	cmocka_unit_test(viewers__200_held_open__two_responders_are_free),
	cmocka_unit_test(
	    nginx_without_nchan__stream_asked_for__501_and_the_rest_works),
	cmocka_unit_test(sse__nothing_happens__heart_beats),
	/* These end the viewer of before. */
	cmocka_unit_test(sse__back_after_a_reload_and_nothing_comes__told),
	cmocka_unit_test(sse__back_after_a_reload_and_events_came__told),
};

T_MAIN_WITH(tests, setup, teardown)
