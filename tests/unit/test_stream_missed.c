/*
 * The live stream when nginx is down, refuses or forgets messages, and what
 * viewers are told then.
 */
#include "t.h"

#include <unistd.h>

#include "stream.h"
#include "stream_world.h"

/* --- nginx away --- */

static void
stream__nginx_away__logged_once_and_no_events_taken(void **state)
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO), i;

	(void)state;
	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	nginx_status = -1;
	for (i = 0; i < 3; i++) {
		batch("1.a", "2.c", i > 0);
		add(i == 0 ? "x" : NULL, i == 0 ? "1" : NULL);
		tick();
		assert_int_equal(taken.events, i == 0 ? 1000 : 0);
	}
	assert_int_equal(count(logged(f), "accepts no events"), 1);
	assert_int_equal(count(logged(f), "connect: no such socket"), 1);

	nginx_status = 202;
	for (i = 0; i < 3; i++) {
		batch("3.a", "4.c", false);
		add("x", "1");
		tick();
		assert_int_equal(taken.events, i == 0 ? 0 : 1000);
	}
	assert_int_equal(count(logged(f), "accepts events again"), 1);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(f);
}

static void
stream__nginx_refused_a_message__the_next_says_since_when(void **state)
{
	(void)state;
	nginx_status = 507;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	nginx_status = 202;
	batch("2.c", "3.c", true);
	add(NULL, NULL);
	tick();
	expect_post(
	    0, "all", J("{'events':[],'cursor':'3.c','skipped_after':'1.a'}"));
	batch("3.c", "4.c", false);
	add("x", "2");
	add("new", "3");
	tick();
	expect_post(0, "all", J("{'events':[2,3],'cursor':'4.c'}"));
	expect_post(1, "service.x",
	    J("{'events':[2],'cursor':'4.c','skipped_after':'1.a'}"));
	expect_post(2, "service.new",
	    J("{'events':[3],'cursor':'4.c','skipped_after':'2.c'}"));
}

/* --- what viewers that come back have missed --- */

static void
stream__each_message__says_which_came_before_it(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	expect_after(0, "all", "1.a");
	expect_after(1, "service.x", "1.a");
	batch("2.c", "3.d", false);
	add("y", "2");
	tick();
	expect_after(0, "all", "2.c");
	expect_after(1, "service.y", "2.c");
	batch("3.d", "4.e", false);
	add("x", "3");
	tick();
	expect_after(0, "all", "3.d");
	expect_after(1, "service.x", "2.c");
	/* Another worker published the events from 4.e to 6.f. */
	batch("6.f", "7.g", false);
	add("x", "4");
	tick();
	expect_after(0, "all", "6.f");
	expect_after(1, "service.x", "6.f");
}

static void
stream__message_refused__not_what_came_before(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	nginx_status = 507;
	batch("2.c", "3.d", false);
	add("x", "2");
	tick();
	nginx_status = 202;
	batch("3.d", "4.e", false);
	add("x", "3");
	tick();
	expect_after(0, "all", "3.d");
	expect_after(1, "service.x", "3.d");
}

/*
 * Expects nothing for a second, then a message without events to each channel.
 */
static void
expect_notices(void)
{
	int i;

	recent_mark = "0.m";
	batch("9.z", "9.z", false);
	for (i = 0; i < 4; i++)
		tick();
	assert_int_equal(post_count, 0);
	tick();
	assert_int_equal(recalls, 1);
	assert_int_equal(post_count, 2);
	expect_post(
	    0, "all", J("{'events':[],'cursor':'9.z','skipped_after':'0.m'}"));
	expect_post(1, "service.x",
	    J("{'events':[],'cursor':'9.z','skipped_after':'0.m'}"));
	batch("9.z", "9.z", false);
	for (i = 0; i < 20; i++)
		tick();
	assert_int_equal(recalls, 1);
	assert_int_equal(post_count, 0);
}

static void
send_one(const char *from, const char *to)
{
	batch(from, to, false);
	add("x", "1");
	tick();
	batch(to, to, false);
}

static void
stream__nginx_forgot_and_nothing_comes__told_within_seconds(void **state)
{
	(void)state;
	send_one("1.a", "9.z");
	tick();
	messages = 0;
	tick();
	messages = 3;
	expect_notices();
}

static void
stream__nginx_forgot_and_a_message_came_first__told_as_well(void **state)
{
	(void)state;
	send_one("1.a", "2.b");
	messages = 1;
	send_one("2.b", "9.z");
	messages = 3;
	expect_notices();
}

static void
stream__messages_expired__nothing_to_be_told(void **state)
{
	int i;

	(void)state;
	send_one("1.a", "2.b");
	for (i = 0; i < 30 * 4; i++)
		tick();
	messages = 0;
	tick();
	messages = 1;
	send_one("2.b", "3.c");
	for (i = 0; i < 10; i++)
		tick();
	assert_int_equal(recalls, 0);
}

static void
stream__notice_does_not_arrive__sent_again(void **state)
{
	int i;

	(void)state;
	send_one("1.a", "9.z");
	tick();
	messages = 0;
	tick();
	messages = 3;
	recent_mark = "0.m";
	nginx_status = -1;
	for (i = 0; i < 5; i++)
		tick();
	assert_int_equal(recalls, 1);
	nginx_status = 202;
	post_count = 0;
	for (i = 0; i < 5; i++)
		tick();
	assert_int_equal(recalls, 2);
	assert_int_equal(post_count, 2);
}

/*
 * A new stream cannot know what nginx forgot or an earlier worker left undone.
 */
static void
stream__begins__returning_viewers_are_told_of_a_gap(void **state)
{
	char error[256];

	(void)state;
	stream_close(s);
	watching = 0;
	clock_ms = 1000;
	assert_int_equal(stream_open(&s, &config, http, error), STATUS_OK);
	expect_notices();
	assert_int_equal(passed.n, 0);
}

static const struct CMUnitTest tests[] = {
	WATCHED(stream__nginx_away__logged_once_and_no_events_taken),
	WATCHED(stream__nginx_refused_a_message__the_next_says_since_when),
	WATCHED(stream__each_message__says_which_came_before_it),
	WATCHED(stream__message_refused__not_what_came_before),
	WATCHED(stream__nginx_forgot_and_nothing_comes__told_within_seconds),
	WATCHED(stream__nginx_forgot_and_a_message_came_first__told_as_well),
	WATCHED(stream__messages_expired__nothing_to_be_told),
	WATCHED(stream__notice_does_not_arrive__sent_again),
	OPEN(stream__begins__returning_viewers_are_told_of_a_gap),
};

T_MAIN(tests)
