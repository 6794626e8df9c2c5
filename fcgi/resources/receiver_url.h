/* The URL of a subscription, which can contain a password. */
#ifndef RECEIVER_URL_H
#define RECEIVER_URL_H

#include "guard.h"
#include "problem.h"

/*
 * Writes the value of the column `url`, without user information, then
 * `,"credentials":` and the user information, or null; or adds a fault, which
 * shows no password. is_new: no password is stored that a masked one could
 * stand for. Returns whether the URL is of NATS.
 */
bool receiver_url_read(const struct guard *, const char *text, bool is_new,
    struct buf *, struct faults *);
/* Any text as a JSON string; everything from :// to the last @ is masked. */
void receiver_url_put_masked(struct buf *, const char *text);

#endif
