/*
 * Events stored through the whole pipeline except HTTP.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "t.h"

#include "database.h"
#include "event.h"

extern struct business store_business;

/* The caller frees the receipt. */
enum status store_send_as(struct db *to, struct id id, const char *service,
    const char *body, const char *key, struct receipt *receipt);

/* The derived ids, separated by commas; the caller frees the text. */
char *store_derived_ids(const struct receipt *receipt);

/* Stores an event or fails the test; returns "id>derived,derived". */
char *store_send(const char *service, const char *body, const char *key);

/* Reports an emergency; returns the derived ids. */
char *store_report(int patient, const char *location);
long long store_events(const char *where);
void store_check_same(char *a, char *b, bool want);

#endif
