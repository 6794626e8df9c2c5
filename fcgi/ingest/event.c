#include "event.h"

#include <string.h>

#include "clock.h"
#include "event_time.h"
#include "json.h"
#include "score.h"
#include "store.h"
#include "utf8.h"
#include "validate.h"

enum {
	NORMALISED_MAX = 4 << 20 /* bytes: a body, its strings escaped */
};

bool
event_key_is_fit(const char *key)
{
	long characters = utf8_count(key, strlen(key));
	const char *p;

	for (p = key; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return characters >= 1 && characters <= KEY_MAX;
}

void
event_init(struct event *e, const struct event *given)
{
	*e = (struct event){ .form = given->form,
		.head = given->head,
		.service = given->service,
		.body = given->body,
		.body_len = given->body_len,
		.key = given->key,
		.time_us = given->time_us,
		.request_id = given->request_id,
		.traceparent = given->traceparent,
		.business = given->business,
		.id = id_new() };
	faults_init(&e->faults);
	buf_init(&e->payload, 0);
	buf_init(&e->normalised, NORMALISED_MAX);
}

void
event_free(struct event *e)
{
	unwrap_free(&e->cloud);
	faults_free(&e->faults);
	buf_free(&e->payload);
	buf_free(&e->normalised);
	findings_free(&e->findings);
	receipt_free(&e->receipt);
}

/* Reads the attributes of a CloudEvent. */
static enum status
open_cloudevent(struct event *e, const struct cJSON *root)
{
	bool structured = e->form == EVENT_STRUCTURED;
	struct unwrapped *cloud = &e->cloud;
	enum status status = structured
	    ? unwrap_json(cloud, root, &e->faults)
	    : unwrap_head(cloud, e->head, &e->faults);

	if (status != STATUS_OK)
		return status;
	e->key = cloud->key.data;
	if (*cloud->traceparent != '\0')
		e->traceparent = cloud->traceparent;
	if (cloud->time_us < 0)
		return STATUS_OK;
	e->time_us = cloud->time_us;
	return event_time_check(e->time_us, id_ms(&e->id) * 1000,
		   structured ? "body" : "header",
		   structured ? "time" : "ce-time", &e->faults)
	    ? STATUS_OK
	    : STATUS_REJECT;
}

static enum status
apply_schema(
    struct event *e, const struct service *schema, const struct cJSON *root)
{
	struct value values[FIELDS_MAX];

	validate(schema, root, values, &e->faults);
	if (e->faults.n == 0)
		validate_normalise(schema, root, values, &e->normalised);
	else if (e->business->validation != VALIDATION_LENIENT)
		return STATUS_REJECT;
	rules_evaluate(schema, values, e->business, &e->findings);
	return e->normalised.failed || e->findings.failed ? STATUS_FAULT
							  : STATUS_OK;
}

/* The payload alone is kept of a CloudEvent, whether it is rejected or not. */
static void
take_data(struct event *e)
{
	buf_init(&e->payload, NORMALISED_MAX);
	json_write(&e->payload, e->cloud.data);
	e->body = e->payload.data;
	e->body_len = e->payload.len;
}

static enum status
parse(struct event *e, struct json **document, const struct cJSON **root)
{
	enum status status =
	    validate_parse(e->body, e->body_len, document, &e->faults);

	if (status != STATUS_OK)
		return status;
	*root = json_root(*document);
	if (e->form != EVENT_PLAIN)
		status = open_cloudevent(e, *root);
	if (status != STATUS_OK || e->form != EVENT_STRUCTURED)
		return status;
	*root = e->cloud.data;
	take_data(e);
	return e->payload.failed ? STATUS_FAULT : STATUS_OK;
}

static enum status
check(struct event *e)
{
	const struct service *schema = service_find(e->service);
	int64_t began = clock_steady_us(), parsed;
	const struct cJSON *root = NULL;
	struct json *document = NULL;
	enum status status = parse(e, &document, &root);

	parsed = clock_steady_us();
	e->parse_us = parsed - began;
	if (status == STATUS_OK && schema != NULL)
		status = apply_schema(e, schema, root);
	if (document != NULL && e->payload.len == 0)
		json_take_text(document, &e->payload);
	else
		json_free(document);
	e->rules_us = clock_steady_us() - parsed;
	return status;
}

void
event_check(struct event *e)
{
	e->status = check(e);
	e->end = e->status == STATUS_OK  ? EVENT_CHECKED
	    : e->status == STATUS_REJECT ? EVENT_REJECTED
					 : EVENT_FAILED;
}

bool
event_is_plain(const struct event *e)
{
	return e->end == EVENT_CHECKED && e->key == NULL && e->findings.n == 0;
}

/* The receipt holds a finding's own id only if its event was derived now. */
static void
count_rules(const struct event *e)
{
	const struct findings *f = &e->findings;
	int i;

	for (i = 0; i < f->n && i < e->receipt.derived_count; i++)
		score_rule(f->list[i].derived,
		    strcmp(f->list[i].id.text, e->receipt.derived[i].text) ==
			0);
}

void
event_store(struct db *db, struct event *const list[], size_t n,
    const char *retry_schedule, bool all_or_nothing)
{
	size_t i;

	store_events(db, list, n, retry_schedule, all_or_nothing);
	for (i = 0; i < n; i++)
		if (list[i]->end == EVENT_STORED)
			count_rules(list[i]);
}
