#include "post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "flight.h"

enum {
	CACHED_CONNECTIONS = 512,
	EVENTS = 64,
	BODY_MS = 500 /* longest wait for a body, which changes no outcome */
};

struct post_client {
	const struct guard *guard;
	CURLM *multi;
	int epoll;
	int timer;      /* for libcurl */
	int body_timer; /* for the first flight that waits for its body */
	bool is_body_timed;
	struct flight *flying;
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
	curl_multi_assign(c->multi, fd, c); /* marks the descriptor as known */
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

/* A receiver that is slow with its body must not occupy a place. */
static void
await_body(struct flight *f)
{
	struct post_client *c = f->client;

	f->body_end_ms = clock_steady_ms() + BODY_MS;
	/* All bodies get the same time, so a timer that is set rings first. */
	if (!c->is_body_timed)
		set(c->body_timer, BODY_MS);
	c->is_body_timed = true;
}

/* --- beginning and end --- */

static void
add(struct post_client *c, struct flight *f)
{
	f->client = c;
	f->next = c->flying;
	if (f->next != NULL)
		f->next->previous = f;
	c->flying = f;
}

/* Its connection stays in the multi handle's cache. */
static void
drop(struct flight *f)
{
	if (f->previous != NULL)
		f->previous->next = f->next;
	else
		f->client->flying = f->next;
	if (f->next != NULL)
		f->next->previous = f->previous;
	curl_multi_remove_handle(f->client->multi, f->easy);
	flight_free(f);
}

/* Ends a post that could not be begun. */
static void
fail(struct post *post, const char *detail)
{
	post->error = ERROR_INTERNAL;
	snprintf(post->detail, sizeof(post->detail), "%s", detail);
	post->done(post);
}

static void
finish(struct flight *f, CURLcode code)
{
	struct post *post = f->post;

	flight_judge(f, code);
	drop(f);
	post->done(post);
}

void
post_start(struct post_client *c, struct post *post)
{
	struct flight *f = flight_new(post, c->guard, await_body);

	post->error = ERROR_NONE;
	post->detail[0] = post->address[0] = '\0';
	post->status = 0;
	post->retry_after_ms = -1;
	post->flight = f;
	if (f == NULL) {
		fail(post, "out of memory");
		return;
	}
	add(c, f);
	if (curl_multi_add_handle(c->multi, f->easy) == CURLM_OK)
		return;
	drop(f);
	fail(post, "out of memory");
}

/* A final status that has arrived is the outcome all the same. */
void
post_cancel(struct post *post)
{
	struct flight *f = post->flight;

	if (f->head.is_whole) {
		finish(f, CURLE_OK);
		return;
	}
	drop(f);
	fail(post, "the worker stopped");
}

/* --- the loop's side --- */

int
post_fd(const struct post_client *c)
{
	return c->epoll;
}

/* Ends transfers whose time for the body is over; sets the next timer. */
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
		reason = "libcurl cannot be initialised";
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
		post_cancel(c->flying->post);
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
