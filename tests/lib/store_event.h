/*
 * Events stored through the whole pipeline except HTTP.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "t.h"

#include "database.h"
#include "event.h"

extern struct business store_business;

/* Sends an event under this id; the caller frees the event. */
struct event store_send_as(struct db *to, struct id id, const char *service,
    const char *body, const char *key);

/* The derived ids, separated by commas; the caller frees the text. */
char *store_derived_ids(const struct receipt *receipt);

/* Stores an event or fails the test; returns "id>derived,derived". */
char *store_send(const char *service, const char *body, const char *key);

/* Reports an emergency; returns the derived ids. */
char *store_report(int patient, const char *location);
/* The number of events. */
long long store_count(const char *where);
/* Whether two events were answered with the same ids. */
void store_check_same_receipt(const struct event *, const struct event *);
void store_check_same(char *a, char *b, bool want);

#endif
