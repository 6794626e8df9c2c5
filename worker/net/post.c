#include "post.h"

#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "dbclock.h"

enum {
	CONNECT_MS = 5000,
	CACHED_CONNECTIONS = 512,
	EVENTS = 64,
	BODY_MS = 500, /* the status is there: what else comes is for people */
	DAY_S = 24 * 60 * 60,
	DAY_MS = DAY_S * 1000
};

struct post_client {
	const struct guard *guard;
	CURLM *multi;
	int epoll;
	int timer;      /* libcurl's */
	int body_timer; /* for the first of those that wait for a body */
	bool is_body_timed;
	struct flight *flying;
};

/* One transfer. */
struct flight {
	struct post_client *client;
	CURL *easy;
	struct post *post;
	struct curl_slist *headers;
	const char *refusal; /* the guard's */
	struct answer head;
	int64_t body_end_ms; /* once the head is whole */
	char error[CURL_ERROR_SIZE];
	struct flight *next, *previous;
};

/* --- libcurl's sockets and the timers, in our epoll --- */

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct post_client *c = arg;
	struct epoll_event e = { .data.fd = fd };

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		e.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		e.events |= EPOLLOUT;
	if (epoll_ctl(
		c->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) != 0)
		return -1;
	curl_multi_assign(c->multi, fd, c); /* known from now on */
	return 0;
}

static int
set(int fd, int64_t ms)
{
	struct itimerspec t = { .it_value.tv_sec = ms / 1000,
		.it_value.tv_nsec = ms % 1000 * 1000000 };

	if (ms < 0)
		t = (struct itimerspec){ 0 };
	else if (ms == 0)
		t.it_value.tv_nsec = 1; /* 0 would disarm it */
	return timerfd_settime(fd, 0, &t, NULL);
}

static int
set_timer(CURLM *m, long ms, void *arg)
{
	const struct post_client *c = arg;

	(void)m;
	return set(c->timer, ms);
}

/* --- one transfer's callbacks --- */

static void
put_address(struct post *post, const struct sockaddr *to, socklen_t len)
{
	char host[48], port[8];

	if (getnameinfo(to, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(post->address, sizeof(post->address),
		    to->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
}

/* The name is resolved, nothing was sent yet: here and nowhere else. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct flight *f = arg;

	(void)purpose;
	if (f->post->unix_socket == NULL) {
		put_address(f->post, &to->addr, to->addrlen);
		f->refusal = guard_refusal(f->client->guard, &to->addr);
		if (f->refusal != NULL)
			return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* A receiver that lets us wait for the rest shall not hold a place for it. */
static void
await_body(struct flight *f)
{
	struct post_client *c = f->client;

	f->body_end_ms = clock_steady_ms() + BODY_MS;
	/* All wait equally long, so the first of them is the first to end. */
	if (!c->is_body_timed)
		set(c->body_timer, BODY_MS);
	c->is_body_timed = true;
}

static size_t
take_line(char *bytes, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;
	bool was_whole = f->head.is_whole;

	n *= size;
	if (!answer_line(&f->head, bytes, n))
		return 0;
	if (f->head.is_whole && !was_whole)
		await_body(f);
	return n;
}

/* Keeps what fits, and ends the transfer at the first byte that does not. */
static size_t
take_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;
	struct buf *answer = f->post->answer;
	size_t room = answer == NULL ? 0 : answer->max - answer->len;

	n *= size;
	if (answer != NULL)
		buf_put(answer, bytes, n < room ? n : room);
	return n > room && answer != NULL ? 0 : n;
}

static bool
set_options(struct flight *f)
{
	const struct post *p = f->post;
	long connect_ms =
	    p->timeout_ms < CONNECT_MS ? p->timeout_ms : CONNECT_MS;
	CURLcode bad = 0;

#define SET(option, value)                                                     \
	bad |= curl_easy_setopt(f->easy, CURLOPT_##option, value)
	SET(URL, p->url);
	SET(POSTFIELDS, p->body);
	SET(POSTFIELDSIZE_LARGE, (curl_off_t)p->body_len);
	SET(HTTPHEADER, f->headers);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(PROTOCOLS_STR, "http,https");
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(FOLLOWLOCATION, 0L);
	SET(PROXY, "");
	SET(NOSIGNAL, 1L);
	/* Or the end of a transfer waits for a name that is being resolved. */
	SET(QUICK_EXIT, 1L);
	SET(CONNECTTIMEOUT_MS, connect_ms);
	SET(TIMEOUT_MS, (long)p->timeout_ms);
	SET(MAXLIFETIME_CONN, 300L); /* names may move */
	SET(OPENSOCKETFUNCTION, open_socket);
	SET(OPENSOCKETDATA, f);
	SET(HEADERFUNCTION, take_line);
	SET(HEADERDATA, f);
	SET(WRITEFUNCTION, take_answer);
	SET(WRITEDATA, f);
	SET(ERRORBUFFER, f->error);
	SET(PRIVATE, f);
	if (p->unix_socket != NULL)
		SET(UNIX_SOCKET_PATH, p->unix_socket);
#undef SET
	return bad == 0;
}

/* --- beginning and end --- */

static struct flight *
take_off(struct post_client *c, struct post *post)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->easy = curl_easy_init()) == NULL) {
		free(f);
		return NULL;
	}
	f->client = c;
	f->post = post;
	f->next = c->flying;
	if (f->next != NULL)
		f->next->previous = f;
	c->flying = f;
	return f;
}

