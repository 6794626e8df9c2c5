#include "subscription_body.h"

#include <stdio.h>
#include <string.h>

#include "coerce.h"
#include "receiver_url.h"
#include "schedule.h"
#include "static_headers.h"
#include "utf8.h"
#include "word.h"

enum {
	DESCRIPTION_MAX = 1000, /* characters */
	IN_FLIGHT_MAX = 1000,
	EXPIRES_MAX = 31536000, /* a year */
	GRACE_MAX = 604800,     /* a week */
	SCHEDULE_LEN_MAX = 4096,
	FAULTS_LISTED = 100, /* bounds the length of the answer */
	MSG_LEN = 400
};

struct reader {
	const struct guard *guard;
	struct faults *faults;
	struct buf *out;
	const char *name; /* name of the member that is being read */
	bool is_new;
	bool is_nats; /* the body's URL is of NATS */
};

/* Writes the member's value, which is never null, to out, or adds a fault. */
typedef void read_member(struct reader *, const struct cJSON *);

static read_member read_topic, read_url, read_headers, read_description,
    read_schedule, read_ordering, read_in_flight, read_expires, read_paused;

static const struct member_type {
	const char *name;
	bool is_required, is_nullable;
	read_member *read;
} members[] = {
	{ "topic", true, false, read_topic },
	{ "url", true, false, read_url },
	{ "headers", false, true, read_headers },
	{ "description", false, true, read_description },
	{ "retry_schedule", false, true, read_schedule },
	{ "ordering", false, true, read_ordering },
	{ "max_in_flight", false, false, read_in_flight },
	{ "expires_after", false, true, read_expires },
	{ "paused", false, false, read_paused },
};

enum {
	MEMBERS = sizeof(members) / sizeof(*members)
};

static void
fault(struct reader *r, const char *type, const char *msg,
    const struct cJSON *value)
{
	faults_add_member(r->faults, type, r->name, msg, value);
}

/* The string; NULL, with a fault, if value is no string. */
static const char *
string_of(struct reader *r, const struct cJSON *value)
{
	if (json_type(value) == JSON_STRING)
		return json_string(value);
	fault(r, "string_type", "Input should be a valid string", value);
	return NULL;
}

static void
put_string(struct reader *r, const char *s)
{
	buf_json_string(r->out, s, strlen(s));
}

static void
read_topic(struct reader *r, const struct cJSON *value)
{
	static const char prefix[] = "event.";
	const char *topic = string_of(r, value), *service;

	if (topic == NULL)
		return;
	service = topic + strlen(prefix);
	if (strncmp(topic, prefix, strlen(prefix)) == 0 &&
	    (strcmp(service, "*") == 0 || service_name_is_valid(service)))
		put_string(r, topic);
	else
		fault(r, "value_error",
		    "Input should be event.* or event. and a service's name",
		    value);
}

static void
read_url(struct reader *r, const struct cJSON *value)
{
	const char *text = string_of(r, value);

	if (text != NULL)
		r->is_nats = receiver_url_read(
		    r->guard, text, r->is_new, r->out, r->faults);
}

static void
read_headers(struct reader *r, const struct cJSON *value)
{
	static_headers_read(value, r->is_new, r->out, r->faults);
}

static void
read_description(struct reader *r, const struct cJSON *value)
{
	const char *text = string_of(r, value);
	char msg[MSG_LEN];

	if (text == NULL)
		return;
	if (utf8_count(text, strlen(text)) <= DESCRIPTION_MAX) {
		put_string(r, text);
		return;
	}
	snprintf(msg, sizeof(msg), "String should have at most %d characters",
	    DESCRIPTION_MAX);
	fault(r, "string_too_long", msg, value);
}

/* Writes s without blanks, since SQL statements parse a stored schedule too. */
static void
put_without_blanks(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s != ' ' && *s != '\t')
			buf_putc(out, *s);
}

/* Joins numbers as they were sent; false if an element is no number. */
static bool
join_numbers(const struct cJSON *array, struct buf *out)
{
	const struct cJSON *v;
	const char *number;
	size_t len;

	for (v = json_first(array); v != NULL; v = json_next(v)) {
		if (json_type(v) != JSON_NUMBER)
			return false;
		if (out->len > 0)
			buf_putc(out, ',');
		number = json_number(v, &len);
		buf_put(out, number, len);
	}
	return true;
}

static void
read_schedule(struct reader *r, const struct cJSON *value)
{
	struct schedule schedule;
	char error[256];
	struct buf text;
	bool good = true;

	buf_init(&text, SCHEDULE_LEN_MAX);
	if (json_type(value) == JSON_STRING)
		buf_puts(&text, json_string(value));
	else if (json_type(value) == JSON_ARRAY)
		good = join_numbers(value, &text);
	else
		good = false;
	snprintf(error, sizeof(error),
	    "Input should be numbers of seconds, as text separated by commas "
	    "or as an array");
	if (good && !text.failed &&
	    schedule_parse(&schedule, text.data, error) == STATUS_OK) {
		buf_putc(r->out, '"');
		put_without_blanks(r->out, text.data);
		buf_putc(r->out, '"');
	} else {
		fault(r, "value_error", error, value);
	}
	buf_free(&text);
}

static void
read_ordering(struct reader *r, const struct cJSON *value)
{
	static const char *const orderings[] = { "subject" };

	if (json_type(value) == JSON_STRING &&
	    word_find(orderings, 1, json_string(value)) >= 0)
		put_string(r, json_string(value));
	else
		fault(r, "literal_error", "Input should be 'subject'", value);
}

