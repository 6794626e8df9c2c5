#include "route.h"

#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "events.h"
#include "health.h"
#include "ingest.h"
#include "metrics.h"
#include "outbox.h"
#include "pool_status.h"
#include "problem.h"
#include "rejected.h"
#include "service.h"
#include "subscriptions.h"
#include "trace.h"

#define FOREIGN                                                                \
	"A page of another site may not do this. If it is to, list its "       \
	"origin in SMARTCITY_ORIGINS; if it is this site's own, the proxy "    \
	"before the API must hand on the Host header as it came"

typedef void handler(const struct context *, const struct request *,
    const char *arg, struct response *);

/*
 * {} matches one segment, which the handler gets as it was sent. The first
 * pattern that matches a path decides, whatever the method, so "/events/stream"
 * stands before "/events/{}". A test compares the table with openapi.json.
 */
/* clang-format off */
static const struct route {
	const char *method, *pattern;
	const char *query; /* names of query parameters */
	handler *handle;
} routes[] = {
	{ "POST", INGEST_PATH "{}", "dedupe_key,timestamp", ingest_post },
	{ "POST", INGEST_PATH "{}/batch", "dedupe_key,timestamp,atomic", batch_post },
	{ "GET", "/events", "limit,offset,cursor,after,service,since,until,from,to,source_event_id,deduplication_key,derived", events_list },
	{ "GET", "/events/stream", "service", events_stream },
	{ "GET", "/events/{}", "", events_get },
	{ "GET", "/events/{}/trace", "", trace_get },
	{ "GET", "/outbox", "status,subscription,topic,since,until,limit,cursor", outbox_list },
	{ "POST", "/outbox/replay", "status,subscription,topic,since,until,limit,cursor,dry_run", outbox_replay },
	{ "GET", "/outbox/{}", "", outbox_get },
	{ "POST", "/outbox/{}/retry", "status,subscription", outbox_retry },
	{ "GET", "/rejected", "service,limit,offset,cursor", rejected_list },
	{ "GET", "/rejected/{}", "", rejected_get },
	{ "POST", "/subscriptions", "", subscriptions_post },
	{ "GET", "/subscriptions", "limit,offset,cursor", subscriptions_list },
	{ "GET", "/subscriptions/{}", "", subscriptions_get },
	{ "PATCH", "/subscriptions/{}", "", subscriptions_patch },
	{ "DELETE", "/subscriptions/{}", "", subscriptions_delete },
	{ "POST", "/subscriptions/{}/secret/rotate", "", subscriptions_rotate },
	{ "POST", "/subscriptions/{}/test", "", subscriptions_test },
	{ "GET", "/health", "", health_get },
	{ "GET", "/ready", "", ready_get },
	{ "GET", "/status", "json,full", status_get },
	{ "GET", "/metrics", "", metrics_get },
};
/* clang-format on */

enum {
	ROUTES = sizeof(routes) / sizeof(*routes)
};

/* A slash at the end makes another path, as it does to nginx's locations. */
static bool
matches(const char *pattern, const char *path, char arg[PATH_LEN_MAX])
{
	size_t len;

	arg[0] = '\0';
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '{') {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0 || len >= PATH_LEN_MAX)
			return false;
		memcpy(arg, path, len);
		arg[len] = '\0';
		path += len;
		pattern++;
	}
	return *path == '\0';
}

/* HEAD is GET, whose body the gateway leaves out. */
static bool
allows(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	    (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void
put_methods(const char *header, const char *pattern, struct buf *headers)
{
	int i;

	buf_printf(headers, "%s: ", header);
	for (i = 0; i < ROUTES; i++)
		if (strcmp(routes[i].pattern, pattern) == 0)
			buf_printf(headers, "%s%s, ", routes[i].method,
			    strcmp(routes[i].method, "GET") == 0 ? ", HEAD"
								 : "");
	buf_puts(headers, "OPTIONS\r\n");
}

/*
 * Whether a request of a foreign page is refused. Such a page can have a
 * visitor's browser send requests that change something, and could read the
 * stream by a WebSocket, for which nginx asks here. It can read no other
 * answer, unless it is listed.
 */
static bool
needs_welcome(const struct request *req)
{
	static const char *const reading[] = { "GET", "HEAD", "OPTIONS" };
	size_t i;

	if (req->by_nchan)
		return true;
	for (i = 0; i < sizeof(reading) / sizeof(*reading); i++)
		if (strcmp(req->method, reading[i]) == 0)
			return false;
	return true;
}

/* Tells the browser of a listed page what it may send (Fetch, "CORS"). */
static void
put_preflight(const char *pattern, struct buf *headers)
{
	put_methods("Access-Control-Allow-Methods", pattern, headers);
	buf_puts(headers,
	    "Access-Control-Allow-Headers: Authorization, Content-Encoding, "
	    "Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
	    "Prefer, traceparent, X-Request-Id, ce-id, ce-source, "
	    "ce-specversion, ce-time, ce-traceparent, ce-type\r\n"
	    "Access-Control-Max-Age: 600\r\n");
}

void
route_handle(
    const struct context *ctx, const struct request *req, struct response *res)
{
	const char *pattern = NULL;
	struct request routed;
	char arg[PATH_LEN_MAX];
	int i;

	if (req->origin == ORIGIN_FOREIGN && needs_welcome(req)) {
		problem_write(req, res, 403, FOREIGN);
		return;
	}
	for (i = 0; i < ROUTES; i++) {
		if (pattern != NULL
			? strcmp(routes[i].pattern, pattern) != 0
			: !matches(routes[i].pattern, req->path, arg))
			continue;
		pattern = routes[i].pattern;
		if (!allows(&routes[i], req->method))
			continue;
		routed = *req;
		routed.query_names = routes[i].query;
		routes[i].handle(ctx, &routed, arg, res);
		return;
	}
	if (pattern == NULL) {
		problem_write(req, res, 404, "Not Found");
		return;
	}
	put_methods("Allow", pattern, &res->headers);
	if (strcmp(req->method, "OPTIONS") == 0) {
		res->status = 204;
		if (req->reader != NULL)
			put_preflight(pattern, &res->headers);
	} else {
		problem_write(req, res, 405, "Method Not Allowed");
	}
}

static size_t
body_max(const struct request *req)
{
	char arg[PATH_LEN_MAX];

	return matches(INGEST_PATH "{}/batch", req->path, arg) ? BATCH_MAX
							       : BODY_MAX;
}

static struct ingest *
begin(const struct request *req, struct response *res)
{
	char arg[PATH_LEN_MAX];

	if (strcmp(req->method, "POST") != 0 ||
	    !matches(INGEST_PATH "{}", req->path, arg) ||
	    req->origin == ORIGIN_FOREIGN)
		return NULL;
	return ingest_begin(req, res);
}

const struct routing route_routing = {
	.handle = route_handle,
	.body_max = body_max,
	.begin = begin,
	.is_shared = ingest_is_shared,
	.finish = ingest_finish,
};

bool
route_describe(
    int n, const char **method, const char **pattern, const char **query)
{
	if (n >= ROUTES)
		return false;
	*method = routes[n].method;
	*pattern = routes[n].pattern;
	*query = routes[n].query;
	return true;
}
