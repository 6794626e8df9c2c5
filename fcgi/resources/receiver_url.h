/* The URL of a subscription, which may have a password in it. */
#ifndef RECEIVER_URL_H
#define RECEIVER_URL_H

#include "guard.h"
#include "problem.h"

/*
 * Writes the value of the column `url`, without user information, and behind it
 * `,"credentials":` and that; or adds a fault, which tells no password. is_new:
 * there is none that could be kept. Returns whether it is of NATS.
 */
bool receiver_url_read(const struct guard *, const char *text, bool is_new,
    struct buf *, struct faults *);
/* Any text, as a JSON string, with all before its last @ masked. */
void receiver_url_put_masked(struct buf *, const char *text);

#endif
