#include "settling.h"

#include "clock.h"
#include "log.h"
#include "report.h"
#include "tally.h"

enum {
	OUTCOMES_MAX_BYTES = 64 << 20,
	COLLECT_MS = 20, /* how long the first outcome waits for others */
	MANY = 250,      /* number that is settled without waiting for more */
	AGAIN_MS = 1000  /* pause after the database failed */
};

void
settling_init(struct settling *s)
{
	*s = (struct settling){ .n = 0 };
	s->last_failed = &s->failed;
	buf_init(&s->outcomes, OUTCOMES_MAX_BYTES);
}

/* Reports and frees failed parcels; settled: NULL if settling failed. */
static void
report(struct settling *s, const struct pg_result *settled)
{
	struct parcel *p;

	report_failed(s->failed, settled);
	while ((p = s->failed) != NULL) {
		s->failed = p->next;
		parcel_free(p);
	}
	s->last_failed = &s->failed;
}

void
settling_free(struct settling *s)
{
	report(s, NULL);
	buf_free(&s->outcomes);
}

void
settling_add(
    struct settling *s, struct parcel *p, const struct outcome *outcome)
{
	p->outcome = *outcome;
	if (s->n++ == 0)
		s->due_ms = clock_steady_ms() + COLLECT_MS;
	else if (s->n == MANY)
		s->due_ms = 0;
	p->receiver->unsettled++;
	tally_attempt(
	    p->attempt.subscription_id, outcome->ending, outcome->took_ms);
	lease_add(&s->outcomes, &p->attempt, outcome);
	if (outcome->ending == ENDING_RETRYING ||
	    outcome->ending == ENDING_FAILED) {
		*s->last_failed = p;
		s->last_failed = &p->next;
		return;
	}
	if (outcome->ending == ENDING_DELIVERED)
		report_delivered(p);
	parcel_free(p);
}

/*
 * The lanes no longer hold these deliveries, and count failures from 0: the
 * database has counted them, or the outcomes could not be settled.
 */
static void
forget(struct settling *s, struct receivers *all)
{
	struct receiver *r;

	for (r = all->list; r != NULL; r = r->next_of_all) {
		r->lane.held -= r->unsettled;
		if (r->unsettled > 0)
			r->lane.failures = 0;
		r->unsettled = 0;
	}
	s->n = 0;
	buf_reset(&s->outcomes);
}

bool
settling_run(struct settling *s, struct receivers *all, struct db *db)
{
	struct pg_result *settled = NULL;
	int64_t now = clock_steady_ms();
	enum status status = lease_settle(db, &s->outcomes, now, &settled);

	if (status == STATUS_OK)
		rights_suffice(&s->rights, "dispatch: settle");
	else
		rights_lack(
		    &s->rights, "dispatch: settle", db, clock_steady_ms());
	if (status == STATUS_RETRY) {
		s->due_ms = clock_steady_ms() + AGAIN_MS;
		return false;
	}
	if (status != STATUS_OK)
		log_error("dispatch: %d outcomes cannot be settled; these "
			  "deliveries are tried again when their leases end",
		    s->n);
	else if (lease_settled(settled) < s->n)
		log_warn("dispatch: %d of %d outcomes changed no delivery: the "
			 "lease had ended, or they were settled before",
		    s->n - lease_settled(settled), s->n);
	report(s, settled);
	pg_free(settled);
	forget(s, all);
	return true;
}
