#include "events_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_row.h"

EVENT_ROW_CHECK(EVENTS_SEARCH);
EVENT_ROW_CHECK(EVENTS_OWN_TIME);

/* Rows that one statement looks at; event_search.sql: `examine`. */
#define EXAMINE 10000
#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

/* Milliseconds. */
enum {
	AHEAD = 360000, /* "timestamp" is at most 5 minutes after receipt */
	BEHIND = 60000  /* a derived event's id is later than its cause's */
};

bool
events_search_is_needed(const struct events_filter *f)
{
	return f->service || f->source || f->key || f->derived || f->has_time;
}

static enum status
count_own(struct search *s, struct db *db, const struct id *below, int *found)
{
	const char *const values[EVENTS_OWN_COUNT_ARGS] = {
		[EVENTS_OWN_COUNT_ARG_FROM] = s->from,
		[EVENTS_OWN_COUNT_ARG_TO] = s->to,
		[EVENTS_OWN_COUNT_ARG_CURSOR] = below->text,
		[EVENTS_OWN_COUNT_ARG_LOW] = s->bottom.text,
		[EVENTS_OWN_COUNT_ARG_LIMIT] = TEXT_OF(EXAMINE),
	};
	struct pg_result *r = NULL;
	enum status status = db_run_planned(db, Q_events_own_count, values, &r);

	if (status == STATUS_OK)
		*found = pg_int(r, 0, EVENTS_OWN_COUNT_FOUND);
	pg_free(r);
	return status;
}

/*
 * Events whose time is that of receipt lie between two ids. The others are few
 * and sorted, or so many that all events from the first possible one on are
 * looked at.
 */
static enum status
open_time(
    struct search *s, struct db *db, const struct id *below, long long offset)
{
	const struct events_filter *f = s->filter;
	enum status status;
	struct id first;
	int found = EXAMINE;

	rfc3339_format(f->from, s->from);
	rfc3339_format(f->to, s->to);
	first = id_floor(f->from / 1000 - AHEAD);
	s->bottom = *id_greatest(&f->since, &first);
	if (offset == 0 &&
	    (status = count_own(s, db, below, &found)) != STATUS_OK)
		return status;
	s->has_own = found > 0 && found < EXAMINE;
	if (found < EXAMINE) {
		s->plain_low = id_floor(f->from / 1000);
		s->plain_high = id_floor(f->to / 1000 + BEHIND);
	}
	if (found == 0)
		s->bottom = *id_greatest(&f->since, &s->plain_low);
	return STATUS_OK;
}

enum status
events_search_open(struct search *s, struct db *db,
    const struct events_filter *f, const struct id *below, long long offset)
{
	*s = (struct search){
		.filter = f, .bottom = f->since, .plain_low = f->since
	};
	strcpy(s->plain_high.text, ID_LAST);
	s->picks = f->has_time || (f->derived && *f->derived == 'f') ||
	    (f->key && (f->service || f->derived));
	/* One event causes few others. */
	if (f->source != NULL)
		s->picks = false;
	return f->has_time ? open_time(s, db, below, offset) : STATUS_OK;
}

/* The filters that choose an index, and whether to apply the others. */
static void
put_filters(const struct search *s, bool others, const char *values[])
{
	const struct events_filter *f = s->filter;
	bool by_key = f->key && !f->source;
	bool by_service = f->service && !f->source && !f->key;
	bool by_derived =
	    f->derived && *f->derived == 't' && !f->source && !f->key;

	if (f->source)
		values[EVENTS_SEARCH_ARG_SOURCE_EVENT_ID] = f->source->text;
	if (by_key)
		values[EVENTS_SEARCH_ARG_DEDUPLICATION_KEY] = f->key;
	if (by_service)
		values[EVENTS_SEARCH_ARG_SERVICE] = f->service;
	if (by_derived)
		values[EVENTS_SEARCH_ARG_DERIVED] = f->derived;
	if (!others)
		return;
	if (!by_key)
		values[EVENTS_SEARCH_ARG_ALSO_DEDUPLICATION_KEY] = f->key;
	if (!by_service)
		values[EVENTS_SEARCH_ARG_ALSO_SERVICE] = f->service;
	if (!by_derived)
		values[EVENTS_SEARCH_ARG_ALSO_DERIVED] = f->derived;
	if (f->has_time) {
		values[EVENTS_SEARCH_ARG_FROM] = s->from;
		values[EVENTS_SEARCH_ARG_TO] = s->to;
	}
	if (s->has_own)
		values[EVENTS_SEARCH_ARG_RECEIVED] = "true";
}

