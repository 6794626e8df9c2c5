#include "receiver_log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum {
	REQUEST_MAX = 8 << 20,
	DRIP_MS = 1000
};

struct conn {
	int fd;
	bool resets, hangs, drips;
	bool stalls;    /* nothing comes behind the answer */
	bool last;      /* closes behind the answer */
	int64_t due_ms; /* the answer waits until then, 0: it does not */
	struct conn *next, **prev; /* among those that wait */
	char *in;                  /* NUL-terminated */
	size_t in_len, in_cap;
	char out[2048];
	size_t out_len;
	size_t filler;    /* bytes still to be sent behind it */
	const char *unit; /* they are this again and again; NULL: zeros */
	size_t unit_at;   /* where in it the next one is */
};

static struct receiver_log *requests;
static struct conn *waiting;
static int64_t first_due_ms;
static int epoll;

/* --- connections ---------------------------------------------------------- */

static void
watch(struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	epoll_ctl(epoll, op, c->fd, &e);
}

static void
stop_waiting(struct conn *c)
{
	if (c->due_ms == 0)
		return;
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->due_ms = 0;
}

static void
wait_for(struct conn *c, int64_t ms)
{
	c->due_ms = clock_steady_ms() + ms;
	if (waiting == NULL || c->due_ms < first_due_ms)
		first_due_ms = c->due_ms;
	c->next = waiting;
	c->prev = &waiting;
	if (waiting != NULL)
		waiting->prev = &c->next;
	waiting = c;
}

static void
drop(struct conn *c)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (c->resets)
		setsockopt(
		    c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	stop_waiting(c);
	close(c->fd);
	free(c->in);
	free(c);
}

/* As many of its next bytes as there is room for. */
static const char *
filler(struct conn *c, size_t *n)
{
	static const char zeros[65536];
	static char units[65536];
	size_t i, len;

	*n = c->filler < sizeof(zeros) ? c->filler : sizeof(zeros);
	if (c->unit == NULL)
		return zeros;
	len = strlen(c->unit);
	for (i = 0; i < *n; i++)
		units[i] = c->unit[(c->unit_at + i) % len];
	return units;
}

static void
filled(struct conn *c, size_t n)
{
	if (c->unit != NULL)
		c->unit_at = (c->unit_at + n) % strlen(c->unit);
	if (c->filler != SIZE_MAX)
		c->filler -= n;
}

/* False: it is gone. */
static bool
fill(struct conn *c)
{
	const char *bytes;
	ssize_t n;
	size_t len;

	while (c->filler > 0) {
		bytes = filler(c, &len);
		n = send(c->fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return true;
		}
		if (n < 0) {
			drop(c);
			return false;
		}
		filled(c, (size_t)n);
		if (c->filler == 0)
			watch(c, EPOLL_CTL_MOD, EPOLLIN);
	}
	if (c->last && !c->drips) {
		drop(c);
		return false;
	}
	return true;
}

/* An answer's head is small: what the socket does not take at once is lost. */
static bool
flush(struct conn *c)
{
	ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);

	if (n != (ssize_t)c->out_len) {
		drop(c);
		return false;
	}
	return fill(c);
}

/* --- how it behaves ------------------------------------------------------- */

/* body NULL: what follows is so many bytes of filler. */
static void
answer(struct conn *c, struct receiver_request *r, int status,
    const char *header, const char *body)
{
	char length[48];

	r->status = status;
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
	    body == NULL ? c->filler : strlen(body));
	c->out_len = (size_t)snprintf(c->out, sizeof(c->out),
	    "HTTP/1.1 %d As Asked\r\n%s%s\r\n%s", status, header,
	    status == 204 || status == 304 ? "" : length,
	    body == NULL ? "" : body);
	if (c->out_len >= sizeof(c->out))
		c->out_len = sizeof(c->out) - 1;
}

static void
do_ok(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	answer(c, r, 204, "", "");
}

static void
do_status(struct conn *c, struct receiver_request *r, long code)
{
	bool none = code == 204 || code == 304;

	answer(c, r, (int)code, "", none ? "" : "as asked\n");
}

