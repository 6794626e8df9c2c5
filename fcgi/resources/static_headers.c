#include "static_headers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "headers.h"

enum {
	NAME_MAX_LEN = 100,
	VALUE_MAX_LEN = 4096,
	MSG_LEN = 200
};

#define BODY "describes the body, which is always a CloudEvent in JSON"
#define OURS "is set for each delivery"
#define CONNECTION "controls the connection, which the worker manages"

/* A name that ends in - stands for all names that begin with it. */
static const struct {
	const char *name, *why;
} reserved[] = {
	{ "content-", BODY },
	{ "webhook-", OURS },
	{ "x-request-id", OURS },
	{ "traceparent", OURS },
	{ "tracestate",
	    "belongs to traceparent, which is set for each "
	    "delivery" },
	{ "user-agent", OURS },
	{ "host", "is taken from the URL" },
	{ "connection", CONNECTION },
	{ "keep-alive", CONNECTION },
	{ "proxy-", CONNECTION },
	{ "expect", CONNECTION },
	{ "te", CONNECTION },
	{ "trailer", CONNECTION },
	{ "transfer-encoding", CONNECTION },
	{ "upgrade", CONNECTION },
	{ "http2-settings", CONNECTION },
};

/* NULL, or why subscriptions cannot set this header. */
static const char *
why_reserved(const char *name)
{
	size_t i, n;

	for (i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		n = strlen(reserved[i].name);
		if (reserved[i].name[n - 1] != '-')
			n++;
		if (strncasecmp(reserved[i].name, name, n) == 0)
			return reserved[i].why;
	}
	return NULL;
}

/* Whether s is a token of RFC 9110, section 5.6.2. */
static bool
is_token(const char *s)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-.^_`|~";

	return *s != '\0' && s[strspn(s, chars)] == '\0';
}

/* A value of RFC 9110, section 5.5, but without obs-text, and on one line. */
static bool
is_value(const char *s)
{
	size_t n = strlen(s);
	const char *p;

	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p > '~' ||
		    ((unsigned char)*p < ' ' && *p != '\t'))
			return false;
	return n > 0 && strchr(" \t", s[0]) == NULL &&
	    strchr(" \t", s[n - 1]) == NULL;
}

static const char *
name_fault(const char *name, char msg[MSG_LEN])
{
	const char *why;

	if (!is_token(name) || strlen(name) > NAME_MAX_LEN) {
		snprintf(msg, MSG_LEN,
		    "The name of a header is a token of RFC 9110, 1 to %d "
		    "characters",
		    NAME_MAX_LEN);
		return msg;
	}
	why = why_reserved(name);
	if (why == NULL)
		return NULL;
	snprintf(msg, MSG_LEN, "This header cannot be given: it %s", why);
	return msg;
}

/* NULL, or what is wrong with a value. */
static const char *
value_fault(const struct cJSON *value, bool is_new, char msg[MSG_LEN])
{
	const char *s;

	if (json_type(value) != JSON_STRING)
		return json_type(value) == JSON_NULL
		    ? "Input should be a valid string; the object replaces "
		      "all headers, so leave out the one to be removed"
		    : "Input should be a valid string";
	s = json_string(value);
	if (strlen(s) > VALUE_MAX_LEN) {
		snprintf(msg, MSG_LEN,
		    "String should have at most %d characters", VALUE_MAX_LEN);
		return msg;
	}
	if (!is_value(s))
		return "Input should be printable ASCII, not empty, with "
		       "blanks and tabs only inside";
	if (is_new && strcmp(s, STATIC_HEADERS_MASK) == 0)
		return "Input is the mask of a value, but none is stored yet";
	return NULL;
}

/* Whether an earlier member has the same name; HTTP ignores its case. */
static bool
is_repeated(const struct cJSON *all, const struct cJSON *header)
{
	const struct cJSON *h;

	for (h = json_first(all); h != header; h = json_next(h))
		if (strcasecmp(json_name(h), json_name(header)) == 0)
			return true;
	return false;
}

static void
fault(
    struct faults *faults, const char *type, const char *name, const char *msg)
{
	faults_add_inner(faults, type, "body", "headers", name, msg,
	    "\"" STATIC_HEADERS_MASK "\"");
}

/* The length of name and value; 0, with a fault, if one of them is wrong. */
static size_t
read_one(const struct cJSON *all, const struct cJSON *h, bool is_new,
    struct faults *faults)
{
	const char *name = json_name(h), *wrong;
	char msg[MSG_LEN];

	wrong = name_fault(name, msg);
	if (wrong == NULL && is_repeated(all, h))
		wrong = "The same header is there twice; case does not matter";
	if (wrong == NULL)
		wrong = value_fault(h, is_new, msg);
	if (wrong == NULL)
		return strlen(name) + strlen(json_string(h));
	fault(faults, "value_error", name, wrong);
	return 0;
}

void
static_headers_read(const struct cJSON *value, bool is_new, struct buf *out,
    struct faults *faults)
{
	const struct cJSON *h;
	char msg[MSG_LEN];
	size_t len = 0;
	int n = 0;

	if (json_type(value) != JSON_OBJECT) {
		fault(faults, "dict_type", NULL,
		    "Input should be a valid dictionary");
		return;
	}
	for (h = json_first(value); h != NULL; h = json_next(h))
		n++;
	if (n > HEADERS_MAX) {
		snprintf(msg, sizeof(msg),
		    "Dictionary should have at most %d items, not %d",
		    HEADERS_MAX, n);
		fault(faults, "too_long", NULL, msg);
		return;
	}
	for (h = json_first(value); h != NULL; h = json_next(h))
		len += read_one(value, h, is_new, faults);
	if (len > HEADERS_LEN_MAX) {
		snprintf(msg, sizeof(msg),
		    "All headers together should have at most %d characters",
		    HEADERS_LEN_MAX);
		fault(faults, "too_long", NULL, msg);
	}
	if (n == 0)
		buf_puts(out, "null");
	else if (len <= HEADERS_LEN_MAX)
		json_write(out, value);
}
