#include "parcel.h"

#include <stdlib.h>

#include "about.h"
#include "log.h"

enum {
	BODY_MAX_BYTES = 64 << 20,
	ANSWER_MAX_BYTES = 16 << 10
};

static struct batch *
batch_new(struct pg_result *rows)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	size_t n = (size_t)pg_rows(rows);

	if (batch != NULL) /* n + 1, because calloc(0, …) can return NULL */
		batch->parcels = calloc(n + 1, sizeof(*batch->parcels));
	if (batch == NULL || batch->parcels == NULL) {
		log_error("parcel: out of memory for %zu deliveries; they are "
			  "tried again when their leases end",
		    n);
		free(batch);
		pg_free(rows);
		return NULL;
	}
	batch->rows = rows;
	batch->left = 1;
	return batch;
}

static void
batch_release(struct batch *batch)
{
	if (--batch->left > 0)
		return;
	pg_free(batch->rows);
	free(batch->parcels);
	free(batch);
}

static void
fill(struct parcel *p, const struct claimed *c, const struct parcel *like)
{
	*p = *like;
	p->attempt.message = c->message;
	p->attempt.subscription_id = c->subscription_id;
	p->attempt.description = c->description;
	p->attempt.url = c->url;
	p->attempt.secret = c->secret;
	p->attempt.old_secret = c->old_secret;
	p->attempt.credentials = c->credentials;
	p->attempt.headers = c->headers;
	p->attempt.number = c->attempt;
	p->attempt.lease = c->lease;
	p->attempt.retry_after_ms = -1;
	p->schedule = c->retry_schedule;
	p->attempts = c->attempts;
	buf_init(&p->attempt.answer, ANSWER_MAX_BYTES);
	buf_init(&p->body, BODY_MAX_BYTES);
}

void
parcel_free(struct parcel *p)
{
	buf_free(&p->body);
	buf_free(&p->attempt.answer);
	batch_release(p->batch);
}

static void
push(struct receivers *all, struct parcel *p)
{
	struct receiver *r = p->receiver;

	*r->last = p;
	r->last = &p->next;
	if (!r->is_queued) {
		r->is_queued = true;
		r->next_queued = all->queued;
		all->queued = r;
	}
}

struct parcel *
parcel_pop(struct receiver *r)
{
	struct parcel *p = r->first;

	r->first = p->next;
	if (r->first == NULL)
		r->last = &r->first;
	p->next = NULL;
	return p;
}

static struct receiver *
find_receiver(struct receivers *all, const struct claimed *c, int lane_limit)
{
	struct receiver *r = receiver_get(all, c->subscription_id);
	int max = c->max_in_flight;

	if (r == NULL)
		return NULL;
	if (r->lane.max_in_flight == 0) /* new receiver */
		r->room = lane_limit < max ? lane_limit : max;
	r->lane.max_in_flight = max;
	r->got++;
	return r;
}

static void
log_over(const struct claimed *c)
{
	struct about about = { 0 };

	about_attempt(&about, &c->message, c->subscription_id, c->attempt);
	about_receiver(&about, c->description, c->url);
	log_about(about.fields);
	log_error("parcel: delivery %s before it was sent",
	    delivery_state_name(c->state));
	log_about(NULL);
}

static void
take(struct receivers *all, struct batch *batch, int row,
    const struct parcel *like, int lane_limit)
{
	struct claimed c = lease_row(batch->rows, row);
	struct receiver *r = find_receiver(all, &c, lane_limit);
	struct parcel *p = &batch->parcels[row];
	bool is_over = c.state != DELIVERY_DELIVERING;

	if (is_over)
		log_over(&c);
	if (is_over || r == NULL)
		return;
	fill(p, &c, like);
	p->batch = batch;
	batch->left++;
	p->receiver = r;
	r->lane.held++;
	push(all, p);
}

void
parcels_take(struct receivers *all, struct pg_result *rows,
    const struct parcel *like, int lane_limit)
{
	struct batch *batch = batch_new(rows);
	int row, n;

	if (batch == NULL)
		return;
	n = pg_rows(rows);
	for (row = 0; row < n; row++)
		take(all, batch, row, like, lane_limit);
	batch_release(batch);
}
