#include "lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbclock.h"
#include "lane.h"
#include "word.h"

enum {
	NUMBER_LEN = 32,
	HOLDS = HOLD_DELETED + 1
};

/*
 * The circuit breaker: after LANE_FAILURES failures in a row a receiver gets
 * nothing for breaker_seconds. This time doubles with each opening, up to the
 * maximum. After it the receiver gets one delivery, which shows whether it
 * works again.
 */
static const char breaker_seconds[] = "30", breaker_max_seconds[] = "600";

enum status
lease_claim(struct db *db, const struct claim *claim, struct pg_result **batch)
{
	char back[NUMBER_LEN], lease[NUMBER_LEN], max[NUMBER_LEN],
	    limit[NUMBER_LEN], lane_limit[NUMBER_LEN];
	const char *const values[OUTBOX_CLAIM_ARGS] = {
		[OUTBOX_CLAIM_ARG_LANES] = claim->lanes,
		[OUTBOX_CLAIM_ARG_BACK] = claim->back < 0 ? NULL : back,
		[OUTBOX_CLAIM_ARG_LEASE_SECONDS] = lease,
		[OUTBOX_CLAIM_ARG_MAX_ATTEMPTS] = max,
		[OUTBOX_CLAIM_ARG_LIMIT] = limit,
		[OUTBOX_CLAIM_ARG_LANE_LIMIT] = lane_limit,
	};
	struct moment asked;
	enum status status;

	snprintf(back, sizeof(back), "%.3f", claim->back);
	snprintf(lease, sizeof(lease), "%d", claim->lease_seconds);
	snprintf(max, sizeof(max), "%d", claim->max_attempts);
	snprintf(limit, sizeof(limit), "%d", claim->limit);
	snprintf(lane_limit, sizeof(lane_limit), "%d", claim->lane_limit);
	asked = dbclock_moment();
	status = db_run(db, Q_outbox_claim, values, batch);
	if (status == STATUS_OK && pg_rows(*batch) > 0)
		dbclock_hear(pg_value(*batch, 0, OUTBOX_CLAIM_NOW), &asked);
	return status;
}

/*
 * A state that this version does not know comes from a later version; a
 * delivery in that state is not sent.
 */
static enum delivery_state
state_of(const char *name)
{
	int state = delivery_state_find(name);

	return state >= 0 ? (enum delivery_state)state : DELIVERY_EXPIRED;
}

struct claimed
lease_row(const struct pg_result *batch, int row)
{
	struct claimed c = {
		.subscription_id =
		    pg_value(batch, row, OUTBOX_CLAIM_SUBSCRIPTION_ID),
		.state = state_of(pg_value(batch, row, OUTBOX_CLAIM_STATUS)),
		.attempt = pg_int(batch, row, OUTBOX_CLAIM_ATTEMPT),
		.attempts = pg_int(batch, row, OUTBOX_CLAIM_ATTEMPTS),
		.url = pg_value(batch, row, OUTBOX_CLAIM_URL),
		.secret = pg_value(batch, row, OUTBOX_CLAIM_SECRET),
		.old_secret = pg_value(batch, row, OUTBOX_CLAIM_OLD_SECRET),
		.retry_schedule =
		    pg_value(batch, row, OUTBOX_CLAIM_RETRY_SCHEDULE),
		.max_in_flight = pg_int(batch, row, OUTBOX_CLAIM_MAX_IN_FLIGHT),
		.lease = pg_value(batch, row, OUTBOX_CLAIM_LEASE),
		.description = pg_value(batch, row, OUTBOX_CLAIM_DESCRIPTION),
		.credentials = pg_value(batch, row, OUTBOX_CLAIM_CREDENTIALS),
		.headers = pg_value(batch, row, OUTBOX_CLAIM_HEADERS),
	};

	c.message = (struct message){
		.id = pg_value(batch, row, OUTBOX_CLAIM_MESSAGE_ID),
		.topic = pg_value(batch, row, OUTBOX_CLAIM_TOPIC),
		.data = pg_value(batch, row, OUTBOX_CLAIM_PAYLOAD),
		.source = pg_value(batch, row, OUTBOX_CLAIM_SOURCE),
		.subject = pg_value(batch, row, OUTBOX_CLAIM_SUBJECT),
		.causation_id = pg_value(batch, row, OUTBOX_CLAIM_CAUSATION_ID),
		.time = pg_value(batch, row, OUTBOX_CLAIM_TIME),
		.request_id = pg_value(batch, row, OUTBOX_CLAIM_REQUEST_ID),
		.traceparent = pg_value(batch, row, OUTBOX_CLAIM_TRACEPARENT),
	};
	return c;
}

static void
put(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_json_string(out, value, strlen(value));
}

