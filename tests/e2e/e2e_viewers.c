/*
 * Viewers of the live stream: WebSocket, refused requests, many at once.
 */
#include "t.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "http.h"
#include "stack.h"
#include "viewer.h"

/* --- WebSocket (RFC 6455) --- */

static bool
has_frame(void *arg)
{
	struct viewer *v = arg;
	const unsigned char *frame;
	const char *end;
	size_t n, head = 2;

	v->awaited = "\r\n\r\n";
	if (!viewer_has_come(v))
		return false;
	end = strstr(v->text, "\r\n\r\n") + 4;
	frame = (const unsigned char *)end;
	n = v->n - (size_t)(end - v->text);
	if (n < 4)
		return false;
	/* One whole text frame; a server does not mask. */
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
	/* The key and its answer are the RFC's examples. */
	viewer_connect(&v, "/events/stream?service=frames",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	viewer_await(&v, "\r\n\r\n");
	assert_non_null(strstr(v.text, "HTTP/1.1 101 "));
	assert_non_null(strstr(v.text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	viewer_ingest("frames", "{\"n\":1}", ids);
	stack_wait(has_frame, &v, "a frame");
	text = memchr(v.text, 0x81, v.n);
	assert_non_null(text);
	text = memmem(text, v.n - (size_t)(text - v.text), "{\"", 2);
	assert_non_null(text);
	assert_int_equal(strncmp(text, J("{'events':[{'id':'"), 18), 0);
	assert_int_equal(strncmp(text + 18, ids[0], ID_CHARS), 0);
	viewer_leave(&v);
}

/* --- refused requests --- */

static void
stream__asked_wrongly__told_how_in_json(void **state)
{
	(void)state;
	viewer_expect("GET", "/events/stream", "", 406,
	    "{\"detail\":\"Ask with Accept: text/event-stream");
	viewer_expect("GET", "/events/stream",
	    "Accept: application/problem+json\r\n", 406,
	    J("'title':'Not Acceptable','status':406"));
	viewer_expect("POST", "/events/stream", SSE, 405, "Allow: GET\r\n");
	viewer_expect("GET", "/events/stream?service=Health", SSE, 422,
	    "{\"detail\":\"service must match");
	viewer_expect(
	    "GET", "/events/stream?service=a%20b", SSE, 422, "detail");
	viewer_expect("GET", "/events//stream", SSE, 404, "detail");
	viewer_expect("GET", "/events/stream/", SSE, 404, "detail");
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
		viewer_expect("GET", "/events/stream", header, 400,
		    "{\"detail\":\"Last-Event-ID must be the id of a message");
	}
	snprintf(header, sizeof(header), SSE "Last-Event-ID: %04000d:0\r\n", 1);
	viewer_expect(
	    "GET", "/events/stream", header, 400, "Last-Event-ID must be");
	viewer_expect("GET", "/events/stream?last_event_id=garbage", SSE, 400,
	    "Last-Event-ID must be");
	viewer_expect("GET", "/events/stream?service=x&last_event_id=1:0x", SSE,
	    400, "Last-Event-ID must be");
	viewer_expect("GET", "/events/stream",
	    SSE "Accept: application/problem+json\r\nLast-Event-ID: x\r\n", 400,
	    "Last-Event-ID must be");
	viewer_expect("GET", "/events/stream",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nLast-Event-ID: x\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	    400, "Last-Event-ID must be");
	/* Other routes ignore this header. */
	viewer_expect(
	    "GET", "/events?limit=1", "Last-Event-ID: x\r\n", 200, "[");
}

/* nchan would wait for such a time, and show nothing until then. */
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
			viewer_expect("GET", "/events/stream", header, 400,
			    "{\"detail\":\"Last-Event-ID is ahead of the "
			    "clock");
			continue;
		}
		viewer_sse(&v, "/events/stream", header + strlen(SSE));
		viewer_leave(&v);
	}
	/*
	 * A few seconds are accepted: a clock can have been set back a little.
	 */
	snprintf(header, sizeof(header), "Last-Event-ID: %lld:0\r\n", now + 9);
	viewer_sse(&v, "/events/stream", header);
	viewer_leave(&v);
	viewer_sse(&v, "/events/stream?last_event_id=1%3A0", "");
	viewer_leave(&v);
	viewer_sse(&v, "/events/stream", "Last-Event-ID:\r\n");
	viewer_leave(&v);
}

/*
 * nginx opens its sockets to all users, so the directory must be closed to
 * them.
 */
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
	viewer_expect("POST", "/publish?channel=all", "", 404, "detail");
	h = http_raw(viewer_stack.port, request, sizeof(request) - 1);
	assert_int_equal(h.status, 404);
	http_free(&h);
	snprintf(path, sizeof(path), "%s/run/sockets/", viewer_stack.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & S_IRWXO, 0);
	snprintf(
	    path, sizeof(path), "%s/run/sockets/stream.sock", viewer_stack.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
}

/* Reads the head of the live stream's answer, which never ends by itself. */
static void
open_stream(const char *headers, char *head, size_t size)
{
	char request[1024];

	snprintf(request, sizeof(request),
	    "GET /events/stream HTTP/1.1\r\nHost: a.localhost\r\n"
	    "Accept: text/event-stream\r\n%s\r\n",
	    headers);
	http_head(viewer_stack.port, request, head, size);
}

