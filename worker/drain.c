#include "drain.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "retry.h"

enum {
	ERROR_LEN = 512,
	OUTCOMES_MAX_BYTES = 64 << 20
};

static void
give_up(const struct message *m, struct buf *outcomes, const char *error)
{
	log_error("drain: %s failed for good at attempt %d: %s", m->id,
	    m->attempt, error);
	outbox_failed(outcomes, m, error);
}

static void
deliver(const struct sink *sink, const struct message *m, int max_attempts,
    struct buf *outcomes)
{
	char error[ERROR_LEN] = "";
	enum status status = sink->publish(m, error, sizeof(error));
	int64_t delay;

	if (status == STATUS_OK) {
		outbox_sent(outcomes, m);
		return;
	}
	delay = retry_delay_ms(m->attempt, max_attempts, arc4random());
	if (status == STATUS_REJECT || delay < 0) {
		give_up(m, outcomes, error);
		return;
	}
	log_warn("drain: %s failed at attempt %d, again in %lld ms: %s", m->id,
	    m->attempt, (long long)delay, error);
	outbox_later(outcomes, m, delay, error);
}

enum status
drain_batch(struct db *db, const struct sink *sink, const struct claim *claim,
    int *claimed)
{
	/* Read before the claim: never later than the database's lease. */
	int64_t end = clock_steady_ms() + claim->lease_seconds * 1000LL;
	struct pg_result *batch = NULL;
	int i, n, settled;
	struct message m;
	struct buf outcomes;
	enum status status;

	*claimed = 0;
	status = outbox_claim(db, claim, &batch);
	if (status != STATUS_OK)
		return status;
	*claimed = n = db_rows(batch);
	buf_init(&outcomes, OUTCOMES_MAX_BYTES);
	for (i = 0; i < n && clock_steady_ms() < end; i++) {
		m = outbox_message(batch, i);
		deliver(sink, &m, claim->max_attempts, &outcomes);
	}
	if (i < n)
		log_warn("drain: lease ran out with %d of %d messages left",
		    n - i, n);
	status = outbox_settle(db, &outcomes, &settled);
	if (status == STATUS_OK && settled < i)
		log_warn("drain: %d of %d settled too late", i - settled, i);
	buf_free(&outcomes);
	db_result_free(batch);
	return status;
}
