/* FastCGI by libfcgi, one request a connection. The only user of fcgiapp.h. */
#ifndef FASTCGI_H
#define FASTCGI_H

#include "request.h"

/* Called once per process, after the fork; SIGTERM must stay blocked. */
enum status fastcgi_open(int listen_fd) MUST_CHECK;
/*
 * Accepts and answers a request, together with others that wait, if their
 * events can be stored together. STATUS_RETRY: no request came; STATUS_FAULT:
 * the socket cannot be used any more.
 */
enum status fastcgi_serve(const struct context *, int *served) MUST_CHECK;
/* Whether a connection was accepted that fastcgi_serve() must serve next. */
bool fastcgi_has_more(void);

#endif
