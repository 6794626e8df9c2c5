#include "stream_world.h"

#include <string.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "post.h"
#include "stream.h"

int64_t clock_ms;

struct post_client *const http = (struct post_client *)&clock_ms;
const char *recent_mark;
int recalls;
static bool is_recent; /* the last statement was stream_recent */
static struct row {
	const char *service, *event;
} rows[ROWS_MAX];
static int row_count;
const char *before, *behind;
static bool is_skipped;
struct taken taken;

enum status database;

bool is_repeated;
struct passed passed;
static struct post *asked; /* request whose answer is held back */
int watching;
bool holds_answer;
static struct {
	char url[128], body[4096];
	struct post *post;
} posts[POSTS_MAX];
int post_count;
int nginx_status;
int viewers;
int messages;

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
	/* No batch is set, so the row is stream_pass's: the present moment. */
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

void
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

void
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

struct config config;
struct stream *s;

int
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
	/* By now, viewers from before the start would have reconnected. */
	clock_ms += 36000;
	return 0;
}

int
open_watched(void **state)
{
	open_stream(state);
	watching = 1;
	clock_ms += 250;
	return stream_tick(s, NULL) != STATUS_OK;
}

int
close_stream(void **state)
{
	(void)state;
	stream_close(s);
	return 0;
}

void
batch(const char *from, const char *to, bool skipped)
{
	before = from;
	behind = to;
	is_skipped = skipped;
	row_count = 0;
	post_count = 0;
}

void
add(const char *service, const char *event)
{
	assert_true(row_count < ROWS_MAX);
	rows[row_count++] = (struct row){ service, event };
}

void
tick(void)
{
	clock_ms += 250;
	assert_int_equal(stream_tick(s, NULL), STATUS_OK);
}

void
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

void
expect_after(int i, const char *channel, const char *cursor)
{
	char text[256];

	assert_true(i < post_count);
	assert_string_equal(strchr(posts[i].url, '=') + 1, channel);
	snprintf(text, sizeof(text), ",\"after\":\"%s\"", cursor);
	assert_non_null(strstr(posts[i].body, text));
}

const char *
logged(FILE *f)
{
	static char text[4096];
	size_t n;

	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	return text;
}

int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

void
tick_for_2_s(void)
{
	int i;

	for (i = 0; i < 9; i++)
		tick();
}
