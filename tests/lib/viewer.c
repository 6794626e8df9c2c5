#include "viewer.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "stack.h"

struct stack viewer_stack;
struct viewer viewer_idle;

void
viewer_connect(struct viewer *v, const char *target, const char *headers)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)viewer_stack.port),
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

void
viewer_leave(struct viewer *v)
{
	close(v->fd);
	free(v->text);
}

bool
viewer_has_come(void *arg)
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

void
viewer_await(struct viewer *v, const char *text)
{
	v->awaited = text;
	stack_wait(viewer_has_come, v, text);
}

void
viewer_sse(struct viewer *v, const char *target, const char *headers)
{
	char all[256];

	snprintf(all, sizeof(all), SSE "%s", headers);
	viewer_connect(v, target, all);
	viewer_await(v, ": hi\n");
	assert_non_null(strstr(v->text, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(v->text, "Content-Type: text/event-stream"));
	assert_non_null(strstr(v->text, "Cache-Control: no-store"));
}

int
viewer_count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

const char *
viewer_find_event(const struct viewer *v, const char *id, int *times)
{
	char start[64];

	snprintf(start, sizeof(start), "{\"id\":\"%.36s\"", id);
	*times = viewer_count(v->text, start);
	return strstr(v->text, start);
}

int
viewer_ingest(const char *service, const char *body, char ids[][ID_CHARS + 1])
{
	char target[128];
	struct http h;
	const char *at;
	int n = 0;

	snprintf(target, sizeof(target), "/ingest/%s", service);
	h = http_post(viewer_stack.port, target, body);
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
	    "grep -q \"are told of a gap\" %s/log/worker.log",
	    viewer_stack.dir);
	return system(command) == 0;
}

int
viewer_open_all(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_QUIET_SECONDS=0", "SMARTCITY_LOG_LEVEL=debug",
		NULL };

	(void)state;
	stack_start(&viewer_stack, settings);
	stack_wait(
	    has_begun, NULL, "the worker logs that viewers may miss events");
	viewer_sse(&viewer_idle, "/events/stream?service=nobody", "");
	return 0;
}

int
viewer_close_all(void **state)
{
	(void)state;
	viewer_leave(&viewer_idle);
	stack_stop(&viewer_stack);
	return 0;
}

const char viewer_emergency[] =
    "{\"patient_id\":1,\"alert\":\"emergency\",\"location\":\"here\"}";

void
viewer_expect(const char *method, const char *target, const char *headers,
    int status, const char *text)
{
	http_expect(
	    viewer_stack.port, method, target, headers, NULL, status, text);
}
