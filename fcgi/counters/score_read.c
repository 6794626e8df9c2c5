#include "board.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "service.h"

enum {
	TRIES = 8,
	US = 1000000
};

static const double bounds[SCORE_BUCKETS] = { .001, .0025, .005, .01, .025, .05,
	.1, .25, .5, 1, 2.5, 5, 10, INFINITY };

bool
score_pool(struct score_pool *out)
{
	int i;

	*out = (struct score_pool){ 0 };
	if (board == NULL)
		return false;
	out->started_us = board->started_us;
	out->since_us = clock_steady_us() - board->start_us;
	out->active = board_count(SLOT_ACTIVE);
	for (i = 0; i < board->used; i++) {
		if (board->slots[i].pid == 0)
			continue;
		if (board->slots[i].is_status)
			out->status_responders++;
		else
			out->processes++;
	}
	out->idle =
	    out->processes > out->active ? out->processes - out->active : 0;
	out->max_active = board->max_active;
	out->max_reached = board->max_reached;
	out->max_queue = board->max_queue;
	out->started = board->started;
	for (i = 0; i < SCORE_ENDS; i++)
		out->ended[i] = board->ended[i];
	return true;
}

static void
sum(counter *to, const counter *from)
{
	size_t i;

	for (i = 0; i < sizeof(struct tally) / sizeof(counter); i++)
		to[i] += atomic_load_explicit(&from[i], memory_order_acquire);
}

void
score_sum(struct tally *out)
{
	int i;

	memset(out, 0, sizeof(*out));
	sum((counter *)out, (const counter *)&board_spare.tally);
	for (i = 0; board != NULL && i < board->used; i++)
		sum((counter *)out, (const counter *)&board->slots[i].tally);
}

/* A child killed while it wrote leaves turn odd: then no request is shown. */
static void
copy_request(const struct slot *s, struct score_process *out)
{
	unsigned int turn;
	int i;

	for (i = 0; i < TRIES; i++) {
		turn = atomic_load_explicit(&s->turn, memory_order_acquire);
		memcpy(out->method, s->method, sizeof(out->method));
		memcpy(out->uri, s->uri, sizeof(out->uri));
		out->length = s->length;
		atomic_thread_fence(memory_order_acquire);
		if (turn % 2 == 0 &&
		    turn ==
			atomic_load_explicit(&s->turn, memory_order_relaxed))
			return;
	}
	out->method[0] = out->uri[0] = '\0';
	out->length = 0;
}

bool
score_process(int *slot, struct score_process *out)
{
	const struct slot *s;

	for (; board != NULL && *slot < board->used; (*slot)++) {
		s = &board->slots[*slot];
		*out = (struct score_process){ .pid = s->pid,
			.is_status = s->is_status,
			.started_us = s->started_us,
			.since_us = clock_steady_us() - s->start_us,
			.requests = s->requests,
			.took_us = s->last_us };
		if (out->pid == 0)
			continue;
		copy_request(s, out);
		out->is_active = board->busy[*slot] != SLOT_IDLE;
		if (out->is_active)
			out->took_us = clock_steady_us() - s->began_us;
		(*slot)++;
		return true;
	}
	return false;
}

int
score_queue(int length)
{
	if (board == NULL)
		return length;
	board_raise_to(&board->max_queue, length);
	return board->max_queue;
}

atomic_bool *
score_clock_told(void)
{
	static atomic_bool own;

	return board != NULL ? &board->clock_told : &own;
}

double
score_disk_full(void)
{
	int64_t at = board != NULL ? board->disk_full_us : 0;

	return at == 0 ? -1 : (double)(clock_steady_us() - at) / US;
}

/* --- names --- */

double
score_bucket(int n)
{
	return bounds[n];
}

double
score_size(int n)
{
	static const double sizes[SCORE_SIZES] = { 1, 2, 4, 8, 16, 32, 64, 128,
		256, 1024, 4096, 16384, INFINITY };

	return sizes[n];
}

const char *
score_outcome_name(int n)
{
	static const char *const names[OUTCOMES] = { "stored", "duplicate",
		"rejected", "refused", "failed" };

	return names[n];
}

const char *
score_end_name(int n)
{
	static const char *const names[SCORE_ENDS] = { "done", "failed",
		"timeout", "killed" };

	return names[n];
}
