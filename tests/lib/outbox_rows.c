#include "outbox_rows.h"

#include <string.h>

#include "id.h"
#include "json.h"
#include "request.h"
#include "route.h"

const char *rows_body, *rows_headers;
static struct response last;

static void
forget(void)
{
	buf_free(&last.headers);
	buf_free(&last.body);
}

int
rows_close(void **state)
{
	forget();
	database_drop(state);
	return 0;
}

int
rows_empty(void **state)
{
	(void)state;
	t_exec(url,
	    "DELETE FROM events; DELETE FROM outbox_messages;"
	    "DELETE FROM deliveries; DELETE FROM delivery_attempts;"
	    "DELETE FROM subscriptions;"
	    "INSERT INTO subscriptions (id, topic, url, secret, paused, "
	    "  disabled_reason, open_until, deleted_at) "
	    "SELECT ('" SUBSCRIPTION "' || n)::uuid, 'event.*', "
	    "  'http://receiver-' || n || '/', 'whsec_x', n = %d, "
	    "  CASE WHEN n = %d THEN 'gone' END, "
	    "  CASE WHEN n = %d THEN now() + interval '1 hour' "
	    "       WHEN n = %d THEN now() - interval '1 hour' END, "
	    "  CASE WHEN n = %d THEN now() END "
	    "FROM generate_series(1, 7) n",
	    PAUSED, DISABLED, BROKEN, HALF_OPEN, DELETED);
	return 0;
}

const char *
rows_id(int n)
{
	static char id[ID_LEN + 1];

	snprintf(
	    id, sizeof(id), "01a205b3-d00%d-7000-8000-00000000000%d", n, n);
	return id;
}

void
rows_message(int n, const char *topic)
{
	t_exec(url,
	    "INSERT INTO outbox_messages (id, topic, payload, source, subject, "
	    "  causation_id, occurred_at, created_at, request_id, traceparent) "
	    "SELECT '%s', '%s', '{\"n\":%d.00e1}', '/ingest/health', "
	    "  'health_emergency_%d', '01a205b3-d000-7000-8000-0000000000ff', "
	    "  t, t, 'r%d', 't%d' "
	    "FROM (SELECT timestamptz '2026-11-23 00:00:00.00%dZ') AS x(t)",
	    rows_id(n), topic, n, n, n, n, n);
}

void
rows_delivery(int n, int subscription, const char *status)
{
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id, status, "
	    "  attempts, next_attempt_at, created_at, settled_at, last_error) "
	    "SELECT id, '" SUBSCRIPTION "%d', s, 4, created_at, created_at, "
	    "  CASE WHEN s IN ('delivered', 'failed', 'expired') "
	    "  THEN created_at + interval '1 second' END, "
	    "  CASE s WHEN 'failed' THEN 'http: 500' END "
	    "FROM outbox_messages, (SELECT '%s') AS x(s) WHERE id = '%s'",
	    subscription, status, rows_id(n));
}

void
rows_assert_status(int n, int subscription, const char *status)
{
	char *is = t_sql(url,
	    "SELECT status FROM deliveries WHERE message_id = '%s'"
	    " AND subscription_id = '" SUBSCRIPTION "%d'",
	    rows_id(n), subscription);

	assert_string_equal(is, status);
	free(is);
}

int
rows_call(const char *method, const char *target)
{
	static const struct config config;
	const struct context context = { .db = database, .config = &config };
	char path[512];
	size_t len = strcspn(target, "?");
	struct request request = { .method = method, .path = path, .body = "" };

	snprintf(path, sizeof(path), "%.*s", (int)len, target);
	request.query = target + len + (target[len] == '?');
	forget();
	response_init(&last);
	route_handle(&context, &request, &last);
	assert_false(last.body.failed);
	rows_body = last.body.data;
	rows_headers = last.headers.data;
	return last.status;
}

void
rows_assert_listed(const char *target, const char *numbers)
{
	char got[64] = "";
	const struct cJSON *item;
	struct scan_error error;
	struct json *doc;
	size_t n = 0;

	assert_int_equal(rows_call("GET", target), 200);
	assert_int_equal(
	    json_parse(rows_body, strlen(rows_body), &doc, &error), STATUS_OK);
	assert_int_equal(json_type(json_root(doc)), JSON_ARRAY);
	for (item = json_first(json_root(doc)); item != NULL;
	     item = json_next(item))
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%c",
		    n > 0 ? " " : "",
		    json_string(json_member(item, "id"))[ID_LEN - 1]);
	json_free(doc);
	assert_string_equal(got, numbers);
}
