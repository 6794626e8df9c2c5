/*
 * What the live stream posts where, over a database, a clock and an nginx that
 * are made up here.
 */
#include "t.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "post.h"
#include "stream.h"

/* --- the world --- */

enum {
	ROWS_MAX = 64,
	POSTS_MAX = 64
};

static int64_t clock_ms;
/* Never looked into: it is only handed on. */
static struct post_client *const http = (struct post_client *)&clock_ms;
static const char *recent_mark; /* NULL: no service had events lately */
static int recalls;
static bool is_recent; /* what was asked for last */

static struct row {
	const char *service, *event;
} rows[ROWS_MAX];
static int row_count;
static const char *before, *behind;
static bool is_skipped;

static struct {
	int n;
	long long events, bytes;
} taken;
static enum status database;
static bool is_repeated;

static struct {
	int n;
	char moment[32];
} passed;
static struct post *asked; /* its answer waits */
static int watching;       /* what nginx answers; -1: it is no stub status */
static bool holds_answer;

static struct {
	char url[128], body[4096];
	struct post *post;
} posts[POSTS_MAX];
static int post_count;
static int nginx_status; /* 0: its answers wait */
static int viewers;
static int messages; /* of the channel, and of all */

int64_t
clock_steady_ms(void)
{
	return clock_ms;
}

int64_t
clock_wall_us(void)
{
	return clock_ms * 1000;
}

enum status
db_run(struct db *db, enum query q, const char *const values[],
    struct pg_result **out)
{
	(void)db;
	if (q == Q_stream_pass) {
		passed.n++;
		is_recent = false;
		snprintf(passed.moment, sizeof(passed.moment), "%s", values[1]);
		if (database == STATUS_OK)
			*out = (struct pg_result *)rows;
		return database;
	}
	if (q == Q_stream_recent) {
		recalls++;
		is_recent = true;
		*out = (struct pg_result *)rows;
		return database;
	}
	is_recent = false;
	assert_int_equal(q, Q_stream_take);
	taken.n++;
	taken.events = atoll(values[1]);
	taken.bytes = atoll(values[2]);
	if (database == STATUS_OK)
		*out = (struct pg_result *)rows;
	return database;
}

bool
db_was_repeated(const struct db *db)
{
	(void)db;
	return is_repeated;
}

int
pg_rows(const struct pg_result *r)
{
	(void)r;
	if (is_recent)
		return recent_mark != NULL ? 1 : 0;
	return row_count;
}

const char *
pg_value(const struct pg_result *r, int row, int column)
{
	static char moment[32];

	(void)r;
	if (is_recent)
		return column == 0 ? behind : column == 1 ? recent_mark : "x";
	/* No batch: it is asked for the present moment. */
	if (before == NULL) {
		snprintf(moment, sizeof(moment), "%d", 100 * passed.n);
		return moment;
	}
	switch (column) {
	case 0:
		return before;
	case 1:
		return behind;
	case 3:
		return rows[row].service;
	case 4:
		return rows[row].event;
	}
	return is_skipped ? "t" : "f";
}

bool
pg_is_true(const struct pg_result *r, int row, int column)
{
	return *pg_value(r, row, column) == 't';
}

void
pg_free(struct pg_result *r)
{
	(void)r;
}

static void
answer(int i, int status)
{
	struct post *p = posts[i].post;

	if (status > 0) {
		p->error = ERROR_NONE;
		p->status = status;
		buf_printf(p->answer,
		    "{\"messages\": %d, \"requested\": 0, \"subscribers\": %d, "
		    "\"last_message_id\": \"1795501876:0\" }",
		    messages, viewers);
	} else {
		p->error = ERROR_CONNECT;
		snprintf(p->detail, sizeof(p->detail), "no such socket");
	}
	p->done(p);
}

static void
answer_viewers(void)
{
	struct post *p = asked;

	asked = NULL;
	p->status = watching < 0 ? 404 : 200;
	p->error = nginx_status < 0 ? ERROR_CONNECT : ERROR_NONE;
	snprintf(p->detail, sizeof(p->detail), "no such socket");
	buf_printf(p->answer,
	    "total published messages: 9\nstored messages: %d\n"
	    "channels: 4\nsubscribers: %d\nredis pending commands: 0\n",
	    messages, watching);
	p->done(p);
}

