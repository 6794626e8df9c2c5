#include "ingest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "params.h"
#include "problem.h"
#include "rules.h"
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
	struct buf normalised, findings;
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

/* application/json or …+json; absent is taken for it, as the seed did. */
static bool
check_type(struct ingest *in)
{
	const char *type = in->req->content_type;
	size_t n;

	if (type == NULL || *type == '\0')
		return true;
	n = strcspn(type, "; \t");
	if ((n == 16 && strncasecmp(type, "application/json", n) == 0) ||
	    (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0))
		return true;
	problem_write(
	    in->req, in->res, 415, "Content-Type must be application/json");
	return false;
}

static bool
check_length(struct ingest *in)
{
	if (in->req->body_too_large) {
		problem_write(in->req, in->res, 413,
		    "The body is longer than %zu bytes", BODY_MAX);
		return false;
	}
	if (in->req->body_len > 0)
		return true;
	faults_add(
	    &in->faults, "missing", "body", NULL, "Field required", "null");
	problem_faults(in->req, in->res, &in->faults);
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

/* The header as a structured-field string or, as every SDK sends it, bare. */
static const char *
bare_key(struct ingest *in)
{
	const char *s = in->req->idempotency_key;
	size_t n = strlen(s);

	if (n >= 2 && s[0] == '"' && s[n - 1] == '"') {
		s++;
		n -= 2;
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
	const char *header = in->req->idempotency_key ? bare_key(in) : NULL;

	/* The seed took an empty dedupe_key for none. */
	if (query != NULL && *query == '\0')
		query = NULL;
	in->key = header != NULL ? header : query;
	in->key_from_header = header != NULL;
	if (in->req->idempotency_keys > 1 ||
	    (header != NULL && query != NULL && strcmp(header, query) != 0)) {
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
	if (status == STATUS_OK)
		problem_faults(in->req, in->res, &in->faults);
	else
		problem_status(in->req, in->res, status);
}

static bool
parse_body(struct ingest *in)
{
	struct scan_error error;
	char msg[128], input[8] = "{}";
	enum status status;

	status =
	    json_parse(in->req->body, in->req->body_len, &in->body, &error);
	if (status == STATUS_FAULT) {
		problem_status(in->req, in->res, status);
		return false;
	}
	if (status == STATUS_REJECT) {
		snprintf(msg, sizeof(msg), "JSON decode error: %s at byte %zu",
		    error.reason, error.offset);
		faults_add(
		    &in->faults, "json_invalid", "body", NULL, msg, input);
	} else if (json_type(json_root(in->body)) != JSON_OBJECT) {
		faults_add(&in->faults, "dict_type", "body", NULL,
		    "Input should be a valid dictionary", json_text(in->body));
	} else {
		return true;
	}
	reject(in);
	return false;
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

static void
answer(struct ingest *in, const struct receipt *receipt)
{
	struct buf *out = &in->res->body;
	const char *p = receipt->derived.data;

	buf_printf(out, "{\"stored_event_id\":\"%s\",\"derived_events\":[",
	    receipt->id.text);
	for (; *p != '\0'; p += ID_LEN + (p[ID_LEN] == ','))
		buf_printf(out, "%s\"%.*s\"",
		    p == receipt->derived.data ? "" : ",", ID_LEN, p);
	buf_puts(out, "]}");
	if (receipt->is_replayed)
		buf_puts(&in->res->headers, "Idempotent-Replayed: true\r\n");
}

static bool
store(struct ingest *in)
{
	struct event event = {
		.id = id_new(),
		.service = in->service,
		.payload = json_text(in->body),
		.key = in->key,
	};
	struct receipt receipt;
	enum status status = STATUS_FAULT;

	if (in->schema != NULL)
		event.findings_count = rules_evaluate(
		    in->schema, in->values, &in->req->business, &in->findings);
	else
		buf_puts(&in->findings, "[]");
	event.normalised = in->normalised.data;
	event.findings = in->findings.data;
	buf_init(&receipt.derived, 4096);
	if (!in->normalised.failed && !in->findings.failed)
		status = store_event(in->ctx->db, &event, &receipt);
	if (status != STATUS_OK || receipt.derived.failed)
		problem_status(in->req, in->res, status);
	else if (receipt.is_replayed && receipt.is_other_body &&
	    in->key_from_header)
		problem_write(in->req, in->res, 422,
		    "This Idempotency-Key was used with another body");
	else
		answer(in, &receipt);
	buf_free(&receipt.derived);
	return false;
}

void
ingest_post(const struct context *ctx, const struct request *req,
    const char *service, struct response *res)
{
	static step *const steps[] = { find_service, check_type, check_length,
		check_query, check_key, parse_body, check_schema, store };
	struct ingest in = {
		.ctx = ctx, .req = req, .res = res, .service = service
	};
	size_t i;

	faults_init(&in.faults);
	buf_init(&in.normalised, 4 * BODY_MAX);
	buf_init(&in.findings, 64 * BODY_MAX);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!steps[i](&in))
			break;
	json_free(in.body);
	faults_free(&in.faults);
	buf_free(&in.normalised);
	buf_free(&in.findings);
}
