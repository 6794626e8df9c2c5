#include "results.h"

#include <string.h>

#include "intake.h"
#include "problem.h"

enum {
	/* Beyond it, faults are told in brief: the answer must fit. */
	FULL_ANSWER_MAX = 8 << 20,
	BRIEF_MAX = 2048
};

static enum outcome
outcome_of(const struct entry *e)
{
	if (e->too_large || e->is_misused)
		return OUTCOME_REFUSED;
	switch (e->event.end) {
	case EVENT_STORED:
		return OUTCOME_STORED;
	case EVENT_DUPLICATE:
		return OUTCOME_DUPLICATE;
	case EVENT_REJECTED:
		return OUTCOME_REJECTED;
	default:
		return OUTCOME_FAILED;
	}
}

void
results_count(struct results *r)
{
	size_t i;

	memset(r->ends, 0, sizeof(r->ends));
	for (i = 0; i < r->n; i++)
		r->ends[outcome_of(&r->entries[i])]++;
}

static void
put_text(struct buf *out, int status, const char *detail)
{
	buf_printf(out, "%d,\"detail\":", status);
	buf_json_string(out, detail, strlen(detail));
}

static void
put_faults(struct buf *out, const struct faults *faults)
{
	if (out->len > FULL_ANSWER_MAX && faults->text.len > BRIEF_MAX) {
		put_text(out, 422,
		    "Its faults do not fit into this answer; alone, it would "
		    "be answered with all of them");
		return;
	}
	buf_puts(out, "422,\"detail\":[");
	buf_put(out, faults->text.data, faults->text.len);
	buf_putc(out, ']');
}

static void
put_refusal(struct buf *out, const struct entry *e)
{
	if (e->too_large)
		put_text(out, 413, "The event is longer than 1 MiB");
	else
		put_text(out, 422, INTAKE_MISUSED_KEY);
}

/* Writes the status of an event, and what goes with it. */
static void
put_result(struct buf *out, const struct entry *e)
{
	const char *text;
	int http;

	switch (outcome_of(e)) {
	case OUTCOME_STORED:
	case OUTCOME_DUPLICATE:
		buf_puts(out, "200,");
		intake_put_receipt(out, &e->event.receipt);
		break;
	case OUTCOME_REJECTED:
		put_faults(out, &e->event.faults);
		break;
	case OUTCOME_REFUSED:
		put_refusal(out, e);
		break;
	default:
		text = problem_text(e->event.status, &http);
		put_text(out, http, text);
	}
}

static void
put_results(struct buf *out, const struct results *r)
{
	const char *separator = "";
	enum outcome is;
	size_t i;

	for (i = 0; i < r->n; i++) {
		is = outcome_of(&r->entries[i]);
		if (r->minimal &&
		    (is == OUTCOME_STORED || is == OUTCOME_DUPLICATE))
			continue;
		buf_printf(out, "%s{\"index\":%zu,\"status\":", separator, i);
		if (r->is_stored || is == OUTCOME_REJECTED ||
		    is == OUTCOME_REFUSED)
			put_result(out, &r->entries[i]);
		else
			put_text(out, 424,
			    "Not stored, because of other events of the batch");
		buf_putc(out, '}');
		separator = ",";
	}
}

void
results_write(struct buf *out, const struct results *r)
{
	const size_t *ends = r->ends;
	size_t bad = ends[OUTCOME_REJECTED] + ends[OUTCOME_REFUSED];

	if (r->is_stored)
		bad += ends[OUTCOME_FAILED];
	buf_printf(out, "{\"stored\":%zu,\"duplicate\":%zu,\"rejected\":%zu",
	    r->is_stored ? ends[OUTCOME_STORED] : 0,
	    r->is_stored ? ends[OUTCOME_DUPLICATE] : 0, bad);
	buf_puts(out, ",\"results\":[");
	put_results(out, r);
	buf_puts(out, "]}");
}
