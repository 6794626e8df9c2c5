#include "pool_status.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "problem.h"
#include "queue.h"
#include "score.h"

enum {
	US = 1000000,
	COLUMN = 22
};

/* Where names and values are written, as lines of text or as JSON. */
struct page {
	struct buf *out;
	bool is_json;
	bool is_first; /* no member of the JSON object is written yet */
};

static void
put_name(struct page *p, const char *name)
{
	if (!p->is_json) {
		buf_printf(p->out, "%s:%*s", name,
		    (int)(COLUMN - 1 - strlen(name)), "");
		return;
	}
	buf_printf(p->out, "%s\"%s\":", p->is_first ? "" : ",", name);
	p->is_first = false;
}

static void
end_value(struct page *p)
{
	if (!p->is_json)
		buf_putc(p->out, '\n');
}

static void
put_number(struct page *p, const char *name, int64_t value)
{
	put_name(p, name);
	buf_printf(p->out, "%" PRId64, value);
	end_value(p);
}

static void
put_text(struct page *p, const char *name, const char *value)
{
	put_name(p, name);
	if (p->is_json)
		buf_json_string(p->out, value, strlen(value));
	else
		buf_puts(p->out, value);
	end_value(p);
}

/* php-fpm's formats: 24/Nov/2026:10:00:00 +0000, and seconds in JSON. */
static void
put_start(struct page *p, int64_t started_us, int64_t since_us)
{
	time_t seconds = (time_t)(started_us / US);
	char text[32];
	struct tm tm;

	if (p->is_json) {
		put_number(p, "start time", seconds);
	} else {
		strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S +0000",
		    gmtime_r(&seconds, &tm));
		put_text(p, "start time", text);
	}
	put_number(p, "start since", since_us / US);
}

static void
put_queue(struct page *p, int listen_fd)
{
	int waiting, max;

	if (!queue_read(listen_fd, &waiting, &max))
		return;
	put_number(p, "listen queue", waiting);
	put_number(p, "max listen queue", score_queue(waiting));
	put_number(p, "listen queue len", max);
}

static void
put_pool(struct page *p, const struct score_pool *pool, int listen_fd)
{
	struct tally tally;

	score_sum(&tally);
	put_text(p, "pool", "smartcity");
	put_text(p, "process manager", "static");
	put_start(p, pool->started_us, pool->since_us);
	put_number(p, "accepted conn", (int64_t)tally.accepted);
	put_queue(p, listen_fd);
	put_number(p, "idle processes", pool->idle);
	put_number(p, "active processes", pool->active);
	put_number(p, "total processes", pool->processes);
	put_number(p, "max active processes", pool->max_active);
	put_number(p, "max children reached", (int64_t)pool->max_reached);
	put_number(p, "slow requests", (int64_t)tally.slow);
}

static void
put_process(struct page *p, const struct score_process *x)
{
	put_number(p, "pid", x->pid);
	put_text(p, "state", x->is_active ? "Running" : "Idle");
	put_start(p, x->started_us, x->since_us);
	put_number(p, "requests", (int64_t)x->requests);
	put_number(p, "request duration", x->took_us);
	put_text(p, "request method", x->method[0] ? x->method : "-");
	put_text(p, p->is_json ? "request uri" : "request URI",
	    x->uri[0] ? x->uri : "-");
	put_number(p, "content length", x->length);
}

static void
put_processes(struct page *p)
{
	struct score_process process;
	bool any = false;
	int slot = 0;

	if (p->is_json)
		buf_puts(p->out, ",\"processes\":[");
	while (score_process(&slot, &process)) {
		/* Not in php-fpm's page, which shows its pool only. */
		if (process.is_status)
			continue;
		buf_puts(p->out,
		    !p->is_json ? "\n************************\n"
			: any   ? ",{"
				: "{");
		p->is_first = any = true;
		put_process(p, &process);
		if (p->is_json)
			buf_putc(p->out, '}');
	}
	if (p->is_json)
		buf_putc(p->out, ']');
}

/*
 * Whether the query has this word, as in ?json&full. Generated clients write
 * ?json=&full=, so the text after a "=" is ignored.
 */
static bool
has_word(const char *query, const char *word)
{
	size_t n = strlen(word);

	for (; *query != '\0'; query += *query == '&') {
		if (strcspn(query, "&=") == n && strncmp(query, word, n) == 0)
			return true;
		query += strcspn(query, "&");
	}
	return false;
}

void
status_get(const struct context *ctx, const struct request *req,
    const char *arg, struct response *res)
{
	struct page p = { &res->body, has_word(req->query, "json"), true };
	struct score_pool pool;

	(void)arg;
	if (!score_pool(&pool)) {
		problem_write(req, res, 503, "There is no pool");
		return;
	}
	if (p.is_json)
		buf_putc(p.out, '{');
	else
		res->content_type = "text/plain; charset=utf-8";
	put_pool(&p, &pool, ctx->listen_fd);
	if (has_word(req->query, "full"))
		put_processes(&p);
	if (p.is_json)
		buf_putc(p.out, '}');
}
