#include "report.h"

#include <stdio.h>
#include <string.h>

#include "about.h"
#include "log.h"

enum {
	TEXT_LEN = 80
};

static void
about_parcel(struct about *about, const struct parcel *p)
{
	const struct attempt *a = &p->attempt;

	*about = (struct about){ 0 };
	about_attempt(about, &a->message, a->subscription_id, a->number);
	if (a->http_status > 0)
		about_number(about, "status", a->http_status);
	about_number(about, "dur_ms", p->outcome.took_ms);
	about_receiver(about, a->description, a->url);
}

void
report_delivered(const struct parcel *p)
{
	struct about about;

	about_parcel(&about, p);
	log_about(about.fields);
	log_debug("dispatch: delivered");
	log_about(NULL);
}

static void
report_news(const struct judged *j)
{
	struct about about = { 0 };

	if (!j->opened && !j->disabled)
		return;
	about_text(&about, "subscription_id", j->subscription_id);
	about_receiver(&about, j->description, j->url);
	log_about(about.fields);
	if (j->disabled)
		log_warn("dispatch: subscription disabled: its receiver "
			 "answered 410 Gone");
	else
		log_warn("dispatch: breaker open for %d s: its receiver failed "
			 "%d times in a row",
		    j->open_seconds, j->failures);
	log_about(NULL);
}

/* Says when a delivery is retried, or what it waits for. */
static void
say_next(char text[TEXT_LEN], const struct outcome *o, const struct judged *j)
{
	enum hold hold = j != NULL ? j->hold : HOLD_NOT;

	/* The breaker closes or tries again before this delivery is due. */
	if (hold == HOLD_OPEN && o->delay_ms > j->open_seconds * 1000LL)
		hold = HOLD_NOT;
	switch (hold) {
	case HOLD_NOT:
		snprintf(
		    text, TEXT_LEN, "again in %lld ms", (long long)o->delay_ms);
		break;
	case HOLD_OPEN:
		snprintf(text, TEXT_LEN, "held, its breaker is open for %d s",
		    j->open_seconds);
		break;
	case HOLD_PAUSED:
		snprintf(text, TEXT_LEN, "held, its subscription is paused");
		break;
	case HOLD_DISABLED:
		snprintf(text, TEXT_LEN, "held, its subscription is disabled");
		break;
	case HOLD_DELETED:
		snprintf(
		    text, TEXT_LEN, "given up, its subscription is deleted");
		break;
	}
}

static void
report_one(const struct parcel *p, bool is_told, const struct judged *j)
{
	const struct attempt *a = &p->attempt;
	const char *error = error_class_name(a->error);
	struct about about;
	char next[TEXT_LEN];

	about_parcel(&about, p);
	log_about(about.fields);
	say_next(next, &p->outcome, j);
	if (!is_told)
		log_error("dispatch: not delivered, and the outcome could "
			  "not be settled: %s: %s",
		    error, a->detail);
	else if (p->outcome.ending == ENDING_FAILED)
		log_error(
		    "dispatch: failed for good: %s: %s", error, a->detail);
	else
		log_info("dispatch: %s: %s: %s", next, error, a->detail);
	log_about(NULL);
}

/* A linear search, because few subscriptions fail at a time. */
static bool
find(const struct pg_result *settled, const char *id, struct judged *j)
{
	int row = 0;

	while (settled != NULL && lease_judged(settled, &row, j))
		if (strcmp(j->subscription_id, id) == 0)
			return true;
	return false;
}

void
report_failed(const struct parcel *first, const struct pg_result *settled)
{
	const struct parcel *p;
	struct judged j;
	int row = 0;

	while (settled != NULL && lease_judged(settled, &row, &j))
		report_news(&j);
	for (p = first; p != NULL; p = p->next)
		report_one(p, settled != NULL,
		    find(settled, p->attempt.subscription_id, &j) ? &j : NULL);
}
