/*
 * A real nats-server with JetStream, sink_nats, and in place of the worker a
 * callback that counts finished attempts.
 */
#ifndef NATS_SERVER_H
#define NATS_SERVER_H

#include "t.h"

#include <nats/nats.h>
#include <sys/types.h>

#include "sink.h"

enum {
	TIMEOUT_MS = 10000,
	SHORT_MS = 300,
	MANY = 2000
};

extern int nats_port;
extern pid_t nats_pid;
extern natsConnection *nats_own; /* the test's own connection */
extern jsCtx *nats_js;
extern int nats_done; /* number of finished attempts */

struct attempt nats_attempt(const char *id, const char *url, int timeout_ms);
const char *nats_url(const char *host, int to, const char *subject);
void nats_wait_done(int n);
struct attempt nats_deliver(const char *id, const char *url, int timeout_ms);
void nats_assert_error(
    const struct attempt *a, enum error_class error, const char *detail);
void nats_assert_delivered(const struct attempt *a);
void nats_open_sink(const char *allow);
int nats_listen_at(int *at_port);
int nats_free_port(void);
void nats_start_server(void);

/* Closes the test's own connection. Call it before sink_nats.close(), which
 * shuts libnats down. */
void nats_disconnect(void);
void nats_end_server(int sig);
uint64_t nats_stored(const char *stream);
int nats_group_setup(void **state);
int nats_group_teardown(void **state);
int nats_setup(void **state);
int nats_teardown(void **state);

/* Starts the attempts after SIGSTOP to the server, so that none can finish. */
void nats_start_on_stopped_server(
    struct attempt *a, int n, const char *url, int timeout);

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, nats_setup, nats_teardown)

#endif
