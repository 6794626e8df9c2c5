/*
 * How a receiver behaves: the table in receiver.h.
 */
#include "receiver_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* body NULL: c->filler bytes follow as the body. */
static void
answer(struct conn *c, struct receiver_request *r, int status,
    const char *header, const char *body)
{
	char length[48];

	r->status = status;
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
	    body == NULL ? c->filler : strlen(body));
	c->out_len = (size_t)snprintf(c->out, sizeof(c->out),
	    "HTTP/1.1 %d As Asked\r\n%s%s\r\n%s", status, header,
	    status == 204 || status == 304 ? "" : length,
	    body == NULL ? "" : body);
	if (c->out_len >= sizeof(c->out))
		c->out_len = sizeof(c->out) - 1;
}

static void
do_ok(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	answer(c, r, 204, "", "");
}

static void
do_status(struct conn *c, struct receiver_request *r, long code)
{
	bool none = code == 204 || code == 304;

	answer(c, r, (int)code, "", none ? "" : "as asked\n");
}

static void
do_flaky(struct conn *c, struct receiver_request *r, long k)
{
	if (r->attempt <= k)
		answer(c, r, 503, "", "not yet\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_slow(struct conn *c, struct receiver_request *r, long ms)
{
	answer(c, r, 204, "", "");
	receiver_wait(c, ms);
}

static void
do_gone(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	answer(c, r, 410, "", "gone\n");
}

static void
do_retry_after(struct conn *c, struct receiver_request *r, long seconds)
{
	char header[64];

	snprintf(header, sizeof(header), "Retry-After: %ld\r\n", seconds);
	if (r->attempt == 1)
		answer(c, r, 429, header, "later\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_retry_date(struct conn *c, struct receiver_request *r, long seconds)
{
	time_t then = time(NULL) + seconds;
	char header[64];
	struct tm tm;

	strftime(header, sizeof(header),
	    "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&then, &tm));
	if (r->attempt == 1)
		answer(c, r, 429, header, "later\n");
	else
		answer(c, r, 204, "", "");
}

static void
do_redirect(struct conn *c, struct receiver_request *r, long n)
{
	const char *to = strstr(c->in, "?to=");
	char header[1024];

	(void)n;
	to = to == NULL ? "" : to + strlen("?to=");
	snprintf(header, sizeof(header), "Location: %.*s\r\n",
	    (int)strcspn(to, " \r"), to);
	answer(c, r, 302, header, "");
}

static void
do_hang(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->hangs = true;
}

static void
do_reset(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->resets = c->last = true;
}

static void
do_big(struct conn *c, struct receiver_request *r, long bytes)
{
	c->filler = (size_t)bytes;
	answer(c, r, 200, "", NULL);
}

static void
do_drip(struct conn *c, struct receiver_request *r, long n)
{
	(void)n;
	c->filler = 1000000; /* for the header; on_time() sends the bytes */
	answer(c, r, 200, "", NULL);
	c->filler = 0;
	c->drips = true;
}

static void
do_garbage(struct conn *c, struct receiver_request *r, long n)
{
	(void)r;
	(void)n;
	c->out_len =
	    (size_t)snprintf(c->out, sizeof(c->out), "\x16\x03\x01 no HTTP\n");
	c->last = true;
}

static void
do_fault(struct conn *c, struct receiver_request *r,
    const struct receiver_fault *f, long code)
{
	const char *status = strstr(f->answer, "{}");
	char *nul;
	int before =
	    status == NULL ? (int)strlen(f->answer) : (int)(status - f->answer);

	r->status = status == NULL ? 0 : (int)code;
	c->out_len =
	    (size_t)snprintf(c->out, sizeof(c->out), "%.*s", before, f->answer);
	if (status != NULL)
		c->out_len += (size_t)snprintf(c->out + c->out_len,
		    sizeof(c->out) - c->out_len, "%03ld%s", code, status + 2);
	if ((nul = strchr(c->out, 1)) != NULL)
		*nul = '\0';
	c->filler = f->bytes;
	c->unit = f->unit;
	c->unit_at = 0;
	c->stalls = f->then == FAULT_HANGS;
	c->resets = f->then == FAULT_RESETS;
	c->last = f->then == FAULT_CLOSES || f->then == FAULT_RESETS;
}

static const struct behaviour {
	const char *name;
	void (*act)(struct conn *, struct receiver_request *, long number);
} behaviours[] = {
	{ "ok", do_ok },
	{ "status", do_status },
	{ "flaky", do_flaky },
	{ "slow", do_slow },
	{ "gone", do_gone },
	{ "retry-after", do_retry_after },
	{ "retry-date", do_retry_date },
	{ "redirect", do_redirect },
	{ "hang", do_hang },
	{ "reset", do_reset },
	{ "big", do_big },
	{ "drip", do_drip },
	{ "garbage", do_garbage },
};

void
receiver_behave(struct conn *c, struct receiver_request *r)
{
	const char *name = r->path + (r->path[0] == '/');
	size_t len = strcspn(name, "/?"), i;
	long number = name[len] == '/' ? atol(name + len + 1) : 0;
	const struct receiver_fault *fault = receiver_fault(name, len);

	for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
		if (strncmp(behaviours[i].name, name, len) == 0 &&
		    behaviours[i].name[len] == '\0') {
			behaviours[i].act(c, r, number < 0 ? 0 : number);
			return;
		}
	if (fault != NULL)
		do_fault(c, r, fault, number);
	else
		answer(c, r, 404, "", "no such behaviour\n");
}
