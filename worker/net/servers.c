#include "servers.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "server.h"

/*
 * libnats calls back from threads of its own, perhaps when the server is no
 * longer in the list. So libnats gets no pointer to a server; the callbacks
 * search the list for the connection.
 */

enum {
	SERVERS_MAX = 32, /* libnats takes three threads for each */
	DETAIL_LEN = JETSTREAM_DETAIL_LEN
};

/* Guards the list and its servers. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct server *servers;
static struct server_env env = { .lock = &lock };

/* --- what libnats calls -------------------------------------------------- */

static void
over(const void *context, const void *message, enum error_class error,
    const char *detail)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next)
		if (s->jetstream.context == context)
			break;
	if (s != NULL)
		server_over(s, message, error, detail);
	pthread_mutex_unlock(&lock);
}

/* Called with the lock. */
static struct server *
connected_by(const void *connection)
{
	struct server *s;

	for (s = servers; s != NULL; s = s->next)
		if (s->jetstream.connection == connection)
			break;
	return s;
}

static void
lost(const void *connection)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	s = connected_by(connection);
	if (s != NULL)
		server_leave(s);
	pthread_mutex_unlock(&lock);
}

static void
denied(const void *connection, const char *text)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	s = connected_by(connection);
	if (s != NULL)
		server_denied(s, text);
	pthread_mutex_unlock(&lock);
}

static const struct jetstream_calls calls = { over, lost, denied };

/* --- the table of servers ------------------------------------------------ */

/* Frees all servers, or those that have ended; waits for their threads. */
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
		server_join(s);
	} while (true);
}

/* Makes room for a server; if need be, the one idle for longest leaves. */
static bool
make_room(void)
{
	struct server *s, *idle = NULL;
	int n = 0;

	for (s = servers; s != NULL; s = s->next) {
		if (s->gone)
			continue;
		n++;
		if (server_is_idle(s) && (idle == NULL || s->used < idle->used))
			idle = s;
	}
	if (n < SERVERS_MAX)
		return true;
	if (idle == NULL)
		return false;
	server_leave(idle);
	return true;
}

/*
 * The threads, ours and libnats's, inherit a mask in which all signals are
 * blocked: signals are for the worker's own thread.
 */
static struct server *
new_server(const struct url *u, const struct attempt *a)
{
	struct server *s = NULL;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* With the lock, because two threads must not open libnats at once. */
	if (jetstream_init(&calls))
		s = server_start(&env, u, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (s != NULL) {
		s->next = servers;
		servers = s;
	}
	return s;
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

/*
 * Finds or starts the server, with the lock. NULL: too many servers, or no
 * memory or thread; detail says which.
 */
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
		snprintf(detail, DETAIL_LEN,
		    "out of memory, or no thread could be started");
	else
		s->used = clock_steady_ms();
	return s;
}

enum error_class
servers_publish(const struct url *u, const char *subject,
    const struct attempt *a, uint64_t ticket, char detail[DETAIL_LEN])
{
	struct item *i = item_new(a, subject, ticket);
	struct server *s;

	free_servers(false);
	if (i == NULL) {
		snprintf(detail, DETAIL_LEN, "out of memory");
		return ERROR_CONNECT;
	}
	pthread_mutex_lock(&lock);
	s = server_for(u, a, detail);
	if (s != NULL)
		server_put(s, i);
	pthread_mutex_unlock(&lock);
	if (s != NULL)
		return ERROR_NONE;
	item_free(i);
	return ERROR_CONNECT;
}

void
servers_open(const struct guard *g, servers_over *f)
{
	env.guard = g;
	env.over = f;
}

void
servers_close(void)
{
	struct server *s;

	pthread_mutex_lock(&lock);
	for (s = servers; s != NULL; s = s->next)
		server_leave(s);
	pthread_mutex_unlock(&lock);
	free_servers(true);
	jetstream_exit();
}