/* A receiver's answer can have NULs, which PostgreSQL's text cannot hold. */
static void
put_answer(struct buf *out, struct buf *answer)
{
	size_t i;

	for (i = 0; i < answer->len; i++)
		if (answer->data[i] == '\0')
			answer->data[i] = (char)0xff; /* becomes U+FFFD */
	if (answer->len == 0)
		return;
	buf_puts(out, ",\"answer\":");
	buf_json_string(out, answer->data, answer->len);
}

void
lease_add(
    struct buf *out, const struct attempt *a, const struct outcome *outcome)
{
	struct buf answer = a->answer;

	buf_putc(out, out->len == 0 ? '[' : ',');
	buf_printf(out,
	    "{\"message\":\"%s\",\"subscription\":\"%s\",\"attempt\":%d,"
	    "\"status\":\"%s\",\"delay\":%lld.%03lld,\"began\":%lld,\"ms\":%"
	    "lld",
	    a->message.id, a->subscription_id, a->number,
	    ending_name(outcome->ending), (long long)(outcome->delay_ms / 1000),
	    (long long)(outcome->delay_ms % 1000), (long long)outcome->began_ms,
	    (long long)outcome->took_ms);
	if (a->http_status > 0)
		buf_printf(out, ",\"http\":%d", a->http_status);
	put(out, "lease", a->lease);
	put(out, "url", a->url);
	put(out, "verdict", verdict_name(outcome->verdict));
	put(out, "error", error_class_name(a->error));
	put(out, "detail", a->detail);
	put(out, "address", a->address);
	/*
	 * Answers are left out once the buffer is half full, because the
	 * outcomes matter more.
	 */
	if (out->len < out->max / 2)
		put_answer(out, &answer);
	buf_putc(out, '}');
}

enum status
lease_settle(struct db *db, struct buf *outcomes, int64_t now_ms,
    struct pg_result **settled)
{
	char now[NUMBER_LEN], failures[NUMBER_LEN];
	const char *values[OUTBOX_SETTLE_ARGS] = {
		[OUTBOX_SETTLE_ARG_FAILURES] = failures,
		[OUTBOX_SETTLE_ARG_OPEN_SECONDS] = breaker_seconds,
		[OUTBOX_SETTLE_ARG_OPEN_SECONDS_MAX] = breaker_max_seconds,
		[OUTBOX_SETTLE_ARG_STEADY_MS] = now,
	};
	enum status status;

	buf_putc(outcomes, ']');
	if (outcomes->failed)
		return STATUS_FAULT;
	values[OUTBOX_SETTLE_ARG_OUTCOMES] = outcomes->data;
	snprintf(failures, sizeof(failures), "%d", LANE_FAILURES);
	snprintf(now, sizeof(now), "%lld", (long long)now_ms);
	status = db_run(db, Q_outbox_settle, values, settled);
	if (status != STATUS_OK)
		outcomes->data[--outcomes->len] = '\0';
	return status;
}

int
lease_settled(const struct pg_result *settled)
{
	return pg_int(settled, 0, OUTBOX_SETTLE_SETTLED);
}

static enum hold
hold_of(const char *name)
{
	static const char *const names[HOLDS] = { [HOLD_NOT] = "",
		[HOLD_OPEN] = "open",
		[HOLD_PAUSED] = "paused",
		[HOLD_DISABLED] = "disabled",
		[HOLD_DELETED] = "deleted" };
	int hold = word_find(names, HOLDS, name);

	return hold >= 0 ? (enum hold)hold : HOLD_NOT;
}

bool
lease_judged(const struct pg_result *settled, int *row, struct judged *judged)
{
	int r = *row;

	if (r >= pg_rows(settled) ||
	    pg_value(settled, r, OUTBOX_SETTLE_SUBSCRIPTION_ID) == NULL)
		return false;
	*judged = (struct judged){
		.subscription_id =
		    pg_value(settled, r, OUTBOX_SETTLE_SUBSCRIPTION_ID),
		.description = pg_value(settled, r, OUTBOX_SETTLE_DESCRIPTION),
		.url = pg_value(settled, r, OUTBOX_SETTLE_URL),
		.hold = hold_of(pg_value(settled, r, OUTBOX_SETTLE_HOLD)),
		.open_seconds = pg_int(settled, r, OUTBOX_SETTLE_OPEN_SECONDS),
		.failures = pg_int(settled, r, OUTBOX_SETTLE_FAILURES),
		.opened = pg_is_true(settled, r, OUTBOX_SETTLE_OPENED),
		.disabled = pg_is_true(settled, r, OUTBOX_SETTLE_DISABLED),
	};
	(*row)++;
	return true;
}
