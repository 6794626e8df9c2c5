#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "audience.h"
#include "budget.h"
#include "clock.h"
#include "id.h"
#include "log.h"
#include "parts.h"
#include "post.h"
#include "published.h"
#include "recall.h"

enum {
	ROOM_MIN = 1024, /* bytes of events in a message, at least */
	TIMEOUT_MS = 5000,
	/* nginx counts a viewer some time after it has answered the viewer. */
	COUNTED_MS = 2000
};

struct stream {
	char name[CONFIG_TEXT_LEN + 80];
	struct post_client *http;
	const char *socket;
	struct audience audience;
	/* From stream_pass, "": none; `moment` is at least COUNTED_MS old. */
	char moment[24], next_moment[24];
	int64_t next_ms; /* when next_moment was read */
	struct budget budget;
	struct parts parts;
	struct recall recall;
	int64_t sent_ms; /* when the current batch was sent */
	bool is_notice;  /* this batch tells viewers of lost messages */
	int viewers;     /* viewers of "all", by the last answer */
	bool is_away;    /* the last batch failed */
	bool is_failing; /* a failure was logged, and no success since */
	bool failed;     /* a part of the current batch failed */
	int under_way;   /* posts of the current batch that have not ended */
};

static void heard(void *arg, const struct post *);

enum status
stream_open(struct stream **out, const struct config *c,
    struct post_client *http, char error[256])
{
	char host[65] = "";
	struct stream *s;

	*out = NULL;
	if (*c->stream == '\0')
		return STATUS_OK;
	if (strlen(c->stream) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		snprintf(error, 256,
		    "SMARTCITY_STREAM: too long for a socket: %.100s",
		    c->stream);
		return STATUS_REJECT;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		snprintf(error, 256, "out of memory");
		return STATUS_FAULT;
	}
	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "unknown");
	snprintf(s->name, sizeof(s->name), "%s:%s", host, c->stream);
	s->http = http;
	s->socket = c->stream;
	parts_init(&s->parts);
	s->audience = (struct audience){
		.http = http, .socket = c->stream, .heard = heard, .arg = s
	};
	budget_open(&s->budget, c->stream_bytes, clock_steady_ms());
	/* A new worker does not know what was sent, or lost, before it began.
	 */
	audience_presume(&s->audience, clock_steady_ms());
	recall_lost(&s->recall, clock_steady_ms());
	*out = s;
	return STATUS_OK;
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	parts_forget(&s->parts);
	s->under_way = 0;
	audience_close(&s->audience);
	free(s);
}

/* --- its way to nginx --- */

static void
tell_forgot(void)
{
	log_info("stream: nginx has lost its stored messages, as after a "
		 "reload; viewers will be told");
}

static void
tell(struct stream *s, const struct post *p)
{
	char status[32];

	if (s->is_failing)
		return;
	s->is_failing = true;
	snprintf(status, sizeof(status), "it answered %d", p->status);
	log_warn("stream: nginx accepts no events on %s, so viewers miss some: "
		 "%s%s%s",
	    s->socket,
	    p->error != ERROR_NONE ? error_class_name(p->error) : status,
	    *p->detail != '\0' ? ": " : "", p->detail);
}

static void
recover(struct stream *s)
{
	if (s->is_failing)
		log_info("stream: nginx accepts events again");
	s->is_failing = s->is_away = false;
}

static void
end_batch(struct stream *s)
{
	/* The first batch after a failure has no events, so its success proves
	 * little. */
	if (!s->is_away && !s->failed)
		recover(s);
	s->is_away = s->failed;
	if (s->is_notice && s->failed)
		recall_lost(&s->recall, clock_steady_ms());
	parts_forget(&s->parts);
	s->under_way = 0;
}

static void
end_part(struct stream *s, struct part *p, int kept)
{
	struct channel *c = p->channel;

	if (!recall_stored(&s->recall, kept,
		/* A notice is the first message after the loss. */
		s->is_notice ? 0 : c->sent_ms, s->sent_ms, clock_steady_ms()))
		tell_forgot();
	c->sent_ms = s->sent_ms;
	snprintf(c->last, sizeof(c->last), "%s", s->parts.behind);
	*c->gap = '\0';
}

static void
end_post(struct post *post)
{
	struct part *p = post->arg;
	struct stream *s = p->stream;
	struct published counts = { 0 };

	if (post->error == ERROR_NONE && post->status / 100 == 2) {
		counts = published_read(&p->answer);
		end_part(s, p, counts.messages);
	} else {
		s->failed = true;
		channel_skip(p->channel, s->parts.before);
		*p->channel->last = '\0';
		/* An internal error was logged, or the worker is ending. */
		if (post->error != ERROR_INTERNAL)
			tell(s, post);
	}
	if (p == s->parts.at)
		s->viewers = counts.subscribers;
	budget_spend(&s->budget, (int64_t)p->body.len, counts.subscribers);
	if (--s->under_way == 0)
		end_batch(s);
}

static void
start_post(struct stream *s, struct part *p)
{
	static const char *const headers[] = { "Content-Type: application/json",
		"Accept: text/json", NULL };

	p->stream = s;
	snprintf(p->url, sizeof(p->url), "http://stream/publish?channel=%s",
	    p->channel->name);
	p->post = (struct post){
		.url = p->url,
		.unix_socket = s->socket,
		.headers = headers,
		.body = p->body.data,
		.body_len = p->body.len,
		.timeout_ms = TIMEOUT_MS,
		.answer = &p->answer,
		.done = end_post,
		.arg = p,
	};
	if (!p->body.failed) {
		post_start(s->http, &p->post);
		return;
	}
	p->post.error = ERROR_INTERNAL;
	end_post(&p->post);
}

