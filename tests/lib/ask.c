#include "ask.h"

#include "t.h"

#include <string.h>

#include "route.h"

char *
ask(struct db *db, const char *method, const char *path, const char *body,
    int status)
{
	static const struct config config = { .worker_seen = 60,
		.retry_schedule = "0" };
	const struct context context = { .db = db, .config = &config };
	const struct request request = { .method = method,
		.path = path,
		.query = "",
		.content_type = "application/json",
		.body = body,
		.body_len = strlen(body),
		.business = {
		    500, -1, -1, VALIDATION_STRICT, UNKNOWN_PASS, 0, 0 } };
	struct response response;

	response_init(&response);
	route_handle(&context, &request, &response);
	buf_free(&response.headers);
	if (response.status != status)
		fail_msg("%s %s: answered %d, not %d: %s", method, path,
		    response.status, status, response.body.data);
	return response.body.data;
}

void
ask_to_store(struct db *db, const char *service, const char *body, int status)
{
	char path[64];

	snprintf(path, sizeof(path), "/ingest/%s", service);
	free(ask(db, "POST", path, body, status));
}
