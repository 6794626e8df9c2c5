/* Converts JSON values to a field's type, as Pydantic v2 does in lax mode. */
#ifndef COERCE_H
#define COERCE_H

#include "json.h"
#include "service.h"

/* Pydantic's error type and message, which the senders' tools know. */
struct coerce_error {
	const char *type;
	const char *msg;
};

/*
 * Fills *out and returns NULL, or returns the error. Strings are borrowed from
 * the document. null, or no value at all, leaves out->is_set false.
 */
const struct coerce_error *coerce(
    enum field_type, const struct cJSON *, struct value *out);

/*
 * As Python's repr(float), writes the shortest text that reads back the same.
 */
void coerce_float_text(double, char out[32]);

#endif