/* Posts can end while others are being started. */
static void
post_parts(struct stream *s)
{
	int i, n = s->parts.n;

	s->failed = false;
	s->sent_ms = clock_steady_ms();
	s->under_way = n;
	for (i = 0; i < n; i++)
		start_post(s, &s->parts.at[i]);
}

/* --- a batch's beginning --- */

static void
heard(void *arg, const struct post *post)
{
	struct stream *s = arg;

	/* If there are viewers, the batches show whether nginx works. */
	if (post->error == ERROR_NONE) {
		if (!recall_counted(&s->recall, s->audience.stored,
			s->audience.asked_ms, clock_steady_ms()))
			tell_forgot();
		if (!audience_is_there(&s->audience, clock_steady_ms()))
			recover(s);
		return;
	}
	*s->moment = *s->next_moment = '\0';
	if (post->error != ERROR_INTERNAL)
		tell(s, post);
}

/* A moment can be used once it is COUNTED_MS old. */
static void
keep_moment(struct stream *s, const char *present)
{
	int64_t now_ms = clock_steady_ms();

	if (*s->next_moment != '\0') {
		if (now_ms - s->next_ms < COUNTED_MS)
			return;
		memcpy(s->moment, s->next_moment, sizeof(s->moment));
	}
	snprintf(s->next_moment, sizeof(s->next_moment), "%s", present);
	s->next_ms = now_ms;
}

/* Without viewers the cursor is moved to a moment at which nobody watched. */
static enum status
pass(struct stream *s, struct db *db)
{
	const char *const values[STREAM_PASS_ARGS] = {
		[STREAM_PASS_ARG_NAME] = s->name,
		[STREAM_PASS_ARG_MOMENT] = s->moment,
	};
	struct pg_result *r = NULL;
	enum status status;

	status = db_run(db, Q_stream_pass, values, &r);
	if (status == STATUS_OK) {
		if (*s->moment != '\0')
			snprintf(s->parts.behind, sizeof(s->parts.behind),
			    "%s.%s", s->moment, id_floor(0).text);
		channels_lose(&s->parts.channels);
		s->recall.lost = false; /* there are no viewers to be told */
		keep_moment(s, pg_value(r, 0, STREAM_PASS_MOMENT));
	}
	pg_free(r);
	return status;
}

static enum status
take(struct stream *s, struct db *db, int64_t room)
{
	char events[16], bytes[16];
	const char *const values[STREAM_TAKE_ARGS] = {
		[STREAM_TAKE_ARG_NAME] = s->name,
		[STREAM_TAKE_ARG_EVENTS] = events,
		[STREAM_TAKE_ARG_BYTES] = bytes,
	};
	struct pg_result *r = NULL;
	enum status status;

	/* While nginx fails, events are skipped, because the stream is live. */
	snprintf(
	    events, sizeof(events), "%d", s->is_away ? 0 : PARTS_EVENTS_MAX);
	snprintf(bytes, sizeof(bytes), "%d", (int)room);
	status = db_run(db, Q_stream_take, values, &r);
	/* The statement can have taken events although no result came. */
	if (status != STATUS_OK || db_was_repeated(db))
		channels_skip(&s->parts.channels, s->parts.behind);
	s->is_notice = false;
	if (status == STATUS_OK && pg_rows(r) > 0) {
		parts_fill(&s->parts, r);
		post_parts(s);
	}
	pg_free(r);
	return status;
}

static enum status
show(struct stream *s, struct db *db, int64_t now_ms)
{
	int64_t room = budget_room(&s->budget, s->viewers, now_ms);

	if (room == 0 && !s->is_away)
		return STATUS_OK;
	/* Even with a small budget, single events must get through. */
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	return take(s, db, room < PARTS_ROOM_MAX ? room : PARTS_ROOM_MAX);
}

/* Sends messages without events to viewers who can have missed some. */
static enum status
tell_lost(struct stream *s, struct db *db)
{
	const char *const values[STREAM_RECENT_ARGS] = {
		[STREAM_RECENT_ARG_NAME] = s->name,
	};
	struct pg_result *r = NULL;
	enum status status;

	status = db_run(db, Q_stream_recent, values, &r);
	if (status != STATUS_OK)
		return status;
	s->recall.lost = false;
	log_debug(
	    "stream: viewers of %d services are told of a gap", pg_rows(r));
	if (pg_rows(r) > 0) {
		s->is_notice = true;
		parts_fill_notices(&s->parts, r);
		post_parts(s);
	}
	pg_free(r);
	return status;
}

enum status
stream_tick(struct stream *s, struct db *db)
{
	enum status status = STATUS_OK;
	int64_t now_ms = clock_steady_ms();

	if (s == NULL || s->under_way > 0)
		return STATUS_OK;
	if (audience_is_there(&s->audience, now_ms)) {
		if (recall_is_due(&s->recall, now_ms))
			status = tell_lost(s, db);
		if (status == STATUS_OK && s->under_way == 0)
			status = show(s, db, now_ms);
	} else if (!s->audience.asking)
		status = pass(s, db);
	/* Asked after pass(), so that the answer is about a later moment. */
	if (status == STATUS_OK)
		audience_ask(&s->audience);
	return status;
}

bool
stream_is_idle(const struct stream *s)
{
	return s == NULL || s->under_way == 0;
}