/* others: with the filters for which no index was chosen. */
static enum status
read(const struct search *s, struct db *db, const struct span *span,
    const char *limit, const char *offset, bool others, struct pg_result **out)
{
	bool is_open = strcmp(span->below.text, span->high.text) < 0;
	char all[24];
	const char *values[EVENTS_SEARCH_ARGS] = {
		[EVENTS_SEARCH_ARG_CURSOR] =
		    is_open ? span->below.text : ID_LAST,
		[EVENTS_SEARCH_ARG_LOW] =
		    id_greatest(&span->low, &s->plain_low)->text,
		[EVENTS_SEARCH_ARG_HIGH] =
		    id_least(&span->high, &s->plain_high)->text,
		[EVENTS_SEARCH_ARG_LIMIT] = limit,
		[EVENTS_SEARCH_ARG_OFFSET] = offset,
	};

	snprintf(all, sizeof(all), "%lld", atoll(limit) + atoll(offset));
	/* An offset counts what passes, so it is looked for everywhere. */
	if (s->picks && (!others || strcmp(offset, "0") == 0))
		values[EVENTS_SEARCH_ARG_EXAMINE] = TEXT_OF(EXAMINE);
	else if (!s->picks && !s->filter->source)
		values[EVENTS_SEARCH_ARG_EXAMINE] = all;
	put_filters(s, others, values);
	/*
	 * The planner must know the cursor. Pages without one are asked for
	 * again and again.
	 */
	return is_open ? db_run_planned(db, Q_events_search, values, out)
		       : db_run_kept(db, Q_events_search, values, 0, out);
}

enum status
events_search_read(const struct search *s, struct db *db,
    const struct span *span, const char *limit, const char *offset,
    struct pg_result **out)
{
	return read(s, db, span, limit, offset, true, out);
}

enum status
events_search_own(const struct search *s, struct db *db,
    const struct span *span, const char *limit, struct pg_result **out)
{
	const struct events_filter *f = s->filter;
	const char *const values[EVENTS_OWN_TIME_ARGS] = {
		[EVENTS_OWN_TIME_ARG_FROM] = s->from,
		[EVENTS_OWN_TIME_ARG_TO] = s->to,
		[EVENTS_OWN_TIME_ARG_CURSOR] =
		    id_least(&span->below, &span->high)->text,
		[EVENTS_OWN_TIME_ARG_LOW] = span->low.text,
		[EVENTS_OWN_TIME_ARG_LIMIT] = limit,
		[EVENTS_OWN_TIME_ARG_SERVICE] = f->service,
		[EVENTS_OWN_TIME_ARG_SOURCE_EVENT_ID] =
		    f->source ? f->source->text : NULL,
		[EVENTS_OWN_TIME_ARG_DEDUPLICATION_KEY] = f->key,
		[EVENTS_OWN_TIME_ARG_DERIVED] = f->derived,
	};

	return db_run_planned(db, Q_events_own_time, values, out);
}

enum status
events_search_end(const struct search *s, struct db *db,
    const struct span *span, bool *is_cut, struct id *end)
{
	struct pg_result *r = NULL;
	enum status status;
	char offset[16];

	*is_cut = false;
	if (!s->picks)
		return STATUS_OK;
	snprintf(offset, sizeof(offset), "%d", EXAMINE - 1);
	status = read(s, db, span, "1", offset, false, &r);
	*is_cut = status == STATUS_OK && pg_rows(r) > 0;
	if (*is_cut)
		*end = event_row_id(r, 0);
	pg_free(r);
	return status;
}
