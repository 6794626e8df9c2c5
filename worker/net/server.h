/*
 * One NATS server and the thread that resolves its name, connects and hands
 * messages to libnats. The thread is needed because each of these can block,
 * libnats's write too. It does not wait for acknowledgments; otherwise a server
 * would get only one message in each round trip.
 *
 * A connection that is lost stays lost, and its messages fail: the next message
 * to this server gets a new thread, which resolves and asks the guard anew. The
 * back-off and the circuit breaker of worker/dispatch decide when that message
 * comes.
 *
 * All functions here except item_new(), item_free() and server_join() are
 * called with the lock of the server's env held.
 */
#ifndef SERVER_H
#define SERVER_H

#include <pthread.h>
#include <sys/queue.h>

#include "jetstream.h"
#include "servers.h"

/* What all servers share. */
struct server_env {
	pthread_mutex_t *lock;
	const struct guard *guard;
	servers_over *over;
};

struct item; /* a message on its way */

struct server {
	const struct server_env *env;
	struct server *next;
	int64_t used; /* when it last got a message */
	char host[URL_HOST_MAX + 1];
	int port;
	bool is_tls;
	char *credentials; /* in the form that a URL has; or NULL */
	int connect_ms;
	pthread_t thread;
	pthread_cond_t wake;
	struct jetstream jetstream;
	bool gone;  /* takes no more messages */
	bool ended; /* its thread will not take the lock again: join it */
	TAILQ_HEAD(items, item) queued, sent;
};

/* Makes a message with a copy of the attempt's body; NULL: no memory. */
struct item *item_new(
    const struct attempt *, const char *subject, uint64_t ticket);
void item_free(struct item *); /* NULL is fine */

/* NULL: no memory or no thread. */
struct server *server_start(
    const struct server_env *, const struct url *, const struct attempt *);
/* Waits for its thread's end, and frees it. */
void server_join(struct server *);
/* Takes the item, and calls over() with its outcome later. */
void server_put(struct server *, struct item *);
/* Makes the thread end; messages not acknowledged by then fail. */
void server_leave(struct server *);
/* Whether no message is queued or waits for its acknowledgment. */
bool server_is_idle(const struct server *);

/* --- what libnats said --- */

void server_over(
    struct server *, const void *message, enum error_class, const char *detail);
/*
 * The server has forbidden a subject. All messages sent to this subject fail,
 * because the server does not say which one it refused. If it is the subject on
 * which acknowledgments arrive, all sent messages fail. Without this they would
 * time out.
 */
void server_denied(struct server *, const char *text);

#endif
