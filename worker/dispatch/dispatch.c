#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cloudevent.h"
#include "lane.h"
#include "log.h"
#include "parcel.h"
#include "retry.h"
#include "rights.h"
#include "settling.h"
#include "sink.h"
#include "tally.h"

enum {
	LANES_MAX_BYTES = 64 << 20,
	CLAIM_MS = 20,     /* pause between claims while they find deliveries */
	BUSY_MS = 500,     /* and for this time after they found the last one */
	CLAIM_MORE_MS = 2, /* pause while more is due than one claim can take */
	IDLE_SHARE = 10,   /* idle claims use at most 1/10 of the time */
	SWEEP_MS = 10000,  /* between claims that look at all due deliveries */
	NEWCOMERS = 8,     /* a new receiver gets 1/8 of the free places */
	AGAIN_MS = 1000,   /* pause after the database failed */
	LEASE_MARGIN_MS = 1000
};

struct dispatch {
	const struct config *config;
	struct schedule schedule;
	struct receivers receivers;
	struct settling settling;
	struct buf lanes;
	int busy; /* attempts under way */
	/* Times of the steady clock. */
	int64_t claim_at; /* when the next claim is due */
	int64_t sweep_at; /* when a claim must look at all due deliveries */
	int64_t found_ms; /* when a claim last found a delivery */
	bool is_stopping;
	bool is_behind; /* the last claim left deliveries due */
	struct rights claim_rights;
};

/* --- one attempt --- */

static void
release(struct parcel *p)
{
	settling_add(&p->dispatch->settling, p,
	    &(struct outcome){ .ending = ENDING_RELEASED });
}

/* Milliseconds until the next attempt; -1: this was the last attempt. */
static int64_t
delay_ms(const struct parcel *p)
{
	const struct dispatch *d = p->dispatch;
	struct schedule own;
	char error[256];
	bool has_own = p->schedule != NULL &&
	    schedule_parse(&own, p->schedule, error) == STATUS_OK;

	return retry_delay_ms(has_own ? &own : &d->schedule, p->attempts,
	    d->config->outbox_max_attempts, p->attempt.retry_after_ms,
	    arc4random());
}

/* Whether this worker has cut the attempt off, because it is stopping. */
static bool
was_cut_off(const struct parcel *p)
{
	return p->dispatch->is_stopping && p->attempt.error == ERROR_INTERNAL;
}

/* Decides between another attempt and a dead letter. */
static void
plan(const struct parcel *p, struct outcome *outcome)
{
	int64_t delay = delay_ms(p);

	if (delay >= 0) {
		outcome->ending = ENDING_RETRYING;
		outcome->delay_ms = delay;
	} else if (was_cut_off(p)) {
		*outcome = (struct outcome){ .ending = ENDING_RELEASED };
	} else {
		outcome->ending = ENDING_FAILED;
	}
}

/* The sink calls this when an attempt is over. */
static void
finish(struct attempt *a)
{
	struct parcel *p = (struct parcel *)a;
	struct outcome outcome = { .ending = ENDING_DELIVERED,
		.verdict = verdict_of(a),
		.began_ms = p->began_ms,
		.took_ms = clock_steady_ms() - p->began_ms };

	p->receiver->lane.in_flight--;
	p->dispatch->busy--;
	if (outcome.verdict == VERDICT_BAD)
		lane_failed(&p->receiver->lane);
	else
		lane_answered(&p->receiver->lane, outcome.took_ms);
	if (a->error != ERROR_NONE)
		plan(p, &outcome);
	settling_add(&p->dispatch->settling, p, &outcome);
}

static void
begin(struct parcel *p)
{
	const struct sink *sink = sink_find(p->attempt.url);

	cloudevent_write(&p->body, &p->attempt.message);
	p->attempt.body = p->body.data;
	p->attempt.body_len = p->body.len;
	p->began_ms = clock_steady_ms();
	p->receiver->lane.in_flight++;
	p->dispatch->busy++;
	if (sink != NULL && !p->body.failed) {
		sink->start(&p->attempt);
		return;
	}
	p->attempt.error = ERROR_INTERNAL;
	snprintf(p->attempt.detail, sizeof(p->attempt.detail), "%s",
	    sink == NULL ? "no sink has this URL's scheme" : "out of memory");
	finish(&p->attempt);
}

