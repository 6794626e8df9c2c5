#include "event.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "score.h"
#include "utf8.h"
#include "validate.h"

enum {
	NORMALISED_MAX = 4 << 20, /* bytes: a body, its strings escaped */
	REASONS_MAX = 32 << 20
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
	*e = (struct event){ .service = given->service,
		.body = given->body,
		.body_len = given->body_len,
		.key = given->key,
		.request_id = given->request_id,
		.traceparent = given->traceparent,
		.id = id_new() };
	faults_init(&e->faults);
	buf_init(&e->normalised, NORMALISED_MAX);
}

void
event_free(struct event *e)
{
	json_free(e->document);
	faults_free(&e->faults);
	buf_free(&e->normalised);
	findings_free(&e->findings);
}

static enum status
apply_schema(struct event *e, const struct service *schema,
    const struct business *business)
{
	const struct cJSON *root = json_root(e->document);
	struct value values[FIELDS_MAX];

	if (schema == NULL) {
		buf_puts(&e->normalised, json_text(e->document));
		return STATUS_OK;
	}
	validate(schema, root, values, &e->faults);
	if (e->faults.n == 0)
		validate_normalise(schema, root, values, &e->normalised);
	else if (business->validation == VALIDATION_LENIENT)
		buf_puts(&e->normalised, json_text(e->document));
	else
		return STATUS_REJECT;
	rules_evaluate(schema, values, business, &e->findings);
	return STATUS_OK;
}

enum status
event_check(struct event *e, const struct business *business)
{
	int64_t began = clock_steady_us(), parsed;
	enum status status =
	    validate_parse(e->body, e->body_len, &e->document, &e->faults);

	parsed = clock_steady_us();
	e->parse_us = parsed - began;
	if (status == STATUS_OK)
		status = apply_schema(e, service_find(e->service), business);
	if (status == STATUS_OK && (e->normalised.failed || e->findings.failed))
		status = STATUS_FAULT;
	e->rules_us = clock_steady_us() - parsed;
	return status;
}

static enum status
keep_rejected(struct db *db, const struct event *e)
{
	enum status status = STATUS_FAULT;
	struct buf reasons;

	buf_init(&reasons, REASONS_MAX);
	buf_printf(&reasons, "[%s]", e->faults.text.data);
	if (!reasons.failed)
		status = store_rejected(db, e, reasons.data);
	buf_free(&reasons);
	return status;
}

/* A body that the database refuses is treated as one that fails its schema. */
static void
add_fault_of_database(const struct db *db, struct event *e)
{
	char msg[64];

	snprintf(msg, sizeof(msg),
	    "The database cannot store this value (SQLSTATE %s)",
	    db_sqlstate(db));
	faults_add(&e->faults, "value_error", "body", NULL, msg,
	    json_text(e->document));
}

/* The receipt holds a finding's own id only if its event was derived now. */
static void
count_rules(const struct findings *f, const struct receipt *receipt)
{
	int i;

	for (i = 0; i < f->n && i < receipt->derived_count; i++)
		score_rule(f->list[i].derived,
		    strcmp(f->list[i].id.text, receipt->derived[i].text) == 0);
}

enum event_end
event_ingest(struct db *db, struct event *e, const struct business *business,
    const char *retry_schedule, struct receipt *receipt, enum status *status)
{
	*receipt = (struct receipt){ .id = e->id };
	*status = event_check(e, business);
	if (*status == STATUS_OK) {
		*status = store_event(db, e, retry_schedule, receipt);
		if (*status == STATUS_REJECT)
			add_fault_of_database(db, e);
	}
	if (*status == STATUS_REJECT) {
		*status = keep_rejected(db, e);
		return *status == STATUS_OK ? EVENT_REJECTED : EVENT_FAILED;
	}
	if (*status != STATUS_OK)
		return EVENT_FAILED;
	if (receipt->is_replayed)
		return EVENT_DUPLICATE;
	count_rules(&e->findings, receipt);
	return EVENT_STORED;
}
