#include "contract.h"

#include <string.h>

#include "http.h"
#include "stack.h"

struct stack contract_stack;

int
contract_open(void **state)
{
	static const char *const settings[] = { "SMARTCITY_PROCESSES=4",
		"OUTBOX_POLL_SECONDS=0.1", NULL };

	(void)state;
	stack_start(&contract_stack, settings);
	return 0;
}

int
contract_close(void **state)
{
	(void)state;
	stack_stop(&contract_stack);
	return 0;
}

struct json *
contract_json(const struct http *h)
{
	struct scan_error error;
	struct json *document;

	if (json_parse(h->body, h->body_len, &document, &error) != STATUS_OK)
		fail_msg("not JSON (%s): %s", error.reason, h->raw);
	return document;
}

void
contract_expect(const char *method, const char *target, const char *headers,
    const char *body, int status, const char *text)
{
	struct http h =
	    http_send(contract_stack.port, method, target, headers, body);

	if (h.status != status || strstr(h.body, text) == NULL)
		fail_msg("%s %s: wanted %d with %s, got\n%s", method, target,
		    status, text, h.raw);
	http_free(&h);
}

void
contract_get(const char *target, int status, const char *text)
{
	contract_expect("GET", target, "", NULL, status, text);
}

int
contract_ingest(const char *target, const char *body, char id[40])
{
	struct http h = http_post(contract_stack.port, target, body);
	const struct cJSON *v;
	struct json *document;
	int n = 0;

	if (h.status != 200)
		fail_msg("POST %s: %s", target, h.raw);
	document = contract_json(&h);
	v = json_member(json_root(document), "stored_event_id");
	assert_non_null(v);
	snprintf(id, 40, "%s", json_string(v));
	v = json_first(json_member(json_root(document), "derived_events"));
	for (; v != NULL; v = json_next(v))
		n++;
	json_free(document);
	http_free(&h);
	return n;
}

int
contract_length_of(const char *target)
{
	struct http h = http_get(contract_stack.port, target);
	const struct cJSON *v;
	struct json *document;
	int n = 0;

	if (h.status != 200)
		fail_msg("GET %s: %s", target, h.raw);
	document = contract_json(&h);
	assert_int_equal(json_type(json_root(document)), JSON_ARRAY);
	for (v = json_first(json_root(document)); v; v = json_next(v))
		n++;
	json_free(document);
	http_free(&h);
	return n;
}
