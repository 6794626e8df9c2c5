#include "deliveries.h"

#include <string.h>

#include "http.h"
#include "receiver.h"
#include "stack.h"

struct stack deliveries_stack;
struct receiver deliveries_receiver;

int
deliveries_open(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=2",
		"SMARTCITY_RETRY_SCHEDULE=0,0.1",
		"SMARTCITY_DELIVERY_ALLOW=loopback", NULL };

	(void)state;
	receiver_start(&deliveries_receiver);
	stack_start(&deliveries_stack, settings);
	return 0;
}

int
deliveries_close(void **state)
{
	(void)state;
	stack_stop(&deliveries_stack);
	receiver_stop(&deliveries_receiver);
	return 0;
}

int
deliveries_none(void **state)
{
	(void)state;
	/*
	 * One statement each: one for all three could deadlock with the worker.
	 */
	t_exec(deliveries_stack.url, "TRUNCATE deliveries");
	t_exec(deliveries_stack.url, "TRUNCATE outbox_messages");
	t_exec(deliveries_stack.url, "TRUNCATE subscriptions");
	return 0;
}

char *
deliveries_member(const struct http *h, const char *name)
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

void
deliveries_call(
    const char *method, const char *target, const char *body, int status)
{
	struct http h = http_send(deliveries_stack.port, method, target,
	    "Content-Type: application/json\r\n", body);

	if (h.status != status)
		fail_msg("%s %s: %d %s", method, target, h.status, h.body);
	http_free(&h);
}

char *
deliveries_subscribe(const char *topic, const char *path, const char *more)
{
	char body[512], *id;
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"topic\":\"%s\",\"url\":\"http://127.0.0.1:%d%s\"%s}", topic,
	    deliveries_receiver.port, path, more);
	h = http_post(deliveries_stack.port, "/subscriptions", body);
	assert_int_equal(h.status, 201);
	id = deliveries_member(&h, "id");
	http_free(&h);
	return id;
}

void
deliveries_emergency(int patient, const char *headers)
{
	char body[128], all[512];
	struct http h;

	snprintf(body, sizeof(body),
	    "{\"patient_id\":%d,\"alert\":\"emergency\",\"location\":\"here\"}",
	    patient);
	snprintf(
	    all, sizeof(all), "Content-Type: application/json\r\n%s", headers);
	h = http_send(
	    deliveries_stack.port, "POST", "/ingest/health", all, body);
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

	return receiver_count(&deliveries_receiver, a->path) >= a->n;
}

void
deliveries_await(const char *path, int n)
{
	struct arrival a = { path, n };

	stack_wait(has_arrived, &a, path);
}

static bool
says(void *arg)
{
	const struct state *want = arg;
	struct http h = http_get(deliveries_stack.port, want->target);
	bool yes = h.status == 200 && strstr(h.body, want->text) != NULL;

	http_free(&h);
	return yes;
}

void
deliveries_await_text(const char *target, const char *text)
{
	struct state want = { target, text };

	stack_wait(says, &want, text);
}
