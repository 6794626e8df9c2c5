#include "intake.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "clock.h"
#include "event_time.h"
#include "problem.h"
#include "rfc3339.h"

/* Each check below returns true, or answers the request and returns false. */

static bool
find_service(struct intake *in)
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
check_query(struct intake *in)
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
bare_key(struct intake *in)
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
check_key(struct intake *in)
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

static bool
check_time(struct intake *in)
{
	const char *text = params_get(&in->params, "timestamp");
	struct faults faults;

	in->time_us = -1;
	if (text == NULL)
		return true;
	faults_init(&faults);
	if (!rfc3339_parse(text, &in->time_us))
		faults_add_text(&faults, "datetime_parsing", "query",
		    "timestamp", RFC3339_EXPECTED, text);
	else
		event_time_check(in->time_us, clock_wall_us(), "query",
		    "timestamp", &faults);
	if (faults.n > 0)
		problem_faults(in->req, in->res, &faults);
	faults_free(&faults);
	return faults.n == 0;
}

bool
intake_open(struct intake *in, const struct request *req, const char *name,
    unsigned int accepted, struct response *res)
{
	in->req = req;
	in->res = res;
	snprintf(in->service, sizeof(in->service), "%.*s",
	    (int)strcspn(name, "/"), name);
	return find_service(in) && body_check(req, accepted, res) &&
	    check_query(in) && check_key(in) && check_time(in);
}

struct event
intake_given(const struct intake *in)
{
	return (struct event){ .service = in->service,
		.time_us = in->time_us,
		.request_id = in->req->request_id,
		.traceparent = in->req->traceparent,
		.business = &in->req->business };
}

bool
intake_is_misused(const struct intake *in, const struct event *e)
{
	return e->end == EVENT_DUPLICATE && e->receipt.is_other_body &&
	    in->key_from_header && e->form == EVENT_PLAIN;
}

void
intake_put_receipt(struct buf *out, const struct receipt *receipt)
{
	int i;

	buf_puts(out, "\"stored_event_id\":\"");
	buf_put(out, receipt->id.text, ID_LEN);
	buf_puts(out, "\",\"derived_events\":[");
	for (i = 0; i < receipt->derived_count; i++) {
		buf_puts(out, i > 0 ? ",\"" : "\"");
		buf_put(out, receipt->derived[i].text, ID_LEN);
		buf_putc(out, '"');
	}
	buf_putc(out, ']');
}
