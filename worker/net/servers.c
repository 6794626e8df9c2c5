#include "servers.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "jetstream.h"
#include "natskeys.h"

/*
 * One thread a server resolves its name, connects and hands messages to
 * libnats. It is a thread because each of the three may block, libnats's write
 * too. It waits for no acknowledgment: with one at a time, a server's rate
 * would be bounded by its round trip.
 *
 * A connection that is lost stays lost, and what was under way there fails: the
 * next message resolves, asks the guard and connects anew. Waiting is left to
 * the back-off and the circuit breaker above.
 *
 * libnats calls back from threads of its own, and may do so late. It is given
 * no pointer of ours; the callbacks look for what they are about.
 */

enum {
	SERVERS_MAX = 32, /* libnats takes three threads for each */
	CONNECT_MS = 5000,
	DETAIL_LEN = JETSTREAM_DETAIL_LEN
};

struct item {
	TAILQ_ENTRY(item) link;
	uint64_t ticket;
	int timeout_ms;
	int64_t deadline;
	void *message;  /* queued: ours; sent: libnats's, only to be compared */
	char subject[]; /* in quotation marks */
};

struct server {
	struct server *next;
	int64_t used; /* when it was given a message last */
	char host[URL_HOST_MAX + 1];
	int port;
	bool is_tls;
	char *credentials; /* as they stand in the URL, or NULL */
	int connect_ms;
	pthread_t thread;
	pthread_cond_t wake;
	struct jetstream jetstream;
	bool gone;  /* takes no more */
	bool ended; /* its thread has nothing more to do */
	TAILQ_HEAD(items, item) queued, sent;
};

/* Guards all that is below, but for the guard, which does not change. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct server *servers;
static const struct guard *guard;
static servers_over *tell;

/* --- items --------------------------------------------------------------- */

static void
end(struct server *s, struct item *i, enum error_class error,
    const char *detail)
{
	tell(i->ticket, s->jetstream.address, error, detail);
	free(i);
}

static struct item *
take_queued(struct server *s)
{
	struct item *i = TAILQ_FIRST(&s->queued);

	if (i != NULL)
		TAILQ_REMOVE(&s->queued, i, link);
	return i;
}

/* NULL: any. Acknowledgments come nearly in order: it is a first one. */
static struct item *
take_sent(struct server *s, const void *message)
{
	struct item *i;

	TAILQ_FOREACH (i, &s->sent, link)
		if (message == NULL || i->message == message) {
			TAILQ_REMOVE(&s->sent, i, link);
			break;
		}
	return i;
}

static void
end_all(struct server *s, enum error_class error, const char *detail)
{
	struct item *i;

	while ((i = take_sent(s, NULL)) != NULL)
		end(s, i, error, detail);
	while ((i = take_queued(s)) != NULL) {
		jetstream_drop(i->message);
		end(s, i, error, detail);
	}
}

/* --- what libnats calls -------------------------------------------------- */

static void
over(const void *context, const void *message, enum error_class error,
    const char *detail)
{
	struct server *s;
	struct item *i;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next)
		if (s->jetstream.context == context)
			break;
	i = s != NULL ? take_sent(s, message) : NULL;
	if (i != NULL)
		end(s, i, error, detail);
	pthread_mutex_unlock(&lock);
}

static void
lost(const void *connection)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next)
		if (s->jetstream.connection == connection) {
			s->gone = true;
			pthread_cond_signal(&s->wake);
		}
	pthread_mutex_unlock(&lock);
}

/*
 * The server tells neither whose message it was nor, of the subject where
 * acknowledgments arrive, that none will. Without this they would time out.
 */
static void
denied(const void *connection, const char *text)
{
	bool is_publish = strstr(text, "Publish") != NULL;
	struct server *s;
	struct item *i, *next;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next)
		if (s->jetstream.connection == connection)
			break;
	for (i = s != NULL ? TAILQ_FIRST(&s->sent) : NULL; i != NULL;
	     i = next) {
		next = TAILQ_NEXT(i, link);
		if (is_publish && strstr(text, i->subject) == NULL)
			continue;
		TAILQ_REMOVE(&s->sent, i, link);
		end(s, i, ERROR_NATS, text);
	}
	if (s != NULL && !is_publish) {
		s->gone = true;
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&lock);
}

