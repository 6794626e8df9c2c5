/*
 * Outcomes of attempts on their way to the database: they are collected for
 * some milliseconds and settled in one statement, many at a time.
 */
#ifndef SETTLING_H
#define SETTLING_H

#include <stdbool.h>
#include <stdint.h>

#include "parcel.h"
#include "rights.h"

struct settling {
	struct buf outcomes; /* JSON, see sql/queries/outbox_settle.sql */
	int n;               /* outcomes not settled yet */
	int64_t due_ms; /* when to settle; steady clock; valid while n > 0 */
	/* Parcels that failed: the log reports them once they are settled. */
	struct parcel *failed, **last_failed;
	struct rights rights;
};

void settling_init(struct settling *);
/* Drops unsettled outcomes; later claims take their deliveries again. */
void settling_free(struct settling *);

/* Takes over the parcel, whose attempt has this outcome. */
void settling_add(struct settling *, struct parcel *, const struct outcome *);
/*
 * Settles all outcomes. False: the database is not available; call it again in
 * a second. True: none is left; if the database refused them, this was logged.
 */
bool settling_run(struct settling *, struct receivers *, struct db *);

#endif