void
post_start(struct post_client *c, struct post *p)
{
	int i;

	assert_ptr_equal(c, http);
	if (strcmp(p->url, "http://stream/viewers") == 0) {
		asked = p;
		if (!holds_answer)
			answer_viewers();
		return;
	}
	i = post_count++;
	assert_true(i < POSTS_MAX);
	assert_string_equal(p->unix_socket, "/run/s.sock");
	assert_string_equal(p->headers[1], "Accept: text/json");
	assert_true(p->body_len < sizeof(posts[i].body));
	snprintf(posts[i].url, sizeof(posts[i].url), "%s", p->url);
	snprintf(posts[i].body, sizeof(posts[i].body), "%s", p->body);
	posts[i].post = p;
	if (nginx_status != 0)
		answer(i, nginx_status);
}

/* --- what the tests say --- */

static struct config config;
static struct stream *s;

static int
open_stream(void **state)
{
	char error[256];

	(void)state;
	config.stream_bytes = 50000000;
	strcpy(config.stream, "/run/s.sock");
	nginx_status = 202;
	viewers = 0;
	messages = 3;
	recent_mark = NULL;
	recalls = 0;
	is_recent = false;
	database = STATUS_OK;
	is_repeated = false;
	clock_ms = 1000;
	taken.n = passed.n = post_count = 0;
	before = NULL;
	watching = 0;
	holds_answer = false;
	assert_int_equal(stream_open(&s, &config, http, error), STATUS_OK);
	/* Those who watched before it began would be back by now. */
	clock_ms += 36000;
	return 0;
}

static int
open_watched(void **state)
{
	open_stream(state);
	watching = 1;
	clock_ms += 250;
	return stream_tick(s, NULL) != STATUS_OK;
}

static int
close_stream(void **state)
{
	(void)state;
	stream_close(s);
	return 0;
}

/* The next take finds nothing, from that cursor to that one. */
static void
batch(const char *from, const char *to, bool skipped)
{
	before = from;
	behind = to;
	is_skipped = skipped;
	row_count = 0;
	post_count = 0;
}

static void
add(const char *service, const char *event)
{
	assert_true(row_count < ROWS_MAX);
	rows[row_count++] = (struct row){ service, event };
}

static void
tick(void)
{
	clock_ms += 250;
	assert_int_equal(stream_tick(s, NULL), STATUS_OK);
}

/* Apart from `after`, which is the next one's matter. */
static void
expect_post(int i, const char *channel, const char *body)
{
	char url[128], rest[4096], *after;

	assert_true(i < post_count);
	snprintf(url, sizeof(url), "http://stream/publish?channel=%s", channel);
	assert_string_equal(posts[i].url, url);
	snprintf(rest, sizeof(rest), "%s", posts[i].body);
	assert_non_null(after = strstr(rest, ",\"after\":\""));
	memmove(after, strchr(after + 10, '"') + 1,
	    strlen(strchr(after + 10, '"') + 1) + 1);
	assert_string_equal(rest, body);
}

static void
expect_after(int i, const char *channel, const char *cursor)
{
	char text[256];

	assert_true(i < post_count);
	assert_string_equal(strchr(posts[i].url, '=') + 1, channel);
	snprintf(text, sizeof(text), ",\"after\":\"%s\"", cursor);
	assert_non_null(strstr(posts[i].body, text));
}

/* What was logged by now, in memory that is static. */
static const char *
logged(FILE *f)
{
	static char text[4096];
	size_t n;

	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	return text;
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

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
	    "{\"events\":[{\"n\":1},{\"n\":2},{\"n\":3}],"
	    "\"cursor\":\"2.c\"}");
	expect_post(1, "service.health",
	    "{\"events\":[{\"n\":1},{\"n\":3}],\"cursor\":\"2.c\"}");
	expect_post(
	    2, "service.energy", "{\"events\":[{\"n\":2}],\"cursor\":\"2.c\"}");
}

static void
stream__service_called_all__channel_of_its_own(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("all", "{}");
	tick();
	assert_int_equal(post_count, 2);
	expect_post(1, "service.all", "{\"events\":[{}],\"cursor\":\"2.c\"}");
}

static void
stream__payload_of_several_lines__one_line(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "{\r\n\"n\":\n1}\n");
	tick();
	expect_post(
	    0, "all", "{\"events\":[{  \"n\": 1} ],\"cursor\":\"2.c\"}");
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
	expect_post(0, "all",
	    "{\"events\":[2],\"cursor\":\"9.c\",\"skipped_after\":\"2.c\"}");
	expect_post(1, "service.y",
	    "{\"events\":[2],\"cursor\":\"9.c\",\"skipped_after\":\"2.c\"}");
	batch("9.c", "10.c", false);
	add("x", "3");
	add("y", "4");
	tick();
	expect_post(0, "all", "{\"events\":[3,4],\"cursor\":\"10.c\"}");
	expect_post(1, "service.x",
	    "{\"events\":[3],\"cursor\":\"10.c\",\"skipped_after\":\"2.c\"}");
	expect_post(2, "service.y", "{\"events\":[4],\"cursor\":\"10.c\"}");
}

