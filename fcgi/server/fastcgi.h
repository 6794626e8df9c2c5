/* FastCGI by libfcgi: one connection, one request. Alone sees fcgiapp.h. */
#ifndef FASTCGI_H
#define FASTCGI_H

#include "request.h"

/* Once per process, after the fork; SIGTERM must be blocked for good. */
enum status fastcgi_open(int listen_fd) MUST_CHECK;
/*
 * Accepts and answers one request. STATUS_RETRY: there was none after all;
 * STATUS_FAULT: the socket is of no use any more.
 */
enum status fastcgi_serve(const struct context *) MUST_CHECK;

#endif
