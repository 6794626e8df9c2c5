/*
 * A CloudEvent 1.0: its attributes, from JSON (structured mode) or from the
 * headers of HTTP (binary mode). Attributes that are not used are not checked.
 */
#ifndef CLOUDEVENT_H
#define CLOUDEVENT_H

#include <stdint.h>

#include "fault.h"
#include "traceparent.h"

struct cloud_head;

struct cloudevent {
	/* An object inside the JSON; NULL in binary mode, where it is the body.
	 */
	const struct cJSON *data;
	struct buf key;  /* "{source} {id}"; event_key_is_fit() holds */
	int64_t time_us; /* since 1970; -1: there is none */
	/* Of the distributed tracing extension; "": there is none, or a bad
	 * one. */
	char traceparent[TRACEPARENT_LEN + 1];
};

/*
 * Both fill the event, which the caller frees, whatever the result.
 * STATUS_REJECT: every fault was added, with a loc as ["body","id"] or
 * ["header","ce-id"]; STATUS_FAULT: no memory. How far ahead the time may be is
 * event_time_check()'s affair. A key of more than KEY_MAX bytes is shortened
 * with a hash.
 */
enum status cloudevent_read(
    struct cloudevent *, const struct cJSON *, struct faults *) MUST_CHECK;
enum status cloudevent_read_head(
    struct cloudevent *, const struct cloud_head *, struct faults *) MUST_CHECK;
void cloudevent_free(struct cloudevent *);

/* Whether there is one of the headers that each CloudEvent must have. */
bool cloudevent_has_head(const struct cloud_head *);

#endif
