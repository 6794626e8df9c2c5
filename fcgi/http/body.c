#include "body.h"

#include <string.h>
#include <strings.h>

#include "inflate.h"

enum {
	CHARSET_LEN = 64
};

static bool
is_one_of(const char *s, size_t n, const char *const words[])
{
	for (; *words != NULL; words++)
		if (strlen(*words) == n && strncasecmp(s, *words, n) == 0)
			return true;
	return false;
}

bool
body_is_json(const char *type)
{
	static const char *const json[] = { "application/json", NULL };
	size_t n = strcspn(type, "; \t");

	return *type == '\0' || is_one_of(type, n, json) ||
	    (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

static const struct {
	enum body_media media;
	const char *name;
} media_names[] = {
	{ BODY_JSON, "application/json" },
	{ BODY_NDJSON, "application/x-ndjson" },
	{ BODY_CLOUDEVENT, "application/cloudevents+json" },
	{ BODY_CLOUDEVENTS, "application/cloudevents-batch+json" },
};

enum {
	MEDIA = sizeof(media_names) / sizeof(*media_names)
};

/* A CloudEvent, or a batch of them, in whatever format. */
static bool
is_cloudevent(const char *type)
{
	static const char name[] = "application/cloudevents";

	return strncasecmp(type, name, strlen(name)) == 0 &&
	    strchr("+-; \t", type[strlen(name)]) != NULL;
}

enum body_media
body_media(const struct request *req)
{
	const char *type = req->content_type != NULL ? req->content_type : "";
	size_t i, n = strcspn(type, "; \t");

	for (i = 0; i < MEDIA; i++)
		if (strlen(media_names[i].name) == n &&
		    strncasecmp(type, media_names[i].name, n) == 0)
			return media_names[i].media;
	return body_is_json(type) && !is_cloudevent(type) ? BODY_JSON
							  : BODY_OTHER;
}

/* Writes "application/json, application/x-ndjson". */
static void
put_media(struct buf *out, unsigned int media)
{
	const char *separator = "";
	size_t i;

	for (i = 0; i < MEDIA; i++)
		if (media & media_names[i].media) {
			buf_printf(out, "%s%s", separator, media_names[i].name);
			separator = ", ";
		}
}

static void
refuse_media(const struct request *req, struct response *res,
    unsigned int accepted, const char *how)
{
	struct buf names;

	buf_init(&names, 256);
	put_media(&names, accepted);
	problem_write(req, res, 415, "%s %s", how, names.data);
	buf_free(&names);
}

/* The end of the parameter that s is in: its ";", or the final NUL. */
static const char *
end_of_parameter(const char *s)
{
	bool quoted = false;

	for (; *s != '\0' && (quoted || *s != ';'); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (quoted && *s == '\\' && s[1] != '\0')
			s++;
	}
	return s;
}

/* The value of charset, without blanks and quotes; "" for other parameters. */
static void
charset_of(const char *s, const char *end, char out[CHARSET_LEN])
{
	static const char name[] = "charset", blank[] = " \t";
	size_t n = 0;

	out[0] = '\0';
	s += strspn(s, blank);
	if (strncasecmp(s, name, strlen(name)) != 0)
		return;
	s += strlen(name);
	s += strspn(s, blank);
	if (*s++ != '=')
		return;
	for (; s < end && n < CHARSET_LEN - 1; s++)
		if (strchr(" \t\"'\\", *s) == NULL)
			out[n++] = *s;
	out[n] = '\0';
}

/*
 * Finds the first charset that is not UTF-8 or a subset of it. JSON has no such
 * parameter (RFC 8259, section 11), but a body can be encoded as the parameter
 * says.
 */
static bool
has_other_charset(const char *type, char out[CHARSET_LEN])
{
	static const char *const fit[] = { "", "utf-8", "utf8", "us-ascii",
		"ascii", NULL };
	const char *s = end_of_parameter(type), *end;

	for (; *s == ';'; s = end) {
		end = end_of_parameter(++s);
		charset_of(s, end, out);
		if (!is_one_of(out, strlen(out), fit))
			return true;
	}
	return false;
}

/* Several header lines, or a line that joins them: an unquoted comma. */
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

/* The format of its one coding; false: it is none that is known. */
static bool
find_format(const struct request *req, enum inflate_format *format)
{
	static const char *const gzip[] = { "gzip", "x-gzip", NULL };
	static const char *const deflate[] = { "deflate", NULL };
	const char *coding = req->content_encoding;
	size_t n = strcspn(coding, " \t,");

	*format = is_one_of(coding, n, gzip) ? INFLATE_GZIP : INFLATE_DEFLATE;
	return req->content_encodings == 1 &&
	    (*format == INFLATE_GZIP || is_one_of(coding, n, deflate));
}

enum status
body_decompress(struct request *req, struct buf *plain)
{
	enum inflate_format format;
	enum inflate_end end;

	if (req->content_encoding == NULL || !find_format(req, &format))
		return STATUS_OK;
	req->content_encoding = NULL;
	if (req->body_len == 0)
		return STATUS_OK;
	end = inflate_put(plain, format, req->body, req->body_len);
	if (end != INFLATE_WHOLE)
		buf_reset(plain);
	req->body_too_large = end == INFLATE_TOO_LARGE;
	req->body_is_broken = end == INFLATE_BROKEN;
	req->body = plain->data;
	req->body_len = plain->len;
	return end == INFLATE_NO_MEMORY ? STATUS_FAULT : STATUS_OK;
}

/* Answers a request whose type or encoding is refused; false: neither is. */
static bool
refuse_type(
    const struct request *req, unsigned int accepted, struct response *res)
{
	const char *type = req->content_type != NULL ? req->content_type : "";
	char charset[CHARSET_LEN];

	if (is_repeated(req)) {
		refuse_media(
		    req, res, accepted, "Send one Content-Type, which must be");
	} else if (!(body_media(req) & accepted)) {
		refuse_media(req, res, accepted, "Content-Type must be");
	} else if (has_other_charset(type, charset)) {
		problem_write(req, res, 415,
		    "The body must be UTF-8; its Content-Type says charset=%s",
		    charset);
	} else if (req->content_encoding != NULL) {
		problem_write(req, res, 415,
		    "The body may be compressed once, with gzip or deflate; "
		    "its Content-Encoding is %.64s",
		    req->content_encoding);
		buf_puts(&res->headers, "Accept-Encoding: gzip, deflate\r\n");
	} else {
		return false;
	}
	buf_puts(&res->headers, "Accept-Post: ");
	put_media(&res->headers, accepted);
	buf_puts(&res->headers, "\r\n");
	return true;
}

bool
body_is_absent(const struct request *req)
{
	return req->body_len == 0 && !req->body_too_large &&
	    !req->body_is_broken;
}

bool
body_check(
    const struct request *req, unsigned int accepted, struct response *res)
{
	struct faults faults;

	if (refuse_type(req, accepted, res))
		return false;
	if (req->body_too_large) {
		problem_write(req, res, 413,
		    "The body is longer than %zu bytes", req->body_max);
		return false;
	}
	if (req->body_is_broken) {
		problem_write(req, res, 400,
		    "The body cannot be decompressed: it is damaged, cut "
		    "short, or not what its Content-Encoding says");
		return false;
	}
	if (!body_is_absent(req))
		return true;
	faults_init(&faults);
	faults_add(&faults, "missing", "body", NULL, "Field required", "null");
	problem_faults(req, res, &faults);
	faults_free(&faults);
	return false;
}