static void
stream__all_skipped__told_without_events(void **state)
{
	(void)state;
	batch("1.a", "9.c", true);
	add(NULL, NULL);
	tick();
	assert_int_equal(post_count, 1);
	expect_post(0, "all",
	    "{\"events\":[],\"cursor\":\"9.c\",\"skipped_after\":\"1.a\"}");
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
	    "{\"events\":[2],\"cursor\":\"3.c\",\"skipped_after\":\"1.a\"}");
	expect_post(2, "service.s0", "{\"events\":[3],\"cursor\":\"3.c\"}");
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

/* --- does anybody watch? --- */

/* What it took then, nobody knows. */
static void
stream__answer_of_the_database_lost__the_next_says_since_when(void **state)
{
	int again;

	(void)state;
	for (again = 0; again < 2; again++) {
		batch("1.a", "2.b", false);
		add("energy", "{\"n\":1}");
		tick();
		if (again == 0) {
			database = STATUS_RETRY;
			clock_ms += 250;
			assert_int_equal(stream_tick(s, NULL), STATUS_RETRY);
			database = STATUS_OK;
		}
		is_repeated = again != 0;
		batch("5.c", "6.d", false);
		add("energy", "{\"n\":2}");
		tick();
		is_repeated = false;
		expect_post(0, "all",
		    "{\"events\":[{\"n\":2}],\"cursor\":\"6.d\","
		    "\"skipped_after\":\"2.b\"}");
		expect_post(1, "service.energy",
		    "{\"events\":[{\"n\":2}],\"cursor\":\"6.d\","
		    "\"skipped_after\":\"2.b\"}");
	}
}

/* Until the first moment is old enough, which is 100. */
static void
tick_for_2_s(void)
{
	int i;

	for (i = 0; i < 9; i++)
		tick();
}

static void
stream__passed_by_then_an_answer_lost__since_the_pass(void **state)
{
	(void)state;
	tick_for_2_s();
	watching = 1;
	tick(); /* passes what was before 100 */
	is_repeated = true;
	batch("200.x", "300.y", false);
	add("energy", "{\"n\":1}");
	tick();
	expect_post(0, "all",
	    "{\"events\":[{\"n\":1}],\"cursor\":\"300.y\",\"skipped_after\":"
	    "\"100.00000000-0000-0000-0000-000000000000\"}");
}

static void
stream__nobody_watches__passed_by_as_of_before_the_answer(void **state)
{
	(void)state;
	tick_for_2_s();
	assert_string_equal(passed.moment, "");
	tick();
	assert_string_equal(passed.moment, "100");
	tick_for_2_s();
	assert_string_equal(passed.moment, "900");
	assert_int_equal(taken.n, 0);
	assert_int_equal(post_count, 0);
}

static void
stream__first_viewer__taken_from_where_nobody_had_come(void **state)
{
	(void)state;
	tick_for_2_s();
	watching = 1;
	tick();
	assert_string_equal(passed.moment, "100");
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	assert_int_equal(passed.n, 10);
	assert_int_equal(taken.n, 1);
	assert_int_equal(post_count, 2);
}

static void
stream__last_viewer_left__goes_on_while_it_may_come_back(void **state)
{
	int i;

	(void)state;
	watching = 1;
	tick();
	watching = 0;
	batch("1.a", "1.a", false);
	for (i = 0; i < 30 * 4; i++)
		tick();
	assert_int_equal(passed.n, 1);
	assert_int_equal(taken.n, 30 * 4);
	clock_ms += 10000;
	before = NULL;
	tick();
	assert_int_equal(passed.n, 2);
	assert_int_equal(taken.n, 30 * 4);
}

static void
stream__answer_waits__nothing_passed_by(void **state)
{
	(void)state;
	holds_answer = true;
	tick();
	tick();
	tick();
	assert_int_equal(passed.n, 1);
	answer_viewers();
	tick();
	assert_int_equal(passed.n, 2);
	nginx_status = -1;
	answer_viewers();
}

/* It was told that it is there, and its event came, before it was counted. */
static void
stream__viewer_counted_late__its_first_event_is_not_passed_by(void **state)
{
	int i;

	(void)state;
	tick_for_2_s();
	tick_for_2_s();
	/* 1900 is the moment of its event. */
	for (i = 0; i < 7; i++)
		tick();
	watching = 1;
	tick();
	assert_int_equal(passed.n, 26);
	assert_string_equal(passed.moment, "1700");
}

