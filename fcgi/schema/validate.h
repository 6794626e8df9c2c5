/* Reads a body into the values of its service's fields, and normalises it. */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "fault.h"
#include "json.h"
#include "service.h"

/*
 * Parses one JSON object, which the caller frees. STATUS_REJECT: the text is no
 * JSON object, and a fault says why.
 */
enum status validate_parse(
    const char *text, size_t len, struct json **, struct faults *) MUST_CHECK;

/*
 * Checks a body that must be a JSON array of any values. STATUS_REJECT: it is
 * none, and a fault says why.
 */
enum status validate_array(
    const char *text, size_t len, struct faults *) MUST_CHECK;

/*
 * Fills values, in the order of the service's fields, and adds every fault it
 * finds; a field at fault stays unset.
 */
void validate(const struct service *, const struct cJSON *body,
    struct value values[FIELDS_MAX], struct faults *);

/*
 * Writes the body with its fields in the service's order and types, absent ones
 * as null, then unknown members as they were sent.
 */
void validate_normalise(const struct service *, const struct cJSON *body,
    const struct value values[FIELDS_MAX], struct buf *out);

/* Writes one value as JSON. */
void validate_write(enum field_type, const struct value *, struct buf *out);

#endif