/* nchan reads the first of repeated lines; different Origins are refused. */
static void
stream__headers_repeated__the_first_counts(void **state)
{
	static const struct {
		const char *headers;
		int status;
		const char *text;
	} rows[] = {
		{ "Accept: text/event-stream\r\n", 200, "200" },
		{ "Accept: text/html\r\n", 200, "200" },
		{ "Origin: http://a.localhost\r\nOrigin: "
		  "http://a.localhost\r\n",
		    200, "-Allow-Origin: http://a.localhost\r\n" },
		{ "Origin: http://a.localhost\r\nOrigin: http://b\r\n", 403,
		    "403" },
		{ "Origin: http://b\r\nOrigin: http://a.localhost\r\n", 403,
		    "403" },
		{ "Last-Event-ID: 1795501876:0\r\nLast-Event-ID: 1:0\r\n", 200,
		    "200" },
		{ "Last-Event-ID: 1795501876:0\r\nLast-Event-ID: x\r\n", 200,
		    "200" },
		{ "Last-Event-ID: x\r\nLast-Event-ID: 1795501876:0\r\n", 400,
		    "400" },
	};
	char head[4096];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		open_stream(rows[i].headers, head, sizeof(head));
		if (strstr(head, "501 Not Implemented") != NULL)
			skip(); /* without nchan */
		if (strtol(head + 9, NULL, 10) != rows[i].status ||
		    strstr(head, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].headers, head);
	}
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
	snprintf(
	    path, sizeof(path), "%s/run/sockets/stream.sock", viewer_stack.dir);
	setenv("DATABASE_URL", viewer_stack.url, 1);
	setenv("SMARTCITY_STREAM", path, 1);
	execl(program, program, (char *)NULL);
	_exit(127);
}

static bool
are_two(void *arg)
{
	(void)arg;
	return t_number(viewer_stack.url, "SELECT count(*) FROM workers") == 2;
}

static bool
has_all(void *arg)
{
	struct viewer *v = arg;

	v->awaited = "";
	viewer_has_come(v);
	return viewer_count(v->text, "{\"id\":\"") >= IDS_MAX;
}

static void
workers__two_on_a_host__no_event_twice(void **state)
{
	char ids[IDS_MAX][3][ID_CHARS + 1];
	struct viewer v;
	int i, status, times;
	pid_t pid;

	(void)state;
	viewer_sse(&v, "/events/stream", "");
	pid = start_worker();
	stack_wait(are_two, NULL, "a second worker");
	for (i = 0; i < IDS_MAX; i++)
		assert_int_equal(viewer_ingest("weather", "{}", ids[i]), 1);
	stack_wait(has_all, &v, "all events");
	for (i = 0; i < IDS_MAX; i++) {
		viewer_find_event(&v, ids[i][0], &times);
		assert_int_equal(times, 1);
	}
	assert_int_equal(viewer_count(v.text, "{\"id\":\""), IDS_MAX);
	assert_int_equal(
	    t_number(viewer_stack.url, "SELECT count(*) FROM streams"), 1);
	viewer_leave(&v);
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
	    "\"$TEST_BUILD/tests/tools/viewers\" %d 200 4 2>&1",
	    viewer_stack.port);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "open\n");
	for (i = 0; i < 10; i++)
		viewer_expect("GET", "/events?limit=1", "", 200, "[");
	viewer_ingest("weather", "{}", ids);
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
	snprintf(command, sizeof(command), "grep -q '(501: .*nchan' %s/run.log",
	    viewer_stack.dir);
	return system(command) == 0;
}

static void
nginx_without_nchan__stream_asked_for__501_and_the_rest_works(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"NCHAN=no", NULL };
	char ids[3][ID_CHARS + 1];
	struct stack with = viewer_stack;

	(void)state;
	stack_start(&viewer_stack, settings);
	viewer_expect("GET", "/events/stream", SSE, 501,
	    "{\"detail\":\"nginx serves the live stream");
	viewer_expect("GET", "/events/stream?service=x",
	    "Accept: application/problem+json\r\n", 501,
	    J("'title':'Not Implemented','status':501"));
	viewer_expect(
	    "POST", "/events/stream", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
	assert_int_equal(viewer_ingest("health", viewer_emergency, ids), 3);
	viewer_expect("GET", "/events", "", 200, ids[2]);
	viewer_expect("GET", "/events/01a205e9-0000-7000-8000-000000000001", "",
	    404, "detail");
	assert_int_equal(
	    t_number(viewer_stack.url, "SELECT count(*) FROM streams"), 0);
	stack_wait(is_said, NULL, "nginx/run says that nchan is missing");
	stack_stop(&viewer_stack);
	viewer_stack = with;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(websocket__an_event__one_text_frame),
	cmocka_unit_test(stream__asked_wrongly__told_how_in_json),
	cmocka_unit_test(stream__last_event_id_that_is_none__told_so_in_json),
	cmocka_unit_test(
	    stream__last_event_id_of_the_future__refused_and_no_other),
	cmocka_unit_test(stream__headers_repeated__the_first_counts),
	cmocka_unit_test(publisher__from_outside__out_of_reach),
	cmocka_unit_test(workers__two_on_a_host__no_event_twice),
	cmocka_unit_test(viewers__200_held_open__two_responders_are_free),
	cmocka_unit_test(
	    nginx_without_nchan__stream_asked_for__501_and_the_rest_works),
};

T_MAIN_WITH(tests, viewer_open_all, viewer_close_all)
