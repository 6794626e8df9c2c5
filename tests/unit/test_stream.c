/*
 * The live stream: what is taken from the database and posted to nginx, with
 * fakes of both.
 */
#include "t.h"

#include <string.h>

#include "stream.h"
#include "stream_world.h"

/* --- opening --- */

static void
stream__no_socket_configured__none_and_no_harm(void **state)
{
	static struct config none;
	struct stream *out = (struct stream *)&none;
	char error[256];

	(void)state;
	assert_int_equal(stream_open(&out, &none, http, error), STATUS_OK);
	assert_null(out);
	assert_int_equal(stream_tick(out, NULL), STATUS_OK);
	stream_close(out);
}

static void
stream__path_too_long_for_a_socket__refused(void **state)
{
	static struct config long_path;
	struct stream *out;
	char error[256];

	(void)state;
	memset(long_path.stream, 'x', 108);
	assert_int_equal(
	    stream_open(&out, &long_path, http, error), STATUS_REJECT);
	assert_non_null(strstr(error, "SMARTCITY_STREAM"));
	assert_null(out);
}

/* --- batches --- */

static void
stream__nothing_new__nothing_posted(void **state)
{
	(void)state;
	batch("1.a", "1.a", false);
	tick();
	assert_int_equal(taken.n, 1);
	assert_int_equal(post_count, 0);
}

static void
stream__two_services__one_message_to_all_and_one_to_each(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("health", "{\"n\":1}");
	add("energy", "{\"n\":2}");
	add("health", "{\"n\":3}");
	tick();
	assert_int_equal(post_count, 3);
	expect_post(0, "all",
	    J("{'events':[{'n':1},{'n':2},{'n':3}],"
	      "'cursor':'2.c'}"));
	expect_post(1, "service.health",
	    J("{'events':[{'n':1},{'n':3}],'cursor':'2.c'}"));
	expect_post(
	    2, "service.energy", J("{'events':[{'n':2}],'cursor':'2.c'}"));
}

static void
stream__service_called_all__channel_of_its_own(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("all", "{}");
	tick();
	assert_int_equal(post_count, 2);
	expect_post(1, "service.all", J("{'events':[{}],'cursor':'2.c'}"));
}

static void
stream__payload_of_several_lines__one_line(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "{\r\n\"n\":\n1}\n");
	tick();
	expect_post(0, "all", J("{'events':[{  'n': 1} ],'cursor':'2.c'}"));
}

static void
stream__events_skipped__every_channel_told_once(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	batch("2.c", "9.c", true);
	add("y", "2");
	tick();
	assert_int_equal(post_count, 2);
	expect_post(
	    0, "all", J("{'events':[2],'cursor':'9.c','skipped_after':'2.c'}"));
	expect_post(1, "service.y",
	    J("{'events':[2],'cursor':'9.c','skipped_after':'2.c'}"));
	batch("9.c", "10.c", false);
	add("x", "3");
	add("y", "4");
	tick();
	expect_post(0, "all", J("{'events':[3,4],'cursor':'10.c'}"));
	expect_post(1, "service.x",
	    J("{'events':[3],'cursor':'10.c','skipped_after':'2.c'}"));
	expect_post(2, "service.y", J("{'events':[4],'cursor':'10.c'}"));
}

static void
stream__all_skipped__told_without_events(void **state)
{
	(void)state;
	batch("1.a", "9.c", true);
	add(NULL, NULL);
	tick();
	assert_int_equal(post_count, 1);
	expect_post(
	    0, "all", J("{'events':[],'cursor':'9.c','skipped_after':'1.a'}"));
}

static void
stream__more_services_than_posts__the_rest_told_later(void **state)
{
	static char names[40][16];
	int i;

	(void)state;
	batch("1.a", "2.c", false);
	for (i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "s%d", i);
		add(names[i], "1");
	}
	tick();
	assert_int_equal(post_count, 33);
	batch("2.c", "3.c", false);
	add("s39", "2");
	add("s0", "3");
	tick();
	expect_post(1, "service.s39",
	    J("{'events':[2],'cursor':'3.c','skipped_after':'1.a'}"));
	expect_post(2, "service.s0", J("{'events':[3],'cursor':'3.c'}"));
}

static void
stream__batch_under_way__no_other_taken(void **state)
{
	(void)state;
	nginx_status = 0;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	tick();
	assert_int_equal(taken.n, 1);
	answer(1, 201);
	tick();
	assert_int_equal(taken.n, 1);
	answer(0, 201);
	batch("2.c", "2.c", false);
	tick();
	assert_int_equal(taken.n, 2);
}

static void
stream__database_fails__said_and_nothing_posted(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	database = STATUS_RETRY;
	assert_int_equal(stream_tick(s, NULL), STATUS_RETRY);
	assert_int_equal(post_count, 0);
	database = STATUS_OK;
	tick();
	assert_int_equal(taken.n, 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(stream__no_socket_configured__none_and_no_harm),
	cmocka_unit_test(stream__path_too_long_for_a_socket__refused),
	WATCHED(stream__nothing_new__nothing_posted),
	WATCHED(stream__two_services__one_message_to_all_and_one_to_each),
	WATCHED(stream__service_called_all__channel_of_its_own),
	WATCHED(stream__payload_of_several_lines__one_line),
	WATCHED(stream__events_skipped__every_channel_told_once),
	WATCHED(stream__all_skipped__told_without_events),
	WATCHED(stream__more_services_than_posts__the_rest_told_later),
	WATCHED(stream__batch_under_way__no_other_taken),
	WATCHED(stream__database_fails__said_and_nothing_posted),
};

T_MAIN(tests)
