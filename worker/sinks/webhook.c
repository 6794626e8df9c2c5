/*
 * Webhooks: a CloudEvent in structured mode (CloudEvents 1.0, HTTP binding
 * 3.2) with the headers of Standard Webhooks 1.0.0 and those that the
 * subscription adds.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dbclock.h"
#include "headers.h"
#include "post.h"
#include "secret.h"
#include "sink.h"

enum {
	LINE_LEN = 256,
	LINES = 8,
	SECRET_MIN = 4, /* shorter words occur in answers by chance */
	PIECE_LEN = 8,  /* as do shorter pieces of longer words */
	HASH_BITS = 14
};

struct call {
	LIST_ENTRY(call) link;
	struct post post;
	char lines[LINES][LINE_LEN];
	char *added; /* the subscription's headers, each NUL-terminated */
	const char *headers[HEADERS_MAX + LINES + 1]; /* `added` come first */
	int n, n_added;
};

static struct post_client *http; /* owned by the worker */
static LIST_HEAD(calls, call) under_way;

static enum status
open_sink(const struct config *config, const struct net *net, char error[256])
{
	(void)config;
	(void)error;
	http = net->http;
	return STATUS_OK;
}

static void
call_free(struct call *call)
{
	if (call != NULL)
		free(call->added);
	free(call);
}

static void PRINTF_LIKE(2, 3) add(struct call *call, const char *fmt, ...)
{
	char *line = call->lines[call->n - call->n_added];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, LINE_LEN, fmt, ap);
	va_end(ap);
	call->headers[call->n++] = line;
}

/*
 * Two signatures while a secret is being rotated, so that the receiver can
 * check with either secret. They use the database's time, because a receiver
 * refuses the signatures of a worker whose clock is wrong.
 */
static bool
add_signature(struct call *call, const struct attempt *a)
{
	int64_t now = dbclock_us() / 1000000;
	char one[SIGNATURE_LEN + 1], two[SIGNATURE_LEN + 2] = "";

	if (secret_sign(a->secret, a->message.id, now, a->body, a->body_len,
		one) != STATUS_OK)
		return false;
	if (a->old_secret != NULL) {
		two[0] = ' ';
		if (secret_sign(a->old_secret, a->message.id, now, a->body,
			a->body_len, two + 1) != STATUS_OK)
			return false;
	}
	add(call, "webhook-id: %s", a->message.id);
	add(call, "webhook-timestamp: %lld", (long long)now);
	add(call, "webhook-signature: %s%s", one, two);
	return true;
}

/*
 * Each attempt is a span of its own in the event's trace (W3C Trace Context,
 * section 3.4). The span's id need only be unique.
 */
static void
add_trace(struct call *call, const char *traceparent)
{
	unsigned long long span =
	    (unsigned long long)arc4random() << 32 | arc4random() | 1;

	add(call, "traceparent: %.36s%016llx%.3s", traceparent, span,
	    traceparent + 52);
}

/* False: out of memory. */
static bool
add_static(struct call *call, const char *headers)
{
	char *rest, *line;

	if (headers == NULL)
		return true;
	rest = call->added = strdup(headers);
	while (call->n < HEADERS_MAX && (line = strsep(&rest, "\n")) != NULL)
		call->headers[call->n++] = line;
	call->n_added = call->n;
	return call->added != NULL;
}

/* Marks every occurrence of the n bytes in the answer. */
static void
mark(const struct buf *answer, const char *bytes, size_t n, char *is_secret)
{
	const char *at = answer->data, *end = at + answer->len;

	while ((at = memmem(at, (size_t)(end - at), bytes, n)) != NULL) {
		memset(is_secret + (at - answer->data), 1, n);
		at++;
	}
}

static size_t
hash_piece(const char *bytes)
{
	uint64_t piece;

	memcpy(&piece, bytes, PIECE_LEN);
	return piece * 0x9e3779b97f4a7c15u >> (64 - HASH_BITS);
}

/*
 * Marks the secret and also pieces of it, because an answer can end within the
 * secret, or put backslashes into it. Pieces are looked up by a hash, because
 * both texts can have 16 KiB and the worker does nothing else meanwhile.
 */
