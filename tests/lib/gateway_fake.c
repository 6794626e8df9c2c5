#include "gateway_fake.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "gateway.h"
#include "log.h"

struct seen seen;

static void
handle(
    const struct context *context, const struct request *q, struct response *r)
{
	(void)context;
	seen.calls++;
	poll(NULL, 0, seen.delay_ms);
	seen.request = *q;
	snprintf(seen.path, sizeof(seen.path), "%s", q->path);
	snprintf(seen.query, sizeof(seen.query), "%s", q->query);
	snprintf(seen.body, sizeof(seen.body), "%s", q->body);
	r->status = seen.status;
	r->content_type = "application/json";
	buf_puts(&r->headers, "X-Test: 1\r\n");
	buf_puts(&r->body, seen.body_out);
	r->body.failed = seen.overflow;
}

static size_t
fake_read(void *arg, char *to, size_t n)
{
	struct fake *f = arg;

	if (f->left <= f->break_at) {
		f->failed = f->left > 0;
		return 0;
	}
	if (n > f->left - f->break_at)
		n = f->left - f->break_at;
	if (f->body != NULL)
		memcpy(to, f->body, n);
	else
		memset(to, 'x', n);
	if (f->body != NULL)
		f->body += n;
	f->left -= n;
	return n;
}

static bool
fake_failed(void *arg)
{
	const struct fake *f = arg;

	return f->failed;
}

static void
fake_write(void *arg, const char *from, size_t n)
{
	struct fake *f = arg;

	f->wrote_early |= f->left > 0;
	f->writes++;
	buf_put(&f->out, from, n);
}

static void
fake_finish(void *arg)
{
	struct fake *f = arg;

	f->finishes++;
}

static size_t
body_max(const struct request *q)
{
	(void)q;
	return BODY_MAX;
}

static struct ingest *
begin(const struct request *q, struct response *r)
{
	(void)q;
	(void)r;
	return NULL;
}

struct config gateway_config = { .business = { .threshold_kwh = 500,
				     .log_level = LOG_LEVEL_ERROR } };

void
fake_serve(struct fake *f, char **params)
{
	static const struct routing routing = {
		.handle = handle, .body_max = body_max, .begin = begin
	};
	static struct exchange exchange;
	const struct context context = { .routing = &routing,
		.config = &gateway_config };
	const struct gateway gateway = { f, params, fake_read, fake_failed,
		fake_write, fake_finish };

	buf_init(&f->out, RESPONSE_MAX);
	gateway_read(&context, &exchange, &gateway);
	gateway_answer(&context, (struct exchange *const[]){ &exchange }, 1);
	assert_false(f->wrote_early);
	assert_int_equal(f->finishes, f->writes > 0);
}

int
gateway_setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.status = 200;
	seen.body_out = "{\"a\":1}";
	return 0;
}

void
gateway_assert_answer(struct fake *f, const char *start)
{
	assert_memory_equal(f->out.data, start, strlen(start));
	buf_free(&f->out);
}

void
gateway_assert_refused(struct fake *f, const char *start)
{
	assert_int_equal(seen.calls, 0);
	gateway_assert_answer(f, start);
}