/* A whole number from min to max; false, with a fault, for anything else. */
static bool
int_of(struct reader *r, const struct cJSON *value, int min, int max, int *out)
{
	const struct coerce_error *error;
	char msg[MSG_LEN];
	struct value v;

	error = coerce(FIELD_INT, value, &v);
	if (error != NULL) {
		fault(r, error->type, error->msg, value);
		return false;
	}
	if (v.integer >= min && v.integer <= max) {
		*out = (int)v.integer;
		return true;
	}
	snprintf(msg, sizeof(msg), "Input should be %s than or equal to %d",
	    v.integer < min ? "greater" : "less", v.integer < min ? min : max);
	fault(r, v.integer < min ? "greater_than_equal" : "less_than_equal",
	    msg, value);
	return false;
}

static void
read_in_flight(struct reader *r, const struct cJSON *value)
{
	int n;

	if (int_of(r, value, 1, IN_FLIGHT_MAX, &n))
		buf_printf(r->out, "%d", n);
}

static void
read_expires(struct reader *r, const struct cJSON *value)
{
	int n;

	if (int_of(r, value, 1, EXPIRES_MAX, &n))
		buf_printf(r->out, "%d", n);
}

static void
read_paused(struct reader *r, const struct cJSON *value)
{
	const struct coerce_error *error;
	struct value v;

	error = coerce(FIELD_BOOL, value, &v);
	if (error != NULL)
		fault(r, error->type, error->msg, value);
	else
		buf_puts(r->out, v.truth ? "true" : "false");
}

static const struct member_type *
find_member(const char *name)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static void
forbid(struct reader *r, const struct cJSON *value)
{
	/* A member with a misspelt name can hold a secret. */
	(void)value;
	faults_add(r->faults, "extra_forbidden", "body", r->name,
	    "Extra inputs are not permitted", "null");
}

static void
read_any(struct reader *r, const struct cJSON *value)
{
	const struct member_type *m = find_member(r->name);

	if (m == NULL) {
		forbid(r, value);
		return;
	}
	if (r->out->len > 1)
		buf_putc(r->out, ',');
	buf_printf(r->out, "\"%s\":", m->name);
	if (json_type(value) != JSON_NULL)
		m->read(r, value);
	else if (m->is_nullable)
		buf_puts(r->out, "null");
	else
		fault(r, "value_error", "Input should not be null", value);
}

/* The whole body, as the input of a fault, with all possible secrets masked. */
static void
put_masked_body(struct buf *out, const struct cJSON *body)
{
	const struct cJSON *v;
	const char *name;

	buf_putc(out, '{');
	for (v = json_first(body); v != NULL; v = json_next(v)) {
		name = json_name(v);
		if (out->len > 1)
			buf_putc(out, ',');
		buf_json_string(out, name, strlen(name));
		buf_putc(out, ':');
		if (strcmp(name, "headers") == 0)
			buf_puts(out, "\"" STATIC_HEADERS_MASK "\"");
		else if (strcmp(name, "url") == 0 &&
		    json_type(v) == JSON_STRING)
			receiver_url_put_masked(out, json_string(v));
		else
			json_write(out, v);
	}
	buf_putc(out, '}');
}

static void
check_required(struct reader *r, const struct cJSON *body)
{
	struct buf input;
	int i;

	buf_init(&input, BODY_MAX);
	put_masked_body(&input, body);
	for (i = 0; i < MEMBERS; i++)
		if (members[i].is_required &&
		    json_member(body, members[i].name) == NULL)
			faults_add(r->faults, "missing", "body",
			    members[i].name, "Field required", input.data);
	buf_free(&input);
}

static void
check_headers(struct reader *r, const struct cJSON *body)
{
	const struct cJSON *headers = json_member(body, "headers");

	if (r->is_nats && headers != NULL && json_first(headers) != NULL)
		faults_add(r->faults, "value_error", "body", "headers",
		    SUBSCRIPTION_HEADERS_OF_NATS,
		    "\"" STATIC_HEADERS_MASK "\"");
}

void
subscription_body_read(const struct guard *guard, const struct cJSON *body,
    bool is_new, struct buf *columns, struct faults *faults)
{
	struct reader r = { .guard = guard,
		.faults = faults,
		.out = columns,
		.is_new = is_new };
	const struct cJSON *v;

	buf_putc(columns, '{');
	for (v = json_first(body); v != NULL && faults->n < FAULTS_LISTED;
	     v = json_next(v)) {
		r.name = json_name(v);
		read_any(&r, v);
	}
	buf_putc(columns, '}');
	check_headers(&r, body);
	if (is_new)
		check_required(&r, body);
}

int
subscription_body_grace(const struct cJSON *body, struct faults *faults)
{
	struct reader r = { .faults = faults };
	int seconds = SUBSCRIPTION_GRACE_SECONDS;
	const struct cJSON *v;

	for (v = json_first(body); v != NULL && faults->n < FAULTS_LISTED;
	     v = json_next(v)) {
		r.name = json_name(v);
		if (strcmp(r.name, "grace_seconds") != 0)
			forbid(&r, v);
		else if (json_type(v) != JSON_NULL)
			int_of(&r, v, 0, GRACE_MAX, &seconds);
	}
	return seconds;
}
