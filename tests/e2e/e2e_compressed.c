/*
 * Compressed bodies through the whole stack: taken, refused, and never larger
 * in memory than a plain body.
 */
#include "t.h"

#include <string.h>

#include "compress.h"
#include "http.h"
#include "request.h"
#include "shell.h"
#include "stack.h"

#define EVENT "{\"energy\":900,\"neighborhood\":\"harbour\"}"
#define GZIP "Content-Encoding: gzip\r\n"
#define DEFLATE "Content-Encoding: deflate\r\n"

static struct stack s;

static void
expect(const char *method, const char *target, const char *headers,
    const struct buf *body, int status, const char *text)
{
	struct buf request;
	struct http h;

	buf_init(&request, 4 * BODY_MAX);
	buf_printf(&request,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
	    method, target, body->len, headers);
	buf_put(&request, body->data, body->len);
	assert_false(request.failed);
	h = http_raw(s.port, request.data, request.len);
	if (h.status != status || strstr(h.raw, text) == NULL)
		fail_msg("%s %s: %.600s", method, target, h.raw);
	http_free(&h);
	buf_free(&request);
}

static struct buf
compressed(int format, const char *text)
{
	struct buf b;

	buf_init(&b, 2 * BODY_MAX);
	compress_put(&b, format, text, strlen(text));
	return b;
}

static void
ingest__compressed_by_gzip_and_sent_by_curl__stored(void **state)
{
	char answer[512];

	(void)state;
	assert_int_equal(
	    shell_read(answer, sizeof(answer),
		"printf '%%s' '%s' | gzip -c | curl -sS --data-binary @- "
		"-H 'Content-Type: application/json' "
		"-H 'Content-Encoding: gzip' "
		"http://localhost:%d/ingest/energy?dedupe_key=by-curl",
		EVENT, s.port),
	    0);
	assert_non_null(strstr(answer, "stored_event_id"));
	t_expect(s.url, "900 harbour",
	    "SELECT concat_ws(' ', payload->>'energy', "
	    "payload->>'neighborhood') FROM events "
	    "WHERE deduplication_key = 'by-curl'");
}

static void
ingest__each_encoding__same_event_as_plain(void **state)
{
	static const struct {
		int format;
		const char *headers;
	} rows[] = {
		{ COMPRESS_GZIP, GZIP },
		{ COMPRESS_GZIP, "Content-Encoding: x-gzip\r\n" },
		{ COMPRESS_GZIP, "Content-Encoding: identity, GZip\r\n" },
		{ COMPRESS_ZLIB, DEFLATE },
		{ COMPRESS_RAW, DEFLATE },
	};
	static const char target[] = "/ingest/energy?dedupe_key=same";
	char headers[128];
	struct buf body;
	size_t i;

	(void)state;
	http_expect(s.port, "POST", target, "", EVENT, 200, "stored");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(headers, sizeof(headers),
		    "%sIdempotency-Key: same\r\n", rows[i].headers);
		body = compressed(rows[i].format, EVENT);
		expect("POST", "/ingest/energy", headers, &body, 200,
		    "Idempotent-Replayed: true");
		buf_free(&body);
	}
}

static void
subscription__compressed__made_and_changed(void **state)
{
	struct buf body = compressed(COMPRESS_GZIP,
	    "{\"url\":\"http://example.com/a\",\"topic\":\"event.zipped\"}");
	char target[128], *id;

	(void)state;
	expect("POST", "/subscriptions", GZIP, &body, 201,
	    "\"topic\":\"event.zipped\"");
	buf_free(&body);
	id = t_sql(s.url, "SELECT id FROM subscriptions");
	snprintf(target, sizeof(target), "/subscriptions/%s", id);
	free(id);
	body = compressed(COMPRESS_ZLIB, "{\"paused\":true}");
	expect("PATCH", target, DEFLATE, &body, 200, "\"paused\":true");
	/* A broken body is not taken for an absent one. */
	strcat(target, "/secret/rotate");
	buf_cut(&body, body.len - 1);
	expect("POST", target, DEFLATE, &body, 400, "cannot be decompressed");
	buf_free(&body);
}

static void
ingest__broken__400_and_nothing_stored(void **state)
{
	static const char count[] = "SELECT (SELECT count(*) FROM events) + "
				    "(SELECT count(*) FROM rejected_events)";
	struct buf body = compressed(COMPRESS_GZIP, EVENT);
	long long before = t_number(s.url, count);

	(void)state;
	buf_putc(&body, 'x');
	expect("POST", "/ingest/energy", GZIP, &body, 400,
	    "cannot be decompressed");
	buf_cut(&body, body.len - 2);
	expect("POST", "/ingest/energy", GZIP, &body, 400,
	    "cannot be decompressed");
	buf_reset(&body);
	expect("POST", "/ingest/energy", GZIP, &body, 422, "Field required");
	buf_free(&body);
	assert_int_equal(t_number(s.url, count), before);
}

/* A body of `size` bytes, compressed. */
static struct buf
body_of(size_t size)
{
	char *text = malloc(size + 1);
	struct buf body;

	assert_non_null(text);
	memset(text, 'a', size);
	memcpy(text, "{\"a\":\"", 6);
	strcpy(text + size - 2, "\"}");
	body = compressed(COMPRESS_GZIP, text);
	free(text);
	return body;
}

static void
ingest__limit__holds_for_the_plain_body(void **state)
{
	struct buf body = body_of(BODY_MAX);

	(void)state;
	expect("POST", "/ingest/large", GZIP, &body, 200, "stored");
	buf_free(&body);
	body = body_of(BODY_MAX + 1);
	expect("POST", "/ingest/large", GZIP, &body, 413, "1048576 bytes");
	expect("POST", "/subscriptions", GZIP, &body, 413, "1048576 bytes");
	/* Nor is it taken for an absent one. */
	expect("POST", "/outbox/replay", GZIP, &body, 422, "there is no body");
	buf_free(&body);
}

/* A figure of the responder's /proc/PID/status, in kB. */
static long
kilobytes(const char *name)
{
	char line[128];

	assert_int_equal(
	    shell_read(line, sizeof(line), "grep '^%s:' /proc/%d/status", name,
		stack_child(stack_pid(&s, "fcgi"), 0)),
	    0);
	return strtol(line + strlen(name) + 1, NULL, 10);
}

/* The sanitizers keep freed memory for a while, hence the generous limit. */
static void
ingest__bomb_of_a_gigabyte__413_in_little_memory(void **state)
{
	struct buf bomb;
	long before;
	int i;

	(void)state;
	buf_init(&bomb, BODY_MAX);
	compress_zeros(&bomb, COMPRESS_GZIP, 1024);
	before = kilobytes("VmHWM");
	for (i = 0; i < 3; i++)
		expect("POST", "/ingest/bomb", GZIP, &bomb, 413,
		    "longer than 1048576 bytes");
	assert_true(kilobytes("VmHWM") - before < 32 << 10);
	buf_free(&bomb);
	http_expect(s.port, "POST", "/ingest/energy", "", EVENT, 200, "stored");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ingest__compressed_by_gzip_and_sent_by_curl__stored),
	cmocka_unit_test(ingest__each_encoding__same_event_as_plain),
	cmocka_unit_test(subscription__compressed__made_and_changed),
	cmocka_unit_test(ingest__broken__400_and_nothing_stored),
	cmocka_unit_test(ingest__limit__holds_for_the_plain_body),
	cmocka_unit_test(ingest__bomb_of_a_gigabyte__413_in_little_memory),
};

STACK_MAIN(tests, s, "SMARTCITY_PROCESSES=1")