/*
 * An attempt that can take longer than its lease is not begun, because another
 * worker could deliver the same message meanwhile.
 */
static bool
is_to_give_back(const struct dispatch *d, const struct parcel *p)
{
	int64_t needs = d->config->delivery_timeout * 1000LL + LEASE_MARGIN_MS;

	return d->is_stopping || lane_is_broken(&p->receiver->lane) ||
	    clock_steady_ms() + needs > p->lease_end_ms;
}

/* Begins the first parcel or gives it back; false: neither is possible now. */
static bool
begin_one(struct dispatch *d, struct receiver *r)
{
	if (r->first == NULL)
		return false;
	if (is_to_give_back(d, r->first))
		release(parcel_pop(r));
	else if (lane_may_start(&r->lane, d->busy, d->config->in_flight))
		begin(parcel_pop(r));
	else
		return false;
	return true;
}

/* One parcel of each receiver begins in turn: none can take all places. */
static void
begin_all(struct dispatch *d)
{
	struct receiver **at, *r;
	bool again = true;

	while (again) {
		again = false;
		at = &d->receivers.queued;
		while ((r = *at) != NULL) {
			again = begin_one(d, r) || again;
			if (r->first != NULL) {
				at = &r->next_queued;
			} else {
				r->is_queued = false;
				*at = r->next_queued;
			}
		}
	}
}

/* --- claim --- */

/*
 * Milliseconds until the next claim, after a claim that took `took`
 * milliseconds. is_cut_off: that claim took as many deliveries as it could, so
 * more are probably due.
 */
static int64_t
claim_pause(const struct dispatch *d, bool is_cut_off, int64_t took)
{
	int64_t poll = (int64_t)(d->config->outbox_poll_seconds * 1000);

	if (is_cut_off)
		return CLAIM_MORE_MS;
	if (poll < took * IDLE_SHARE)
		poll = took * IDLE_SHARE;
	/* Deliveries often come in bursts. */
	if (poll > CLAIM_MS && clock_steady_ms() - d->found_ms < BUSY_MS)
		return CLAIM_MS;
	return poll;
}

static void
claim(struct dispatch *d, struct db *db)
{
	int64_t now = clock_steady_ms();
	int left = receivers_left(&d->receivers, d->config->in_flight), n;
	bool sweep = now >= d->sweep_at;
	struct pg_result *rows = NULL;
	struct claim c = {
		.back = sweep ? -1 : receivers_back(d->receivers.seen_ms, now),
		.lease_seconds = d->config->outbox_lease_seconds,
		.max_attempts = d->config->outbox_max_attempts,
		.limit = d->config->outbox_batch_size,
		.lane_limit = left > NEWCOMERS ? left / NEWCOMERS : 1,
	};
	struct parcel like = {
		.dispatch = d,
		.attempt.timeout_ms = d->config->delivery_timeout * 1000,
		.attempt.done = finish,
	};

	/* Even if it fails: a sweep that times out is not repeated at once. */
	if (sweep)
		d->sweep_at = now + SWEEP_MS;
	receivers_put_lanes(&d->receivers, &d->lanes, left, now, sweep);
	c.lanes = d->lanes.data;
	if (d->lanes.failed || lease_claim(db, &c, &rows) != STATUS_OK) {
		rights_lack(&d->claim_rights, "dispatch: claim", db, now);
		d->claim_at = now + AGAIN_MS;
		return;
	}
	rights_suffice(&d->claim_rights, "dispatch: claim");
	n = pg_rows(rows);
	tally_claim(n);
	if (n > 0)
		d->found_ms = now;
	like.lease_end_ms = now + c.lease_seconds * 1000LL;
	parcels_take(&d->receivers, rows, &like, c.lane_limit);
	d->is_behind = receivers_seen(&d->receivers, now, n == c.limit, sweep);
	d->claim_at = clock_steady_ms() +
	    claim_pause(d, n == c.limit, clock_steady_ms() - now);
}

