/*
 * The attributes of a CloudEvent 1.0, from JSON (structured mode) or from the
 * headers of HTTP (binary mode). Attributes that are not used are not checked.
 */
#ifndef UNWRAP_H
#define UNWRAP_H

#include <stdint.h>

#include "fault.h"
#include "traceparent.h"

struct cloud_head;

struct unwrapped {
	/* An object; NULL in binary mode, where the body is the data. */
	const struct cJSON *data;
	struct buf key;  /* "{source} {id}"; event_key_is_fit() holds */
	int64_t time_us; /* since 1970; -1: there is none */
	char traceparent[TRACEPARENT_LEN + 1]; /* "": none, or a bad one */
};

/*
 * Both fill the first argument, which the caller frees, whatever the result;
 * data is borrowed from the JSON. STATUS_REJECT: every fault was added, with a
 * loc as ["body","id"] or ["header","ce-id"]; STATUS_FAULT: no memory. How far
 * ahead the time may be is event_time_check()'s affair. A key of more than
 * KEY_MAX bytes is shortened with a hash.
 */
enum status unwrap_json(
    struct unwrapped *, const struct cJSON *, struct faults *) MUST_CHECK;
enum status unwrap_head(
    struct unwrapped *, const struct cloud_head *, struct faults *) MUST_CHECK;
void unwrap_free(struct unwrapped *);

/* Whether there is one of the headers that each CloudEvent must have. */
bool unwrap_is_binary(const struct cloud_head *);

#endif
