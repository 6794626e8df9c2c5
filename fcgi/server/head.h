/*
 * The head of a request, from the parameters that FastCGI and CGI share:
 * REQUEST_METHOD, REQUEST_URI, HTTP_* and so on (RFC 3875, section 4.1).
 */
#ifndef HEAD_H
#define HEAD_H

#include "request.h"

enum {
	HEAD_PLACES = 128
};

/* Parameters, to be found by name. */
struct head {
	/* By a hash of the name, the first parameter that has this hash. */
	char **first[HEAD_PLACES];
};

/*
 * params: "NAME=value", ended by NULL; or NULL. They must outlive the head, and
 * everything that is read from it.
 */
void head_open(struct head *, char **params);
/* The first value of that name, or NULL. head: a struct head. */
const char *head_param(void *head, const char *name);
/*
 * Fills the request, except its body and its business. The request's strings
 * point into the parameters and uri, which must outlive it.
 */
void head_read(struct request *, const struct head *, const struct config *,
    struct buf *uri);

#endif