/* Its connection stays in the multi handle's cache. */
static void
land(struct flight *f)
{
	if (f->previous != NULL)
		f->previous->next = f->next;
	else
		f->client->flying = f->next;
	if (f->next != NULL)
		f->next->previous = f->previous;
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	free(f);
}

static enum error_class
class_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		enum error_class error;
	} rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, ERROR_DNS },
		{ CURLE_COULDNT_CONNECT, ERROR_CONNECT },
		{ CURLE_OPERATION_TIMEDOUT, ERROR_TIMEOUT },
		{ CURLE_SSL_CONNECT_ERROR, ERROR_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, ERROR_TLS },
		{ CURLE_SSL_CERTPROBLEM, ERROR_TLS },
		{ CURLE_SSL_CIPHER, ERROR_TLS },
		{ CURLE_SSL_CACERT_BADFILE, ERROR_TLS },
		{ CURLE_SSL_ISSUER_ERROR, ERROR_TLS },
		{ CURLE_OUT_OF_MEMORY, ERROR_INTERNAL },
		{ CURLE_FAILED_INIT, ERROR_INTERNAL },
		{ CURLE_URL_MALFORMAT, ERROR_INTERNAL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].code == code)
			return rows[i].error;
	return ERROR_PROTOCOL;
}

static void
fail(struct post *post, enum error_class error, const char *detail)
{
	post->error = error;
	snprintf(post->detail, sizeof(post->detail), "%s", detail);
}

/* No socket was opened: the connection of an earlier transfer served. */
static void
put_reused(struct flight *f)
{
	char *host = NULL;
	long port = 0;

	curl_easy_getinfo(f->easy, CURLINFO_PRIMARY_IP, &host);
	curl_easy_getinfo(f->easy, CURLINFO_PRIMARY_PORT, &port);
	if (host != NULL && *host != '\0')
		snprintf(f->post->address, sizeof(f->post->address),
		    strchr(host, ':') != NULL ? "[%s]:%ld" : "%s:%ld", host,
		    port);
}

/*
 * What Retry-After asks for, a day at most; -1: nothing. A date is taken as the
 * database's clock has it, as libcurl would take it as this host's.
 */
