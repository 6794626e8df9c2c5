/* What the log tells of a request: whose its lines are, and how long it took.
 */
#ifndef SERVED_H
#define SERVED_H

#include "log.h"
#include "request.h"

enum {
	SERVED_FIELDS = 12
};

struct served {
	int64_t began_us;
	char service[64]; /* of /ingest/{service}, "" */
	struct log_field fields[SERVED_FIELDS];
	int n;
};

/* Every line from now on, until log_about, has its id, service and path. */
void served_begin(struct served *, const struct request *);
/* One line: "slow request" at warn from slow_ms, "request" at debug below. */
void served_end(
    struct served *, const struct request *, const struct response *);

#endif
