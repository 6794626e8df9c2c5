/*
 * The head of a request, from the parameters that FastCGI and CGI share:
 * REQUEST_METHOD, REQUEST_URI, HTTP_* and so on (RFC 3875, section 4.1).
 */
#ifndef HEAD_H
#define HEAD_H

#include "request.h"

/*
 * Fills the request, except its body and its business. The request's strings
 * point into params ("NAME=value", ended by NULL) and uri, which must outlive
 * it.
 */
void head_read(
    struct request *, char **params, const struct config *, struct buf *uri);
/* The first value of that name, or NULL. params: a char **, or NULL. */
const char *head_param(void *params, const char *name);

#endif
