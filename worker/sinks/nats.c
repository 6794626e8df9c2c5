/*
 * nats://host[:port]/subject, or tls://…: publishes into a JetStream stream of
 * a NATS server. An attempt is delivered when the stream's acknowledgment has
 * come. The server recognises a repeated message by Nats-Msg-Id and drops it.
 *
 * The threads of servers.c know an attempt only by its ticket. After an attempt
 * has timed out no job has its ticket, so a late outcome is ignored.
 */
#include "sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "natskeys.h"
#include "servers.h"
#include "url.h"

struct job {
	TAILQ_ENTRY(job) link;
	struct attempt *attempt;
	uint64_t ticket;
	int64_t deadline;
};

TAILQ_HEAD(jobs, job);

/* Guards the variables below and the jobs in their lists. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct jobs under_way = TAILQ_HEAD_INITIALIZER(under_way);
static struct jobs done = TAILQ_HEAD_INITIALIZER(done);
static int64_t earliest; /* no deadline is before it */
/* A timer for the deadlines, with which other threads also wake the worker. */
static int timer = -1;

/* Sets the timer; 0: it expires at once. */
static void
ring(int64_t at_ms)
{
	struct itimerspec t = { .it_value = { .tv_nsec = 1 } };

	if (at_ms > 0) {
		t.it_value.tv_sec = at_ms / 1000;
		t.it_value.tv_nsec = at_ms % 1000 * 1000000;
	}
	timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Moves the job to the list of those that are done. */
static void
end(struct job *j, const char *address, enum error_class error,
    const char *detail)
{
	struct attempt *a = j->attempt;

	a->error = error;
	snprintf(a->detail, sizeof(a->detail), "%s", detail);
	snprintf(a->address, sizeof(a->address), "%s", address);
	if (TAILQ_EMPTY(&done))
		ring(0);
	TAILQ_REMOVE(&under_way, j, link);
	TAILQ_INSERT_TAIL(&done, j, link);
}

/* Answers come nearly in order, so the search ends early. */
static struct job *
find(uint64_t ticket)
{
	struct job *j;

	TAILQ_FOREACH (j, &under_way, link)
		if (j->ticket == ticket)
			break;
	return j;
}

static void
over(uint64_t ticket, const char *address, enum error_class error,
    const char *detail)
{
	struct job *j;

	pthread_mutex_lock(&lock);
	j = find(ticket);
	if (j != NULL)
		end(j, address, error, detail);
	pthread_mutex_unlock(&lock);
}

static void
expire(int64_t now)
{
	char detail[64];
	struct job *j, *next;

	earliest = INT64_MAX;
	for (j = TAILQ_FIRST(&under_way); j != NULL; j = next) {
		next = TAILQ_NEXT(j, link);
		if (j->deadline > now) {
			if (j->deadline < earliest)
				earliest = j->deadline;
			continue;
		}
		snprintf(detail, sizeof(detail), "no acknowledgment in %d ms",
		    j->attempt->timeout_ms);
		end(j, "", ERROR_TIMEOUT, detail);
	}
}

/*
 * Whether messages can be published to the subject. Subjects that begin with $
 * control the server ($JS.API, $SYS), and those in _INBOX carry answers to
 * other clients.
 */
static bool
is_subject(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && s[0] != '.' && s[n - 1] != '.' && s[0] != '$' &&
	    strncmp(s, "_INBOX", 6) != 0 && strstr(s, "..") == NULL &&
	    strpbrk(s, "*> \t?/") == NULL;
}

/* NULL, or why the URL is refused. */
static const char *
parse(struct url *u, const char **subject, const char *text)
{
	const char *reason = url_parse(u, text);

	if (reason != NULL)
		return reason;
	*subject = u->rest + (u->rest[0] == '/');
	return is_subject(*subject)
	    ? NULL
	    : "the URL's path is not a subject to publish to";
}

static struct job *
add(struct attempt *a)
{
	static uint64_t tickets;
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->attempt = a;
	j->ticket = ++tickets;
	j->deadline = clock_steady_ms() + a->timeout_ms;
	pthread_mutex_lock(&lock);
	TAILQ_INSERT_TAIL(&under_way, j, link);
	if (j->deadline < earliest) {
		earliest = j->deadline;
		if (TAILQ_EMPTY(&done))
			ring(earliest);
	}
	pthread_mutex_unlock(&lock);
	return j;
}

static void
fail(struct attempt *a, enum error_class error, const char *detail)
{
	a->error = error;
	snprintf(a->detail, sizeof(a->detail), "%s", detail);
	a->done(a);
}

static void
start(struct attempt *a)
{
	char detail[SERVERS_DETAIL_LEN];
	const char *reason, *subject;
	enum error_class error;
	struct job *j;
	struct url u;

	a->error = ERROR_NONE;
	a->detail[0] = '\0';
	a->http_status = 0;
	a->retry_after_ms = -1;
	a->address[0] = '\0';
	reason = parse(&u, &subject, a->url);
	if (reason != NULL) {
		fail(a, ERROR_FORBIDDEN, reason);
		return;
	}
	j = add(a);
	if (j == NULL) {
		fail(a, ERROR_INTERNAL, "out of memory");
		return;
	}
	error = servers_publish(&u, subject, a, j->ticket, detail);
	if (error != ERROR_NONE)
		over(j->ticket, "", error, detail);
}

/* Reports the jobs that are done, on the worker's own thread. */
static void
tell_all(void)
{
	struct jobs ended = TAILQ_HEAD_INITIALIZER(ended);
	struct attempt *a;
	struct job *j;

	pthread_mutex_lock(&lock);
	TAILQ_CONCAT(&ended, &done, link);
	if (earliest < INT64_MAX)
		ring(earliest);
	pthread_mutex_unlock(&lock);
	while ((j = TAILQ_FIRST(&ended)) != NULL) {
		TAILQ_REMOVE(&ended, j, link);
		a = j->attempt;
		free(j);
		a->done(a);
	}
}

static void
work(void)
{
	uint64_t rings;

	if (read(timer, &rings, sizeof(rings)) < 0)
		return;
	pthread_mutex_lock(&lock);
	if (clock_steady_ms() >= earliest)
		expire(clock_steady_ms());
	pthread_mutex_unlock(&lock);
	tell_all();
}

static int
fd(void)
{
	return timer;
}

static enum status
open_sink(const struct config *config, const struct net *net, char error[256])
{
	enum status rc = natskeys_open(config, error);

	if (rc != STATUS_OK)
		return rc;
	earliest = INT64_MAX;
	servers_open(&net->guard, over);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (timer >= 0)
		return STATUS_OK;
	snprintf(
	    error, 256, "NATS: cannot create a timer: %s", strerror(errno));
	return STATUS_FAULT;
}

static void
close_sink(void)
{
	struct job *j;

	if (timer < 0)
		return;
	pthread_mutex_lock(&lock);
	while ((j = TAILQ_FIRST(&under_way)) != NULL)
		end(j, "", ERROR_INTERNAL, "the worker stopped");
	pthread_mutex_unlock(&lock);
	servers_close();
	tell_all();
	close(timer);
	timer = -1;
}

const struct sink sink_nats = {
	.name = "nats",
	.schemes = "nats tls ",
	.open = open_sink,
	.fd = fd,
	.work = work,
	.start = start,
	.close = close_sink,
};
