#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway.h"
#include "listener.h"
#include "log.h"
#include "score.h"

/* A connection with its one request. */
struct hand {
	FCGX_Request fcgx;
	struct gateway gateway;
	struct exchange exchange;
};

/* Requests that were accepted and not answered yet; mostly the first alone. */
static struct hand memory[SHARED_MAX], *hands[SHARED_MAX];

/* How far the request is that the last call left in hands[0]. */
static enum {
	NOTHING,
	CONNECTED,
	ACCEPTED, /* its parameters were read */
	COMPLETE  /* its body was read, too */
} left;

static int socket_fd;
static bool takes_along; /* whether several requests may be in hand */

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
	for (i = 0; i < SHARED_MAX && failed == 0; i++) {
		hands[i] = &memory[i];
		failed = FCGX_InitRequest(&hands[i]->fcgx, listen_fd, 0);
	}
	socket_fd = listen_fd;
	/* libfcgi checks the peer's address, but only if it accepts itself. */
	takes_along = getenv("FCGI_WEB_SERVER_ADDRS") == NULL;
	left = NOTHING;
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

/* Reads the parameters, of a connection that it accepts unless there is one. */
static enum status
accept_request(struct hand *h)
{
	int rc = FCGX_Accept_r(&h->fcgx);

	/* Another child was faster, or the peer does not speak FastCGI. */
	if (rc == -EAGAIN)
		return STATUS_RETRY;
	if (rc < 0) {
		log_error("fastcgi: cannot accept: %s",
		    rc > -4096 ? strerror(-rc) : "shut down");
		return STATUS_FAULT;
	}
	h->gateway = (struct gateway){ &h->fcgx, h->fcgx.envp, read_body,
		read_failed, write_bytes, finish };
	return STATUS_OK;
}

/* Accepts a connection that waits; false: there is none. */
static bool
connect_hand(struct hand *h)
{
	int fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	h->fcgx.ipcFd = fd;
	/* Otherwise FCGX_Accept_r() would close it and accept another. */
	h->fcgx.keepConnection = 1;
	return true;
}

static bool
has_sent(const struct hand *h, int wait_ms)
{
	struct pollfd p = { .fd = h->fcgx.ipcFd, .events = POLLIN };

	return poll(&p, 1, wait_ms) > 0;
}

/*
 * Takes along a request that waits, if its event can be stored together with
 * those in hand. Those do not wait for its peer, nor for a long body: another
 * request, or one that is not there yet, is left for the next call.
 */
static bool
take_along(const struct context *context, struct hand *h)
{
	if (!connect_hand(h))
		return false;
	left = CONNECTED;
	if (!has_sent(h, 0))
		return false;
	left = NOTHING;
	if (accept_request(h) != STATUS_OK)
		return false;
	left = ACCEPTED;
	if (!gateway_is_short(&h->gateway))
		return false;
	gateway_read(context, &h->exchange, &h->gateway);
	left = COMPLETE;
	if (!gateway_is_shared(context, &h->exchange))
		return false;
	left = NOTHING;
	return true;
}

static void
answer(const struct context *context, size_t n)
{
	struct exchange *list[SHARED_MAX] = { NULL };
	size_t i;

	for (i = 0; i < n; i++)
		list[i] = &hands[i]->exchange;
	gateway_answer(context, list, n);
	for (i = 0; i < n; i++) {
		/*
		 * Closes without a shutdown and without looking for more input:
		 * all has been read, so close() does not discard the answer.
		 */
		FCGX_Detach(&hands[i]->fcgx);
		FCGX_Finish_r(&hands[i]->fcgx);
		/* Despite FCGI_KEEP_CONN, which would tie this process to one
		 * peer. */
		FCGX_Free(&hands[i]->fcgx, 1);
	}
}

static enum status
begin(const struct context *context)
{
	struct hand *h = hands[0];
	enum status status = STATUS_OK;

	if (left == CONNECTED && !has_sent(h, LISTENER_SILENCE * 1000)) {
		FCGX_Free(&h->fcgx, 1);
		status = STATUS_RETRY;
	} else if (left == NOTHING || left == CONNECTED) {
		status = accept_request(h);
	}
	if (status == STATUS_OK && left != COMPLETE)
		gateway_read(context, &h->exchange, &h->gateway);
	left = NOTHING;
	return status;
}

/* Takes along what waits at the socket. Returns how many are in hand. */
static size_t
fill_hands(const struct context *context)
{
	size_t n = 1;

	if (!gateway_is_shared(context, &hands[0]->exchange))
		return n;
	score_storing();
	while (n < SHARED_MAX && take_along(context, hands[n]))
		n++;
	return n;
}

enum status
fastcgi_serve(const struct context *context, int *served)
{
	/* What was left goes alone, so that a stop is not put off for ever. */
	bool alone = left != NOTHING || !takes_along;
	enum status status = begin(context);
	struct hand *last;
	size_t n = 1;

	*served = 0;
	if (status == STATUS_OK) {
		if (!alone)
			n = fill_hands(context);
		answer(context, n);
		*served = (int)n;
	}
	if (left != NOTHING) {
		last = hands[n];
		hands[n] = hands[0];
		hands[0] = last;
	} else {
		score_idle();
	}
	return status;
}

bool
fastcgi_has_more(void)
{
	return left != NOTHING;
}