static void
mark_secret(const struct buf *answer, const char *secret, char *is_secret)
{
	size_t n = strlen(secret), i;
	bool has[1 << HASH_BITS] = { 0 };

	if (n < PIECE_LEN) {
		if (n >= SECRET_MIN)
			mark(answer, secret, n, is_secret);
		return;
	}
	for (i = 0; i + PIECE_LEN <= n; i++)
		has[hash_piece(secret + i)] = true;
	for (i = 0; i + PIECE_LEN <= answer->len; i++)
		if (has[hash_piece(answer->data + i)] &&
		    memmem(secret, n, answer->data + i, PIECE_LEN) != NULL)
			memset(is_secret + i, 1, PIECE_LEN);
}

/*
 * Answers are kept and shown, and some receivers echo the request. So the
 * values of the added headers, and their last words (the token of "Bearer …"),
 * are hidden.
 */
static void
hide_headers(const struct call *call, struct buf *answer)
{
	const char *value, *word;
	char *is_secret;
	size_t i;
	int k;

	if (call->n_added == 0 || answer->len == 0)
		return;
	is_secret = calloc(answer->len, 1);
	if (is_secret == NULL) {
		buf_reset(answer);
		return;
	}
	for (k = 0; k < call->n_added; k++) {
		value = strchr(call->headers[k], ' ') + 1;
		word = strrchr(value, ' ');
		mark_secret(answer, word != NULL ? word + 1 : value, is_secret);
		if (word != NULL)
			mark(answer, value, strlen(value), is_secret);
	}
	for (i = 0; i < answer->len; i++)
		if (is_secret[i])
			answer->data[i] = '*';
	free(is_secret);
}

static void
done(struct post *post)
{
	struct attempt *a = post->arg;

	a->error = post->error;
	memcpy(a->detail, post->detail, sizeof(a->detail));
	memcpy(a->address, post->address, sizeof(a->address));
	a->http_status = post->status;
	a->retry_after_ms = post->retry_after_ms;
	if (a->error == ERROR_NONE &&
	    (post->status < 200 || post->status > 299)) {
		a->error = ERROR_HTTP;
		snprintf(a->detail, sizeof(a->detail), "answered %d%s",
		    post->status,
		    post->status >= 300 && post->status < 400
			? "; redirects are not followed"
			: "");
	}
	hide_headers(a->sink_data, &a->answer);
	LIST_REMOVE((struct call *)a->sink_data, link);
	call_free(a->sink_data);
	a->done(a);
}

static void
start(struct attempt *a)
{
	struct call *call = calloc(1, sizeof(*call));

	a->sink_data = call;
	if (call == NULL || !add_static(call, a->headers) ||
	    !add_signature(call, a)) {
		call_free(call);
		a->error = ERROR_INTERNAL;
		snprintf(a->detail, sizeof(a->detail),
		    "the request could not be signed");
		a->done(a);
		return;
	}
	add(call, "Content-Type: application/cloudevents+json; charset=utf-8");
	add(call, "User-Agent: smartcity-orchestrator");
	if (a->message.request_id != NULL)
		add(call, "X-Request-Id: %s", a->message.request_id);
	if (a->message.traceparent != NULL &&
	    strlen(a->message.traceparent) == 55)
		add_trace(call, a->message.traceparent);
	call->post = (struct post){ .url = a->url,
		.headers = call->headers,
		.body = a->body,
		.body_len = a->body_len,
		.timeout_ms = a->timeout_ms,
		.answer = &a->answer,
		.done = done,
		.arg = a };
	LIST_INSERT_HEAD(&under_way, call, link);
	post_start(http, &call->post);
}

static void
close_sink(void)
{
	struct call *call;

	while ((call = LIST_FIRST(&under_way)) != NULL)
		post_cancel(&call->post);
}

const struct sink sink_webhook = {
	.name = "webhook",
	.schemes = "http https ",
	.open = open_sink,
	.start = start,
	.close = close_sink,
};
