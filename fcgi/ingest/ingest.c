#include "ingest.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "event.h"
#include "params.h"
#include "problem.h"
#include "score.h"

/* One request on its way to an event. */
struct ingest {
	const struct context *ctx;
	const struct request *req;
	struct response *res;
	const char *service;
	struct params params;
	char header_key[4 * KEY_MAX + 3];
	const char *key;
	bool key_from_header;
};

/* Each check below returns true, or answers the request and returns false. */

static bool
find_service(struct ingest *in)
{
	const struct service *const *s;
	struct buf known;

	if (!service_name_is_valid(in->service)) {
		problem_write(in->req, in->res, 422,
		    "A service is named by 1 to 63 of a-z, 0-9, _ and -, and "
		    "starts with a letter or digit");
		return false;
	}
	if (service_find(in->service) != NULL ||
	    in->req->business.unknown == UNKNOWN_PASS)
		return true;
	buf_init(&known, 4096);
	for (s = service_all(); *s != NULL; s++)
		buf_printf(&known, "%s%s", known.len ? ", " : "", (*s)->name);
	problem_write(in->req, in->res, 404, "Unknown service; known are: %s",
	    known.data);
	buf_free(&known);
	return false;
}

static bool
check_query(struct ingest *in)
{
	const char *error = params_parse(&in->params, in->req->query);

	if (error == NULL)
		return true;
	problem_write(
	    in->req, in->res, 400, "The query string is refused: %s", error);
	return false;
}

/* Is it a list, its first structured-field string followed by a comma? */
static bool
is_list(const char *quoted, size_t n)
{
	size_t i, end;

	for (i = 1; i + 1 < n; i++) {
		if (quoted[i] == '\\') {
			i++;
		} else if (quoted[i] == '"') {
			end = i + 1;
			end += strspn(quoted + end, " \t");
			if (quoted[end] == ',')
				return true;
		}
	}
	return false;
}

/*
 * The key from the header: a structured-field string or, as every SDK sends it,
 * the bare key. NULL: the header can have several keys, since nginx from 1.23
 * on joins repeated header lines with ", ".
 */
static const char *
bare_key(struct ingest *in)
{
	const char *s = in->req->idempotency_key;
	size_t n = strlen(s);

	if (n >= 2 && s[0] == '"' && s[n - 1] == '"') {
		if (is_list(s, n))
			return NULL;
		s++;
		n -= 2;
	} else if (strstr(s, ", ") != NULL) {
		return NULL;
	}
	/* A key that is cut here is still too long for check_key(). */
	snprintf(in->header_key, sizeof(in->header_key), "%.*s", (int)n, s);
	return in->header_key;
}

static bool
check_key(struct ingest *in)
{
	const char *query = params_get(&in->params, "dedupe_key");
	const char *header = NULL;

	if (in->req->idempotency_key != NULL) {
		header = bare_key(in);
		if (header == NULL || in->req->idempotency_keys > 1) {
			problem_write(in->req, in->res, 400,
			    "Send one line Idempotency-Key; a key with a comma "
			    "before a blank must stand in double quotes");
			return false;
		}
	}
	/* The Python system treated an empty dedupe_key as absent. */
	if (query != NULL && *query == '\0')
		query = NULL;
	in->key = header != NULL ? header : query;
	in->key_from_header = header != NULL;
	if (header != NULL && query != NULL && strcmp(header, query) != 0) {
		problem_write(in->req, in->res, 400,
		    "Give one key: in dedupe_key or in Idempotency-Key");
		return false;
	}
	if (in->key == NULL || event_key_is_fit(in->key))
		return true;
	problem_write(in->req, in->res, 422,
	    "A key has 1 to %d characters and no control characters", KEY_MAX);
	return false;
}

static void
write_receipt(struct ingest *in, const struct receipt *receipt)
{
	struct buf *out = &in->res->body;
	int i;

	buf_printf(out, "{\"stored_event_id\":\"%s\",\"derived_events\":[",
	    receipt->id.text);
	for (i = 0; i < receipt->derived_count; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "",
		    receipt->derived[i].text);
	buf_puts(out, "]}");
}

static void
answer(struct ingest *in, const struct event *event)
{
	switch (event->end) {
	case EVENT_STORED:
		score_outcome(OUTCOME_STORED);
		write_receipt(in, &event->receipt);
		break;
	case EVENT_DUPLICATE:
		if (event->receipt.is_other_body && in->key_from_header) {
			problem_write(in->req, in->res, 422,
			    "This Idempotency-Key was used with another body");
			break;
		}
		score_outcome(OUTCOME_DUPLICATE);
		write_receipt(in, &event->receipt);
		buf_puts(&in->res->headers, "Idempotent-Replayed: true\r\n");
		break;
	case EVENT_REJECTED:
		score_outcome(OUTCOME_REJECTED);
		problem_faults(in->req, in->res, &event->faults);
		break;
	case EVENT_CHECKED:
	case EVENT_FAILED:
		problem_status(in->req, in->res, event->status);
		break;
	}
}

static void
ingest(struct ingest *in)
{
	const struct request *req = in->req;
	const struct event given = { .service = in->service,
		.body = req->body,
		.body_len = req->body_len,
		.key = in->key,
		.time_us = -1,
		.request_id = req->request_id,
		.traceparent = req->traceparent,
		.business = &req->business };
	struct event event, *const list[] = { &event };

	event_init(&event, &given);
	event_check(&event);
	if (event.end != EVENT_FAILED)
		event_store(in->ctx->db, list, 1,
		    in->ctx->config->retry_schedule, false);
	answer(in, &event);
	in->res->took.parse += event.parse_us;
	in->res->took.rules += event.rules_us;
	event_free(&event);
}

void
ingest_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	struct ingest in = {
		.ctx = ctx, .req = req, .res = res, .service = service
	};
	int64_t began = clock_steady_us();
	bool is_fit = find_service(&in) && body_check(req, res) &&
	    check_query(&in) && check_key(&in);

	res->took.parse += clock_steady_us() - began;
	if (is_fit)
		ingest(&in);
}
