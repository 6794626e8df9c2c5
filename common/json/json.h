/*
 * JSON documents, read-only, which the strict scanner has accepted. json.c is
 * the only user of cJSON. Numbers keep the text that was sent: no value passes
 * through a double unless its caller asks for one.
 */
#ifndef JSON_H
#define JSON_H

#include "buf.h"
#include "scan.h"

struct cJSON; /* a value inside a document; lives as long as the document */
struct json;  /* a document: its minified text and its values */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/*
 * On STATUS_OK the caller owns *out and frees it; other results are those of
 * scan_json().
 */
enum status json_parse(const char *text, size_t len, struct json **out,
    struct scan_error *err) MUST_CHECK;
void json_free(struct json *); /* NULL is fine */

const struct cJSON *json_root(const struct json *);
/* The minified text, NUL-terminated, owned by the document. */
const char *json_text(const struct json *);
/* Frees the document except its text, which it hands over to *out. */
void json_take_text(struct json *, struct buf *out);

enum json_type json_type(const struct cJSON *);
/* The member of that exact name; NULL: there is none, or it is no object. */
const struct cJSON *json_member(const struct cJSON *, const char *name);
/* The first child of an object or array; the next child; a member's name. */
const struct cJSON *json_first(const struct cJSON *);
const struct cJSON *json_next(const struct cJSON *);
const char *json_name(const struct cJSON *);

bool json_bool(const struct cJSON *);
/* A string's unescaped bytes, UTF-8 without NUL. */
const char *json_string(const struct cJSON *);
/* A number's text as sent, of *len characters, not NUL-terminated. */
const char *json_number(const struct cJSON *, size_t *len);

/* Writes a value as minified JSON; numbers as they were sent. */
void json_write(struct buf *, const struct cJSON *);
/* Writes only what is between the brackets of an object or array. */
void json_write_inside(struct buf *, const struct cJSON *);

#endif
