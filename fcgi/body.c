#include "body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* application/json or …+json; absent is taken for it, as the seed did. */
static bool
is_json(const char *type)
{
	size_t n;

	if (type == NULL || *type == '\0')
		return true;
	n = strcspn(type, "; \t");
	return (n == 16 && strncasecmp(type, "application/json", n) == 0) ||
	    (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

/* Several lines, or several in one: a comma outside of quotation marks. */
static bool
is_repeated(const struct request *req)
{
	const char *s = req->content_type;
	bool quoted = false;

	for (; s != NULL && *s != '\0'; s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (quoted && *s == '\\' && s[1] != '\0')
			s++;
		else if (!quoted && *s == ',')
			return true;
	}
	return req->content_types > 1;
}

bool
body_check(const struct request *req, struct response *res)
{
	struct faults faults;

	if (is_repeated(req)) {
		problem_write(req, res, 415,
		    "Send one Content-Type, which must be application/json");
		return false;
	}
	if (!is_json(req->content_type)) {
		problem_write(
		    req, res, 415, "Content-Type must be application/json");
		return false;
	}
	if (req->body_too_large) {
		problem_write(req, res, 413,
		    "The body is longer than %zu bytes", BODY_MAX);
		return false;
	}
	if (req->body_len > 0)
		return true;
	faults_init(&faults);
	faults_add(&faults, "missing", "body", NULL, "Field required", "null");
	problem_faults(req, res, &faults);
	faults_free(&faults);
	return false;
}

enum status
body_parse(const struct request *req, struct json **out, struct faults *faults)
{
	struct scan_error error;
	enum status status;
	struct json *body;
	char msg[128];

	status = json_parse(req->body, req->body_len, &body, &error);
	if (status == STATUS_REJECT) {
		snprintf(msg, sizeof(msg), "JSON decode error: %s at byte %zu",
		    error.reason, error.offset);
		faults_add(faults, "json_invalid", "body", NULL, msg, "{}");
	}
	if (status != STATUS_OK)
		return status;
	if (json_type(json_root(body)) == JSON_OBJECT) {
		*out = body;
		return STATUS_OK;
	}
	faults_add(faults, "dict_type", "body", NULL,
	    "Input should be a valid dictionary", json_text(body));
	json_free(body);
	return STATUS_REJECT;
}
