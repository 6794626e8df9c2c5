#include "t.h"

#include <string.h>

#include "http.h"
#include "stack.h"
#include "viewer.h"

/* --- server-sent events --- */

static void
sse__an_emergency__base_and_derived_once_in_order(void **state)
{
	char ids[3][ID_CHARS + 1], last[3][ID_CHARS + 1];
	const char *at, *before = NULL;
	struct viewer v;
	int i, times;

	(void)state;
	viewer_sse(&v, "/events/stream", "");
	assert_int_equal(viewer_ingest("health", viewer_emergency, ids), 3);
	viewer_await(&v, ids[2]);
	assert_int_equal(viewer_ingest("weather", "{\"wind\":1e2}", last), 1);
	viewer_await(&v, last[0]);
	for (i = 0; i < 3; i++) {
		at = viewer_find_event(&v, ids[i], &times);
		assert_int_equal(times, 1);
		assert_true(at > before);
		before = at;
	}
	assert_non_null(strstr(v.text, J("'payload':{'wind':1e2}")));
	assert_non_null(strstr(v.text, "],\"cursor\":\""));
	assert_null(strstr(v.text, "skipped_after"));
	viewer_leave(&v);
}

static void
sse__one_service__its_events_alone(void **state)
{
	char ids[3][ID_CHARS + 1];
	struct viewer v;

	(void)state;
	viewer_sse(&v, "/events/stream?service=security", "");
	assert_int_equal(viewer_ingest("health", viewer_emergency, ids), 3);
	viewer_await(&v, J("'service':'security'"));
	assert_int_equal(viewer_ingest("energy", "{\"energy\":900}", ids), 2);
	viewer_await(&v, ids[1]);
	assert_int_equal(viewer_count(v.text, J("'service':'security'")), 2);
	assert_int_equal(viewer_count(v.text, "\"service\":"), 2);
	viewer_leave(&v);
}

static void
sse__back_with_last_event_id__what_came_meanwhile(void **state)
{
	char first[3][ID_CHARS + 1], second[3][ID_CHARS + 1], header[128];
	struct viewer v, witness;
	const char *id;
	int times;

	(void)state;
	viewer_sse(&witness, "/events/stream", "");
	viewer_sse(&v, "/events/stream", "");
	viewer_ingest("weather", "{\"n\":1}", first);
	viewer_await(&v, first[0]);
	id = strstr(v.text, "\nid: ") + 5;
	snprintf(header, sizeof(header), "Last-Event-ID: %.*s\r\n",
	    (int)strcspn(id, "\n"), id);
	viewer_leave(&v);
	viewer_ingest("weather", "{\"n\":2}", second);
	viewer_await(&witness, second[0]);
	viewer_sse(&v, "/events/stream", header);
	viewer_await(&v, second[0]);
	assert_null(viewer_find_event(&v, first[0], &times));
	viewer_leave(&v);
	viewer_leave(&witness);
}

