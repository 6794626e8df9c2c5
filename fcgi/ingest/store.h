/* Stores events in the database; knows the statements, but no requests. */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>

#include "db.h"

struct event;

/*
 * Stores those of the events that are EVENT_CHECKED and keeps apart those that
 * are EVENT_REJECTED, in one transaction, as if they had come one after the
 * other. Fills each receipt, and `end` and `status` of each event. If the
 * database refuses a value, it stores the events in several transactions, so
 * that only the event with this value is rejected; or, if all_or_nothing, none.
 */
void store_events(struct db *, struct event *const list[], size_t n,
    const char *retry_schedule, bool all_or_nothing);

/*
 * Ends checked events whose keys exist already as EVENT_DUPLICATE; the others
 * stay as they are.
 */
enum status store_find(
    struct db *, struct event *const list[], size_t n) MUST_CHECK;

#endif
