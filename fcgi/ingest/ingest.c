#include "ingest.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "params.h"
#include "problem.h"
#include "rules.h"
#include "score.h"
#include "store.h"
#include "utf8.h"
#include "validate.h"

/* One request on its way through the pipeline. */
struct ingest {
	const struct context *ctx;
	const struct request *req;
	struct response *res;
	const char *service;
	const struct service *schema; /* NULL: passes as it is */
	struct params params;
	char header_key[4 * KEY_MAX + 3];
	const char *key;
	bool key_from_header;
	struct json *body;
	struct value values[FIELDS_MAX];
	struct faults faults;
	struct buf normalised;
	struct findings findings;
	struct id id; /* before those of the events that derive from it */
};

/* Each step answers the request itself and returns false when it ends here. */
typedef bool step(struct ingest *);

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
	in->schema = service_find(in->service);
	if (in->schema != NULL || in->req->business.unknown == UNKNOWN_PASS)
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
check_body(struct ingest *in)
{
	return body_check(in->req, in->res);
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

/* Does a structured-field string end before its last character? */
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
 * The header as a structured-field string or, as every SDK sends it, bare.
 * NULL: it may be several lines, which nginx from 1.23 on joins with ", ".
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
	/* A longer one is refused for its length by check_key. */
	snprintf(in->header_key, sizeof(in->header_key), "%.*s", (int)n, s);
	return in->header_key;
}

static bool
key_is_fit(const char *key)
{
	size_t bytes = strlen(key), i, len, characters = 0;

	for (i = 0; i < bytes; i += len, characters++) {
		len = utf8_sequence(key + i, bytes - i);
		if (len == 0 || (unsigned char)key[i] < 0x20 || key[i] == 0x7f)
			return false;
	}
	return characters >= 1 && characters <= KEY_MAX;
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
			    "Send one line Idempotency-Key; a key with a "
			    "comma and a blank in it, in double quotes");
			return false;
		}
	}
	/* The seed took an empty dedupe_key for none. */
	if (query != NULL && *query == '\0')
		query = NULL;
	in->key = header != NULL ? header : query;
	in->key_from_header = header != NULL;
	if (header != NULL && query != NULL && strcmp(header, query) != 0) {
		problem_write(in->req, in->res, 400,
		    "Give one key: in dedupe_key or in Idempotency-Key");
		return false;
	}
	if (in->key == NULL || key_is_fit(in->key))
		return true;
	problem_write(in->req, in->res, 422,
	    "A key has 1 to %d characters and no control characters", KEY_MAX);
	return false;
}

/* Answers 422 and keeps what was sent, so that it can be replayed. */
static void
reject(struct ingest *in)
{
	enum status status;
	struct buf reasons;

	buf_init(&reasons, RESPONSE_MAX);
	buf_printf(&reasons, "[%s]", in->faults.text.data);
	status = reasons.failed
	    ? STATUS_FAULT
	    : store_rejected(in->ctx->db, in->service, in->key, reasons.data,
		  in->req->body, in->req->body_len);
	buf_free(&reasons);
	if (status == STATUS_OK) {
		score_outcome(OUTCOME_REJECTED);
		problem_faults(in->req, in->res, &in->faults);
	} else {
		problem_status(in->req, in->res, status);
	}
}

static bool
parse_body(struct ingest *in)
{
	enum status status = body_parse(in->req, &in->body, &in->faults);

	if (status == STATUS_REJECT)
		reject(in);
	else if (status != STATUS_OK)
		problem_status(in->req, in->res, status);
	return status == STATUS_OK;
}

static bool
check_schema(struct ingest *in)
{
	const struct cJSON *root = json_root(in->body);

	if (in->schema == NULL) {
		buf_puts(&in->normalised, json_text(in->body));
		return true;
	}
	validate(in->schema, root, in->values, &in->faults);
	if (in->faults.n == 0)
		validate_normalise(
		    in->schema, root, in->values, &in->normalised);
	else if (in->req->business.validation == VALIDATION_LENIENT)
		buf_puts(&in->normalised, json_text(in->body));
	else
		reject(in);
	return in->faults.n == 0 ||
	    in->req->business.validation == VALIDATION_LENIENT;
}

