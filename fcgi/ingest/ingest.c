#include "ingest.h"

#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "intake.h"
#include "problem.h"
#include "score.h"

/* One request on its way to an event. */
struct ingest {
	struct intake in;
	struct event event;
	bool is_open;  /* it has an event; otherwise it was answered */
	bool is_plain; /* event_is_plain() */
};

static void
open_event(struct ingest *g)
{
	const struct request *req = g->in.req;
	struct event given = intake_given(&g->in);

	given.body = req->body;
	given.body_len = req->body_len;
	given.key = g->in.key;
	given.head = &req->ce;
	if (body_media(req) == BODY_CLOUDEVENT)
		given.form = EVENT_STRUCTURED;
	else if (unwrap_is_binary(&req->ce))
		given.form = EVENT_BINARY;
	event_init(&g->event, &given);
	event_check(&g->event);
	g->in.res->took.parse += g->event.parse_us;
	g->in.res->took.rules += g->event.rules_us;
}

static void
begin(struct ingest *g, const struct request *req, struct response *res)
{
	int64_t began = clock_steady_us();

	g->is_open = intake_open(&g->in, req, req->path + strlen(INGEST_PATH),
	    BODY_JSON | BODY_CLOUDEVENT, res);
	res->took.parse += clock_steady_us() - began;
	if (g->is_open)
		open_event(g);
	g->is_plain = g->is_open && event_is_plain(&g->event);
}

/* Another body under the same key is an error only as the header's draft says:
 * the Python system's dedupe_key and a CloudEvent's id stand for the event. */
static bool
is_misused(const struct ingest *g)
{
	return g->event.receipt.is_other_body && g->in.key_from_header &&
	    g->event.form == EVENT_PLAIN;
}

static void
write_receipt(struct ingest *g, enum outcome outcome)
{
	struct response *res = g->in.res;

	res->outcome = (int)outcome;
	buf_putc(&res->body, '{');
	intake_put_receipt(&res->body, &g->event.receipt);
	buf_putc(&res->body, '}');
}

static void
answer(struct ingest *g)
{
	const struct request *req = g->in.req;
	struct response *res = g->in.res;

	switch (g->event.end) {
	case EVENT_STORED:
		write_receipt(g, OUTCOME_STORED);
		break;
	case EVENT_DUPLICATE:
		if (is_misused(g)) {
			problem_write(req, res, 422, "%s", INTAKE_MISUSED_KEY);
			break;
		}
		write_receipt(g, OUTCOME_DUPLICATE);
		buf_puts(&res->headers, "Idempotent-Replayed: true\r\n");
		break;
	case EVENT_REJECTED:
		res->outcome = OUTCOME_REJECTED;
		problem_faults(req, res, &g->event.faults);
		break;
	case EVENT_CHECKED:
	case EVENT_FAILED:
		problem_status(req, res, g->event.status);
		break;
	}
	event_free(&g->event);
}

/* Some requests, handled at once. */
struct hand {
	const struct context *ctx;
	struct ingest *list;
	size_t n;
	response_ready *ready;
	void *arg;
};

static void
end(struct hand *h, size_t i)
{
	if (h->list[i].is_open)
		answer(&h->list[i]);
	h->ready(h->arg, i);
}

static void
store_plain(struct hand *h, struct event **plain)
{
	size_t i, many = 0;

	for (i = 0; i < h->n; i++)
		if (h->list[i].is_plain)
			plain[many++] = &h->list[i].event;
	event_store(
	    h->ctx->db, plain, many, h->ctx->config->retry_schedule, false);
	for (i = 0; i < h->n; i++)
		if (h->list[i].is_plain || !h->list[i].is_open)
			end(h, i);
}

/* Each by itself: it may wait for a key or an incident. */
static void
store_others(struct hand *h)
{
	struct event *e;
	size_t i;

	for (i = 0; i < h->n; i++) {
		if (h->list[i].is_plain || !h->list[i].is_open)
			continue;
		e = &h->list[i].event;
		if (e->end != EVENT_FAILED)
			event_store(h->ctx->db, &e, 1,
			    h->ctx->config->retry_schedule, false);
		end(h, i);
	}
}

void
ingest_post_many(const struct context *ctx, const struct request *const reqs[],
    struct response *const ress[], size_t n, response_ready *ready, void *arg)
{
	struct ingest *list = malloc(n * sizeof(*list));
	struct event **plain = calloc(n, sizeof(*plain));
	struct hand hand = { ctx, list, n, ready, arg };
	size_t i;

	if (list == NULL || plain == NULL) {
		for (i = 0; i < n; i++) {
			problem_status(reqs[i], ress[i], STATUS_FAULT);
			ready(arg, i);
		}
	} else {
		for (i = 0; i < n; i++)
			begin(&list[i], reqs[i], ress[i]);
		store_plain(&hand, plain);
		store_others(&hand);
	}
	free(list);
	free(plain);
}

static void
ignore(void *arg, size_t i)
{
	(void)arg;
	(void)i;
}

void
ingest_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	(void)service;
	ingest_post_many(ctx, (const struct request *const[]){ req },
	    (struct response *const[]){ res }, 1, ignore, NULL);
}
