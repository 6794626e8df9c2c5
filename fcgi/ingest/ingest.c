#include "ingest.h"

#include <assert.h>
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
	bool is_open; /* it has an event; otherwise it was answered */
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

struct ingest *
ingest_begin(const struct request *req, struct response *res)
{
	struct ingest *g = malloc(sizeof(*g));
	int64_t began = clock_steady_us();

	if (g == NULL)
		return NULL;
	g->is_open = intake_open(&g->in, req, req->path + strlen(INGEST_PATH),
	    BODY_JSON | BODY_CLOUDEVENT, res);
	res->took.parse += clock_steady_us() - began;
	if (g->is_open)
		open_event(g);
	return g;
}

bool
ingest_is_shared(const struct ingest *g)
{
	return g->is_open && event_is_plain(&g->event);
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
		if (intake_is_misused(&g->in, &g->event)) {
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

/* Stores the events of those that were not answered yet. */
static void
store(const struct context *ctx, struct ingest *const list[], size_t n)
{
	struct event *events[SHARED_MAX] = { NULL };
	size_t i, checked = 0;

	assert(n <= SHARED_MAX);
	for (i = 0; i < n; i++)
		if (list[i]->is_open && list[i]->event.end != EVENT_FAILED)
			events[checked++] = &list[i]->event;
	event_store(
	    ctx->db, events, checked, ctx->config->retry_schedule, false);
}

void
ingest_finish(const struct context *ctx, struct ingest *const list[], size_t n)
{
	size_t i;

	store(ctx, list, n);
	for (i = 0; i < n; i++) {
		if (list[i]->is_open)
			answer(list[i]);
		free(list[i]);
	}
}

void
ingest_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	struct ingest *g = ingest_begin(req, res);

	(void)service;
	if (g == NULL)
		problem_status(req, res, STATUS_FAULT);
	else
		ingest_finish(ctx, &g, 1);
}
