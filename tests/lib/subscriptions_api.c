#include "subscriptions_api.h"

#include <string.h>

#include "db.h"
#include "guard.h"
#include "json.h"

struct guard api_guard;
static struct config config;
struct context api_context = { .config = &config, .guard = &api_guard };
struct response api_res;
struct json *api_answer;
const char *api_type = "application/json";

int
api_open(void **state)
{
	database_make(state);
	moved = t_moved_clock(url);
	api_context.db = db_new(moved, "test", 5000);
	return api_context.db == NULL;
}

void
api_forget(void)
{
	json_free(api_answer);
	api_answer = NULL;
	buf_free(&api_res.headers);
	buf_free(&api_res.body);
}

int
api_close(void **state)
{
	api_forget();
	db_free(api_context.db);
	database_drop(state);
	return 0;
}

int
api_empty(void **state)
{
	char error[256];

	(void)state;
	t_exec(url, "TRUNCATE subscriptions, deliveries, outbox_messages");
	return guard_init(&api_guard, "", error) != STATUS_OK;
}

int
api_call(const char *method, const char *path, const char *body)
{
	struct request req = {
		.method = method,
		.path = path,
		.query = "",
		.content_type = api_type,
		.request_id = "request-1",
		.body = body != NULL ? body : "",
		.body_len = body != NULL ? strlen(body) : 0,
	};
	struct scan_error error;
	char *mark;
	char target[512];

	snprintf(target, sizeof(target), "%s", path);
	req.path = target;
	if ((mark = strchr(target, '?')) != NULL) {
		*mark = '\0';
		req.query = mark + 1;
	}
	api_forget();
	api_res = (struct response){ 0 };
	response_init(&api_res);
	route_handle(&api_context, &req, &api_res);
	assert_false(api_res.body.failed);
	assert_false(api_res.headers.failed);
	if (api_res.body.len > 0 &&
	    json_parse(api_res.body.data, api_res.body.len, &api_answer,
		&error) != STATUS_OK)
		fail_msg("%s: no JSON: %s", path, api_res.body.data);
	return api_res.status;
}

void
api_expect(const char *method, const char *path, const char *body, int status)
{
	if (api_call(method, path, body) != status)
		fail_msg("%s %s %s: %d %s", method, path,
		    body != NULL ? body : "", api_res.status,
		    api_res.body.data);
}

const struct cJSON *
api_value(const char *name)
{
	const struct cJSON *v = json_member(json_root(api_answer), name);

	if (v == NULL)
		fail_msg("no %s in %s", name, api_res.body.data);
	return v;
}

void
api_expect_member(const char *name, const char *want)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	json_write(&text, api_value(name));
	if (strcmp(text.data, want) != 0)
		fail_msg("%s is %s, not %s", name, text.data, want);
	buf_free(&text);
}

char *
api_text(const char *name)
{
	return strdup(json_string(api_value(name)));
}

char *
api_create(const char *body)
{
	api_expect("POST", "/subscriptions", body, 201);
	return api_text("id");
}

const char *
api_path(const char *id, const char *rest)
{
	static char path[128];

	snprintf(path, sizeof(path), "/subscriptions/%s%s", id, rest);
	return path;
}

void
api_expect_fault(const char *member, const char *type, const char *msg)
{
	char want[160];

	if (member != NULL)
		snprintf(want, sizeof(want),
		    "{\"type\":\"%s\",\"loc\":[\"body\",\"%s\"],", type,
		    member);
	else
		snprintf(want, sizeof(want),
		    "{\"type\":\"%s\",\"loc\":[\"body\"],", type);
	if (api_res.status != 422 || strstr(api_res.body.data, want) == NULL ||
	    strstr(api_res.body.data, msg) == NULL)
		fail_msg("no %s, %s in %d %s", want, msg, api_res.status,
		    api_res.body.data);
}

void
api_expect_silence(void)
{
	if (strstr(api_res.body.data, "s3cret") != NULL)
		fail_msg("the answer shows a secret: %s", api_res.body.data);
}

void
api_expect_kept(const char *want)
{
	char *got = t_sql(url,
	    "SELECT concat_ws(' ', url, credentials, headers)"
	    " FROM subscriptions");

	assert_string_equal(got, want);
	free(got);
}

void
api_expect_header_fault(const char *name, const char *msg)
{
	char want[256];

	snprintf(want, sizeof(want),
	    "\"loc\":[\"body\",\"headers\",\"%s\"],\"msg\":\"", name);
	if (api_res.status != 422 || strstr(api_res.body.data, want) == NULL ||
	    strstr(api_res.body.data, msg) == NULL ||
	    strstr(api_res.body.data, J("'input':'***'")) == NULL)
		fail_msg("no %s, %s in %d %s", want, msg, api_res.status,
		    api_res.body.data);
	api_expect_silence();
}
