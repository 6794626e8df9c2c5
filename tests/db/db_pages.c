/*
 * The size of pages: lists of large rows end at 8 MiB, with a Link.
 */
#include "outbox_rows.h"

#include <string.h>

#include "page.h"

enum {
	LARGE = 10, /* events of a MiB each */
	SMALL = 230
};

static char next[512];

/*
 * Reads the page at `next`, whose ids ascend or descend, and sets `next` to the
 * following page; returns the number of events.
 */
static int
read_page(int status)
{
	static char last[64];
	const char *p, *link;
	int n = 0;

	assert_int_equal(rows_call("GET", next), status);
	for (p = rows_body; (p = strstr(p, "{\"id\":\"")) != NULL; p += 7) {
		if (n++ > 0 && strstr(next, "after=") == NULL)
			assert_true(strncmp(p + 7, last, 36) < 0);
		snprintf(last, sizeof(last), "%.36s", p + 7);
	}
	if (n > 1)
		assert_true(strlen(rows_body) <= PAGE_BYTES);
	link = strchr(rows_headers, '<');
	*next = '\0';
	if (link != NULL)
		snprintf(next, sizeof(next), "%.*s",
		    (int)strcspn(link + 1, ">"), link + 1);
	return n;
}

struct pages {
	int pages, rows;
};

/* Reads all pages, up to the last one or, of the feed, to an empty one. */
static struct pages
read_all(const char *first)
{
	struct pages all = { 0, 0 };
	int n;

	snprintf(next, sizeof(next), "%s", first);
	do {
		n = read_page(200);
		all.rows += n;
		all.pages += n > 0;
		assert_true(all.pages <= 300);
	} while (n > 0 && *next != '\0');
	return all;
}

static void
expect(const char *first, int rows, int pages)
{
	struct pages all = read_all(first);

	if (all.rows != rows || all.pages != pages)
		fail_msg("%s: wanted %d rows on %d pages, got %d on %d", first,
		    rows, pages, all.rows, all.pages);
}

/* text: an SQL expression for nearly a MiB of text. */
static void
put_large(int n, const char *service, const char *text)
{
	t_exec(url,
	    "INSERT INTO events (id, service, \"timestamp\", payload,"
	    " deduplication_key) SELECT"
	    " ('01a205b3-d000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,"
	    " '%s', now(), json_build_object('text', %s), 'k'"
	    " FROM generate_series(1, %d) AS n",
	    service, text, n);
}

/* Text that does not compress; n makes each text different. */
#define NOISE                                                                  \
	"(SELECT string_agg(md5(i::text || n), '')"                            \
	" FROM generate_series(1, 32000) AS i)"

static void
list__large_events__pages_end_at_8_mib(void **state)
{
	(void)state;
	put_large(LARGE, "large", NOISE);
	expect("/events", LARGE, 2);
	expect("/events?limit=100&service=large", LARGE, 2);
	expect("/events?limit=100&deduplication_key=k&derived=false", LARGE, 2);
	expect("/events?limit=5", LARGE, 2);
	/* After an offset the links have a cursor. */
	expect("/events?offset=3", LARGE - 3, 1);
	expect("/events?offset=9", 1, 1);
	expect("/events?offset=10", 0, 0);
}

static void
feed__large_events__pages_end_at_8_mib(void **state)
{
	(void)state;
	put_large(LARGE, "large", NOISE);
	expect("/events?after=0", LARGE, 2);
	expect("/events?after=0&service=large&limit=100", LARGE, 2);
	expect("/events?after=0&limit=5", LARGE, 2);
}

/* The events are stored compressed; the size sent must count. */
static void
list__large_events_that_compress_well__pages_end_at_8_mib(void **state)
{
	(void)state;
	put_large(LARGE, "large", "repeat(chr(96 + n), 1 << 20)");
	assert_true(
	    t_number(url, "SELECT max(pg_column_size(payload)) FROM events") <
	    50000);
	expect("/events", LARGE, 2);
	expect("/events?after=0", LARGE, 2);
}

/* Our ingest does not store such an event, but it must be readable. */
static void
list__one_event_longer_than_a_page__alone_on_it(void **state)
{
	(void)state;
	put_large(3, "large",
	    "CASE n WHEN 2 THEN repeat('x', 9 << 20) ELSE 'short' END");
	expect("/events", 3, 3);
	expect("/events?after=0", 3, 3);
}

