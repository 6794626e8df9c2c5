#include "event_row.h"

#include <string.h>
#include <time.h>

#include "pg.h"

/* Microseconds; PostgreSQL counts them from 2000. */
#define DAY INT64_C(86400000000)
#define DAYS_TO_2000 10957

/* Writes n decimal digits before `end`. */
static void
put_digits(char *end, unsigned value, int n)
{
	for (; n > 0; n--, value /= 10)
		*--end = (char)('0' + value % 10);
}

/* The date of a day since 1970. Most events of a page are of the same day. */
static const char *
date_of(time_t day)
{
	static time_t known = -1;
	static char date[16];
	struct tm tm;

	if (day != known) {
		day *= 86400;
		gmtime_r(&day, &tm);
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
		known = day / 86400;
	}
	return date;
}

/* A timestamptz from 1970 to 9999, in RFC 3339. */
static void
put_time(struct buf *out, const char *value)
{
	char text[] = "\"0000-00-00T00:00:00.000000Z\"";
	const unsigned char *b = (const unsigned char *)value;
	uint64_t bits = 0;
	int64_t us;
	unsigned of_day;
	int i;

	for (i = 0; i < 8; i++)
		bits = bits << 8 | b[i];
	us = (int64_t)bits;
	if (us < -DAYS_TO_2000 * DAY || us >= INT64_C(2921940) * DAY) {
		out->failed = true;
		return;
	}
	us += DAYS_TO_2000 * DAY;
	of_day = (unsigned)(us % DAY / 1000000);
	memcpy(text + 1, date_of(us / DAY), 10);
	put_digits(text + 14, of_day / 3600, 2);
	put_digits(text + 17, of_day / 60 % 60, 2);
	put_digits(text + 20, of_day % 60, 2);
	put_digits(text + 27, (unsigned)(us % 1000000), 6);
	buf_put(out, text, sizeof(text) - 1);
}

static struct id
read_id(const char *value)
{
	return id_of_bytes((const unsigned char *)value);
}

static void
put_id(struct buf *out, const char *value)
{
	char text[ID_LEN + 2];

	text[0] = text[ID_LEN + 1] = '"';
	memcpy(text + 1, read_id(value).text, ID_LEN);
	buf_put(out, text, sizeof(text));
}

/* Payloads are stored as exact JSON text, and written without parsing. */
static void
put_json(struct buf *out, const char *value, int n)
{
	buf_put(out, value, (size_t)n);
}

static void
put_text(struct buf *out, const char *value, int n)
{
	buf_json_string(out, value, (size_t)n);
}

#define PUT(out, s) buf_put(out, s, sizeof(s) - 1)

void
event_row_write(struct buf *out, const struct pg_result *r, int row)
{
	const char *value;

#define COLUMN(c) pg_value(r, row, EVENT_GET_##c)
#define LENGTH(c) pg_length(r, row, EVENT_GET_##c)
	PUT(out, "{\"id\":");
	put_id(out, COLUMN(ID));
	PUT(out, ",\"service\":");
	put_text(out, COLUMN(SERVICE), LENGTH(SERVICE));
	PUT(out, ",\"timestamp\":");
	put_time(out, COLUMN(TIMESTAMP));
	PUT(out, ",\"payload\":");
	put_json(out, COLUMN(PAYLOAD), LENGTH(PAYLOAD));
	PUT(out, ",\"normalized_payload\":");
	if ((value = COLUMN(NORMALIZED_PAYLOAD)) != NULL)
		put_json(out, value, LENGTH(NORMALIZED_PAYLOAD));
	else
		PUT(out, "null");
	PUT(out, ",\"deduplication_key\":");
	if ((value = COLUMN(DEDUPLICATION_KEY)) != NULL)
		put_text(out, value, LENGTH(DEDUPLICATION_KEY));
	else
		PUT(out, "null");
	PUT(out, ",\"source_event_id\":");
	if ((value = COLUMN(SOURCE_EVENT_ID)) != NULL)
		put_id(out, value);
	else
		PUT(out, "null");
	PUT(out, ",\"created_at\":");
	put_time(out, COLUMN(CREATED_AT));
	PUT(out, "}");
}

struct id
event_row_id(const struct pg_result *r, int row)
{
	return read_id(pg_value(r, row, EVENT_GET_ID));
}

bool
event_row_is_long(const struct pg_result *r, int row)
{
	return pg_value(r, row, EVENT_GET_PAYLOAD) == NULL;
}