static int64_t
retry_after_ms(CURL *easy)
{
	struct curl_header *header;
	int64_t seconds;

	if (curl_easy_header(
		easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return -1;
	if (header->value[strspn(header->value, "0123456789")] == '\0')
		seconds = strtoll(header->value, NULL, 10);
	else
		seconds = (int64_t)curl_getdate(header->value, NULL) -
		    dbclock_us() / 1000000;
	if (seconds <= 0)
		return -1;
	return seconds < DAY_S ? seconds * 1000 : DAY_MS;
}

/*
 * A single line is measured by libcurl, whose limit is the same and whose
 * answer, until 8.6, "out of memory". It is ours only before anything came.
 */
static bool
is_too_long(const struct flight *f, CURLcode code)
{
	const CURLcode too_large = (CURLcode)100; /* of libcurl 8.6 */
	curl_off_t first_byte_us = 0;

	curl_easy_getinfo(
	    f->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
	return f->head.is_too_long || code == too_large ||
	    (code == CURLE_OUT_OF_MEMORY && first_byte_us > 0);
}

/*
 * A final status that has arrived counts, whatever becomes of what follows it;
 * only a head without end is refused.
 */
static bool
has_answered(const struct flight *f, CURLcode code)
{
	return f->head.is_whole || code == CURLE_OK ||
	    (answer_is_final(f->head.status) && !is_too_long(f, code));
}

static void
judge(struct flight *f, CURLcode code)
{
	struct post *post = f->post;
	char text[64];

	if (has_answered(f, code)) {
		if (!answer_is_final(post->status))
			fail(post, ERROR_PROTOCOL,
			    "the answer has no final status");
	} else if (code == CURLE_COULDNT_CONNECT && f->refusal != NULL) {
		fail(post, ERROR_FORBIDDEN, f->refusal);
	} else if (is_too_long(f, code)) {
		snprintf(text, sizeof(text),
		    "the answer's headers are longer than %d KiB",
		    ANSWER_HEAD_KIB);
		fail(post, ERROR_PROTOCOL, text);
	} else {
		fail(post, class_of(code),
		    f->error[0] ? f->error : curl_easy_strerror(code));
	}
}

static void
finish(struct flight *f, CURLcode code)
{
	struct post *post = f->post;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (post->address[0] == '\0')
		put_reused(f);
	post->status = (int)status;
	post->retry_after_ms = retry_after_ms(f->easy);
	judge(f, code);
	curl_multi_remove_handle(f->client->multi, f->easy);
	land(f);
	post->done(post);
}

static bool
set_headers(struct flight *f)
{
	/* An empty one of ours removes curl's. */
	const char *const *h = f->post->headers;
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (; list != NULL && *h != NULL; h++) {
		more = curl_slist_append(list, *h);
		if (more == NULL)
			curl_slist_free_all(list);
		list = more;
	}
	f->headers = list;
	return list != NULL;
}

void
post_start(struct post_client *c, struct post *post)
{
	struct flight *f = take_off(c, post);

	post->error = ERROR_NONE;
	post->detail[0] = post->address[0] = '\0';
	post->status = 0;
	post->retry_after_ms = -1;
	post->flight = f;
	if (f != NULL) {
		if (set_headers(f) && set_options(f) &&
		    curl_multi_add_handle(c->multi, f->easy) == CURLM_OK)
			return;
		land(f);
	}
	fail(post, ERROR_INTERNAL, "out of memory");
	post->done(post);
}

/* What has answered so far that its status counts was not stopped by this. */
void
post_cancel(struct post_client *c, struct post *post)
{
	struct flight *f = post->flight;

	if (f->head.is_whole) {
		finish(f, CURLE_OK);
		return;
	}
	curl_multi_remove_handle(c->multi, f->easy);
	land(f);
	fail(post, ERROR_INTERNAL, "the worker stopped");
	post->done(post);
}

/* --- the loop's side --- */

int
post_fd(const struct post_client *c)
{
	return c->epoll;
}

/* Those whose body has had its time are done; the timer is for the next. */
static void
end_bodies(struct post_client *c)
{
	int64_t now = clock_steady_ms(), next = INT64_MAX;
	struct flight *f, *after;

	c->is_body_timed = false;
	for (f = c->flying; f != NULL; f = after) {
		after = f->next;
		if (!f->head.is_whole)
			continue;
		if (f->body_end_ms <= now)
			finish(f, CURLE_OK);
		else if (f->body_end_ms < next)
			next = f->body_end_ms;
	}
	if (next == INT64_MAX)
		return;
	set(c->body_timer, next - now);
	c->is_body_timed = true;
}

static bool
has_rung(int timer)
{
	uint64_t times;

	return read(timer, &times, sizeof(times)) > 0;
}

static void
act(struct post_client *c, const struct epoll_event *e)
{
	int running, what = 0;

	if (e->data.fd == c->timer) {
		if (has_rung(c->timer))
			curl_multi_socket_action(
			    c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		return;
	}
	if (e->data.fd == c->body_timer) {
		if (has_rung(c->body_timer))
			end_bodies(c);
		return;
	}
	if (e->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (e->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (e->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(c->multi, e->data.fd, what, &running);
}

void
post_work(struct post_client *c)
{
	struct epoll_event events[EVENTS];
	struct flight *f;
	CURLMsg *message;
	int i, n;

	n = epoll_wait(c->epoll, events, EVENTS, 0);
	for (i = 0; i < n; i++)
		act(c, &events[i]);
	while ((message = curl_multi_info_read(c->multi, &n)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &f);
		finish(f, message->data.result);
	}
}

/* --- opening and closing --- */

static int
open_timer(const struct post_client *c)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	if (fd >= 0 && epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* False: errno says why. */
static bool
open_files(struct post_client *c)
{
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	return c->epoll >= 0 && (c->timer = open_timer(c)) >= 0 &&
	    (c->body_timer = open_timer(c)) >= 0;
}

static bool
open_multi(struct post_client *c)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	c->multi = curl_multi_init();
	if (c->multi == NULL) {
		curl_global_cleanup();
		return false;
	}
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(
	    c->multi, CURLMOPT_MAXCONNECTS, (long)CACHED_CONNECTIONS);
	return true;
}

enum status
post_open(struct post_client **out, const struct guard *guard, char error[256])
{
	struct post_client *c = malloc(sizeof(*c));
	const char *reason = NULL;

	*out = NULL;
	if (c == NULL) {
		snprintf(error, 256, "HTTP client: out of memory");
		return STATUS_FAULT;
	}
	*c = (struct post_client){
		.guard = guard, .epoll = -1, .timer = -1, .body_timer = -1
	};
	if (!open_files(c))
		reason = strerror(errno);
	else if (!open_multi(c))
		reason = "libcurl does not start";
	if (reason != NULL) {
		snprintf(error, 256, "HTTP client: %s", reason);
		post_close(c);
		return STATUS_FAULT;
	}
	*out = c;
	return STATUS_OK;
}

void
post_close(struct post_client *c)
{
	if (c == NULL)
		return;
	while (c->flying != NULL)
		post_cancel(c, c->flying->post);
	if (c->multi != NULL) {
		curl_multi_cleanup(c->multi);
		curl_global_cleanup();
	}
	if (c->timer >= 0)
		close(c->timer);
	if (c->body_timer >= 0)
		close(c->body_timer);
	if (c->epoll >= 0)
		close(c->epoll);
	free(c);
}
