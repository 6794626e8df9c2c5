/*
 * Events through the whole of storing but for HTTP.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "t.h"

#include "database.h"
#include "event.h"

extern struct business store_business;

/* The whole pipeline but for HTTP. The caller frees the receipt. */
enum status store_send_as(struct db *to, struct id id, const char *service,
    const char *body, const char *key, struct receipt *receipt);

/* With commas between; the caller frees it. */
char *store_derived_ids(const struct receipt *receipt);

/* "id>derived,derived" of a request that must be stored. */
char *store_send(const char *service, const char *body, const char *key);

/* The derived ids of one report of an emergency. */
char *store_report(int patient, const char *location);
long long store_events(const char *where);
void store_check_same(char *a, char *b, bool want);

#endif