static const struct jetstream_calls calls = { over, lost, denied };

/* --- a server's thread --------------------------------------------------- */

/* Called with the lock, which it leaves while it publishes. */
static void
publish(struct server *s, struct item *i)
{
	char detail[DETAIL_LEN];
	void *message = i->message;
	int timeout_ms = i->timeout_ms;
	enum error_class error;

	TAILQ_INSERT_TAIL(&s->sent, i, link);
	pthread_mutex_unlock(&lock);
	error = jetstream_publish(&s->jetstream, message, timeout_ms, detail);
	pthread_mutex_lock(&lock);
	if (error == ERROR_NONE)
		return;
	i = take_sent(s, message);
	if (i != NULL)
		end(s, i, error, detail);
	jetstream_drop(message);
}

/* Until the connection is lost or nobody needs it; with the lock. */
static void
serve(struct server *s)
{
	struct item *i;

	/* It may have been lost before `lost` could know whose it was. */
	if (jetstream_lost(&s->jetstream))
		s->gone = true;
	while (!s->gone) {
		i = take_queued(s);
		if (i == NULL)
			pthread_cond_wait(&s->wake, &lock);
		else if (i->deadline > clock_steady_ms())
			publish(s, i);
		else {
			jetstream_drop(i->message);
			end(s, i, ERROR_TIMEOUT, "not sent in time");
		}
	}
}

static enum error_class
open_connection(
    const struct server *s, struct jetstream *j, char detail[DETAIL_LEN])
{
	struct jetstream_to to = { .host = s->host,
		.port = s->port,
		.is_tls = s->is_tls,
		.ca = natskeys_ca(),
		.timeout_ms = s->connect_ms };
	struct url_user user;
	char *creds = NULL;
	enum error_class error;
	const char *reason;

	*j = (struct jetstream){ .connection = NULL };
	if (s->credentials != NULL) {
		reason = url_user_parse(
		    &user, s->credentials, strlen(s->credentials));
		if (reason != NULL) {
			snprintf(detail, DETAIL_LEN, "%s", reason);
			return ERROR_FORBIDDEN;
		}
		to.user = &user;
	} else {
		to.creds = creds = natskeys_creds(s->host, s->port);
	}
	error = jetstream_connect(j, guard, &to, detail);
	free(creds);
	return error;
}

