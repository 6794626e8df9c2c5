#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "log.h"

static FCGX_Request fcgx;

static void
ignore(int sig)
{
	(void)sig;
}

enum status
fastcgi_open(int listen_fd)
{
	/* libfcgi would replace SIG_IGN, but it keeps a handler. */
	struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &sa, NULL);
	/*
	 * Milliseconds to wait for a peer that sends nothing, and for one that
	 * does not close. For the latter no wait: all input has been read then,
	 * so close() does not discard the answer.
	 */
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "200", 0);
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 0);
	if (FCGX_Init() == 0 && FCGX_InitRequest(&fcgx, listen_fd, 0) == 0)
		return STATUS_OK;
	log_error("fastcgi: cannot initialise libfcgi");
	return STATUS_FAULT;
}

static size_t
read_body(void *arg, char *to, size_t n)
{
	int got;

	(void)arg;
	got = FCGX_GetStr(to, n > INT_MAX ? INT_MAX : (int)n, fcgx.in);
	return got > 0 ? (size_t)got : 0;
}

static bool
read_failed(void *arg)
{
	(void)arg;
	return FCGX_GetError(fcgx.in) != 0;
}

static void
write_bytes(void *arg, const char *from, size_t n)
{
	(void)arg;
	/* Failures are ignored: the peer has gone. */
	for (; n > INT_MAX; from += INT_MAX, n -= INT_MAX)
		FCGX_PutStr(from, INT_MAX, fcgx.out);
	FCGX_PutStr(from, (int)n, fcgx.out);
}

static void
finish(void *arg)
{
	(void)arg;
	/* Sends the rest; the params stay valid until FCGX_Finish_r(). */
	FCGX_FClose(fcgx.err);
	FCGX_FClose(fcgx.out);
}

enum status
fastcgi_serve(const struct context *context)
{
	struct gateway gateway = { .read = read_body,
		.failed = read_failed,
		.write = write_bytes,
		.finish = finish };
	int rc = FCGX_Accept_r(&fcgx);

	/* Another child was faster, or the peer does not speak FastCGI. */
	if (rc == -EAGAIN)
		return STATUS_RETRY;
	if (rc < 0) {
		log_error("fastcgi: cannot accept: %s",
		    rc > -4096 ? strerror(-rc) : "shut down");
		return STATUS_FAULT;
	}
	gateway.params = fcgx.envp;
	gateway_serve(context, &gateway);
	FCGX_Finish_r(&fcgx);
	/* Despite FCGI_KEEP_CONN, which would tie this process to one peer. */
	FCGX_Free(&fcgx, 1);
	return STATUS_OK;
}