static void
sse__cursor_of_a_message__the_feed_goes_on_there(void **state)
{
	char first[3][ID_CHARS + 1], second[3][ID_CHARS + 1], target[128];
	const char *cursor;
	struct viewer v;
	struct http h;

	(void)state;
	viewer_sse(&v, "/events/stream", "");
	viewer_ingest("weather", "{\"n\":1}", first);
	viewer_await(&v, "\"cursor\":\"");
	viewer_await(&v, "}\n\n");
	cursor = strstr(v.text, "\"cursor\":\"") + 10;
	snprintf(target, sizeof(target), "/events?after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	viewer_ingest("weather", "{\"n\":2}", second);
	viewer_await(&v, second[0]);
	h = http_get(viewer_stack.port, target);
	assert_int_equal(h.status, 200);
	assert_null(strstr(h.body, first[0]));
	assert_non_null(strstr(h.body, second[0]));
	http_free(&h);
	viewer_leave(&v);
}

static void
sse__nothing_happens__heart_beats(void **state)
{
	(void)state;
	viewer_await(&viewer_idle, "\n:still here\n");
	assert_null(strstr(viewer_idle.text, "data:"));
}

/* --- what nginx forgets --- */

/* The id of the viewer's last message, as a header to come back with. */
static void
resume(const struct viewer *v, char header[128])
{
	const char *at = v->text, *id = NULL;

	while ((at = strstr(at, "\nid: ")) != NULL)
		id = at += 5;
	assert_non_null(id);
	snprintf(
	    header, 128, "Last-Event-ID: %.*s\r\n", (int)strcspn(id, "\n"), id);
}

/* Expects that the feed after `skipped_after` has this event. */
static void
expect_in_feed(const struct viewer *v, const char *id)
{
	const char *cursor = strstr(v->text, "\"skipped_after\":\"");
	char target[128];

	assert_non_null(cursor);
	cursor += strlen("\"skipped_after\":\"");
	snprintf(target, sizeof(target), "/events?after=%.*s",
	    (int)strcspn(cursor, "\""), cursor);
	viewer_expect("GET", target, "", 200, id);
}

/*
 * nginx has forgotten the events between the viewer's last message and the
 * reload.
 */
static void
back_after_a_reload(const char *path, const char *service, bool more)
{
	char first[3][ID_CHARS + 1], missed[3][ID_CHARS + 1],
	    next[3][ID_CHARS + 1], header[128];
	struct viewer v, witness;

	viewer_sse(&witness, path, "");
	viewer_sse(&v, path, "");
	viewer_ingest(service, "{\"n\":1}", first);
	viewer_await(&v, first[0]);
	viewer_await(&v, "}\n\n");
	resume(&v, header);
	viewer_leave(&v);
	viewer_ingest(service, "{\"n\":2}", missed);
	viewer_await(&witness, missed[0]);
	viewer_leave(&witness);
	stack_reload_nginx(&viewer_stack);
	if (more)
		viewer_ingest(service, "{\"n\":3}", next);
	viewer_sse(&v, path, header);
	viewer_await(&v, "\"skipped_after\":\"");
	viewer_await(&v, "\"}\n\n");
	expect_in_feed(&v, missed[0]);
	viewer_ingest(service, "{\"n\":4}", next);
	viewer_await(&v, next[0]);
	viewer_leave(&v);
}

static void
sse__back_after_a_reload_and_nothing_comes__told(void **state)
{
	(void)state;
	back_after_a_reload("/events/stream", "weather", false);
	back_after_a_reload("/events/stream?service=wind", "wind", false);
}

static void
sse__back_after_a_reload_and_events_came__told(void **state)
{
	(void)state;
	back_after_a_reload("/events/stream", "weather", true);
	back_after_a_reload("/events/stream?service=wind", "wind", true);
}

/*
 * A viewer that never left sees each message follow the last one, and no gap.
 */
static void
sse__stays__each_message_follows_the_one_before(void **state)
{
	char ids[3][ID_CHARS + 1], after[160], cursor[128] = "";
	const char *at;
	struct viewer v;
	int i;

	(void)state;
	viewer_sse(&v, "/events/stream?service=chain", "");
	for (i = 0; i < 4; i++) {
		viewer_ingest("chain", "{}", ids);
		viewer_await(&v, ids[0]);
		viewer_ingest("weather", "{}", ids);
	}
	viewer_await(&viewer_idle, ": hi\n");
	for (i = 0, at = v.text; i < 4; i++) {
		assert_non_null(at = strstr(at, "\"cursor\":\""));
		if (i > 0) {
			snprintf(
			    after, sizeof(after), "\"after\":\"%s\"", cursor);
			assert_non_null(strstr(at, after));
		}
		snprintf(cursor, sizeof(cursor), "%.*s",
		    (int)strcspn(at + 10, "\""), at + 10);
		at += 10;
	}
	assert_null(strstr(v.text, "skipped_after"));
	viewer_leave(&v);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sse__an_emergency__base_and_derived_once_in_order),
	cmocka_unit_test(sse__one_service__its_events_alone),
	cmocka_unit_test(sse__back_with_last_event_id__what_came_meanwhile),
	cmocka_unit_test(sse__cursor_of_a_message__the_feed_goes_on_there),
	cmocka_unit_test(sse__stays__each_message_follows_the_one_before),
	cmocka_unit_test(sse__nothing_happens__heart_beats),
	/* The last tests, because their reloads disconnect viewer_idle. */
	cmocka_unit_test(sse__back_after_a_reload_and_nothing_comes__told),
	cmocka_unit_test(sse__back_after_a_reload_and_events_came__told),
};

T_MAIN_WITH(tests, viewer_open_all, viewer_close_all)
