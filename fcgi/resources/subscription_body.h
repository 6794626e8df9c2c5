/* The members that a client can set of a subscription. */
#ifndef SUBSCRIPTION_BODY_H
#define SUBSCRIPTION_BODY_H

#include "guard.h"
#include "problem.h"

/*
 * Writes body as a JSON object of column values, for jsonb_populate_record(),
 * and adds the faults, at most 100 of members. is_new: required members must be
 * present; !is_new: body is a merge patch (RFC 7396).
 */
void subscription_body_read(const struct guard *, const struct cJSON *body,
    bool is_new, struct buf *columns, struct faults *);
/* Seconds that an old secret stays valid; meaningless if faults were added. */
int subscription_body_grace(const struct cJSON *body, struct faults *);

#define SUBSCRIPTION_HEADERS_OF_NATS                                           \
	"Only webhooks have headers; NATS takes user:password@, or a token@, " \
	"in the URL"

/* If the client gives no grace_seconds. */
#define SUBSCRIPTION_GRACE_SECONDS 86400

#endif
