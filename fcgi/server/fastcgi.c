#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "log.h"
#include "score.h"

/* Requests in hand; the first one, unless others are served together with it.
 */
static FCGX_Request fcgx[SHARED_MAX];
static struct gateway gateways[SHARED_MAX];
static struct exchange exchanges[SHARED_MAX];

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
	int i, failed;

	sigaction(SIGPIPE, &sa, NULL);
	/*
	 * Milliseconds to wait for a peer that sends nothing, and for one whose
	 * request is no FastCGI to close.
	 */
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "200", 0);
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 0);
	failed = FCGX_Init();
	for (i = 0; i < SHARED_MAX && failed == 0; i++)
		failed = FCGX_InitRequest(&fcgx[i], listen_fd, 0);
	if (failed == 0)
		return STATUS_OK;
	log_error("fastcgi: cannot initialise libfcgi");
	return STATUS_FAULT;
}

static size_t
read_body(void *arg, char *to, size_t n)
{
	FCGX_Request *r = arg;
	int got;

	got = FCGX_GetStr(to, n > INT_MAX ? INT_MAX : (int)n, r->in);
	return got > 0 ? (size_t)got : 0;
}

static bool
read_failed(void *arg)
{
	FCGX_Request *r = arg;

	return FCGX_GetError(r->in) != 0;
}

static void
write_bytes(void *arg, const char *from, size_t n)
{
	FCGX_Request *r = arg;

	/* Failures are ignored: the peer has gone. */
	for (; n > INT_MAX; from += INT_MAX, n -= INT_MAX)
		FCGX_PutStr(from, INT_MAX, r->out);
	FCGX_PutStr(from, (int)n, r->out);
}

static void
finish(void *arg)
{
	FCGX_Request *r = arg;

	/* Sends the rest; the params stay valid until FCGX_Finish_r(). */
	FCGX_FClose(r->err);
	FCGX_FClose(r->out);
}

/* Accepts and reads the nth request in hand. */
static enum status
take(const struct context *context, size_t n)
{
	FCGX_Request *r = &fcgx[n];
	int rc = FCGX_Accept_r(r);

	/* Another child was faster, or the peer does not speak FastCGI. */
	if (rc == -EAGAIN)
		return STATUS_RETRY;
	if (rc < 0) {
		log_error("fastcgi: cannot accept: %s",
		    rc > -4096 ? strerror(-rc) : "shut down");
		return STATUS_FAULT;
	}
	gateways[n] = (struct gateway){ r, r->envp, read_body, read_failed,
		write_bytes, finish };
	gateway_read(context, &exchanges[n], &gateways[n]);
	return STATUS_OK;
}

/* Answers the requests in hand from `first` on. */
static void
answer(const struct context *context, size_t first, size_t n)
{
	struct exchange *list[SHARED_MAX] = { NULL };
	size_t i;

	for (i = 0; i < n; i++)
		list[i] = &exchanges[first + i];
	gateway_answer(context, list, n);
	for (i = first; i < first + n; i++) {
		/*
		 * Closes without a shutdown and without looking for more input:
		 * all has been read, so close() does not discard the answer.
		 */
		FCGX_Detach(&fcgx[i]);
		FCGX_Finish_r(&fcgx[i]);
		/* Despite FCGI_KEEP_CONN, which would tie this process to one
		 * peer. */
		FCGX_Free(&fcgx[i], 1);
	}
}

enum status
fastcgi_serve(const struct context *context, int *served)
{
	enum status status = take(context, 0);
	size_t n = 1, together;
	bool more;

	*served = 0;
	if (status != STATUS_OK)
		return status;
	/*
	 * While every responder is busy, requests wait at the socket: those
	 * whose events can be stored together are taken along. The first other
	 * one is the last that is taken, and is answered after them.
	 */
	more = gateway_is_shared(context, &exchanges[0]);
	while (more && n < SHARED_MAX && score_all_busy() &&
	    take(context, n) == STATUS_OK)
		more = gateway_is_shared(context, &exchanges[n++]);
	together = more || n == 1 ? n : n - 1;
	answer(context, 0, together);
	if (together < n)
		answer(context, together, 1);
	score_idle();
	*served = (int)n;
	return STATUS_OK;
}
