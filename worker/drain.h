/* Claims one batch, hands it to a sink message by message, settles it. */
#ifndef DRAIN_H
#define DRAIN_H

#include "outbox.h"
#include "sink.h"

/*
 * *claimed is how many messages came: where it equals claim->size there are
 * likely more. Not OK only when the database failed; what a sink failed at is
 * settled, to be tried again as retry.h says or not at all.
 */
enum status drain_batch(struct db *, const struct sink *, const struct claim *,
    int *claimed) MUST_CHECK;

#endif
