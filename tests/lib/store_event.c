#include "store_event.h"

#include <string.h>

#include "clock.h"
#include "event.h"

struct business store_business = {
	.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
};

struct event
store_send_as(struct db *to, struct id id, const char *service,
    const char *body, const char *key)
{
	const struct event given = { .service = service,
		.body = body,
		.body_len = strlen(body),
		.key = key,
		.time_us = -1,
		.business = &store_business };
	struct event event, *const list[] = { &event };

	event_init(&event, &given);
	event.id = id;
	event_check(&event);
	event_store(to, list, 1, "0", false);
	return event;
}

char *
store_derived_ids(const struct receipt *receipt)
{
	struct buf out;
	int i;

	buf_init(&out, 4096);
	for (i = 0; i < receipt->derived_count; i++)
		buf_printf(
		    &out, "%s%s", i > 0 ? "," : "", receipt->derived[i].text);
	buf_puts(&out, "");
	return out.data;
}

char *
store_send(const char *service, const char *body, const char *key)
{
	struct event event =
	    store_send_as(database, id_new(), service, body, key);
	char *out, *derived;

	assert_true(event.end == EVENT_STORED || event.end == EVENT_DUPLICATE);
	derived = store_derived_ids(&event.receipt);
	assert_true(
	    asprintf(&out, "%s>%s", event.receipt.id.text, derived) > 0);
	free(derived);
	event_free(&event);
	return out;
}

char *
store_report(int patient, const char *location)
{
	char body[256], *answer, *derived;

	snprintf(body, sizeof(body),
	    "{\"patient_id\":%d,\"alert\":\"emergency\",\"location\":\"%s\"}",
	    patient, location);
	answer = store_send("health", body, NULL);
	derived = strdup(strchr(answer, '>') + 1);
	free(answer);
	return derived;
}

long long
store_count(const char *where)
{
	return t_number(url, "SELECT count(*) FROM events WHERE %s", where);
}

void
store_check_same(char *a, char *b, bool want)
{
	assert_int_equal(strcmp(a, b) == 0, want);
	free(b);
}

void
store_check_same_receipt(const struct event *a, const struct event *b)
{
	assert_string_equal(a->receipt.id.text, b->receipt.id.text);
	assert_int_equal(a->receipt.derived_count, b->receipt.derived_count);
	if (a->receipt.derived_count > 0)
		assert_memory_equal(a->receipt.derived, b->receipt.derived,
		    (size_t)a->receipt.derived_count * sizeof(struct id));
}
