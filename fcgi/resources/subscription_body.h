/* What a sender may say about a subscription, field by field. */
#ifndef SUBSCRIPTION_BODY_H
#define SUBSCRIPTION_BODY_H

#include "guard.h"
#include "problem.h"

/*
 * Writes the members of body as the columns they become, a JSON object for
 * jsonb_populate_record, and adds every fault. is_new: what is required must
 * be there; else it is a merge patch (RFC 7396).
 */
void subscription_body_read(const struct guard *, const struct cJSON *body,
    bool is_new, struct buf *columns, struct faults *);
/* Seconds that an old secret lives on; only where there are no faults. */
int subscription_body_grace(const struct cJSON *body, struct faults *);

#define SUBSCRIPTION_HEADERS_OF_NATS                                           \
	"Only webhooks have headers; NATS takes user:password@, or a token@, " \
	"in the URL"

/* Where a sender does not say. */
#define SUBSCRIPTION_GRACE_SECONDS 86400

#endif
