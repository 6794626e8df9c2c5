/*
 * A dispatcher in the test's own process, with a real database and a real
 * receiver.
 */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "t.h"

#include "config.h"
#include "database.h"
#include "dispatch.h"
#include "receiver.h"

enum {
	PATIENCE_MS = 30000
};

extern struct receiver dispatcher_receiver;
extern struct dispatch *dispatcher;
extern struct config dispatcher_config;

int dispatcher_open(void **state);
int dispatcher_close(void **state);
void dispatcher_start(void);
void dispatcher_end(void);
int dispatcher_empty(void **state);
int dispatcher_stop(void **state);

/* Adds subscription `name` with a path of the receiver, or with any URL. */
void dispatcher_subscribe(const char *name, const char *path);

/* Adds n messages, each to be delivered to every subscription. */
void dispatcher_put(int n);

/* Counts deliveries over a connection kept open, as it is called often. */
int dispatcher_count(const char *status);
int dispatcher_count_of(const char *name, const char *status);
void dispatcher_turn(void);

/* Runs the dispatcher until n deliveries have that status. */
void dispatcher_work_until(const char *status, int n);
int64_t dispatcher_gap_us(const char *path);

#define TEST(test)                                                             \
	cmocka_unit_test_setup_teardown(test, dispatcher_empty, dispatcher_stop)

#endif
