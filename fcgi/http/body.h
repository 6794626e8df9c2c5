/* What is done with a body by its headers and length, before it is parsed. */
#ifndef BODY_H
#define BODY_H

#include "problem.h"

/*
 * application/json or …+json, with parameters or without; or "", as in the
 * Python system.
 */
bool body_is_json(const char *content_type);
/*
 * Replaces a body that is compressed with gzip or deflate by its plain bytes,
 * which are put into `plain`, an empty buffer that must outlive the request.
 * Its max is the limit of the plain body. body_check() answers for a body that
 * is longer or broken; both are made "" here. STATUS_FAULT: no memory.
 */
enum status body_decompress(struct request *, struct buf *plain) MUST_CHECK;

/* False also for a body that was made "" because it cannot be taken. */
bool body_is_absent(const struct request *);
/* Kinds of bodies, as bits. */
enum body_media {
	BODY_OTHER = 0,
	BODY_JSON = 1, /* also if Content-Type is absent */
	BODY_NDJSON = 2,
	BODY_CLOUDEVENT = 4,
	BODY_CLOUDEVENTS = 8 /* a batch of them */
};
enum body_media body_media(const struct request *);

/*
 * accepted: the media that the route takes. False: the request was answered
 * with an error, since its body has another type, is not UTF-8 by its charset,
 * has another encoding than those of body_decompress(), is broken, too large or
 * absent.
 */
bool body_check(
    const struct request *, unsigned int accepted, struct response *);

#endif
