/*
 * The whole product and a receiver: subscriptions through the API, reports of
 * emergencies, and their deliveries.
 */
#ifndef DELIVERIES_H
#define DELIVERIES_H

#include "t.h"

#include "http.h"
#include "receiver.h"
#include "stack.h"

extern struct stack deliveries_stack;
extern struct receiver deliveries_receiver;

int deliveries_open(void **state);
int deliveries_close(void **state);
int deliveries_none(void **state);

/* The value of a string member of the body; the caller frees it. */
char *deliveries_member(const struct http *h, const char *name);
void deliveries_call(
    const char *method, const char *target, const char *body, int status);

/* Returns the subscription's id; the caller frees it. */
char *deliveries_subscribe(
    const char *topic, const char *path, const char *more);
void deliveries_emergency(int patient, const char *headers);
void deliveries_await(const char *path, int n);
struct state {
	const char *target, *text;
};
void deliveries_await_text(const char *target, const char *text);

#define TEST(test) cmocka_unit_test_setup(test, deliveries_none)

#endif
