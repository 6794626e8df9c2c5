#include "receiver_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
	REQUEST_MAX = 8 << 20,
	DRIP_MS = 1000
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

void
receiver_wait(struct conn *c, int64_t ms)
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

/* The next bytes of filler, as many as the buffer holds. */
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

/* Sends filler; false: the connection was dropped. */
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

/*
 * Sends c->out, then filler. c->out is small: the connection is dropped unless
 * the socket takes all of it at once.
 */
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

/* --- requests ------------------------------------------------------------- */

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

/* The length of the first request in the buffer; 0: incomplete. */
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
		receiver_behave(
		    c, receiver_log_add(requests, c->in, len, head_len));
		receiver_log_publish(requests);
		memmove(c->in, c->in + len, c->in_len - len + 1);
		c->in_len -= len;
		if (c->due_ms == 0 && !c->hangs && !flush(c))
			return;
		if (c->drips)
			receiver_wait(c, DRIP_MS);
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
		receiver_wait(c, DRIP_MS);
	else
		serve(c);
}

/* Serves the connections that are due; finds first_due_ms anew. */
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
