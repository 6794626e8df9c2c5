/* The fields of a request's log lines, and the line about how long it took. */
#ifndef SERVED_H
#define SERVED_H

#include "log.h"
#include "request.h"

enum {
	SERVED_FIELDS = 12
};

struct served {
	int64_t began_us;
	char service[64]; /* the {service} of /ingest/{service}, else "" */
	struct log_field fields[SERVED_FIELDS];
	int n;
};

void served_begin(struct served *, const struct request *);
/*
 * Adds the request's id, service, method and path to log lines, until
 * log_about(NULL).
 */
void served_about(const struct served *);
/* Logs "slow request" at warn from slow_ms on, "request" at debug below. */
void served_end(
    struct served *, const struct request *, const struct response *);

#endif