/* --- settle --- */

static void
settle(struct dispatch *d, struct db *db)
{
	/* Places are free again for what the last claim left due. */
	if (settling_run(&d->settling, &d->receivers, db) && d->is_behind)
		d->claim_at = 0;
}

/* --- all of it --- */

int64_t
dispatch_run(struct dispatch *d, struct db *db)
{
	int64_t now = clock_steady_ms(), next;

	begin_all(d);
	if (d->settling.n > 0 && now >= d->settling.due_ms)
		settle(d, db);
	if (!d->is_stopping && now >= d->claim_at) {
		claim(d, db);
		begin_all(d);
	}
	next = d->is_stopping ? now + AGAIN_MS : d->claim_at;
	if (d->settling.n > 0 && d->settling.due_ms < next)
		next = d->settling.due_ms;
	now = clock_steady_ms();
	return next > now ? next - now : 0;
}

void
dispatch_stop(struct dispatch *d)
{
	d->is_stopping = true;
	begin_all(d);
	d->settling.due_ms = 0;
}

bool
dispatch_is_idle(const struct dispatch *d)
{
	return d->busy == 0 && d->settling.n == 0;
}

static enum status
parse_schedule(struct dispatch *d, char error[256])
{
	char what[256];
	enum status status =
	    schedule_parse(&d->schedule, d->config->retry_schedule, what);

	if (status != STATUS_OK)
		snprintf(error, 256, "SMARTCITY_RETRY_SCHEDULE: %.200s", what);
	return status;
}

static enum status
open_sinks(const struct config *config, const struct net *net, char error[256])
{
	const struct sink *sink;
	enum status status;
	int i;

	for (i = 0; (sink = sink_at(i)) != NULL; i++)
		if ((status = sink->open(config, net, error)) != STATUS_OK)
			return status;
	return STATUS_OK;
}

enum status
dispatch_open(struct dispatch **out, const struct config *config,
    const struct net *net, char error[256])
{
	struct dispatch *d;
	enum status status;

	if (config->outbox_lease_seconds < config->delivery_timeout + 2) {
		snprintf(error, 256,
		    "SMARTCITY_LEASE_SECONDS: must be at least 2 more than "
		    "SMARTCITY_DELIVERY_TIMEOUT, which is %d",
		    config->delivery_timeout);
		return STATUS_REJECT;
	}
	d = calloc(1, sizeof(*d));
	if (d == NULL) {
		snprintf(error, 256, "out of memory");
		return STATUS_FAULT;
	}
	d->config = config;
	receivers_init(&d->receivers);
	buf_init(&d->lanes, LANES_MAX_BYTES);
	settling_init(&d->settling);
	status = parse_schedule(d, error);
	if (status == STATUS_OK)
		status = open_sinks(config, net, error);
	if (status != STATUS_OK) {
		dispatch_close(d, NULL);
		return status;
	}
	*out = d;
	return STATUS_OK;
}

/* A parcel that was not begun is claimed again when its lease ends. */
static void
drop_queues(struct receivers *all)
{
	struct receiver *r;

	for (r = all->list; r != NULL; r = r->next_of_all)
		while (r->first != NULL)
			parcel_free(parcel_pop(r));
}

void
dispatch_close(struct dispatch *d, struct db *db)
{
	int i;

	if (d == NULL)
		return;
	d->is_stopping = true;
	for (i = 0; sink_at(i) != NULL; i++)
		sink_at(i)->close();
	if (d->settling.n > 0)
		settle(d, db);
	settling_free(&d->settling);
	drop_queues(&d->receivers);
	receivers_free(&d->receivers);
	buf_free(&d->lanes);
	free(d);
}