static void
list__small_events__full_pages(void **state)
{
	(void)state;
	put_large(SMALL, "small", "n");
	expect("/events", SMALL, 3);
	expect("/events?service=small", SMALL, 3);
	expect("/events?after=0", SMALL, 3);
	/* A full last page has a Link, to an empty one. */
	expect("/events?offset=130", 100, 1);
	expect("/events?limit=1&offset=228", 2, 2);
}

/* Compressed, but not large: pages are as long as asked for. */
static void
list__events_of_some_kib__full_pages(void **state)
{
	(void)state;
	put_large(SMALL, "some", "repeat(n::text || 'x', 2000)");
	expect("/events", SMALL, 3);
	expect("/events?after=0", SMALL, 3);
}

static void
outbox__messages_to_many__pages_end_at_8_mib(void **state)
{
	int n;

	(void)state;
	for (n = 1; n <= 9; n++)
		rows_message(n, "event.x");
	t_exec(url,
	    "INSERT INTO deliveries (message_id, subscription_id, status,"
	    " last_error) SELECT m.id, gen_random_uuid(), 'failed',"
	    " repeat('x', 2000) FROM outbox_messages AS m,"
	    " generate_series(1, 1000)");
	expect("/outbox", 9, 3);
	expect("/outbox?status=failed&limit=100", 9, 3);
	expect("/outbox?limit=2", 9, 5);
}

static void
rejected__bodies_and_reasons_of_control_characters__bounded(void **state)
{
	(void)state;
	t_exec(url,
	    "INSERT INTO rejected_events (id, service, reasons, body) SELECT"
	    " ('01a205b3-d000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,"
	    " 'x', json_build_array(repeat('r', 60000)),"
	    " decode(repeat('01', 1 << 20), 'hex')"
	    " FROM generate_series(1, 230) AS n");
	expect("/rejected", 230, 3);
	expect("/rejected?service=x&offset=130", 100, 2);
	assert_int_equal(
	    rows_call("GET", "/rejected/01a205b3-d000-7000-8000-000000000001"),
	    200);
	t_exec(url, "TRUNCATE rejected_events");
}

static void
subscriptions__any__as_many_as_asked_for(void **state)
{
	(void)state;
	expect("/subscriptions", 6, 1);
	expect("/subscriptions?limit=4", 6, 2);
	expect("/subscriptions?offset=4", 2, 1);
}

/*
 * The number of attempts is unbounded, and each answer can be 96 KiB of
 * escapes.
 */
static void
message__with_very_many_attempts__the_newest_answers_shown(void **state)
{
	char path[64];
	int answers = 0;
	const char *at;

	(void)state;
	rows_message(1, "event.transport");
	rows_delivery(1, GOOD, "delivered");
	t_exec(url,
	    "INSERT INTO delivery_attempts SELECT '%s', '" SUBSCRIPTION
	    "1', n, now(), 1, 500, 'http', 'answered 500', '192.0.2.1', "
	    "repeat(chr(1), 16000) FROM generate_series(1, 400) AS n",
	    rows_id(1));
	snprintf(path, sizeof(path), "/outbox/%s", rows_id(1));
	assert_int_equal(rows_call("GET", path), 200);
	for (at = rows_body; (at = strstr(at, "\"attempt\":")) != NULL; at++)
		answers++;
	assert_int_equal(answers, 400);
	answers = 0;
	for (at = rows_body; (at = strstr(at, "\"answer\":\"")) != NULL; at++)
		answers++;
	assert_int_equal(answers, (1 << 20) / 16000);
	assert_non_null(strstr(rows_body, "\"attempt\":1,"));
	assert_string_equal(
	    rows_body + strlen(rows_body) - 12, "\\u0001\"}]}]}");
}

#define TEST(name) cmocka_unit_test_setup(name, rows_empty)

static const struct CMUnitTest tests[] = {
	TEST(list__large_events__pages_end_at_8_mib),
	TEST(feed__large_events__pages_end_at_8_mib),
	TEST(list__large_events_that_compress_well__pages_end_at_8_mib),
	TEST(list__one_event_longer_than_a_page__alone_on_it),
	TEST(list__small_events__full_pages),
	TEST(list__events_of_some_kib__full_pages),
	TEST(outbox__messages_to_many__pages_end_at_8_mib),
	TEST(rejected__bodies_and_reasons_of_control_characters__bounded),
	TEST(subscriptions__any__as_many_as_asked_for),
	TEST(message__with_very_many_attempts__the_newest_answers_shown),
};

T_MAIN_WITH(tests, database_open, rows_close)
