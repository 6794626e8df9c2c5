/*
 * Real NATS servers, one for each kind of authentication, sink_nats, and in
 * place of the worker a callback that counts finished attempts.
 */
#ifndef NATS_SERVERS_H
#define NATS_SERVERS_H

#include "t.h"

#include <stdbool.h>

#include "sink.h"

enum {
	TIMEOUT_MS = 10000,
	SHORT_MS = 400,
	CONFIG_LEN = 8192
};

enum {
	PLAIN, /* ann may do all, bob little; eve receives no replies */
	TOKEN,
	TLS, /* its certificate: localhost, 127.0.0.2, signed by ca.pem */
	JWT, /* in operator mode */
	SERVERS
};

extern struct servers {
	pid_t pid;
	int port;
} servers[SERVERS];

const char *auth_path(const char *name);

int auth_open(void **state);
int auth_close(void **state);

/* Calls work() when fd is readable, as the worker does; for stack_wait. */
bool auth_all_done(void *arg);

/* server: an index of servers[], in place of a port. */
struct attempt auth_attempt(const char *scheme, const char *host, int server,
    const char *subject, const char *credentials);
struct attempt auth_deliver(const char *scheme, const char *host, int server,
    const char *subject, const char *credentials);
void auth_assert_error(
    const struct attempt *a, enum error_class error, const char *detail);
void auth_assert_delivered(const struct attempt *a);

enum status auth_open_with(
    const char *allow, const char *ca, const char *creds, char error[256]);

void auth_reopen(const char *ca, const char *creds);
int auth_setup(void **state);
int auth_teardown(void **state);

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, auth_setup, auth_teardown)

#endif
