#include "store_event.h"

#include <string.h>

#include "clock.h"
#include "event.h"

struct business store_business = {
	.threshold_kwh = 500, .quiet_seconds = -1, .remind_seconds = -1
};

enum status
store_send_as(struct db *to, struct id id, const char *service,
    const char *body, const char *key, struct receipt *receipt)
{
	const struct event given = { .service = service,
		.body = body,
		.body_len = strlen(body),
		.key = key };
	enum status status;
	struct event event;

	event_init(&event, &given);
	event.id = id;
	event_ingest(to, &event, &store_business, "0", receipt, &status);
	event_free(&event);
	return status;
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
	struct receipt receipt;
	char *out, *derived;

	assert_int_equal(
	    store_send_as(database, id_new(), service, body, key, &receipt),
	    STATUS_OK);
	derived = store_derived_ids(&receipt);
	assert_true(asprintf(&out, "%s>%s", receipt.id.text, derived) > 0);
	free(derived);
	receipt_free(&receipt);
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
store_events(const char *where)
{
	return t_number(url, "SELECT count(*) FROM events WHERE %s", where);
}

void
store_check_same(char *a, char *b, bool want)
{
	assert_int_equal(strcmp(a, b) == 0, want);
	free(b);
}
