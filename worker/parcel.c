#include "parcel.h"

#include <stdlib.h>

enum {
	BODY_MAX_BYTES = 64 << 20,
	ANSWER_MAX_BYTES = 16 << 10
};

struct batch *
batch_new(struct pg_result *rows)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	size_t n = (size_t)db_rows(rows);

	if (batch != NULL && n > 0)
		batch->parcels = calloc(n, sizeof(*batch->parcels));
	if (batch == NULL || (n > 0 && batch->parcels == NULL)) {
		free(batch);
		db_result_free(rows);
		return NULL;
	}
	batch->rows = rows;
	batch->left = 1;
	return batch;
}

void
batch_release(struct batch *batch)
{
	if (--batch->left > 0)
		return;
	db_result_free(batch->rows);
	free(batch->parcels);
	free(batch);
}

void
parcel_fill(struct parcel *p, struct batch *batch, const struct claimed *c)
{
	p->attempt = (struct attempt){ .message = c->message,
		.subscription_id = c->subscription_id,
		.url = c->url,
		.secret = c->secret,
		.old_secret = c->old_secret,
		.number = c->attempt,
		.retry_after_ms = -1 };
	p->schedule = c->retry_schedule;
	p->attempts = c->attempts;
	p->batch = batch;
	batch->left++;
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

void
parcel_push(struct receivers *all, struct parcel *p)
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