static void
stream__no_answer__logged_once_and_nothing_passed_by(void **state)
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	tick();
	nginx_status = -1;
	tick();
	tick();
	assert_string_equal(passed.moment, "");
	assert_int_equal(count(logged(f), "takes no events"), 1);
	nginx_status = 202;
	tick();
	tick_for_2_s();
	assert_string_equal(passed.moment, "400");
	assert_int_equal(count(logged(f), "takes events again"), 1);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(f);
}

static void
stream__viewers_not_to_be_counted__somebody(void **state)
{
	(void)state;
	watching = -1;
	tick();
	batch("1.a", "1.a", false);
	tick();
	assert_int_equal(taken.n, 1);
}

/* --- the budget's use --- */

static void
stream__many_viewers__less_is_taken_for_them(void **state)
{
	(void)state;
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	assert_int_equal(taken.events, 1000);
	assert_int_equal(taken.bytes, 256 * 1024);
	viewers = 5000;
	tick();
	tick();
	assert_int_equal(taken.bytes, 10000);
}

static void
stream__budget_spent__waits(void **state)
{
	(void)state;
	viewers = 2000000; /* of 50 bytes each, twice */
	batch("1.a", "2.c", false);
	add("x", "1");
	tick();
	tick();
	assert_int_equal(taken.n, 1);
	clock_ms += 5000;
	tick();
	assert_int_equal(taken.n, 2);
	assert_int_equal(taken.bytes, 1024);
}

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
	assert_int_equal(count(logged(f), "takes no events"), 1);
	assert_int_equal(count(logged(f), "connect: no such socket"), 1);

	nginx_status = 202;
	for (i = 0; i < 3; i++) {
		batch("3.a", "4.c", false);
		add("x", "1");
		tick();
		assert_int_equal(taken.events, i == 0 ? 0 : 1000);
	}
	assert_int_equal(count(logged(f), "takes events again"), 1);
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
	expect_post(0, "all",
	    "{\"events\":[],\"cursor\":\"3.c\",\"skipped_after\":\"1.a\"}");
	batch("3.c", "4.c", false);
	add("x", "2");
	add("new", "3");
	tick();
	expect_post(0, "all", "{\"events\":[2,3],\"cursor\":\"4.c\"}");
	expect_post(1, "service.x",
	    "{\"events\":[2],\"cursor\":\"4.c\",\"skipped_after\":\"1.a\"}");
	expect_post(2, "service.new",
	    "{\"events\":[3],\"cursor\":\"4.c\",\"skipped_after\":\"2.c\"}");
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
	/* Another worker had its turn. */
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

/* Nothing for a second, then a message without events to each. */
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
	expect_post(0, "all",
	    "{\"events\":[],\"cursor\":\"9.z\",\"skipped_after\":\"0.m\"}");
	expect_post(1, "service.x",
	    "{\"events\":[],\"cursor\":\"9.z\",\"skipped_after\":\"0.m\"}");
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

/* What nginx did meanwhile, or the worker before had in hand, is not known. */
static void
stream__begins__who_comes_back_is_told(void **state)
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

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, open_stream, close_stream)
#define WATCHED(test)                                                          \
	cmocka_unit_test_setup_teardown(test, open_watched, close_stream)

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
	WATCHED(stream__answer_of_the_database_lost__the_next_says_since_when),
	OPEN(stream__passed_by_then_an_answer_lost__since_the_pass),
	OPEN(stream__nobody_watches__passed_by_as_of_before_the_answer),
	OPEN(stream__first_viewer__taken_from_where_nobody_had_come),
	OPEN(stream__last_viewer_left__goes_on_while_it_may_come_back),
	OPEN(stream__answer_waits__nothing_passed_by),
	OPEN(stream__viewer_counted_late__its_first_event_is_not_passed_by),
	OPEN(stream__no_answer__logged_once_and_nothing_passed_by),
	OPEN(stream__viewers_not_to_be_counted__somebody),
	WATCHED(stream__many_viewers__less_is_taken_for_them),
	WATCHED(stream__budget_spent__waits),
	WATCHED(stream__nginx_away__logged_once_and_no_events_taken),
	WATCHED(stream__nginx_refused_a_message__the_next_says_since_when),
	WATCHED(stream__each_message__says_which_came_before_it),
	WATCHED(stream__message_refused__not_what_came_before),
	WATCHED(stream__nginx_forgot_and_nothing_comes__told_within_seconds),
	WATCHED(stream__nginx_forgot_and_a_message_came_first__told_as_well),
	WATCHED(stream__messages_expired__nothing_to_be_told),
	WATCHED(stream__notice_does_not_arrive__sent_again),
	OPEN(stream__begins__who_comes_back_is_told),
};

T_MAIN(tests)