static void *
run(void *arg)
{
	struct server *s = arg;
	struct jetstream j;
	char detail[DETAIL_LEN];
	enum error_class error = open_connection(s, &j, detail);

	pthread_mutex_lock(&lock);
	s->jetstream = j;
	if (error == ERROR_NONE) {
		serve(s);
		error = ERROR_CONNECT;
		strcpy(detail, "connection lost");
	}
	s->gone = true;
	end_all(s, error, detail);
	/* Another connection may get this one's place in memory. */
	s->jetstream.connection = s->jetstream.context = NULL;
	pthread_mutex_unlock(&lock);
	jetstream_disconnect(&j);
	pthread_mutex_lock(&lock);
	s->ended = true;
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* --- the table of servers ------------------------------------------------ */

static void
free_server(struct server *s)
{
	pthread_cond_destroy(&s->wake);
	free(s->credentials);
	free(s);
}

/* Frees all, or those that have ended; waits for their threads. */
static void
free_servers(bool all)
{
	struct server **at, *s;

	do {
		pthread_mutex_lock(&lock);
		for (at = &servers; (s = *at) != NULL; at = &s->next)
			if (all || s->ended) {
				*at = s->next;
				break;
			}
		pthread_mutex_unlock(&lock);
		if (s == NULL)
			return;
		pthread_join(s->thread, NULL);
		free_server(s);
	} while (true);
}

/* Room for one more, if need be at the cost of one that has nothing to do. */
static bool
make_room(void)
{
	struct server *s, *idle = NULL;
	int n = 0;

	for (s = servers; s != NULL; s = s->next) {
		if (s->gone)
			continue;
		n++;
		if (TAILQ_EMPTY(&s->queued) && TAILQ_EMPTY(&s->sent) &&
		    (idle == NULL || s->used < idle->used))
			idle = s;
	}
	if (n < SERVERS_MAX)
		return true;
	if (idle == NULL)
		return false;
	idle->gone = true;
	pthread_cond_signal(&idle->wake);
	return true;
}

/* Signals are for the worker's thread, also those that libnats's could get. */
static bool
start_thread(struct server *s)
{
	sigset_t all, before;
	bool ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Once is enough, but two threads that open it at once would not do. */
	ok = jetstream_init(&calls) &&
	    pthread_create(&s->thread, NULL, run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

static struct server *
new_server(const struct url *u, const struct attempt *a)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	strcpy(s->host, u->host);
	s->port = u->port;
	s->is_tls = strcmp(u->scheme, "tls") == 0;
	s->connect_ms = a->timeout_ms < CONNECT_MS ? a->timeout_ms : CONNECT_MS;
	TAILQ_INIT(&s->queued);
	TAILQ_INIT(&s->sent);
	pthread_cond_init(&s->wake, NULL);
	if (a->credentials != NULL)
		s->credentials = strdup(a->credentials);
	if ((s->credentials != NULL) == (a->credentials != NULL) &&
	    start_thread(s)) {
		s->next = servers;
		servers = s;
		return s;
	}
	free_server(s);
	return NULL;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct server *
find_server(const struct url *u, const char *credentials)
{
	bool is_tls = strcmp(u->scheme, "tls") == 0;
	struct server *s;

	for (s = servers; s != NULL; s = s->next)
		if (!s->gone && s->port == u->port && s->is_tls == is_tls &&
		    strcmp(s->host, u->host) == 0 &&
		    is_same(s->credentials, credentials))
			break;
	return s;
}

/* With the lock; NULL: no place, or nothing to make one with. */
static struct server *
server_for(
    const struct url *u, const struct attempt *a, char detail[DETAIL_LEN])
{
	struct server *s = find_server(u, a->credentials);

	if (s == NULL && !make_room()) {
		snprintf(detail, DETAIL_LEN, "too many NATS servers in use");
		return NULL;
	}
	if (s == NULL)
		s = new_server(u, a);
	if (s == NULL)
		snprintf(detail, DETAIL_LEN, "no memory or no thread");
	else
		s->used = clock_steady_ms();
	return s;
}

static struct item *
new_item(const struct attempt *a, const char *subject, uint64_t ticket)
{
	size_t len = strlen(subject) + 3;
	struct item *i = calloc(1, sizeof(*i) + len);

	if (i == NULL)
		return NULL;
	snprintf(i->subject, len, "\"%s\"", subject);
	i->ticket = ticket;
	i->timeout_ms = a->timeout_ms;
	i->deadline = clock_steady_ms() + a->timeout_ms;
	i->message = jetstream_message(a, subject);
	return i;
}

enum error_class
servers_publish(const struct url *u, const char *subject,
    const struct attempt *a, uint64_t ticket, char detail[DETAIL_LEN])
{
	struct item *i = new_item(a, subject, ticket);
	struct server *s = NULL;

	free_servers(false);
	snprintf(detail, DETAIL_LEN, "no memory for a message");
	if (i == NULL || i->message == NULL)
		goto out;
	pthread_mutex_lock(&lock);
	s = server_for(u, a, detail);
	if (s != NULL) {
		TAILQ_INSERT_TAIL(&s->queued, i, link);
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&lock);
out:
	if (s != NULL)
		return ERROR_NONE;
	if (i != NULL)
		jetstream_drop(i->message);
	free(i);
	return ERROR_CONNECT;
}

void
servers_open(const struct guard *g, servers_over *f)
{
	guard = g;
	tell = f;
}

void
servers_close(void)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next) {
		s->gone = true;
		pthread_cond_signal(&s->wake);
	}
	pthread_mutex_unlock(&lock);
	free_servers(true);
	jetstream_exit();
}
