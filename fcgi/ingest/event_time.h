/* How far ahead of the clock the time can be that a sender gives an event. */
#ifndef EVENT_TIME_H
#define EVENT_TIME_H

#include <stdint.h>

#include "fault.h"

/*
 * Both times are in microseconds since 1970. If us is more than 5 minutes after
 * now, adds a fault with loc [where, field] and returns false.
 */
bool event_time_check(int64_t us, int64_t now, const char *where,
    const char *field, struct faults *);

#endif
