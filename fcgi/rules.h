/* Values to findings: what a service's rules make of one event. */
#ifndef RULES_H
#define RULES_H

#include "service.h"
#include "buf.h"

/* Longer deduplication keys are cut and told apart by a hash. In bytes. */
#define RULES_KEY_MAX 255

/*
 * Appends to out a JSON array with an object for each derived event of each
 * rule that applies, as sql/queries/event_ingest.sql reads it, and returns how
 * many there are. Whether one is emitted or an earlier one stands for it is
 * decided there.
 */
int rules_evaluate(const struct service *, const struct value values[],
    const struct business *, struct buf *out);

/*
 * Counts, for each finding of an event that was stored, whether its rule fired
 * or an open incident suppressed it. findings is rules_evaluate's, derived the
 * ids that stand for them, with commas between.
 */
void rules_count(const struct service *, const struct value values[],
    const struct business *, const char *findings, const char *derived);

#endif