/* A finding whose own id stands for it was derived now. */
static void
count_rules(const struct findings *f, const struct receipt *receipt)
{
	int i;

	for (i = 0; i < f->n && i < receipt->derived_count; i++)
		score_rule(f->list[i].derived,
		    strcmp(f->list[i].id.text, receipt->derived[i].text) == 0);
}

static void
answer(struct ingest *in, const struct receipt *receipt)
{
	struct buf *out = &in->res->body;
	int i;

	score_outcome(
	    receipt->is_replayed ? OUTCOME_DUPLICATE : OUTCOME_STORED);
	if (!receipt->is_replayed)
		count_rules(&in->findings, receipt);

	buf_printf(out, "{\"stored_event_id\":\"%s\",\"derived_events\":[",
	    receipt->id.text);
	for (i = 0; i < receipt->derived_count; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "",
		    receipt->derived[i].text);
	buf_puts(out, "]}");
	if (receipt->is_replayed)
		buf_puts(&in->res->headers, "Idempotent-Replayed: true\r\n");
}

static bool
evaluate(struct ingest *in)
{
	if (in->schema != NULL)
		rules_evaluate(
		    in->schema, in->values, &in->req->business, &in->findings);
	return true;
}

/* What the database refuses is as good as any body that fails its schema. */
static void
reject_unstorable(struct ingest *in)
{
	char msg[64];

	snprintf(msg, sizeof(msg),
	    "The database cannot store this value (SQLSTATE %s)",
	    db_sqlstate(in->ctx->db));
	faults_add(
	    &in->faults, "value_error", "body", NULL, msg, json_text(in->body));
	reject(in);
}

static bool
store(struct ingest *in)
{
	const char *schedule = in->ctx->config->retry_schedule;
	char first_delay[32];
	struct event event = {
		.id = in->id,
		.service = in->service,
		.payload = json_text(in->body),
		.key = in->key,
		.request_id = in->req->request_id,
		.traceparent = in->req->traceparent,
		.first_delay = first_delay,
	};
	struct receipt receipt = { 0 };
	enum status status = STATUS_FAULT;

	schedule += strspn(schedule, " \t");
	snprintf(first_delay, sizeof(first_delay), "%.*s",
	    (int)strcspn(schedule, ","), schedule);
	event.normalised = in->normalised.data;
	event.findings = &in->findings;
	if (!in->normalised.failed)
		status = store_event(in->ctx->db, &event, &receipt);
	if (status == STATUS_REJECT)
		reject_unstorable(in);
	else if (status != STATUS_OK)
		problem_status(in->req, in->res, status);
	else if (receipt.is_replayed && receipt.is_other_body &&
	    in->key_from_header)
		problem_write(in->req, in->res, 422,
		    "This Idempotency-Key was used with another body");
	else
		answer(in, &receipt);
	receipt_free(&receipt);
	return false;
}

/* One step; its time without the database's is added to *took. */
static bool
run(struct ingest *in, step *do_step, int64_t *took)
{
	int64_t began = clock_steady_us() - db_spent_us(in->ctx->db);
	bool goes_on = do_step(in);

	*took += clock_steady_us() - db_spent_us(in->ctx->db) - began;
	return goes_on;
}

void
ingest_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	const struct {
		step *step;
		int64_t *took;
	} steps[] = {
		{ find_service, &res->took.parse },
		{ check_body, &res->took.parse },
		{ check_query, &res->took.parse },
		{ check_key, &res->took.parse },
		{ parse_body, &res->took.parse },
		{ check_schema, &res->took.rules },
		{ evaluate, &res->took.rules },
		{ store, &res->took.rules },
	};
	struct ingest in = { .ctx = ctx,
		.req = req,
		.res = res,
		.service = service,
		.id = id_new() };
	size_t i;

	faults_init(&in.faults);
	buf_init(&in.normalised, 4 * BODY_MAX);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!run(&in, steps[i].step, steps[i].took))
			break;
	json_free(in.body);
	faults_free(&in.faults);
	buf_free(&in.normalised);
	findings_free(&in.findings);
}