static void
do_flaky(struct conn *c, struct receiver_request *r, long k)
{
	if (r->attempt <= k)
		answer(c, r, 503, "", "not yet\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_slow(struct conn *c, struct receiver_request *r, long ms)
{
	answer(c, r, 204, "", "");
	wait_for(c, ms);
}

static void
do_gone(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	answer(c, r, 410, "", "gone\n");
}

static void
do_retry_after(struct conn *c, struct receiver_request *r, long seconds)
{
	char header[64];

	snprintf(header, sizeof(header), "Retry-After: %ld\r\n", seconds);
	if (r->attempt == 1)
		answer(c, r, 429, header, "later\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_retry_date(struct conn *c, struct receiver_request *r, long seconds)
{
	time_t then = time(NULL) + seconds;
	char header[64];
	struct tm tm;

	strftime(header, sizeof(header),
	    "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&then, &tm));
	if (r->attempt == 1)
		answer(c, r, 429, header, "later\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_redirect(struct conn *c, struct receiver_request *r, long n)
{
	const char *to = strstr(c->in, "?to=");
	char header[1024];

	(void)n;
	to = to == NULL ? "" : to + strlen("?to=");
	snprintf(header, sizeof(header), "Location: %.*s\r\n",
	    (int)strcspn(to, " \r"), to);
	answer(c, r, 302, header, "");
}

static void
do_hang(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->hangs = true;
}

static void
do_reset(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->resets = c->last = true;
}

static void
do_big(struct conn *c, struct receiver_request *r, long bytes)
{
	c->filler = (size_t)bytes;
	answer(c, r, 200, "", NULL);
}

static void
do_drip(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	c->filler = 1000000; /* as it says; see on_time */
	answer(c, r, 200, "", NULL);
	c->filler = 0;
	c->drips = true;
}

static void
do_garbage(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->out_len =
	    (size_t)snprintf(c->out, sizeof(c->out), "\x16\x03\x01 no HTTP\n");
	c->last = true;
}

static void
do_fault(struct conn *c, struct receiver_request *r,
    const struct receiver_fault *f, long code)
{
	const char *status = strstr(f->answer, "{}");
	char *nul;
	int before =
	    status == NULL ? (int)strlen(f->answer) : (int)(status - f->answer);

	r->status = status == NULL ? 0 : (int)code;
	c->out_len =
	    (size_t)snprintf(c->out, sizeof(c->out), "%.*s", before, f->answer);
	if (status != NULL)
		c->out_len += (size_t)snprintf(c->out + c->out_len,
		    sizeof(c->out) - c->out_len, "%03ld%s", code, status + 2);
	if ((nul = strchr(c->out, 1)) != NULL)
		*nul = '\0';
	c->filler = f->bytes;
	c->unit = f->unit;
	c->unit_at = 0;
	c->stalls = f->then == FAULT_HANGS;
	c->resets = f->then == FAULT_RESETS;
	c->last = f->then == FAULT_CLOSES || f->then == FAULT_RESETS;
}

static const struct behaviour {
	const char *name;
	void (*act)(struct conn *, struct receiver_request *, long number);
} behaviours[] = {
	{ "ok", do_ok },
	{ "status", do_status },
	{ "flaky", do_flaky },
	{ "slow", do_slow },
	{ "gone", do_gone },
	{ "retry-after", do_retry_after },
	{ "retry-date", do_retry_date },
	{ "redirect", do_redirect },
	{ "hang", do_hang },
	{ "reset", do_reset },
	{ "big", do_big },
	{ "drip", do_drip },
	{ "garbage", do_garbage },
};

static void
behave(struct conn *c, struct receiver_request *r)
{
	const char *name = r->path + (r->path[0] == '/');
	size_t len = strcspn(name, "/?"), i;
	long number = name[len] == '/' ? atol(name + len + 1) : 0;
	const struct receiver_fault *fault = receiver_fault(name, len);

	for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
		if (strncmp(behaviours[i].name, name, len) == 0 &&
		    behaviours[i].name[len] == '\0') {
			behaviours[i].act(c, r, number < 0 ? 0 : number);
			return;
		}
	if (fault != NULL)
		do_fault(c, r, fault, number);
	else
		answer(c, r, 404, "", "no such behaviour\n");
}

/* --- what comes in -------------------------------------------------------- */

static bool
is_busy(const struct conn *c)
{
	return c->due_ms != 0 || c->filler > 0 || c->hangs || c->drips ||
	    c->stalls;
}

static bool
ends(const struct conn *c, size_t head_len)
{
	size_t n;
	const char *value =
	    receiver_log_header(c->in, head_len, "Connection", &n);

	return value != NULL && n == 5 && strncasecmp(value, "close", 5) == 0;
}

/* How long the request at the front is, 0: it is not all there. */
static size_t
whole(const struct conn *c, size_t *head_len)
{
	const char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4), *length;
	size_t n;

	if (end == NULL)
		return 0;
	*head_len = (size_t)(end + 4 - c->in);
	length = receiver_log_header(c->in, *head_len, "Content-Length", &n);
	n = *head_len + (length == NULL ? 0 : strtoul(length, NULL, 10));
	return n <= c->in_len ? n : 0;
}

static void
serve(struct conn *c)
{
	size_t len, head_len;

	while (!is_busy(c) && (len = whole(c, &head_len)) > 0) {
		c->out_len = 0;
		c->last = ends(c, head_len);
		behave(c, receiver_log_add(requests, c->in, len, head_len));
		receiver_log_publish(requests);
		memmove(c->in, c->in + len, c->in_len - len + 1);
		c->in_len -= len;
		if (c->due_ms == 0 && !c->hangs && !flush(c))
			return;
		if (c->drips)
			wait_for(c, DRIP_MS);
	}
}

static void
on_input(struct conn *c)
{
	ssize_t n;

	if (c->in_cap - c->in_len < 8192) {
		c->in_cap = c->in_cap * 2 + 16384;
		c->in = realloc(c->in, c->in_cap);
		if (c->in == NULL)
			abort();
	}
	n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len - 1, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->in_len + (size_t)n > REQUEST_MAX) {
		drop(c);
		return;
	}
	if (!c->hangs)
		c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	serve(c);
}

static void
on_connection(int listener)
{
	struct conn *c;
	int fd;

	while ((fd = accept4(
		    listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			abort();
		c->fd = fd;
		watch(c, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void
on_time(struct conn *c)
{
	stop_waiting(c);
	if (c->drips) {
		c->out[0] = '.';
		c->out_len = 1;
	}
	if (!flush(c))
		return;
	if (c->drips)
		wait_for(c, DRIP_MS);
	else
		serve(c);
}

/* Those whose time has come; first_due_ms is found anew. */
static void
run_timers(void)
{
	int64_t now = clock_steady_ms(), first = INT64_MAX;
	struct conn *c, *after;

	if (waiting == NULL || now < first_due_ms)
		return;
	for (c = waiting; c != NULL; c = after) {
		after = c->next;
		if (c->due_ms <= now)
			on_time(c);
	}
	for (c = waiting; c != NULL; c = c->next)
		first = c->due_ms < first ? c->due_ms : first;
	first_due_ms = first;
}

static int
patience_ms(void)
{
	int64_t ms = first_due_ms - clock_steady_ms();

	return waiting == NULL ? -1 : ms < 0 ? 0 : (int)ms;
}

void
receiver_serve(int listener, struct receiver_log *log)
{
	struct epoll_event listens = { .events = EPOLLIN }, events[256];
	struct conn *c;
	int n, i;

	requests = log;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listens);
	for (;;) {
		n = epoll_wait(epoll, events, 256, patience_ms());
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (c == NULL)
				on_connection(listener);
			else if (!(events[i].events & EPOLLOUT))
				on_input(c);
			else if (fill(c))
				serve(c);
		}
		run_timers();
	}
}
