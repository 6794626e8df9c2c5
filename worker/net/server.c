#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "natskeys.h"

enum {
	CONNECT_MS = 5000,
	DETAIL_LEN = JETSTREAM_DETAIL_LEN
};

struct item {
	TAILQ_ENTRY(item) link;
	uint64_t ticket;
	int timeout_ms;
	int64_t deadline;
	/* Owned while queued; once sent, libnats owns it: only compare it. */
	void *message;
	char subject[]; /* in quotation marks, as server_denied() gets it */
};

/* --- messages ------------------------------------------------------------ */

struct item *
item_new(const struct attempt *a, const char *subject, uint64_t ticket)
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
	if (i->message != NULL)
		return i;
	free(i);
	return NULL;
}

void
item_free(struct item *i)
{
	if (i == NULL)
		return;
	jetstream_drop(i->message);
	free(i);
}

static void
end(struct server *s, struct item *i, enum error_class error,
    const char *detail)
{
	s->env->over(i->ticket, s->jetstream.address, error, detail);
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

/*
 * message can be NULL: any message. Acknowledgments come nearly in the order of
 * sending, so the search ends early.
 */
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

void
server_over(struct server *s, const void *message, enum error_class error,
    const char *detail)
{
	struct item *i = take_sent(s, message);

	if (i != NULL)
		end(s, i, error, detail);
}

void
server_denied(struct server *s, const char *text)
{
	bool is_publish = strstr(text, "Publish") != NULL;
	struct item *i, *next;

	for (i = TAILQ_FIRST(&s->sent); i != NULL; i = next) {
		next = TAILQ_NEXT(i, link);
		if (is_publish && strstr(text, i->subject) == NULL)
			continue;
		TAILQ_REMOVE(&s->sent, i, link);
		end(s, i, ERROR_NATS, text);
	}
	if (!is_publish)
		server_leave(s);
}

void
server_put(struct server *s, struct item *i)
{
	TAILQ_INSERT_TAIL(&s->queued, i, link);
	pthread_cond_signal(&s->wake);
}

void
server_leave(struct server *s)
{
	s->gone = true;
	pthread_cond_signal(&s->wake);
}

bool
server_is_idle(const struct server *s)
{
	return TAILQ_EMPTY(&s->queued) && TAILQ_EMPTY(&s->sent);
}

/* --- the thread ---------------------------------------------------------- */

/* Called with the lock, which it releases while it publishes. */
static void
publish(struct server *s, struct item *i)
{
	char detail[DETAIL_LEN];
	void *message = i->message;
	int timeout_ms = i->timeout_ms;
	enum error_class error;

	TAILQ_INSERT_TAIL(&s->sent, i, link);
	pthread_mutex_unlock(s->env->lock);
	error = jetstream_publish(&s->jetstream, message, timeout_ms, detail);
	pthread_mutex_lock(s->env->lock);
	if (error == ERROR_NONE)
		return;
	server_over(s, message, error, detail);
	jetstream_drop(message);
}

/* With the lock: publishes until the connection is lost or must close. */
static void
serve(struct server *s)
{
	struct item *i;

	/* lost() may have been called before it could find this server. */
	if (jetstream_lost(&s->jetstream))
		s->gone = true;
	while (!s->gone) {
		i = take_queued(s);
		if (i == NULL)
			pthread_cond_wait(&s->wake, s->env->lock);
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
	char creds[CONFIG_TEXT_LEN];
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
		to.creds =
		    natskeys_creds(s->host, s->port, creds) ? creds : NULL;
	}
	return jetstream_connect(j, s->env->guard, &to, detail);
}

static void *
run(void *arg)
{
	struct server *s = arg;
	struct jetstream j;
	char detail[DETAIL_LEN];
	enum error_class error = open_connection(s, &j, detail);

	pthread_mutex_lock(s->env->lock);
	s->jetstream = j;
	if (error == ERROR_NONE) {
		serve(s);
		error = ERROR_CONNECT;
		strcpy(detail, "connection lost");
	}
	s->gone = true;
	end_all(s, error, detail);
	/* Another connection can get the same address. */
	s->jetstream.connection = s->jetstream.context = NULL;
	pthread_mutex_unlock(s->env->lock);
	jetstream_disconnect(&j);
	pthread_mutex_lock(s->env->lock);
	s->ended = true;
	pthread_mutex_unlock(s->env->lock);
	return NULL;
}

static void
free_server(struct server *s)
{
	pthread_cond_destroy(&s->wake);
	free(s->credentials);
	free(s);
}

struct server *
server_start(
    const struct server_env *env, const struct url *u, const struct attempt *a)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->env = env;
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
	    pthread_create(&s->thread, NULL, run, s) == 0)
		return s;
	free_server(s);
	return NULL;
}

void
server_join(struct server *s)
{
	pthread_join(s->thread, NULL);
	free_server(s);
}
